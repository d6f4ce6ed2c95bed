# SPDX-License-Identifier: Apache-2.0
"""Small line charts as SVG, with nothing but Python: a few series over a logarithmic axis of clients or sizes.

  chart(title, x_label, y_label, series)    series: [(name, colour, [(x, y)])]; returns an SVG group of WIDTH x HEIGHT
  page(charts)                              a whole SVG file, two charts a row"""
import html
import math

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 64, 48
INK, FAINT, PAPER = "#1f2933", "#d5dbe1", "#ffffff"
OURS, CEILING, THIRD = "#0b6e99", "#b0651d", "#5b7f3b"
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"


def steps(most):
    """Five or so round numbers from zero to at least `most`."""
    rough = most / 4 if most > 0 else 1
    unit = 10 ** math.floor(math.log10(rough))
    size = next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough)
    return [i * size for i in range(math.ceil(most / size - 1e-9) + 1)] if most > 0 else [0, 1]


def short(number):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def text(x, y, words, size=11, anchor="start", colour=INK, more=""):
    return (f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' text-anchor='{anchor}' fill='{colour}' {more}>"
            f"{html.escape(words)}</text>")


def line(x1, y1, x2, y2, colour):
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}'/>"


def chart(title, x_label, y_label, series):
    xs = sorted({x for _, _, points in series for x, _ in points})
    ticks = steps(max(y for _, _, points in series for _, y in points))
    low, high = math.log(xs[0]), math.log(xs[-1]) if xs[-1] > xs[0] else math.log(xs[0]) + 1
    floor = HEIGHT - BOTTOM

    def at_x(x):
        return LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * (math.log(x) - low) / (high - low)

    def at_y(y):
        return floor - (floor - TOP) * y / ticks[-1]

    parts = [text(12, 20, title, 13, more="font-weight='bold'"), text(12, TOP - 10, y_label, 10)]
    for y in ticks:
        parts += [line(LEFT, at_y(y), WIDTH - RIGHT, at_y(y), FAINT), text(LEFT - 6, at_y(y) + 4, short(y), 10, "end")]
    for x in xs:
        parts += [line(at_x(x), floor, at_x(x), floor + 4, INK), text(at_x(x), floor + 16, short(x), 10, "middle")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, 10, "middle"))
    key = 12
    for name, colour, points in series:
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{at_x(x):.1f}' cy='{at_y(y):.1f}' r='3' fill='{colour}'/>" for x, y in points]
        parts += [f"<rect x='{key}' y='29' width='10' height='10' fill='{colour}'/>", text(key + 14, 38, name, 10)]
        key += 26 + 6.4 * len(name)
    return "\n".join(parts)


def page(charts):
    rows = (len(charts) + 1) // 2
    width, height = WIDTH * min(2, len(charts)), HEIGHT * rows
    groups = [f"<g transform='translate({WIDTH * (i % 2)} {HEIGHT * (i // 2)})'>\n{chart}\n</g>"
              for i, chart in enumerate(charts)]
    return (f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>\n"
            f"<rect width='{width}' height='{height}' fill='{PAPER}'/>\n" + "\n".join(groups) + "\n</svg>\n")

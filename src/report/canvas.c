/* SPDX-License-Identifier: Apache-2.0 */
#include "report/canvas.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdio.h>

#include "report/qr.h"

#define FONT "WenQuanYi Micro Hei, Noto Sans CJK SC, sans-serif"
#define TENTH (PANGO_SCALE / 10)

/* cairo measures in a type that has no other business here. */
typedef __typeof__(((cairo_matrix_t *)0)->xx) measure;

static cairo_status_t bytes_take(void *context, const unsigned char *data, unsigned size)
{
    struct out *out = context;

    out_bytes(out, (const char *)data, size);
    return out->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static void metadata(struct canvas *canvas, cairo_pdf_metadata_t what, const char *text)
{
    if (text != NULL)
        cairo_pdf_surface_set_metadata(canvas->surface, what, text);
}

bool canvas_open(struct canvas *canvas, struct out *out, const char *title, const char *author, const char *created)
{
    canvas->surface = cairo_pdf_surface_create_for_stream(bytes_take, out, CANVAS_WIDTH, CANVAS_HEIGHT);
    canvas->cairo = cairo_create(canvas->surface);
    cairo_pdf_surface_restrict_to_version(canvas->surface, CAIRO_PDF_VERSION_1_5);
    metadata(canvas, CAIRO_PDF_METADATA_TITLE, title);
    metadata(canvas, CAIRO_PDF_METADATA_AUTHOR, author);
    metadata(canvas, CAIRO_PDF_METADATA_CREATE_DATE, created);
    return cairo_status(canvas->cairo) == CAIRO_STATUS_SUCCESS;
}

bool canvas_close(struct canvas *canvas, char ret_reason[256])
{
    cairo_status_t status = cairo_status(canvas->cairo);

    cairo_destroy(canvas->cairo);
    cairo_surface_finish(canvas->surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(canvas->surface);
    cairo_surface_destroy(canvas->surface);
    if (status != CAIRO_STATUS_SUCCESS)
        snprintf(ret_reason, 256, "%s", cairo_status_to_string(status));
    return status == CAIRO_STATUS_SUCCESS;
}

void canvas_page_end(struct canvas *canvas)
{
    cairo_show_page(canvas->cairo);
}

static void ink_take(struct canvas *canvas, unsigned ink)
{
    const measure full = 255;

    cairo_set_source_rgb(canvas->cairo, (ink >> 16 & 255) / full, (ink >> 8 & 255) / full, (ink & 255) / full);
}

/* Paper has no pixels to round to. */
static PangoLayout *layout_empty(struct canvas *canvas)
{
    PangoLayout *layout = pango_cairo_create_layout(canvas->cairo);
    cairo_font_options_t *options = cairo_font_options_create();

    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(pango_layout_get_context(layout), options);
    pango_context_set_round_glyph_positions(pango_layout_get_context(layout), FALSE);
    pango_layout_context_changed(layout);
    cairo_font_options_destroy(options);
    return layout;
}

static PangoLayout *layout_new(struct canvas *canvas, const struct canvas_text *how, const char *text)
{
    static const PangoAlignment alignments[] = {PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER, PANGO_ALIGN_RIGHT};
    PangoLayout *layout = layout_empty(canvas);
    PangoFontDescription *font = pango_font_description_from_string(FONT);

    pango_font_description_set_absolute_size(font, how->size * TENTH);
    pango_font_description_set_weight(font, how->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, how->width * PANGO_SCALE);
    pango_layout_set_alignment(layout, alignments[how->align]);
    if (how->wraps)
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    else
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_text(layout, text, -1);
    return layout;
}

int canvas_write(struct canvas *canvas, const struct canvas_text *how, const char *text)
{
    PangoLayout *layout = layout_new(canvas, how, text);
    int width, height;

    ink_take(canvas, how->ink);
    cairo_move_to(canvas->cairo, how->x, how->y);
    pango_cairo_show_layout(canvas->cairo, layout);
    pango_layout_get_pixel_size(layout, &width, &height);
    g_object_unref(layout);
    return height;
}

void canvas_fill(struct canvas *canvas, int x, int y, int width, int height, unsigned ink)
{
    ink_take(canvas, ink);
    cairo_rectangle(canvas->cairo, x, y, width, height);
    cairo_fill(canvas->cairo);
}

void canvas_line(struct canvas *canvas, int x, int y, int to_x, int to_y, unsigned ink)
{
    ink_take(canvas, ink);
    cairo_set_line_width(canvas->cairo, 1 / (measure)2);
    cairo_move_to(canvas->cairo, x, y);
    cairo_line_to(canvas->cairo, to_x, to_y);
    cairo_stroke(canvas->cairo);
}

bool canvas_code(struct canvas *canvas, int x, int y, int size, const char *text)
{
    SCOPED(qr_fini) struct qr code = {0};
    int modules;

    if (qr_make(text, &code) != ERR_NONE)
        return false;
    modules = code.width + 2 * QR_QUIET;
    canvas_fill(canvas, x, y, size, size, 0xffffff);
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_scale(canvas->cairo, size / (measure)modules, size / (measure)modules);
    cairo_set_antialias(canvas->cairo, CAIRO_ANTIALIAS_NONE);
    ink_take(canvas, 0);
    for (int i = 0; i < code.width * code.width; i++)
        if (qr_is_dark(&code, i % code.width, i / code.width))
            cairo_rectangle(canvas->cairo, i % code.width + QR_QUIET, i / code.width + QR_QUIET, 1, 1);
    cairo_fill(canvas->cairo);
    cairo_restore(canvas->cairo);
    return true;
}

static void ring(struct canvas *canvas, int radius, int width)
{
    const int around = 7; /* a little more than once */

    cairo_set_line_width(canvas->cairo, width / (measure)2);
    cairo_new_sub_path(canvas->cairo);
    cairo_arc(canvas->cairo, 0, 0, radius, 0, around);
    cairo_stroke(canvas->cairo);
}

void canvas_seal(struct canvas *canvas, int x, int y, int radius, unsigned ink, const char *first, const char *second)
{
    struct canvas_text text = {
        .x = -radius, .y = -14, .width = 2 * radius, .size = 120, .bold = true, .align = CANVAS_CENTRE, .ink = ink};

    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_rotate(canvas->cairo, -1 / (measure)6);
    ink_take(canvas, ink);
    ring(canvas, radius, 4);
    ring(canvas, radius - 4, 1);
    canvas_write(canvas, &text, first);
    text.y = 3;
    text.size = 48;
    text.bold = false;
    canvas_write(canvas, &text, second);
    cairo_restore(canvas->cairo);
}

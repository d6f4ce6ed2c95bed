/* SPDX-License-Identifier: Apache-2.0 */
/* Text and lines on pages of A4 by cairo and pango, in whole points from the upper left corner. What is drawn belongs
 * to the worker's process alone (report/worker.h). Texts are UTF-8, shown as they are: no markup. */
#ifndef EBB_REPORT_CANVAS_H
#define EBB_REPORT_CANVAS_H

#include <cairo.h>

#include "base/out.h"

#define CANVAS_WIDTH 595
#define CANVAS_HEIGHT 842

enum canvas_align { CANVAS_LEFT, CANVAS_CENTRE, CANVAS_RIGHT };

struct canvas {
    cairo_surface_t *surface;
    cairo_t *cairo;
};

/* The pages go to `out`; False: no memory. */
MUST_USE bool canvas_open(struct canvas *canvas, struct out *out, const char *title, const char *author,
                          const char *created);
/* Ends the file. False: cairo's word in `ret_reason`. */
MUST_USE bool canvas_close(struct canvas *canvas, char ret_reason[256]);
void canvas_page_end(struct canvas *canvas);

struct canvas_text {
    int x, y, width; /* cut with an ellipsis where it is longer, unless it wraps */
    int size;        /* in tenths of a point */
    bool bold, wraps;
    enum canvas_align align;
    unsigned ink; /* 0xRRGGBB */
};
/* Returns how high it is. */
int canvas_write(struct canvas *canvas, const struct canvas_text *how, const char *text);
void canvas_fill(struct canvas *canvas, int x, int y, int width, int height, unsigned ink);
void canvas_line(struct canvas *canvas, int x, int y, int to_x, int to_y, unsigned ink);
/* A square of `size` points with its quiet zone around. */
MUST_USE bool canvas_code(struct canvas *canvas, int x, int y, int size, const char *text);
/* A round seal of two lines. */
void canvas_seal(struct canvas *canvas, int x, int y, int radius, unsigned ink, const char *first, const char *second);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* libxml2's push parser tells of elements and texts as they come; the path of names from the root says what a text is
 * (camt_entry.c). No tree is built, so memory is flat. */
#include "recon/camt.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#include "recon/camt_entry.h"

#define NAMESPACE "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
#define PIECE_BYTES ((size_t)16 << 10)

struct walk {
    struct camt camt;
    xmlParserCtxtPtr parser;
    size_t lengths[CAMT_DEPTH_MAX];
    const struct camt_place *places[CAMT_DEPTH_MAX]; /* of the elements that are open */
    size_t depth, path_bytes;
    char path[CAMT_PATH_BYTES];
    char text[STATEMENT_CELL_BYTES];
    size_t text_bytes;
    bool has_children, is_cut, is_whole; /* whole: its root has ended */
};

static struct statement_reading *reading_of(struct walk *w)
{
    return &w->camt.reading;
}

static int64_t line_of(const struct walk *w)
{
    return w->parser != NULL && w->parser->input != NULL ? w->parser->input->line : 0;
}

static bool refused(struct walk *w)
{
    return reading_of(w)->why.text[0] != '\0';
}

/* What is refused is not read on. */
static void go_on(struct walk *w, bool well)
{
    if (!well)
        xmlStopParser(w->parser);
}

static void complaint_take(void *context, xmlErrorPtr error)
{
    struct walk *w = context;
    char text[STATEMENT_WHY_BYTES];

    if (error->level < XML_ERR_ERROR)
        return;
    snprintf(text, sizeof text, "%s", error->message != NULL ? error->message : "not XML");
    text[strcspn(text, "\n")] = '\0';
    statement_refuse(reading_of(w), error->line, "It is no well-formed XML: %s.", text);
}

/* A DTD is refused where it begins: nothing in it is read. */
static void subset_refuse(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    struct walk *w = context;

    (void)name;
    (void)external;
    (void)system;
    go_on(w, statement_refuse(reading_of(w), line_of(w), "It has a document type (DTD); a statement has none."));
}

/* ---- elements ---- */

/* ISO 20022 knows UTF-8 only. What libxml2 converts it may lose a part of without a word (seen with 2.9.14). */
static bool encoding_check(struct walk *w)
{
    const xmlParserInput *input = w->parser->input;

    return input == NULL || input->buf == NULL || input->buf->encoder == NULL ||
           statement_refuse(reading_of(w), line_of(w), "Its encoding is not UTF-8.");
}

/* The first two go without saying: Document/BkToCstmrStmt. */
static bool root_check(struct walk *w, const char *name, const char *space)
{
    if (w->depth == 0 && (strcmp(name, "Document") != 0 || space == NULL || strcmp(space, NAMESPACE) != 0))
        return statement_refuse(reading_of(w), line_of(w), "It is no Document of %s.", NAMESPACE);
    if (w->depth == 1 && strcmp(name, "BkToCstmrStmt") != 0)
        return statement_refuse(reading_of(w), line_of(w), "It holds %.40s, where BkToCstmrStmt was expected.", name);
    return true;
}

/* An element of another namespace has no meaning here, whatever its name; where the schema lets others in, nothing is
 * read. */
static bool space_check(struct walk *w, const char *name, const char *space)
{
    if ((space != NULL && strcmp(space, NAMESPACE) == 0) || strstr(w->path, "SplmtryData/Envlp") != NULL)
        return true;
    return statement_refuse(reading_of(w), line_of(w), "It holds %.40s of another namespace than %s.", name, NAMESPACE);
}

static void text_clear(struct walk *w)
{
    w->text_bytes = 0;
    w->is_cut = false;
}

static bool element_enter(struct walk *w, const char *name, const char *space)
{
    const struct camt_place *place;
    size_t bytes = strlen(name);

    if (w->depth == CAMT_DEPTH_MAX || w->path_bytes + bytes + 2 > CAMT_PATH_BYTES)
        return statement_refuse(reading_of(w), line_of(w), "It is nested deeper than a statement is.");
    if ((w->depth < 2 && !root_check(w, name, space)) || !space_check(w, name, space))
        return false;
    w->lengths[w->depth++] = w->path_bytes;
    if (w->depth > 2) {
        if (w->path_bytes > 0)
            w->path[w->path_bytes++] = '/';
        memcpy(w->path + w->path_bytes, name, bytes + 1);
        w->path_bytes += bytes;
    }
    place = w->places[w->depth - 1] = camt_place(w->path, w->path_bytes);
    text_clear(w);
    w->has_children = false;
    return place == NULL || camt_begin(&w->camt, place, line_of(w));
}

static void currency_note(struct walk *w, int count, const xmlChar **attributes)
{
    char *into = w->camt.text_currency;

    into[0] = '\0';
    for (int i = 0; i < count; i++, attributes += 5) { /* name, prefix, namespace, begin and end of the value */
        size_t bytes = (size_t)(attributes[4] - attributes[3]);

        if (strcmp((const char *)attributes[0], "Ccy") != 0 || attributes[2] != NULL)
            continue; /* it belongs to no namespace */
        bytes = bytes < sizeof w->camt.text_currency ? bytes : sizeof w->camt.text_currency - 1;
        memcpy(into, attributes[3], bytes);
        into[bytes] = '\0';
    }
}

static void element_begin(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *space, int spaces,
                          const xmlChar **spaces_list, int count, int defaulted, const xmlChar **attributes)
{
    struct walk *w = context;

    (void)prefix;
    (void)spaces;
    (void)spaces_list;
    (void)defaulted;
    if (refused(w))
        return;
    if (w->depth == 0 && !encoding_check(w)) {
        go_on(w, false);
        return;
    }
    currency_note(w, count, attributes);
    go_on(w, element_enter(w, (const char *)name, (const char *)space));
}

/* Long remittance texts are cut; one that is read is refused then. */
static void text_add(void *context, const xmlChar *text, int size)
{
    struct walk *w = context;
    size_t room = sizeof w->text - 1 - w->text_bytes, bytes = (size_t)size < room ? (size_t)size : room;

    memcpy(w->text + w->text_bytes, text, bytes);
    w->text_bytes += bytes;
    w->is_cut |= bytes < (size_t)size;
}

static char *text_trimmed(struct walk *w)
{
    char *text = w->text;

    while (w->text_bytes > 0 && strchr(" \t\r\n", text[w->text_bytes - 1]) != NULL)
        w->text_bytes--;
    text[w->text_bytes] = '\0';
    return text + strspn(text, " \t\r\n");
}

static bool place_end(struct walk *w, const struct camt_place *place)
{
    if (w->has_children)
        return camt_end(&w->camt, place, line_of(w));
    if (w->is_cut)
        return statement_refuse(reading_of(w), line_of(w), "%s: the text is too long.", w->path);
    return camt_text(&w->camt, place, text_trimmed(w), line_of(w));
}

static void element_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *space)
{
    struct walk *w = context;
    const struct camt_place *place;

    (void)name;
    (void)prefix;
    (void)space;
    if (refused(w) || w->depth == 0)
        return;
    place = w->places[w->depth - 1];
    go_on(w, place == NULL || place_end(w, place));
    w->depth--;
    w->path_bytes = w->lengths[w->depth];
    w->path[w->path_bytes] = '\0';
    w->has_children = true;
    w->is_whole = w->depth == 0;
    text_clear(w);
}

/* ---- the whole ---- */

static bool walk_through(struct walk *w)
{
    char piece[PIECE_BYTES];
    int64_t got;

    while ((got = statement_bytes(reading_of(w), piece, sizeof piece)) > 0)
        if (xmlParseChunk(w->parser, piece, (int)got, 0) != 0 || refused(w))
            break;
    if (got == 0 && !refused(w))
        (void)xmlParseChunk(w->parser, piece, 0, 1);
    if (!refused(w) && (!w->parser->wellFormed || w->parser->errNo != XML_ERR_OK || !w->is_whole))
        statement_refuse(reading_of(w), line_of(w), "It is no well-formed XML.");
    return !refused(w) && camt_finish(&w->camt);
}

bool camt_read(const struct statement_source *source, const struct statement_wish *wish, statement_taker *take,
               void *context, struct statement_summary *ret, struct statement_why *why)
{
    xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
                             .internalSubset = subset_refuse,
                             .startElementNs = element_begin,
                             .endElementNs = element_end,
                             .characters = text_add,
                             .cdataBlock = text_add,
                             .serror = complaint_take};
    struct walk w = {0};
    bool read = false;

    statement_reading_init(reading_of(&w), source, wish, take, context);
    w.parser = xmlCreatePushParserCtxt(&handler, &w, NULL, 0, NULL);
    if (w.parser == NULL)
        statement_refuse(reading_of(&w), 0, "There is no memory to read it.");
    if (!refused(&w) && xmlCtxtUseOptions(w.parser, XML_PARSE_NONET) == 0)
        read = walk_through(&w);
    xmlFreeParserCtxt(w.parser);
    statement_reading_fini(reading_of(&w));
    if (read)
        *ret = reading_of(&w)->summary;
    else
        *why = reading_of(&w)->why;
    return read;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The reader walks the elements; the path of names from the root says what a text is (camt_entry.c keeps it). */
#include "recon/camt.h"

#include <libxml/xmlreader.h>
#include <stdio.h>
#include <string.h>

#include "recon/camt_entry.h"

#define NAMESPACE "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
#define READER_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES)

struct walk {
    struct camt camt;
    xmlTextReaderPtr reader;
    size_t lengths[CAMT_DEPTH_MAX];
    size_t depth, path_bytes;
    char path[CAMT_PATH_BYTES];
    char text[STATEMENT_CELL_BYTES];
    size_t text_bytes;
    bool has_children;
};

static struct statement_reading *reading_of(struct walk *w)
{
    return &w->camt.reading;
}

/* libxml2 asks for small pieces; none of its messages go anywhere but into the reason. */
static int bytes_read(void *context, char *buffer, int size)
{
    struct walk *w = context;

    return (int)statement_bytes(reading_of(w), buffer, (size_t)size);
}

static int bytes_close(void *context)
{
    (void)context;
    return 0;
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

/* ---- the path ---- */

static bool element_enter(struct walk *w, int64_t line)
{
    const char *name = (const char *)xmlTextReaderConstLocalName(w->reader);
    size_t bytes = strlen(name);

    if (w->depth == CAMT_DEPTH_MAX || w->path_bytes + bytes + 2 > CAMT_PATH_BYTES)
        return statement_refuse(reading_of(w), line, "It is nested deeper than a statement is.");
    if (w->depth == 0) {
        const char *space = (const char *)xmlTextReaderConstNamespaceUri(w->reader);

        if (strcmp(name, "Document") != 0 || space == NULL || strcmp(space, NAMESPACE) != 0)
            return statement_refuse(reading_of(w), line, "It is no Document of %s.", NAMESPACE);
    }
    w->lengths[w->depth++] = w->path_bytes;
    if (w->depth > 2) { /* Document/BkToCstmrStmt goes without saying */
        if (w->path_bytes > 0)
            w->path[w->path_bytes++] = '/';
        memcpy(w->path + w->path_bytes, name, bytes + 1);
        w->path_bytes += bytes;
    } else if (w->depth == 2 && strcmp(name, "BkToCstmrStmt") != 0)
        return statement_refuse(reading_of(w), line, "It holds %.40s, where BkToCstmrStmt was expected.", name);
    w->text_bytes = 0;
    w->text[0] = '\0';
    w->has_children = false;
    return true;
}

static void text_add(struct walk *w, const char *text)
{
    size_t bytes = strlen(text), room = sizeof w->text - 1 - w->text_bytes;

    if (bytes > room) /* long remittance texts; what is read is refused below by its own length */
        bytes = room;
    memcpy(w->text + w->text_bytes, text, bytes);
    w->text_bytes += bytes;
    w->text[w->text_bytes] = '\0';
}

static char *text_trimmed(struct walk *w)
{
    char *text = w->text + strspn(w->text, " \t\r\n");
    size_t bytes = strlen(text);

    while (bytes > 0 && strchr(" \t\r\n", text[bytes - 1]) != NULL)
        text[--bytes] = '\0';
    return text;
}

static bool element_leave(struct walk *w, int64_t line)
{
    bool went =
        w->has_children ? camt_end(&w->camt, w->path, line) : camt_text(&w->camt, w->path, text_trimmed(w), line);

    w->depth--;
    w->path_bytes = w->lengths[w->depth];
    w->path[w->path_bytes] = '\0';
    w->has_children = true;
    w->text_bytes = 0;
    w->text[0] = '\0';
    return went;
}

static bool currency_note(struct walk *w)
{
    xmlChar *currency = xmlTextReaderGetAttribute(w->reader, (const xmlChar *)"Ccy");

    snprintf(w->camt.text_currency, sizeof w->camt.text_currency, "%s", currency != NULL ? (char *)currency : "");
    xmlFree(currency);
    return true;
}

static bool element(struct walk *w, int64_t line)
{
    bool empty = xmlTextReaderIsEmptyElement(w->reader) != 0;

    return element_enter(w, line) && camt_begin(&w->camt, w->path, line) && currency_note(w) &&
           (!empty || element_leave(w, line));
}

/* ---- the walk ---- */

#define LINES_SHORT 65535 /* what a node holds without help */

/* The node's own; the parser is ahead of it by what it has buffered, which is near enough behind LINES_SHORT. */
static int64_t line_of(struct walk *w)
{
    long line = xmlGetLineNo(xmlTextReaderCurrentNode(w->reader));

    return line > 0 && line != LINES_SHORT ? line : xmlTextReaderGetParserLineNumber(w->reader);
}

static bool node(struct walk *w)
{
    int64_t line = line_of(w);

    switch (xmlTextReaderNodeType(w->reader)) {
    case XML_READER_TYPE_ELEMENT:
        return element(w, line);
    case XML_READER_TYPE_END_ELEMENT:
        return element_leave(w, line);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        text_add(w, (const char *)xmlTextReaderConstValue(w->reader));
        return true;
    case XML_READER_TYPE_DOCUMENT_TYPE:
        return statement_refuse(reading_of(w), 0, "It has a document type (DTD); a statement has none.");
    case XML_READER_TYPE_ENTITY:
    case XML_READER_TYPE_ENTITY_REFERENCE:
        return statement_refuse(reading_of(w), line, "It refers to an entity; a statement has none.");
    default:
        return true; /* comments, blanks, instructions */
    }
}

static bool walk_through(struct walk *w)
{
    int got;

    while ((got = xmlTextReaderRead(w->reader)) == 1)
        if (!node(w))
            return false;
    if (got != 0)
        statement_refuse(reading_of(w), 0, "It is no well-formed XML.");
    return got == 0 && reading_of(w)->why.text[0] == '\0' && camt_finish(&w->camt);
}

bool camt_read(const struct statement_source *source, const struct statement_wish *wish, statement_taker *take,
               void *context, struct statement_summary *ret, struct statement_why *why)
{
    struct walk w = {0};
    bool read = false;

    statement_reading_init(reading_of(&w), source, wish, take, context);
    w.reader = xmlReaderForIO(bytes_read, bytes_close, &w, NULL, NULL, READER_OPTIONS);
    if (w.reader == NULL)
        statement_refuse(reading_of(&w), 0, "There is no memory to read it.");
    if (reading_of(&w)->why.text[0] == '\0') {
        xmlTextReaderSetStructuredErrorHandler(w.reader, complaint_take, &w);
        read = walk_through(&w);
    }
    xmlFreeTextReader(w.reader);
    statement_reading_fini(reading_of(&w));
    if (read)
        *ret = reading_of(&w)->summary;
    else
        *why = reading_of(&w)->why;
    return read;
}

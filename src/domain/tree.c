/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct growing {
    yaml_parser_t parser;
    struct arena *arena;
    struct policy_mistakes *mistakes;
    const char *text;
    size_t nodes, lines;
};

void policy_mistake_add(struct policy_mistakes *mistakes, size_t line, const char *key, const char *format, ...)
{
    if (mistakes->count == POLICY_MISTAKES_MAX)
        return;
    struct policy_mistake *mistake = &mistakes->items[mistakes->count++];
    mistake->line = line;
    snprintf(mistake->key, sizeof mistake->key, "%s", key);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(mistake->expected, sizeof mistake->expected, format, arguments);
    va_end(arguments);
}

/* Bytes of the line break at the front of the text, as YAML knows them; 0: there is none. */
static size_t break_bytes(const char *text, size_t size)
{
    static const char *const breaks[] = {"\r\n", "\n", "\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
    unsigned char first = (unsigned char)text[0];

    if ((first >= ' ' && first < 0xC2) || first == '\t')
        return 0; /* nearly all of them */
    for (size_t i = 0; i < ARRAY_COUNT(breaks); i++) {
        size_t bytes = strlen(breaks[i]);
        if (bytes <= size && memcmp(text, breaks[i], bytes) == 0)
            return bytes;
    }
    return 0;
}

static size_t lines_count(const char *text, size_t size)
{
    size_t lines = 1;

    for (size_t at = 0; at < size;) {
        size_t bytes = break_bytes(text + at, size - at);
        at += bytes > 0 ? bytes : 1;
        lines += bytes > 0;
    }
    return lines;
}

/* From 1. The end of a text without a last newline is a line of its own to libyaml, and to nobody else. */
static size_t line_of(const struct growing *growing, const yaml_mark_t *mark)
{
    return mark->line < growing->lines ? mark->line + 1 : growing->lines;
}

static enum err refuse(struct growing *growing, const yaml_event_t *event, const char *path, const char *expected)
{
    policy_mistake_add(growing->mistakes, line_of(growing, &event->start_mark), path, "%s", expected);
    return ERR_REQUEST;
}

/* The words of libyaml are about syntax; they are passed on as they are, behind the place where it gave up. */
static enum err refuse_syntax(struct growing *growing)
{
    const yaml_parser_t *parser = &growing->parser;

    if (parser->error == YAML_MEMORY_ERROR)
        return ERR_RETRY;
    if (parser->error == YAML_READER_ERROR) /* an octet, which has an offset and no mark */
        policy_mistake_add(growing->mistakes, lines_count(growing->text, parser->problem_offset), "",
                           "well-formed YAML in UTF-8: %s", parser->problem);
    else
        policy_mistake_add(growing->mistakes, line_of(growing, &parser->problem_mark), "",
                           "well-formed YAML in UTF-8: %s (column %zu)",
                           parser->problem != NULL ? parser->problem : "cannot be read",
                           parser->problem_mark.column + 1);
    return ERR_REQUEST;
}

static enum err next_event(struct growing *growing, const char *path, yaml_event_t *event)
{
    if (!yaml_parser_parse(&growing->parser, event))
        return refuse_syntax(growing);
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(growing, event, path, "no aliases: write the value out where it is meant");
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return refuse(growing, event, path, "no anchors: write the value out where it is meant");
    if (tag != NULL)
        return refuse(growing, event, path, "no tags: every value is a text, a list or a map");
    return ERR_NONE;
}

static enum err copy_text(struct growing *growing, const yaml_event_t *event, const char *path, const char **ret)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    if (strlen(text) != length || !text_utf8_ok(text, length))
        return refuse(growing, event, path, "text without control characters");
    *ret = arena_text(growing->arena, text);
    return *ret == NULL ? ERR_RETRY : ERR_NONE;
}

static struct tree *node_new(struct growing *growing, struct tree *parent, size_t line, const char *key)
{
    struct tree *node = ARENA_NEW(growing->arena, struct tree);

    if (node == NULL)
        return NULL;
    node->line = line;
    node->key = key;
    if (parent == NULL)
        node->path = "";
    else if (key == NULL)
        node->path = arena_format(growing->arena, "%s[%zu]", parent->path, parent->children_count + 1);
    else
        node->path = arena_format(growing->arena, "%s%s%s", parent->path, *parent->path == '\0' ? "" : ".", key);
    if (node->path == NULL)
        return NULL;
    if (parent != NULL) {
        if (parent->first == NULL)
            parent->first = node;
        else
            parent->last->next = node;
        parent->last = node;
        parent->children_count++;
    }
    growing->nodes++;
    return node;
}

static enum err grow(struct growing *growing, struct tree *node, const yaml_event_t *event, size_t depth);

static enum err grow_list(struct growing *growing, struct tree *list, size_t depth)
{
    for (;;) {
        SCOPED(yaml_event_delete) yaml_event_t event = {0};
        TRY(next_event(growing, list->path, &event));
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return ERR_NONE;
        struct tree *element = node_new(growing, list, line_of(growing, &event.start_mark), NULL);
        if (element == NULL)
            return ERR_RETRY;
        TRY(grow(growing, element, &event, depth + 1));
    }
}

static enum err grow_key(struct growing *growing, const struct tree *map, const yaml_event_t *event, const char **ret)
{
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(growing, event, map->path, "a plain word as the key");
    if (event->data.scalar.length == 0 || event->data.scalar.length >= TREE_KEY_BYTES)
        return refuse(growing, event, map->path, "a key of 1 to 40 characters");
    return copy_text(growing, event, map->path, ret);
}

static enum err grow_map(struct growing *growing, struct tree *map, size_t depth)
{
    for (;;) {
        SCOPED(yaml_event_delete) yaml_event_t name = {0};
        SCOPED(yaml_event_delete) yaml_event_t value = {0};
        const char *key = NULL;
        TRY(next_event(growing, map->path, &name));
        if (name.type == YAML_MAPPING_END_EVENT)
            return ERR_NONE;
        TRY(grow_key(growing, map, &name, &key));
        const struct tree *earlier = tree_child(map, key);
        struct tree *child = node_new(growing, map, line_of(growing, &name.start_mark), key);
        if (child == NULL)
            return ERR_RETRY;
        if (earlier != NULL)
            policy_mistake_add(growing->mistakes, child->line, child->path,
                               "this key once; it stands in line %zu already", earlier->line);
        TRY(next_event(growing, child->path, &value));
        TRY(grow(growing, child, &value, depth + 1));
    }
}

static enum err grow(struct growing *growing, struct tree *node, const yaml_event_t *event, size_t depth)
{
    if (depth > TREE_DEPTH_MAX)
        return refuse(growing, event, node->path, "at most 8 levels");
    if (growing->nodes > TREE_NODES_MAX)
        return refuse(growing, event, node->path, "at most 2000 values in a file");
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = TREE_TEXT;
        return copy_text(growing, event, node->path, &node->text);
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        node->kind = TREE_LIST;
        return grow_list(growing, node, depth);
    }
    node->kind = TREE_MAP;
    return grow_map(growing, node, depth);
}

static enum err document_start(struct growing *growing, yaml_event_t *ret_root)
{
    SCOPED(yaml_event_delete) yaml_event_t stream = {0};
    SCOPED(yaml_event_delete) yaml_event_t document = {0};

    TRY(next_event(growing, "", &stream));
    TRY(next_event(growing, "", &document));
    if (document.type != YAML_DOCUMENT_START_EVENT)
        return refuse(growing, &document, "", "keys and values; the file is empty");
    if (document.data.document_start.version_directive != NULL ||
        document.data.document_start.tag_directives.start != document.data.document_start.tag_directives.end)
        return refuse(growing, &document, "", "no directives");
    return next_event(growing, "", ret_root);
}

static enum err document_end(struct growing *growing)
{
    SCOPED(yaml_event_delete) yaml_event_t document = {0};
    SCOPED(yaml_event_delete) yaml_event_t stream = {0};

    TRY(next_event(growing, "", &document));
    TRY(next_event(growing, "", &stream));
    if (stream.type != YAML_STREAM_END_EVENT)
        return refuse(growing, &stream, "", "one document a file");
    return ERR_NONE;
}

static enum err grow_document(struct growing *growing, const struct tree **ret)
{
    SCOPED(yaml_event_delete) yaml_event_t event = {0};

    TRY(document_start(growing, &event));
    struct tree *root = node_new(growing, NULL, line_of(growing, &event.start_mark), NULL);
    if (root == NULL)
        return ERR_RETRY;
    TRY(grow(growing, root, &event, 1));
    TRY(document_end(growing));
    *ret = root;
    return ERR_NONE;
}

enum err tree_read(const char *yaml, size_t size, struct arena *arena, const struct tree **ret,
                   struct policy_mistakes *mistakes)
{
    struct growing growing = {.arena = arena, .mistakes = mistakes, .text = yaml, .lines = lines_count(yaml, size)};

    if (size > TREE_BYTES_MAX) {
        policy_mistake_add(mistakes, 0, "", "at most 65536 bytes; these are %zu", size);
        return ERR_REQUEST;
    }
    if (!yaml_parser_initialize(&growing.parser))
        return ERR_RETRY;
    yaml_parser_set_encoding(&growing.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&growing.parser, (const unsigned char *)yaml, size);
    enum err err = grow_document(&growing, ret);
    yaml_parser_delete(&growing.parser);
    return err;
}

const struct tree *tree_child(const struct tree *map, const char *key)
{
    if (map->kind != TREE_MAP)
        return NULL;
    for (const struct tree *child = map->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}

static bool path_begins(const char *path, const char *with)
{
    size_t length = strlen(with);

    return strncmp(path, with, length) == 0 && (path[length] == '\0' || path[length] == '.' || path[length] == '[');
}

size_t tree_line(const struct tree *root, const char *path)
{
    const struct tree *node = root;

    for (const struct tree *child = root->first; child != NULL;) {
        if (path_begins(path, child->path)) {
            node = child;
            child = node->first;
        } else {
            child = child->next;
        }
    }
    return node->line;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /v1/batch and of `ebb import` (http/batch.h). A line is accepted exactly when it names an operation, has the
 * refs that stand in its path, and its other members are the ask of that command: seen at a second look. */
#include "engine/command.h"
#include "http/batch.h"
#include "look.h"

#define ARENA_BYTES ((size_t)1 << 20)

/* The table of the contract, written a second time. */
static const struct {
    const char *op;
    enum command_kind kind;
    const char *names[2];
} lines[] = {
    {"account", COMMAND_ACCOUNT_PUT, {"account"}},
    {"topup", COMMAND_TOPUP, {"account"}},
    {"charge", COMMAND_CHARGE, {"account"}},
    {"reverse", COMMAND_CHARGE_REVERSE, {"account", "charge"}},
    {"chargeback", COMMAND_CHARGEBACK, {"account", "topup"}},
    {"claim", COMMAND_CLAIM_PUT, {"account", "claim"}},
    {"resource", COMMAND_RESOURCE_PUT, {"account", "resource"}},
    {"credit", COMMAND_CREDIT, {"account"}},
    {"transfer", COMMAND_TRANSFER, {NULL}},
    {"recall", COMMAND_RECALL, {"ref"}},
    {"allocation", COMMAND_ALLOCATE, {NULL}},
    {"invoiced", COMMAND_INVOICED_PUT, {"ref"}},
    {"reclaim", COMMAND_RECLAIM, {"ref"}},
};

static bool line_fits(json_t *line)
{
    const char *op = json_string_value(json_object_get(line, "op"));

    for (size_t i = 0; op != NULL && i < ARRAY_COUNT(lines); i++) {
        if (strcmp(op, lines[i].op) != 0)
            continue;
        (void)json_object_del(line, "op");
        for (size_t name = 0; name < 2 && lines[i].names[name] != NULL; name++) {
            if (!look_ref(json_object_get(line, lines[i].names[name])))
                return false;
            (void)json_object_del(line, lines[i].names[name]);
        }
        return look_fits(line, command_shape(lines[i].kind));
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    struct field_problems problems = {0}, again = {0};
    const char *json = (const char *)data, *end = size > 0 ? memchr(json, '\n', size) : NULL;

    size = end != NULL ? (size_t)(end - json) : size; /* a line */

    if (arena.bytes_max == 0)
        arena_init(&arena, ARENA_BYTES);
    arena_reset(&arena);
    enum err err = batch_line_check(json, size, &arena, &problems);
    CHECK(err == ERR_NONE || err == ERR_REQUEST);
    CHECK(arena.bytes_used <= 4096 + 64 * size);
    CHECK(batch_line_check(json, size, &arena, &again) == err && memcmp(&again, &problems, sizeof again) == 0);

    json_t *line SCOPED(look_free) = look_parse(json, size, JSON_REJECT_DUPLICATES);
    bool fits = line != NULL && look_depth(line) <= JSON_DEPTH_MAX && line_fits(line);
    CHECK((err == ERR_NONE) == fits);
    if (err == ERR_REQUEST && strcmp(problems.items[0].pointer, "/op") != 0)
        look_problems(json, size, &problems);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* JSON into the ask of every command (base/field.h over domain/ask.h). Accepted is exactly what fits the shape at a
 * second look; a refusal leaves the struct alone, names what stands there, and is well-formed as a problem; what was
 * accepted is the same ask when its JSON is written in another way, and another one with another amount. The first byte
 * chooses the command. */
#include "engine/step.h"
#include "look.h"

#define ASK_BYTES_MAX 512
#define ARENA_BYTES ((size_t)1 << 20)

static struct arena arena, other_arena;

static void fingerprint_of(const json_t *value, size_t flags, const struct shape *shape, enum err expected,
                           uint8_t ret[HASH_SHORT_BYTES])
{
    struct field_problems problems = {0};
    uint64_t ask[ASK_BYTES_MAX / 8] = {0};
    char *json = json_dumps(value, flags);

    CHECK(json != NULL);
    arena_reset(&other_arena);
    CHECK(field_read_json(json, strlen(json), shape, &other_arena, ask, &problems) == expected);
    if (expected == ERR_NONE)
        CHECK(ask_fingerprint(shape, ask, "", ret) == ERR_NONE);
    free(json);
}

/* The same fact is the same however it is written, and every amount counts. */
static void fingerprints_check(const json_t *value, const struct shape *shape, const void *ask)
{
    uint8_t first[HASH_SHORT_BYTES], again[HASH_SHORT_BYTES];

    CHECK(ask_fingerprint(shape, ask, "", first) == ERR_NONE);
    fingerprint_of(value, JSON_SORT_KEYS | JSON_ENSURE_ASCII, shape, ERR_NONE, again);
    CHECK(memcmp(first, again, sizeof first) == 0);
    fingerprint_of(value, JSON_INDENT(3) | JSON_ESCAPE_SLASH, shape, ERR_NONE, again);
    CHECK(memcmp(first, again, sizeof first) == 0);
    for (size_t i = 0; i < shape->fields_count; i++) {
        const struct field *field = &shape->fields[i];
        json_t *member = json_object_get(value, field->name);
        if (field->kind != FIELD_MONEY || !json_is_integer(member))
            continue;
        json_int_t amount = json_integer_value(member);
        json_integer_set(member, amount + 1);
        fingerprint_of(value, JSON_COMPACT, shape, amount < MONEY_INPUT_MAX ? ERR_NONE : ERR_REQUEST, again);
        CHECK(amount == MONEY_INPUT_MAX || memcmp(first, again, sizeof first) != 0);
        json_integer_set(member, amount);
    }
}

static void problem_check(const struct field_problems *problems)
{
    struct out out;

    out_init(&out);
    view_problem(&out, &(struct problem){.status = 400, .code = "malformed", .request_id = "r1", .fields = problems});
    json_t *value SCOPED(look_free) = look_parse(out.data, out.size, JSON_REJECT_DUPLICATES);
    CHECK(json_array_size(json_object_get(value, "errors")) == problems->count);
    CHECK(json_integer_value(json_object_get(value, "status")) == 400);
    out_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const struct shape *shape = command_shape((enum command_kind)input_choice(&input, COMMAND__COUNT));
    struct field_problems problems = {0};
    static const uint64_t empty[ASK_BYTES_MAX / 8];
    uint64_t ask[ASK_BYTES_MAX / 8] = {0};
    const char *json = (const char *)input.at;

    if (arena.bytes_max == 0) {
        arena_init(&arena, ARENA_BYTES);
        arena_init(&other_arena, ARENA_BYTES);
    }
    CHECK(shape->bytes <= sizeof ask);
    arena_reset(&arena);
    enum err err = field_read_json(json, input.left, shape, &arena, ask, &problems);
    CHECK(err == ERR_NONE || err == ERR_REQUEST);
    CHECK(arena.bytes_used <= 4096 + 64 * size);

    json_t *value SCOPED(look_free) = look_parse(json, input.left, JSON_REJECT_DUPLICATES);
    bool fits = value != NULL && look_depth(value) <= JSON_DEPTH_MAX && look_fits(value, shape);
    CHECK((err == ERR_NONE) == fits);
    if (err == ERR_NONE) {
        CHECK(problems.count == 0);
        fingerprints_check(value, shape, ask);
    } else {
        CHECK(memcmp(ask, empty, sizeof ask) == 0);
        look_problems(json, input.left, &problems);
        problem_check(&problems);
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What was kept outside of the heads of the audit chain (base/anchor.h): files of signed statements that somebody may
 * have written. What reads as a statement is the same when it is written and read again, and at a second look at its
 * JSON; a signature is believed only over what was signed, whatever was changed, cut or written anew; and a file is
 * stepped through to its end. */
#include "base/anchor.h"
#include "look.h"

static uint8_t secret[ANCHOR_SECRET_BYTES], public[ANCHOR_PUBLIC_BYTES];
static struct arena arena;

int LLVMFuzzerInitialize(int *count UNUSED, char ***arguments UNUSED)
{
    static const uint8_t master[ANCHOR_MASTER_BYTES] = {7};

    CHECK(anchor_keys(master, secret, public));
    arena_init(&arena, ANCHOR_ARENA_BYTES);
    return 0;
}

static enum err read_here(const char *text, size_t size, struct anchor *ret)
{
    arena_reset(&arena);
    return anchor_read(text, size, &arena, ret);
}

/* Of what is said, not of who says it. */
static bool same_words(const struct anchor *a, const struct anchor *b)
{
    if (a->heads_count != b->heads_count || a->at.ms != b->at.ms || strcmp(a->store, b->store) != 0)
        return false;
    for (size_t i = 0; i < a->heads_count; i++)
        if (a->heads[i].chain != b->heads[i].chain || a->heads[i].seq != b->heads[i].seq ||
            memcmp(a->heads[i].hash, b->heads[i].hash, HASH_BYTES) != 0)
            return false;
    return true;
}

static char *written(const struct anchor *anchor, size_t *ret_size)
{
    struct out out;

    out_init(&out);
    anchor_write(anchor, &out);
    CHECK(!out.failed && memchr(out.data, '\n', out.size) == NULL);
    *ret_size = out.size;
    return out.data;
}

static void statement_check(const char *text, size_t size, const struct anchor *anchor)
{
    json_t *value SCOPED(look_free) = look_parse(text, size, JSON_REJECT_DUPLICATES);
    const json_t *heads = json_object_get(value, "heads");
    struct anchor again;
    size_t written_size;
    char *line = written(anchor, &written_size);

    CHECK(json_object_size(value) == 4 && json_array_size(heads) == anchor->heads_count);
    CHECK(anchor->heads_count >= 1 && anchor->heads_count <= ANCHOR_HEADS_MAX);
    CHECK(strcmp(json_string_value(json_object_get(value, "store")), anchor->store) == 0);
    for (size_t i = 0; i < anchor->heads_count; i++)
        CHECK(json_integer_value(json_object_get(json_array_get(heads, i), "seq")) == anchor->heads[i].seq);
    CHECK(read_here(line, written_size, &again) == ERR_NONE && same_words(&again, anchor));
    CHECK(memcmp(again.signature, anchor->signature, sizeof again.signature) == 0);
    free(line);
}

/* Bytes as a statement of ours. */
static void anchor_make(struct input *input, struct anchor *ret)
{
    *ret = (struct anchor){.heads_count = 1 + input_choice(input, 3),
                           .at = {INT64_C(1795140000000) + (int64_t)input_number(input, 3)},
                           .store = "0123456789abcdef0123456789abcdef"};
    for (size_t i = 0; i < ret->heads_count; i++) {
        ret->heads[i] = (struct anchor_head){.chain = (int64_t)i, .seq = (int64_t)input_number(input, 2)};
        memset(ret->heads[i].hash, input_byte(input), HASH_BYTES);
    }
    CHECK(anchor_sign(ret, secret) && anchor_signed_by(ret, public));
}

/* Signed, then changed: believed only where it still says the same. */
static void forgery_check(struct input *input)
{
    struct anchor anchor, read;
    size_t size;

    anchor_make(input, &anchor);
    char *line = written(&anchor, &size);
    for (int i = 0; i < 4 && input->left > 0; i++) {
        size_t at = (size_t)input_number(input, 2) % size;
        uint8_t byte = input_byte(input);
        if (byte == 0)
            size = at + 1;
        else
            line[at] = (char)(byte < 128 ? byte : line[at] ^ (byte - 127));
    }
    if (read_here(line, size, &read) == ERR_NONE) {
        statement_check(line, size, &read);
        CHECK(!anchor_signed_by(&read, public) || same_words(&read, &anchor));
    }
    free(line);
}

/* The pieces lie in the file, one behind the other, and hold no end of a line. */
static void pieces_check(const char *text, size_t size)
{
    struct bytes piece;
    size_t at = 0, last = 0;

    for (size_t count = 0; anchor_piece(text, size, &at, &piece); count++) {
        const char *data = piece.data;
        CHECK(count <= size && at > last && data >= text + last && data + piece.size <= text + size);
        CHECK(piece.size == 0 || memchr(data, '\n', piece.size) == NULL);
        last = at;
    }
    CHECK(at >= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct anchor anchor;
    const char *text = (const char *)data;

    if (read_here(text, size, &anchor) == ERR_NONE)
        statement_check(text, size, &anchor);
    pieces_check(text, size);
    forgery_check(&input);
    return 0;
}

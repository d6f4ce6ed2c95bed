/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of every answer (base/out.h): bytes decide what is written, and jansson must read back exactly that. Keys
 * and values are arbitrary bytes; where they are not UTF-8 each wrong byte becomes U+FFFD and nothing else. */
#include "base/field.h"
#include "base/out.h"
#include "look.h"

#define DEPTH_MAX 12

/* What a text must read as. To be freed. */
static char *repaired(const char *text)
{
    size_t size = strlen(text);
    char *ret = malloc(3 * size + 1), *to = ret;

    CHECK(ret != NULL);
    for (size_t at = 0; at < size;) {
        size_t bytes = text_character_bytes(text + at, size - at);
        memcpy(to, bytes > 0 ? text + at : "\xEF\xBF\xBD", bytes > 0 ? bytes : 3);
        to += bytes > 0 ? bytes : 3;
        at += bytes > 0 ? bytes : 1;
    }
    *to = '\0';
    return ret;
}

struct writing {
    struct input *input;
    struct out *out;
    size_t keys;
};

/* A key of its own, so that no two members of an object have the same; NULL in an array. */
static char *key_next(struct writing *writing, const json_t *parent)
{
    char *text, *key;

    if (json_is_array(parent))
        return NULL;
    text = input_text(writing->input, input_choice(writing->input, 6));
    key = malloc(strlen(text) + 25);
    CHECK(key != NULL);
    sprintf(key, "%zu:%s", writing->keys++, text);
    free(text);
    return key;
}

static void model_add(json_t *parent, const char *key, json_t *value)
{
    char *read = key != NULL ? repaired(key) : NULL;

    CHECK(value != NULL);
    CHECK(read != NULL ? json_object_set_new(parent, read, value) == 0 : json_array_append_new(parent, value) == 0);
    free(read);
}

static void string_write(struct writing *writing, json_t *parent, const char *key)
{
    char *text = input_text(writing->input, input_choice(writing->input, 40)), *read = repaired(text);

    out_string(writing->out, key, text);
    model_add(parent, key, json_string(read));
    free(text);
    free(read);
}

static void raw_write(struct writing *writing, json_t *parent, const char *key)
{
    static const char raw[] = "{\"a\":[1,true]}";

    out_raw(writing->out, key, raw, sizeof raw - 1);
    model_add(parent, key, look_parse(raw, sizeof raw - 1, 0));
}

static void instant_write(struct writing *writing, json_t *parent, const char *key)
{
    struct instant at = {(int64_t)(input_number(writing->input, 6) % (200LL * 365 * MS_DAY))};
    char text[INSTANT_TEXT_BYTES];

    instant_format(at, text);
    out_instant(writing->out, key, at);
    model_add(parent, key, instant_is_set(at) ? json_string(text) : json_null());
}

static void values_write(struct writing *writing, json_t *parent, int depth)
{
    struct out *out = writing->out;

    while (writing->input->left > 0) {
        uint8_t what = (uint8_t)input_choice(writing->input, 9);
        if (what == 8)
            return;
        char *key = key_next(writing, parent);
        json_int_t number = (json_int_t)(what == 0 ? input_number(writing->input, 8) : 0);
        if (what == 0) {
            out_int(out, key, number);
            model_add(parent, key, json_integer(number));
        } else if (what == 1) {
            out_bool(out, key, (writing->input->left & 1) != 0);
            model_add(parent, key, json_boolean((writing->input->left & 1) != 0));
        } else if (what == 2) {
            out_null(out, key);
            model_add(parent, key, json_null());
        } else if (what == 3) {
            string_write(writing, parent, key);
        } else if (what == 4) {
            raw_write(writing, parent, key);
        } else if (what == 5) {
            instant_write(writing, parent, key);
        } else if (depth < DEPTH_MAX) {
            json_t *child = what == 6 ? json_object() : json_array();
            model_add(parent, key, child);
            (what == 6 ? out_object : out_array)(out, key);
            values_write(writing, child, depth + 1);
            (what == 6 ? out_object_end : out_array_end)(out);
        }
        free(key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct out out;
    struct input input = {data, size};
    struct writing writing = {&input, &out, 0};
    json_t *model SCOPED(look_free) = json_object();

    out_reset(&out);
    out_object(&out, NULL);
    values_write(&writing, model, 1);
    out_object_end(&out);
    CHECK(!out.failed && strlen(out.data) == out.size);
    json_t *read SCOPED(look_free) = look_parse(out.data, out.size, JSON_REJECT_DUPLICATES);
    CHECK(read != NULL && json_equal(read, model));
    return 0;
}

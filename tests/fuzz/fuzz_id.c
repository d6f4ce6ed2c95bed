/* SPDX-License-Identifier: Apache-2.0 */
/* Public ids and list cursors (base/id.h, http/parameter.h): one text an id and one id a text, for every prefix; and a
 * generator that only rises, whatever the clock does. */
#include "fuzz.h"
#include "http/parameter.h"

static const char *const prefixes[] = {"wd", "tu", "leg", "at", "en", "c", "doc", "inc", "ev"};

static void text_check(const char *text)
{
    int accepted = 0;

    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++) {
        char again[ID_TEXT_BYTES];
        int64_t id = -7;

        if (!id_parse(prefixes[i], text, &id)) {
            CHECK(id == -7);
            continue;
        }
        accepted++;
        CHECK(id > 0 && id_shard(id) >= 0 && id_shard(id) < ID_SHARD_COUNT);
        id_format(prefixes[i], id, again);
        CHECK(strcmp(again, text) == 0);
    }
    CHECK(accepted <= 1);

    int64_t cursor = -7, id = -7;
    CHECK(cursor_parse(text, &cursor) == id_parse("c", text, &id) && cursor == id);
}

static void number_check(int64_t id, const char *prefix)
{
    char text[ID_TEXT_BYTES];
    int64_t again;

    id_format(prefix, id, text);
    CHECK(id_parse(prefix, text, &again) == (id != 0));
    CHECK(id == 0 || again == id);
    cursor_format(id, text);
    CHECK(cursor_parse(text, &again) == (id != 0));
}

/* The clock jumps to both sides; ids of two lives of one generator never meet and never fall. */
static void generator_check(struct input *input)
{
    struct ids ids;
    int64_t last = (int64_t)(input_number(input, 6) & 0xFFFFFFFFFFFF);
    int node = (int)input_choice(input, 16);

    ids_init(&ids, node, last);
    for (int i = 0; i < 40 && input->left > 0; i++) {
        int shard = (int)input_number(input, 2) & (ID_SHARD_COUNT - 1);
        struct instant now = {INT64_C(1704067200000) + (int64_t)(input_number(input, 4) << (shard & 7))};
        int64_t id = ids_next(&ids, now, shard);

        CHECK(id > last && id_shard(id) == shard);
        CHECK((id >> (ID_SHARD_BITS + 8) & 15) == node);
        last = id;
        if ((shard & 31) == 31)
            ids_init(&ids, node, last);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size}, number = {data, size};
    char *text = input_rest(&input);

    text_check(text);
    free(text);
    number_check((int64_t)(input_number(&number, 8) >> 1), prefixes[input_choice(&number, ARRAY_COUNT(prefixes))]);
    generator_check(&number);
    return 0;
}

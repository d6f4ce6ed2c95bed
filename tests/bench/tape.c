/* SPDX-License-Identifier: Apache-2.0 */
#include "tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tape_broken(const char *what, const char *detail)
{
    fprintf(stderr, "%s: %s\n", what, detail);
    exit(1);
}

static uint64_t word_read(struct tape *tape)
{
    uint64_t word = 0;

    if (tape->size - tape->at < 8)
        tape_broken("tape", "cut off");
    for (int i = 7; i >= 0; i--)
        word = word << 8 | (uint8_t)tape->data[tape->at + (size_t)i];
    tape->at += 8;
    return word;
}

static const char *text_read(struct tape *tape, size_t *ret_size)
{
    uint64_t size = word_read(tape);
    const char *text = tape->data + tape->at;

    if (tape->size - tape->at <= size)
        tape_broken("tape", "cut off");
    tape->at += size + 1;
    *ret_size = size;
    return text;
}

static uint64_t number_read(struct tape *tape, uint64_t most)
{
    uint64_t number = word_read(tape);

    if (number > most)
        tape_broken("tape", "more than there is room for");
    return number;
}

static void value_read(struct tape *tape, struct tape_value *ret)
{
    ret->kind = tape->data[tape->at++];
    if (ret->kind == 'I')
        ret->integer = (int64_t)word_read(tape);
    else if (ret->kind == 'T' || ret->kind == 'B')
        ret->data = text_read(tape, &ret->size);
    else if (ret->kind != 'N')
        tape_broken("tape", "no value");
}

static void row_read(struct tape *tape, struct tape_record *ret)
{
    ret->number = number_read(tape, TAPE_STATEMENTS_MAX - 1);
    ret->count = number_read(tape, TAPE_VALUES_MAX);
    for (size_t i = 0; i < ret->count; i++)
        value_read(tape, &ret->values[i]);
}

static void introduction_read(struct tape *tape, struct tape_record *ret)
{
    size_t size;

    ret->number = number_read(tape, TAPE_STATEMENTS_MAX - 1);
    tape->texts[ret->number] = text_read(tape, &size);
}

bool tape_next(struct tape *tape, struct tape_record *ret)
{
    if (tape->at == tape->size)
        return false;
    ret->kind = tape->data[tape->at++];
    if (ret->kind == 'R')
        row_read(tape, ret);
    else if (ret->kind == 'S')
        introduction_read(tape, ret);
    else if (ret->kind != 'G' && ret->kind != 'C')
        tape_broken("tape", "no record");
    return true;
}

void tape_open(const char *path, struct tape *ret)
{
    FILE *file = fopen(path, "rb");
    struct tape_record record;
    long size;

    memset(ret, 0, sizeof *ret);
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0)
        tape_broken(path, "cannot be read");
    rewind(file);
    ret->size = (size_t)size;
    ret->data = malloc(ret->size);
    if (ret->data == NULL || fread(ret->data, 1, ret->size, file) != ret->size)
        tape_broken(path, "cannot be read");
    fclose(file);
    while (tape_next(ret, &record))
        ret->rows += record.kind == 'R';
    ret->at = 0;
}

bool tape_group_has(struct tape *tape, const char *text)
{
    struct tape_record record = {0};
    size_t here = tape->at;
    bool found = false;

    while (!found && record.kind != 'C' && tape_next(tape, &record))
        found = record.kind == 'R' && strncmp(tape->texts[record.number], text, strlen(text)) == 0;
    tape->at = here;
    return found;
}

void tape_close(struct tape *tape)
{
    free(tape->data);
}

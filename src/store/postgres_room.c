/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/postgres.h"

#define ROOM_FIRST_BYTES ((size_t)64 << 10)

uint8_t *room_take(struct room *room, size_t size)
{
    if (room->failed)
        return NULL;
    if (room->capacity - room->size < size) {
        size_t larger = room->capacity == 0 ? ROOM_FIRST_BYTES : room->capacity;

        while (larger - room->size < size)
            larger *= 2;
        uint8_t *grown = realloc(room->data, larger);
        room->failed = grown == NULL;
        if (grown == NULL)
            return NULL;
        room->data = grown;
        room->capacity = larger;
    }
    uint8_t *at = room->data + room->size;
    room->size += size;
    return at;
}

static void room_big_endian(struct room *room, uint64_t integer, size_t size)
{
    uint8_t *at = room_take(room, size);

    for (size_t i = size; at != NULL && i-- > 0; integer >>= 8)
        at[i] = (uint8_t)integer;
}

void room_int32(struct room *room, int64_t integer)
{
    room_big_endian(room, (uint64_t)integer, sizeof(int32_t));
}

void room_int64(struct room *room, int64_t integer)
{
    room_big_endian(room, (uint64_t)integer, sizeof(int64_t));
}

void room_bytes(struct room *room, const void *data, size_t size)
{
    uint8_t *at = room_take(room, size);

    if (at != NULL && size > 0)
        memcpy(at, data, size);
}

/* One dimension, NULLs may be in it, counted from 1. */
void room_array(struct room *room, enum oid oid, size_t count)
{
    room_int32(room, count > 0 ? 1 : 0);
    room_int32(room, 1);
    room_int32(room, (int64_t)oid);
    if (count == 0)
        return;
    room_int32(room, (int64_t)count);
    room_int32(room, 1);
}

int oid_of_array(enum oid oid)
{
    switch (oid) {
    case OID_BYTEA:
        return 1001;
    case OID_TEXT:
        return 1009;
    case OID_INT8:
    case OID_INT4:
    case OID_INT2:
        return 1016;
    }
    return 0;
}

enum oid oid_of_value(const struct value *value)
{
    return value->kind == VALUE_INT ? OID_INT8 : value->kind == VALUE_BYTES ? OID_BYTEA : OID_TEXT;
}

enum oid oid_of_column(const struct column *column)
{
    switch (column->kind) {
    case COLUMN_ID:
    case COLUMN_INT:
    case COLUMN_INT32:
    case COLUMN_BOOL:
    case COLUMN_MONEY:
    case COLUMN_INSTANT:
        return OID_INT8;
    case COLUMN_WORD:
    case COLUMN_TEXT:
    case COLUMN_STRING:
        return OID_TEXT;
    case COLUMN_HASH:
    case COLUMN_DIGEST:
    case COLUMN_BYTES:
    case COLUMN_SEALED:
        return OID_BYTEA;
    }
    return OID_TEXT;
}

/* As an element of an array. */
void room_value(struct room *room, const struct value *value)
{
    switch (value->kind) {
    case VALUE_INT:
        room_int32(room, sizeof(int64_t));
        room_int64(room, value->integer);
        return;
    case VALUE_TEXT:
        room_int32(room, (int64_t)strlen(value->text));
        room_bytes(room, value->text, strlen(value->text));
        return;
    case VALUE_BYTES:
        room_int32(room, (int64_t)value->bytes.size);
        room_bytes(room, value->bytes.data, value->bytes.size);
        return;
    case VALUE_NULL:
        room_int32(room, -1);
        return;
    }
}

enum err room_member(struct postgres *postgres, const struct row *row, const struct column *column)
{
    struct room *room = &postgres->room;
    struct cell cell;

    TRY(row_cell(&postgres->store, row, column, &cell));
    switch (cell.kind) {
    case CELL_INT:
        room_int32(room, sizeof(int64_t));
        room_int64(room, cell.integer);
        return ERR_NONE;
    case CELL_TEXT:
    case CELL_BYTES:
        room_int32(room, (int64_t)cell.size);
        room_bytes(room, cell.data, cell.size);
        return ERR_NONE;
    case CELL_SEAL:
        room_int32(room, (int64_t)cell.size);
        uint8_t *at = room_take(room, cell.size);
        if (at != NULL)
            row_seal(&postgres->store, row, column, &cell, at);
        return ERR_NONE;
    case CELL_NULL:
    case CELL_OTHER:
        room_int32(room, -1);
        return ERR_NONE;
    }
    return ERR_FATAL;
}

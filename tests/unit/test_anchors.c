/* SPDX-License-Identifier: Apache-2.0 */
/* Where the head of the chain is kept: whatever write is torn or lost, what was synced last is found again. */
#include "unit.h"

#include "engine/anchors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_BYTES (ANCHOR_SLOTS * ANCHOR_TEXT_BYTES)
static const char store[] = "0123456789abcdef0123456789abcdef";

/* The disk refuses reads, writes, or syncs, or takes half of the next write. */
static bool reads_fail, writes_fail, syncs_fail, write_short;
ssize_t __real_pread64(int fd, void *data, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t at)
{
    if (!reads_fail)
        return __real_pread64(fd, data, size, at);
    errno = EIO;
    return -1;
}
ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at)
{
    if (write_short) {
        write_short = false;
        return __real_pwrite64(fd, data, size / 2, at);
    }
    if (!writes_fail)
        return __real_pwrite64(fd, data, size, at);
    errno = EIO;
    return -1;
}
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    if (!syncs_fail)
        return __real_fdatasync(fd);
    errno = EIO;
    return -1;
}

struct place {
    char directory[64], path[96], outside[96], reason[256];
    struct vault vault;
    struct system_clock clock;
    struct world world;
    struct anchors *anchors;
};

static void place_init(struct place *place)
{
    memset(place, 0, sizeof *place);
    snprintf(place->directory, sizeof place->directory, "/tmp/ebb-test-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/" ANCHOR_BESIDE, place->directory);
    snprintf(place->outside, sizeof place->outside, "%s/outside", place->directory);
    assert_int_equal(vault_open(place->directory, true, &place->vault, place->reason), ERR_NONE);
    place->world = (struct world){.now = system_clock_now, .context = &place->clock};
}

static enum err place_open_with(struct place *place, size_t count)
{
    const char *const paths[] = {place->path, place->outside};
    struct anchors_config config = {paths, count, &place->vault, &place->world};

    return anchors_open(&config, &place->anchors, place->reason);
}

static void place_open(struct place *place)
{
    if (place_open_with(place, 1) != ERR_NONE)
        fail_msg("%s", place->reason);
}

static void place_fini(struct place *place)
{
    char key[96];

    anchors_close(&place->anchors);
    snprintf(key, sizeof key, "%s/master.key", place->directory);
    (void)unlink(key);
    (void)unlink(place->path);
    (void)unlink(place->outside);
    assert_int_equal(rmdir(place->directory), 0);
    vault_fini(&place->vault);
}

static void advance(struct place *place, int64_t seq)
{
    struct anchor_head head = {.seq = seq, .hash = {(uint8_t)seq, (uint8_t)(seq >> 8)}};

    anchors_advance(place->anchors, store, &head, (struct instant){INT64_C(1795140000000) + seq});
}

/* What a start would find: the most rows, -1 when no statement counts. */
static int64_t found_after(struct place *place)
{
    size_t count = 0;
    int64_t most = -1;

    anchors_close(&place->anchors);
    place_open(place);
    const struct anchor *found = anchors_found(place->anchors, &count);
    for (size_t i = 0; i < count; i++)
        most = found[i].heads[0].seq > most ? found[i].heads[0].seq : most;
    assert_int_equal(anchors_beside_is_empty(place->anchors), count == 0);
    return most;
}

static void file_read(const char *path, char ret[FILE_BYTES])
{
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    assert_int_equal(fread(ret, 1, FILE_BYTES, file), FILE_BYTES);
    fclose(file);
}

static void file_write(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static void what_was_synced_is_found_again(void **state)
{
    struct place place;
    struct stat about;
    size_t count = 9;
    (void)state;

    place_init(&place);
    place_open(&place);
    assert_int_equal(stat(place.path, &about), 0);
    assert_int_equal(about.st_size, FILE_BYTES);
    anchors_found(place.anchors, &count);
    assert_int_equal(count, 0);
    assert_true(anchors_beside_is_empty(place.anchors));
    assert_false(anchors_put(place.anchors)); /* nothing is known yet */
    assert_false(anchors_sync(place.anchors));
    advance(&place, 12);
    assert_true(anchors_sync(place.anchors));
    assert_int_equal(found_after(&place), 12);
    advance(&place, 13);
    assert_true(anchors_put(place.anchors));
    assert_int_equal(found_after(&place), 13);
    anchors_found(place.anchors, &count);
    assert_int_equal(count, 2);
    place_fini(&place);
}

/* After each write: everything that was not synced may be lost, or half there. What was synced last must be found. */
static void a_torn_write_costs_only_what_was_not_synced(void **state)
{
    struct place place;
    static char synced[FILE_BYTES], now[FILE_BYTES];
    int64_t synced_seq = 1;
    (void)state;

    place_init(&place);
    place_open(&place);
    advance(&place, 1);
    assert_true(anchors_sync(place.anchors));
    file_read(place.path, synced);
    for (int64_t seq = 2; seq < 40; seq++) {
        bool syncs = seq % 3 == 0;

        advance(&place, seq);
        assert_true(syncs ? anchors_sync(place.anchors) : anchors_put(place.anchors));
        file_read(place.path, now);
        for (size_t sectors = 0; sectors < 8; sectors++) { /* the power goes in the middle of it, or while syncing */
            static char torn[FILE_BYTES];

            memcpy(torn, synced, sizeof torn);
            for (size_t at = 0; at < FILE_BYTES; at += 512)
                if ((at / 512 + (size_t)seq) % 8 < sectors)
                    memcpy(torn + at, now + at, 512);
            file_write(place.path, torn, sizeof torn);
            int64_t found = found_after(&place);
            assert_true(found >= synced_seq && found <= seq);
        }
        file_write(place.path, now, sizeof now);
        assert_int_equal(found_after(&place), seq);
        if (syncs) {
            synced_seq = seq;
            memcpy(synced, now, sizeof synced);
        }
    }
    place_fini(&place);
}

static void two_slots_may_be_damaged(void **state)
{
    struct place place;
    static char whole[FILE_BYTES], hurt[FILE_BYTES];
    (void)state;

    place_init(&place);
    place_open(&place);
    for (int64_t seq = 1; seq < 4; seq++) {
        advance(&place, seq);
        assert_true(seq == 3 ? anchors_put(place.anchors) : anchors_sync(place.anchors));
    }
    file_read(place.path, whole);
    for (int kept = 0; kept < ANCHOR_SLOTS; kept++) {
        for (size_t i = 0; i < FILE_BYTES; i++)
            hurt[i] = (char)(i / ANCHOR_TEXT_BYTES == (size_t)kept ? whole[i] : whole[i] ^ 1);
        file_write(place.path, hurt, sizeof hurt);
        assert_true(found_after(&place) > 0);
    }
    memset(hurt, 0, sizeof hurt);
    file_write(place.path, hurt, sizeof hurt);
    assert_int_equal(found_after(&place), -1);
    place_fini(&place);
}

static void a_stranger_s_statement_does_not_count(void **state)
{
    struct place place, stranger;
    static char text[FILE_BYTES];
    (void)state;

    place_init(&place);
    place_init(&stranger);
    place_open(&stranger);
    advance(&stranger, 900);
    assert_true(anchors_sync(stranger.anchors));
    file_read(stranger.path, text);
    file_write(place.path, text, sizeof text);
    place_open(&place);
    assert_true(anchors_beside_is_empty(place.anchors));
    place_fini(&place);
    place_fini(&stranger);
}

static void another_file_is_not_overwritten(void **state)
{
    struct place place;
    struct anchors *mine;
    struct anchors_config config;
    const char *path;
    (void)state;

    place_init(&place);
    file_write(place.path, "somebody's letter\n", 18);
    assert_int_equal(place_open_with(&place, 1), ERR_FATAL);
    assert_non_null(strstr(place.reason, "another file"));
    assert_int_equal(unlink(place.path), 0);
    path = place.directory;
    config = (struct anchors_config){&path, 1, &place.vault, &place.world};
    assert_int_equal(anchors_open(&config, &mine, place.reason), ERR_FATAL);
    path = "/nowhere/at/all";
    assert_int_equal(anchors_open(&config, &mine, place.reason), ERR_FATAL);
    place_open(&place);
    path = place.path;
    assert_int_equal(anchors_open(&config, &mine, place.reason), ERR_FATAL);
    assert_non_null(strstr(place.reason, "another Ebb"));
    place_fini(&place);
}

/* A process that ended while it made the file left some of its zeros, and nothing that counts. */
static void a_file_that_was_half_made_is_made_again(void **state)
{
    static const char zeros[FILE_BYTES];
    struct place place;
    struct stat about;
    (void)state;

    place_init(&place);
    for (size_t size = 1; size < FILE_BYTES; size += FILE_BYTES / 3) {
        file_write(place.path, zeros, size);
        place_open(&place);
        assert_int_equal(stat(place.path, &about), 0);
        assert_int_equal(about.st_size, FILE_BYTES);
        anchors_close(&place.anchors);
    }
    file_write(place.path, zeros, FILE_BYTES / 2);
    write_short = true;
    place_open(&place);
    assert_int_equal(stat(place.path, &about), 0);
    assert_int_equal(about.st_size, FILE_BYTES);
    place_fini(&place);
}

static void a_short_write_is_gone_on_with(void **state)
{
    struct place place;
    (void)state;

    place_init(&place);
    place_open(&place);
    advance(&place, 7);
    write_short = true;
    assert_true(anchors_sync(place.anchors));
    assert_false(write_short);
    assert_int_equal(anchors_failures(place.anchors), 0);
    assert_int_equal(found_after(&place), 7);
    place_fini(&place);
}

static void one_place_is_enough_to_send_and_all_are_tried(void **state)
{
    struct place place;
    (void)state;

    place_init(&place);
    assert_int_equal(place_open_with(&place, 2), ERR_NONE);
    advance(&place, 5);
    writes_fail = true;
    assert_false(anchors_put(place.anchors));
    assert_int_equal(anchors_failures(place.anchors), 2);
    writes_fail = false;
    assert_true(anchors_put(place.anchors));
    assert_true(anchors_put(place.anchors)); /* the same head is not written again */
    advance(&place, 6);
    syncs_fail = true;
    assert_false(anchors_sync(place.anchors));
    syncs_fail = false;
    assert_true(anchors_sync(place.anchors));
    assert_int_equal(anchors_failures(place.anchors), 4);
    assert_int_equal(found_after(&place), 6);
    place_fini(&place);
}

/* A sync that failed does not make its slot the one that stands: the next one overwrites it again. */
static void a_failed_sync_is_not_believed(void **state)
{
    struct place place;
    static char before[FILE_BYTES], after[FILE_BYTES];
    size_t same = 0;
    (void)state;

    place_init(&place);
    place_open(&place);
    advance(&place, 1);
    assert_true(anchors_sync(place.anchors));
    file_read(place.path, before);
    syncs_fail = true;
    for (int64_t seq = 2; seq < 5; seq++) {
        advance(&place, seq);
        assert_false(anchors_sync(place.anchors));
    }
    syncs_fail = false;
    file_read(place.path, after);
    for (size_t slot = 1; slot < ANCHOR_SLOTS; slot++)
        same += before[slot * ANCHOR_TEXT_BYTES] == '{' &&
                memcmp(before + slot * ANCHOR_TEXT_BYTES, after + slot * ANCHOR_TEXT_BYTES, ANCHOR_TEXT_BYTES) == 0;
    assert_int_equal(same, 1);
    place_fini(&place);
}

static void a_thousand_rows_are_synced_by_themselves(void **state)
{
    struct place place;
    static char text[FILE_BYTES];
    const struct timespec pause = {.tv_nsec = 10000000};
    bool there = false;
    (void)state;

    place_init(&place);
    place_open(&place);
    advance(&place, 1);
    assert_true(anchors_sync(place.anchors));
    assert_int_equal(anchors_keep(place.anchors), ERR_NONE);
    for (int64_t seq = 2; seq <= ANCHOR_ROWS; seq++)
        advance(&place, seq); /* one row short */
    advance(&place, ANCHOR_ROWS + 1);
    for (int waited = 0; waited < 500 && !there; waited++) {
        nanosleep(&pause, NULL);
        file_read(place.path, text);
        there = strstr(text + ANCHOR_TEXT_BYTES, "\"seq\":1001,") != NULL ||
                strstr(text + 2 * ANCHOR_TEXT_BYTES, "\"seq\":1001,") != NULL;
    }
    assert_true(there);
    place_fini(&place);
}

/* Nothing is said about what was not read: an anchor that is taken to be missing puts sound books into quarantine. */
static void what_cannot_be_read_is_not_missing(void **state)
{
    struct place place;

    (void)state;
    place_init(&place);
    place_open(&place);
    anchors_close(&place.anchors);
    reads_fail = true;
    assert_int_equal(place_open_with(&place, 1), ERR_FATAL);
    reads_fail = false;
    assert_non_null(strstr(place.reason, strerror(EIO)));
    place_fini(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_synced_is_found_again),
        cmocka_unit_test(a_torn_write_costs_only_what_was_not_synced),
        cmocka_unit_test(two_slots_may_be_damaged),
        cmocka_unit_test(a_stranger_s_statement_does_not_count),
        cmocka_unit_test(another_file_is_not_overwritten),
        cmocka_unit_test(a_file_that_was_half_made_is_made_again),
        cmocka_unit_test(a_short_write_is_gone_on_with),
        cmocka_unit_test(one_place_is_enough_to_send_and_all_are_tried),
        cmocka_unit_test(a_failed_sync_is_not_believed),
        cmocka_unit_test(a_thousand_rows_are_synced_by_themselves),
        cmocka_unit_test(what_cannot_be_read_is_not_missing),
    };

    return cmocka_run_group_tests_name("anchors", tests, NULL, NULL);
}

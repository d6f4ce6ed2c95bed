/* SPDX-License-Identifier: Apache-2.0 */
/* The engine and its anchors: nothing leaves the house that no anchor knows of. */
#include "house.h"

#include "base/anchor.h"

#include <errno.h>

/* The disk under the anchors refuses writes; SQLite's own writes go another way. */
static bool writes_fail;
ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t at)
{
    if (!writes_fail)
        return __real_pwrite64(fd, data, size, at);
    errno = EIO;
    return -1;
}

struct watched {
    struct house house;
    char beside[96];
    const char *anchors[1];
    int64_t anchored_when_sent; /* what the anchor knew when the last payment left */
};

/* The most rows that a statement in the file knows; -1: none. Whose signature it is, other tests ask. */
static int64_t anchored(const char *path)
{
    char text[3 * ANCHOR_TEXT_BYTES + 1] = "";
    FILE *file = fopen(path, "re");
    int64_t most = -1;

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (size_t slot = 0; slot < 3; slot++) {
        const char *seq = strstr(text + slot * ANCHOR_TEXT_BYTES, "\"seq\":");
        long long rows = seq != NULL ? strtoll(seq + 6, NULL, 10) : -1;

        most = rows > most ? rows : most;
    }
    return most;
}

static void watched_effects(void *context, struct effect *list)
{
    struct watched *watched = context;

    if (!list->query)
        watched->anchored_when_sent = anchored(watched->beside);
    house_effects(&watched->house, list);
}

static void watched_open(struct watched *watched)
{
    memset(watched, 0, sizeof *watched);
    house_open(&watched->house, "2026-11-20T10:00:00+08:00");
    engine_close(&watched->house.engine);
    snprintf(watched->beside, sizeof watched->beside, "%s/" ANCHOR_BESIDE, watched->house.directory);
    watched->anchors[0] = watched->beside;
    watched->house.config.anchors = watched->anchors;
    watched->house.config.anchors_count = 1;
    watched->house.config.effects = watched_effects;
    watched->house.config.sink = watched;
    house_start(&watched->house);
}

static void account_open(struct house *house)
{
    assert_int_equal(
        house_fact(house, COMMAND_ACCOUNT_PUT, "alice", "",
                   "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":"
                   "\"Alice\",\"id_number\":\"110101\",\"verified\":true},\"phone\":\"13800000000\"}"),
        201);
    assert_int_equal(
        house_fact(house, COMMAND_TOPUP, "alice", "",
                   "{\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\",\"payer\":{\"kind\":\"personal\","
                   "\"name\":\"Alice\"}}"),
        201);
}

/* A withdrawal with the right code, not yet sent. */
static int64_t approved(struct house *house)
{
    struct command command = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
    char code[16], body[64];
    int64_t id;

    assert_int_equal(house_ask(house, &command, "{\"account\":\"alice\",\"amount\":30000}"), 201);
    assert_true(id_parse("wd", house_member(house, "id"), &id));
    house_code(house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(house, COMMAND_CODE, id, "alice", body), 200);
    return id;
}

static void no_payment_is_ahead_of_its_anchor(void **state)
{
    struct watched watched;
    int64_t id;
    (void)state;

    watched_open(&watched);
    assert_int_equal(anchored(watched.beside), 0);
    account_open(&watched.house);
    id = approved(&watched.house);
    assert_int_equal(anchored(watched.beside), 0); /* nothing left yet: nothing had to be written */
    assert_int_equal(house_on(&watched.house, COMMAND_TICK, id, "system", NULL), 200);
    assert_non_null(watched.house.effects);
    assert_false(watched.house.effects->query);
    assert_int_equal(watched.anchored_when_sent, house_sql(&watched.house, "SELECT max(seq) FROM audit"));
    house_close(&watched.house);
}

static void without_an_anchor_nothing_is_sent_but_questions_are_asked(void **state)
{
    struct watched watched;
    int64_t id;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    id = approved(&watched.house);
    writes_fail = true;
    assert_int_equal(house_on(&watched.house, COMMAND_TICK, id, "system", NULL), 200);
    assert_null(watched.house.effects);
    assert_int_equal(house_sql(&watched.house, "SELECT count(*) FROM attempt WHERE status = 'intent'"), 1);
    watched.house.now_ms += 40 * MS_SECOND; /* the guard is over: the janitor asks */
    assert_int_equal(house_on(&watched.house, COMMAND_TICK, id, "system", NULL), 200);
    assert_non_null(watched.house.effects);
    assert_true(watched.house.effects->query);
    assert_null(watched.house.effects->next);
    writes_fail = false;
    house_close(&watched.house);
}

/* ---- the books come back older ---- */

static void file_copy(const struct house *house, const char *from, const char *to)
{
    char command[400];

    snprintf(command, sizeof command, "cp '%s/%s' '%s/%s'", house->directory, from, house->directory, to);
    assert_int_equal(system(command), 0);
}

/* As it is now, at rest: the engine is closed and opened around it. */
static void books_keep(struct watched *watched)
{
    engine_close(&watched->house.engine);
    file_copy(&watched->house, "ebb.db", "kept.db");
    house_start(&watched->house);
}

static void books_put_back(struct watched *watched)
{
    char path[120];

    engine_close(&watched->house.engine);
    house_drop_effects(&watched->house);
    file_copy(&watched->house, "kept.db", "ebb.db");
    snprintf(path, sizeof path, "%s/ebb.db-wal", watched->house.directory);
    (void)unlink(path);
    house_start(&watched->house);
}

static int64_t count_of(const struct watched *watched, const char *where)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM quarantine WHERE %s", where);
    return house_sql(&watched->house, sql);
}

static void charge(struct house *house, const char *ref)
{
    char body[80];

    snprintf(body, sizeof body, "{\"ref\":\"%s\",\"amount\":100}", ref);
    assert_int_equal(house_fact(house, COMMAND_CHARGE, "alice", "", body), 201);
}

/* What the two people do; in these stories no channel did anything. */
static void release(struct house *house)
{
    static const char override[] = "{\"override\":true,\"reason\":\"a test\"}";
    const char *people[] = {"anna", "bert"};

    for (size_t i = 0; i < 2; i++) {
        struct command command = house_command(COMMAND_RELEASE, people[i], ROLE_RESOLVE, "", "");

        assert_int_equal(house_ask(house, &command, override), 200);
    }
    assert_false(engine_quarantined(house->engine));
}

static void an_older_copy_is_noticed(void **state)
{
    struct watched watched;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    books_keep(&watched);
    assert_false(engine_quarantined(watched.house.engine));
    charge(&watched.house, "c1");
    books_put_back(&watched);
    assert_true(engine_quarantined(watched.house.engine));
    assert_int_equal(count_of(&watched, "reason = 'behind' AND head_seq = 2 AND anchor_seq = 3"), 1);
    assert_int_equal(house_fact(&watched.house, COMMAND_CHARGE, "alice", "", "{\"ref\":\"c1\",\"amount\":100}"), 503);
    assert_string_equal(house_member(&watched.house, "code"), "quarantined");
    assert_int_equal(anchored(watched.beside), 3); /* what it was found by stays */
    engine_close(&watched.house.engine);
    house_start(&watched.house);
    assert_true(engine_quarantined(watched.house.engine));
    assert_int_equal(count_of(&watched, "1"), 1);
    release(&watched.house);
    charge(&watched.house, "c2");
    house_close(&watched.house);
}

/* After its release the old anchors are of another life: neither they nor the new ones accuse the books again. */
static void a_released_database_has_a_new_name(void **state)
{
    struct watched watched;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    books_keep(&watched);
    for (int i = 0; i < 9; i++) {
        char ref[8];

        snprintf(ref, sizeof ref, "c%d", i);
        charge(&watched.house, ref);
    }
    books_put_back(&watched);
    release(&watched.house);
    for (int i = 0; i < 3; i++) { /* slots of both lives stand beside each other */
        engine_close(&watched.house.engine);
        house_start(&watched.house);
        assert_false(engine_quarantined(watched.house.engine));
    }
    charge(&watched.house, "c1");
    books_put_back(&watched); /* the copy from before: it does not know the new name */
    assert_true(engine_quarantined(watched.house.engine));
    assert_int_equal(count_of(&watched, "reason = 'other_store'"), 1);
    release(&watched.house);
    engine_close(&watched.house.engine);
    house_start(&watched.house);
    assert_false(engine_quarantined(watched.house.engine));
    house_close(&watched.house);
}

static void another_history_is_noticed(void **state)
{
    struct watched watched;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    books_keep(&watched);
    charge(&watched.house, "c1");
    engine_close(&watched.house.engine);
    file_copy(&watched.house, ANCHOR_BESIDE, "kept.anchor");
    file_copy(&watched.house, "kept.db", "ebb.db");
    watched.house.config.anchors_count = 0; /* somebody goes on without anchors */
    watched.house.now_ms++;
    house_start(&watched.house);
    charge(&watched.house, "c2");
    charge(&watched.house, "c3");
    engine_close(&watched.house.engine);
    watched.house.config.anchors_count = 1;
    house_start(&watched.house);
    assert_int_equal(count_of(&watched, "reason = 'differs' AND gap_from = (SELECT min(at) FROM audit)"), 1);
    house_close(&watched.house);
}

static void a_lost_anchor_is_noticed_where_there_was_one(void **state)
{
    struct watched watched;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    engine_close(&watched.house.engine);
    assert_int_equal(unlink(watched.beside), 0);
    house_start(&watched.house);
    assert_int_equal(count_of(&watched, "reason = 'anchor_missing'"), 1);
    release(&watched.house);
    engine_close(&watched.house.engine);
    house_start(&watched.house);
    assert_false(engine_quarantined(watched.house.engine));
    house_close(&watched.house);
}

static void an_operator_may_ask_for_it(void **state)
{
    struct watched watched;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    engine_close(&watched.house.engine);
    watched.house.config.quarantine = true;
    house_start(&watched.house);
    assert_int_equal(count_of(&watched, "reason = 'asked'"), 1);
    engine_close(&watched.house.engine); /* the same wish again is not another quarantine, nor longer */
    house_start(&watched.house);
    assert_int_equal(count_of(&watched, "reason = 'asked' AND detail NOT LIKE '%then%'"), 1);
    release(&watched.house);
    watched.house.config.quarantine = false;
    engine_close(&watched.house.engine);
    house_start(&watched.house);
    assert_false(engine_quarantined(watched.house.engine));
    house_close(&watched.house);
}

/* A backup from within a quarantine comes back after its release: what followed the release is lost, too. */
static void a_copy_from_within_a_quarantine_begins_it_again(void **state)
{
    struct watched watched;
    int64_t gap_to, name;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    books_keep(&watched);
    charge(&watched.house, "c1");
    books_put_back(&watched);
    books_keep(&watched);
    gap_to = house_sql(&watched.house, "SELECT gap_to FROM quarantine");
    name = house_sql(&watched.house, "SELECT length(next_store) FROM quarantine");
    assert_int_equal(name, 32);
    release(&watched.house);
    charge(&watched.house, "c2");
    watched.house.now_ms += MS_HOUR;
    books_put_back(&watched);
    assert_true(engine_quarantined(watched.house.engine));
    assert_int_equal(count_of(&watched, "detail LIKE '%; then %'"), 1);
    assert_true(house_sql(&watched.house, "SELECT gap_to FROM quarantine") >= gap_to + MS_HOUR);
    engine_close(&watched.house.engine);
    house_start(&watched.house);
    assert_int_equal(count_of(&watched, "detail NOT LIKE '%then%then%'"), 1); /* nothing new: as long as it was */
    release(&watched.house);
    engine_close(&watched.house.engine);
    house_start(&watched.house);
    assert_false(engine_quarantined(watched.house.engine)); /* its name is not the one of the lost life */
    house_close(&watched.house);
}

/* Power cuts and kills are no restores: whatever the anchor lost, the books are not accused. */
static void books_that_are_ahead_of_their_anchor_are_sound(void **state)
{
    struct watched watched;
    static char hurt[3 * ANCHOR_TEXT_BYTES];
    FILE *file;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    engine_close(&watched.house.engine);
    house_start(&watched.house);
    charge(&watched.house, "c1");
    engine_close(&watched.house.engine);
    for (size_t slot = 0; slot < 3; slot++) { /* two of the three slots are torn or were never written */
        bool valid = false;

        file = fopen(watched.beside, "r+e");
        assert_non_null(file);
        assert_int_equal(fread(hurt, 1, sizeof hurt, file), sizeof hurt);
        valid = hurt[slot * ANCHOR_TEXT_BYTES] == '{';
        for (size_t i = 0; i < sizeof hurt; i++)
            hurt[i] = (char)(i / ANCHOR_TEXT_BYTES == slot ? hurt[i] : hurt[i] ^ 1);
        rewind(file);
        assert_int_equal(fwrite(hurt, 1, sizeof hurt, file), sizeof hurt);
        fclose(file);
        if (!valid)
            continue;
        house_start(&watched.house);
        assert_false(engine_quarantined(watched.house.engine));
        engine_close(&watched.house.engine);
    }
    house_start(&watched.house);
    house_close(&watched.house);
}

/* Ids of the lost time are not given out again, also when the clock went back. */
static void ids_go_on_behind_the_lost_time(void **state)
{
    struct watched watched;
    int64_t lost, again;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    books_keep(&watched);
    charge(&watched.house, "c1");
    lost = house_sql(&watched.house, "SELECT max(id) FROM fact");
    watched.house.now_ms -= MS_HOUR;
    books_put_back(&watched);
    assert_int_equal(house_sql(&watched.house, "SELECT id > ids_floor FROM quarantine"), 1); /* from the first on */
    release(&watched.house);
    charge(&watched.house, "c1");
    again = house_sql(&watched.house, "SELECT max(id) FROM fact");
    assert_true(again > lost);
    house_close(&watched.house);
}

static void a_clean_stop_leaves_the_last_head(void **state)
{
    struct watched watched;
    (void)state;

    watched_open(&watched);
    account_open(&watched.house);
    engine_close(&watched.house.engine);
    assert_int_equal(anchored(watched.beside), house_sql(&watched.house, "SELECT max(seq) FROM audit"));
    house_start(&watched.house);
    house_close(&watched.house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_payment_is_ahead_of_its_anchor),
        cmocka_unit_test(without_an_anchor_nothing_is_sent_but_questions_are_asked),
        cmocka_unit_test(a_clean_stop_leaves_the_last_head),
        cmocka_unit_test(an_older_copy_is_noticed),
        cmocka_unit_test(a_released_database_has_a_new_name),
        cmocka_unit_test(another_history_is_noticed),
        cmocka_unit_test(a_lost_anchor_is_noticed_where_there_was_one),
        cmocka_unit_test(an_operator_may_ask_for_it),
        cmocka_unit_test(a_copy_from_within_a_quarantine_begins_it_again),
        cmocka_unit_test(books_that_are_ahead_of_their_anchor_are_sound),
        cmocka_unit_test(ids_go_on_behind_the_lost_time),
    };

    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}

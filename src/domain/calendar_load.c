/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/calendar.h"

#include "domain/tree.h"

#include <string.h>

/*   calendar: cn
 *   years:
 *     2026:
 *       off: [2026-01-01 to 2026-01-03, 2026-06-19]   days off, also where they are weekdays
 *       working: [2026-01-04]                         weekend days that are worked
 *
 * Dates ascend through the whole file. A year's notice may still move days of the December before it. */

#define YEAR_FIRST 2000
#define YEAR_LAST 2199
#define DATE_LENGTH 10 /* 2026-01-01 */
#define RANGE_DAYS_MAX 31

static bool digits(const char *text, size_t count, int *ret)
{
    int number = 0;

    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *ret = number;
    return true;
}

/* Exactly yyyy-mm-dd at the front of the text, as a day number. */
static bool read_date(const char *text, int64_t *ret)
{
    int year = 0, month = 0, day = 0;

    if (strlen(text) < DATE_LENGTH || text[4] != '-' || text[7] != '-')
        return false;
    if (!digits(text, 4, &year) || !digits(text + 5, 2, &month) || !digits(text + 8, 2, &day))
        return false;
    if (year < YEAR_FIRST || year > YEAR_LAST || month < 1 || month > 12 || day < 1 ||
        day > civil_month_days(year, month))
        return false;
    *ret = civil_days(year, month, day);
    return true;
}

static bool read_range(const char *text, int64_t *ret_first, int64_t *ret_last)
{
    static const char to[] = " to ";
    int64_t first = 0, last = 0;

    if (!read_date(text, &first))
        return false;
    text += DATE_LENGTH;
    last = first;
    if (*text != '\0') {
        if (strncmp(text, to, sizeof to - 1) != 0 || !read_date(text + sizeof to - 1, &last))
            return false;
        text += sizeof to - 1 + DATE_LENGTH;
    }
    if (*text != '\0' || last < first || last - first >= RANGE_DAYS_MAX)
        return false;
    *ret_first = first;
    *ret_last = last;
    return true;
}

static int32_t day_key(int64_t days)
{
    struct civil civil = {0};

    civil_of_days(days, &civil);
    return civil.year * 10000 + civil.month * 100 + civil.day;
}

static bool belongs_to(int64_t days, int year)
{
    int32_t key = day_key(days);

    return key / 10000 == year || key / 100 == (year - 1) * 100 + 12;
}

struct filling {
    struct policy_mistakes *mistakes;
    int year;
    int32_t *days; /* off or working */
    size_t *count;
};

static void mistake(struct filling *filling, const struct tree *at, const char *expected)
{
    policy_mistake_add(filling->mistakes, at->line, at->path, "%s", expected);
}

static void add_range(struct filling *filling, const struct tree *value, bool weekends_only)
{
    int64_t first = 0, last = 0;

    if (value->kind != TREE_TEXT || !read_range(value->text, &first, &last)) {
        mistake(filling, value, "a day such as 2026-06-19, or days such as 2026-01-01 to 2026-01-03");
        return;
    }
    for (int64_t day = first; day <= last; day++) {
        if (!belongs_to(day, filling->year)) {
            mistake(filling, value, "days of this year, or of the December before it");
            return;
        }
        if (weekends_only && civil_weekday(day) < 5) {
            mistake(filling, value, "a Saturday or Sunday: other days are worked anyway");
            return;
        }
        if (*filling->count > 0 && filling->days[*filling->count - 1] >= day_key(day)) {
            mistake(filling, value, "days in ascending order, each once");
            return;
        }
        if (*filling->count == CALENDAR_DAYS_MAX) {
            mistake(filling, value, "at most 512 such days in a calendar");
            return;
        }
        filling->days[(*filling->count)++] = day_key(day);
    }
}

static void add_list(struct filling *filling, const struct tree *list, bool weekends_only)
{
    if (list->kind != TREE_LIST) {
        mistake(filling, list, "a list of days");
        return;
    }
    for (const struct tree *value = list->first; value != NULL; value = value->next)
        add_range(filling, value, weekends_only);
}

static void add_year(struct calendar *calendar, const struct tree *value, struct policy_mistakes *mistakes)
{
    struct filling filling = {.mistakes = mistakes};
    const struct tree *off = tree_child(value, "off"), *working = tree_child(value, "working");

    if (strlen(value->key) != 4 || !digits(value->key, 4, &filling.year) || filling.year < YEAR_FIRST ||
        filling.year > YEAR_LAST || calendar->years_count == CALENDAR_YEARS_MAX) {
        mistake(&filling, value, "a year such as 2026; at most 16 years");
        return;
    }
    if (off == NULL || working == NULL || value->children_count != 2) {
        mistake(&filling, value, "the keys off and working, and no others");
        return;
    }
    filling.days = calendar->off;
    filling.count = &calendar->off_count;
    add_list(&filling, off, false);
    filling.days = calendar->working;
    filling.count = &calendar->working_count;
    add_list(&filling, working, true);
    calendar->years[calendar->years_count++] = filling.year;
}

/* A day cannot be both: both lists ascend, so one walk along them finds out. */
static bool lists_overlap(const struct calendar *calendar)
{
    size_t off = 0, working = 0;

    while (off < calendar->off_count && working < calendar->working_count) {
        if (calendar->off[off] == calendar->working[working])
            return true;
        if (calendar->off[off] < calendar->working[working])
            off++;
        else
            working++;
    }
    return false;
}

static enum err fill(struct calendar *calendar, const char *yaml, size_t size, struct arena *arena,
                     struct policy_mistakes *mistakes)
{
    const struct tree *root = NULL;

    TRY(tree_read(yaml, size, arena, &root, mistakes));
    const struct tree *years = tree_child(root, "years"), *name = tree_child(root, "calendar");
    if (name == NULL || years == NULL || years->kind != TREE_MAP || root->children_count != 2) {
        policy_mistake_add(mistakes, root->line, "", "the keys calendar (a name) and years (a map), and no others");
        return ERR_REQUEST;
    }
    for (const struct tree *year = years->first; year != NULL; year = year->next)
        add_year(calendar, year, mistakes);
    if (mistakes->count == 0 && lists_overlap(calendar))
        policy_mistake_add(mistakes, years->line, years->path, "no day that is both off and worked");
    return mistakes->count == 0 ? ERR_NONE : ERR_REQUEST;
}

enum err calendar_load(const char *yaml, size_t size, struct calendar *ret, struct policy_mistake *ret_mistake)
{
    SCOPED(arena_fini) struct arena arena;
    struct policy_mistakes mistakes = {.count = 0};
    struct calendar calendar = {.off_count = 0};

    arena_init(&arena, TREE_ARENA_BYTES);
    enum err err = fill(&calendar, yaml, size, &arena, &mistakes);
    if (mistakes.count > 0)
        *ret_mistake = mistakes.items[0];
    if (err == ERR_NONE)
        *ret = calendar;
    return err;
}

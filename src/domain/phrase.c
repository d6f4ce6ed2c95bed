/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/phrase.h"

#include <string.h>

enum unit { UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_MONTH, UNIT_WORKING_DAY };

static const struct {
    const char *one, *many;
    enum unit unit;
} units[] = {
    {"minute", "minutes", UNIT_MINUTE},
    {"hour", "hours", UNIT_HOUR},
    {"day", "days", UNIT_DAY},
    {"month", "months", UNIT_MONTH},
    {"working day", "working days", UNIT_WORKING_DAY},
};

/* Takes a word (and its following space) off the front; false when something else stands there. */
static bool take(const char **text, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

/* A whole number without leading zeros, 1 … COUNT_MAX. */
static bool take_number(const char **text, int64_t *ret)
{
    const char *at = *text;
    int64_t number = 0;

    if (*at < '1' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (*at - '0');
        if (number > COUNT_MAX)
            return false;
    }
    *text = at;
    *ret = number;
    return true;
}

static bool is_unit(const char *text, enum unit *ret)
{
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (strcmp(text, units[i].one) == 0 || strcmp(text, units[i].many) == 0) {
            *ret = units[i].unit;
            return true;
        }
    }
    return false;
}

bool phrase_count(const char *text, int64_t *ret)
{
    int64_t number = 0;

    if (!take_number(&text, &number) || *text != '\0')
        return false;
    *ret = number;
    return true;
}

bool phrase_window(const char *text, bool *ret_open, struct window *ret)
{
    struct window window = {0};
    int64_t number = 0;
    enum unit unit = UNIT_DAY;
    bool open = strcmp(text, "never") != 0;

    window.unlimited = strcmp(text, "always") == 0;
    if (open && !window.unlimited) {
        if (!take(&text, "within ") || !take_number(&text, &number) || !take(&text, " ") || !is_unit(text, &unit))
            return false;
        if (unit == UNIT_DAY && number <= WINDOW_DAYS_MAX)
            window.days = number;
        else if (unit == UNIT_MONTH && number <= WINDOW_MONTHS_MAX)
            window.months = number;
        else
            return false;
    }
    *ret_open = open;
    *ret = window;
    return true;
}

static bool arrival_scale(struct arrival *arrival, enum unit unit)
{
    int64_t most = ARRIVAL_DAYS_MAX, minutes = 1;

    switch (unit) {
    case UNIT_HOUR:
        minutes = 60;
        arrival->unit = ARRIVAL_MINUTES;
        break;
    case UNIT_MINUTE:
        arrival->unit = ARRIVAL_MINUTES;
        break;
    case UNIT_DAY:
        arrival->unit = ARRIVAL_DAYS;
        break;
    case UNIT_WORKING_DAY:
        arrival->unit = ARRIVAL_WORKING_DAYS;
        break;
    case UNIT_MONTH:
        return false;
    }
    if (arrival->unit == ARRIVAL_MINUTES)
        most = ARRIVAL_MINUTES_MAX;
    arrival->least *= minutes;
    arrival->most *= minutes;
    return arrival->least <= arrival->most && arrival->most <= most;
}

bool phrase_arrival(const char *text, struct arrival *ret)
{
    struct arrival arrival = {0};
    enum unit unit = UNIT_DAY;

    if (strcmp(text, "unstated") != 0) {
        if (!take(&text, "within ") && !(take_number(&text, &arrival.least) && take(&text, " to ")))
            return false;
        if (!take_number(&text, &arrival.most) || !take(&text, " ") || !is_unit(text, &unit))
            return false;
        if (!arrival_scale(&arrival, unit))
            return false;
    }
    *ret = arrival;
    return true;
}

static int64_t unit_ms(enum unit unit)
{
    switch (unit) {
    case UNIT_MINUTE:
        return MS_MINUTE;
    case UNIT_HOUR:
        return MS_HOUR;
    case UNIT_DAY:
        return MS_DAY;
    case UNIT_MONTH:
    case UNIT_WORKING_DAY:
        return 0;
    }
    return 0;
}

bool phrase_span(const char *text, int64_t *ret_ms)
{
    int64_t number = 0;
    enum unit unit = UNIT_DAY;

    if (strcmp(text, "at once") != 0) {
        if (!take_number(&text, &number) || !take(&text, " ") || !is_unit(text, &unit))
            return false;
        if (unit_ms(unit) == 0 || number > SPAN_MS_MAX / unit_ms(unit))
            return false;
    }
    *ret_ms = number * unit_ms(unit);
    return true;
}

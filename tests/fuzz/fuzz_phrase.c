/* SPDX-License-Identifier: Apache-2.0 */
/* The set phrases of policy files (domain/phrase.h): what is accepted, said again from its value, is the same value;
 * and no value is beyond its bounds. */
#include "domain/phrase.h"
#include "fuzz.h"

#define PHRASE_BYTES 128

static const char *many(int64_t count, const char *unit)
{
    static char text[PHRASE_BYTES];

    snprintf(text, sizeof text, "%lld %s%s", (long long)count, unit, count == 1 ? "" : "s");
    return text;
}

static void window_check(const char *text)
{
    struct window window = {.days = -1}, again = {0};
    bool open = false, open_again = false;
    char said[2 * PHRASE_BYTES];

    if (!phrase_window(text, &open, &window)) {
        CHECK(window.days == -1);
        return;
    }
    CHECK(window.days >= 0 && window.days <= WINDOW_DAYS_MAX && window.months >= 0 &&
          window.months <= WINDOW_MONTHS_MAX);
    CHECK(!open || window.unlimited + (window.days > 0) + (window.months > 0) == 1);
    snprintf(said, sizeof said, "%s%s",
             !open              ? "never"
             : window.unlimited ? "always"
                                : "within ",
             !open || window.unlimited ? ""
             : window.days > 0         ? many(window.days, "day")
                                       : many(window.months, "month"));
    CHECK(phrase_window(said, &open_again, &again) && open_again == open);
    CHECK(again.days == window.days && again.months == window.months && again.unlimited == window.unlimited);
}

static void arrival_check(const char *text)
{
    static const char *const units[] = {"", "minute", "day", "working day"};
    static const int64_t most[] = {0, ARRIVAL_MINUTES_MAX, ARRIVAL_DAYS_MAX, ARRIVAL_DAYS_MAX};
    struct arrival arrival = {.most = -1}, again = {0};
    char said[2 * PHRASE_BYTES];

    if (!phrase_arrival(text, &arrival)) {
        CHECK(arrival.most == -1);
        return;
    }
    CHECK(arrival.unit <= ARRIVAL_WORKING_DAYS && arrival.least >= 0 && arrival.least <= arrival.most &&
          arrival.most <= most[arrival.unit]);
    if (arrival.unit == ARRIVAL_UNSTATED)
        snprintf(said, sizeof said, "unstated");
    else if (arrival.least == 0)
        snprintf(said, sizeof said, "within %s", many(arrival.most, units[arrival.unit]));
    else
        snprintf(said, sizeof said, "%lld to %s", (long long)arrival.least, many(arrival.most, units[arrival.unit]));
    CHECK(phrase_arrival(said, &again));
    CHECK(again.unit == arrival.unit && again.least == arrival.least && again.most == arrival.most);
}

static void span_check(const char *text)
{
    int64_t ms = -1, again = -1, count = -1;

    if (phrase_span(text, &ms)) {
        CHECK(ms >= 0 && ms <= SPAN_MS_MAX && ms % MS_MINUTE == 0);
        CHECK(phrase_span(ms == 0 ? "at once" : many(ms / MS_MINUTE, "minute"), &again) && again == ms);
    } else {
        CHECK(ms == -1);
    }
    if (phrase_count(text, &count)) {
        char said[PHRASE_BYTES];
        CHECK(count >= 1 && count <= COUNT_MAX);
        snprintf(said, sizeof said, "%lld", (long long)count);
        CHECK(strcmp(said, text) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    char *text = input_rest(&input);

    window_check(text);
    arrival_check(text);
    span_check(text);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets and query parameters (http/target.h, parameter.h, route.h). What is accepted is what a second reading
 * of the percent signs says; written anew with everything encoded it reads as the same; and the route that is found has
 * that path. The first byte chooses the verb. */
#include <ctype.h>
#include <strings.h>

#include "fuzz.h"
#include "http/route.h"

static struct target target, again; /* too large for a stack that is checked */

/* The byte that stands at *at, decoded; -1 at the end, -2 where the percent sign is broken. */
static int byte_next(const char **at, const char *stop, bool query)
{
    unsigned byte = 0;

    if (*at == stop)
        return -1;
    char c = *(*at)++;
    if (c == '+' && query)
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (stop - *at < 2 || !isxdigit((unsigned char)(*at)[0]) || !isxdigit((unsigned char)(*at)[1]))
        return -2;
    CHECK(sscanf(*at, "%2x", &byte) == 1);
    *at += 2;
    return (int)byte;
}

/* Whether `decoded` is what stands in [at, stop). */
static bool decodes_to(const char *at, const char *stop, bool query, const char *decoded)
{
    for (;;) {
        int byte = byte_next(&at, stop, query);
        if (byte < 0)
            return byte == -1 && *decoded == '\0';
        if ((unsigned char)*decoded++ != byte)
            return false;
    }
}

static const char *first_of(const char *at, const char *stop, char wanted)
{
    const char *found = memchr(at, wanted, (size_t)(stop - at));

    return found != NULL ? found : stop;
}

static void path_check(const char *path, const char *stop)
{
    size_t slashes = 0;

    for (const char *at = path; at < stop; at++)
        slashes += *at == '/';
    CHECK(target.segments_count == (slashes <= TARGET_SEGMENTS_MAX ? slashes : 0));
    for (size_t i = 0; i < target.segments_count; i++) {
        const char *end = first_of(path + 1, stop, '/');
        CHECK(decodes_to(path + 1, end, false, target.segments[i]));
        CHECK(text_utf8_ok(target.segments[i], strlen(target.segments[i])));
        path = end;
    }
}

static void query_check(const char *query, const char *stop)
{
    size_t count = 0;

    while (query < stop) {
        const char *end = first_of(query, stop, '&'), *equals = first_of(query, end, '=');
        if (end > query) {
            const struct target_parameter *parameter = &target.parameters[count++];
            CHECK(count <= target.parameters_count);
            CHECK(decodes_to(query, equals, true, parameter->name));
            CHECK(decodes_to(equals < end ? equals + 1 : end, end, true, parameter->value));
        }
        query = end < stop ? end + 1 : stop;
    }
    CHECK(count == target.parameters_count);
}

static char *encode(char *to, const char *text)
{
    for (; *text != '\0'; text++)
        to += sprintf(to, "%%%02X", (unsigned)(unsigned char)*text);
    return to;
}

/* Everything encoded: longer, but the same target (as long as it fits). */
static void round_trip(void)
{
    static char encoded[4 * TARGET_BYTES_MAX];
    char *to = encoded;

    if (target.segments_count == 0)
        return;
    for (size_t i = 0; i < target.segments_count; i++) {
        *to++ = '/';
        to = encode(to, target.segments[i]);
    }
    for (size_t i = 0; i < target.parameters_count; i++) {
        *to++ = i == 0 ? '?' : '&';
        to = encode(to, target.parameters[i].name);
        *to++ = '=';
        to = encode(to, target.parameters[i].value);
    }
    *to = '\0';
    if (to - encoded > TARGET_BYTES_MAX)
        return;
    CHECK(target_parse(encoded, &again) == TARGET_OK);
    CHECK(again.segments_count == target.segments_count && again.parameters_count == target.parameters_count);
    for (size_t i = 0; i < target.segments_count; i++)
        CHECK(strcmp(again.segments[i], target.segments[i]) == 0);
    for (size_t i = 0; i < target.parameters_count; i++)
        CHECK(strcmp(again.parameters[i].name, target.parameters[i].name) == 0 &&
              strcmp(again.parameters[i].value, target.parameters[i].value) == 0);
}

static bool parameter_named(const char *name)
{
    for (size_t i = 0; i < target.parameters_count; i++)
        if (strcmp(target.parameters[i].name, name) == 0)
            return true;
    return false;
}

/* What is refused has the name of a parameter that was given; what is taken is within its bounds. */
static void parameters_check(unsigned mask)
{
    struct field_problems problems = {0};
    struct parameters read;
    bool accepted = parameters_read(&target, mask, LIST_LIMIT_MAX, &read, &problems);

    CHECK(accepted == (problems.count == 0));
    for (size_t i = 0; i < problems.count; i++)
        CHECK(strlen(problems.items[i].pointer) == sizeof problems.items[i].pointer - 1 ||
              parameter_named(problems.items[i].pointer));
    CHECK(read.limit >= 1 && read.limit <= LIST_LIMIT_MAX && read.cursor >= 0);
    CHECK(read.account == NULL || field_ref_ok(read.account));
    CHECK(read.master == NULL || field_ref_ok(read.master));
    CHECK(read.query == NULL || strlen(read.query) <= 200);
    for (int parameter = 0; accepted && parameter < PARAMETER__COUNT; parameter++)
        CHECK((mask & 1u << parameter) != 0 || !parameter_named(parameter_names[parameter]));
}

/* The pattern with the matched names put in is the path that was asked for. */
static void route_check(const struct route_match *match, enum verb verb)
{
    const char *pattern = match->route->path;
    size_t names = 0;

    CHECK(match->route->verb == verb && (match->allowed & 1u << verb) != 0);
    for (size_t i = 0; i < target.segments_count; i++) {
        size_t size = strcspn(++pattern, "/");
        const char *segment = target.segments[i];
        if (pattern[0] == '{') {
            names++;
            CHECK(segment == match->account || segment == match->object || segment == match->id ||
                  segment == match->document);
        } else {
            CHECK(strlen(segment) == size && strncmp(segment, pattern, size) == 0);
        }
        pattern += size;
    }
    CHECK(*pattern == '\0');
    CHECK(names == (size_t)((match->account != NULL) + (match->object != NULL) + (match->id != NULL) +
                            (match->document != NULL)));
}

static void accepted_check(const char *raw, enum verb verb)
{
    const char *path = strncasecmp(raw, "http", 4) == 0 ? strchr(strchr(raw, '/') + 2, '/') : raw;
    if (path == NULL)
        path = "/";
    const char *stop = path + strlen(path), *question = first_of(path, stop, '?');
    struct route_match match = route_find(&target, verb, true);

    CHECK(first_of(path, stop, '#') == stop);
    path_check(path, question);
    query_check(question < stop ? question + 1 : stop, stop);
    round_trip();
    if (match.route == NULL) {
        CHECK((match.allowed & 1u << verb) == 0);
        parameters_check((1u << PARAMETER__COUNT) - 1);
        return;
    }
    route_check(&match, verb);
    parameters_check(match.route->parameters);
    CHECK((match.route->flags & ROUTE_DEMO) == 0 || route_find(&target, verb, false).route == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    enum verb verb = (enum verb)input_choice(&input, VERB__COUNT);
    char *raw = input_rest(&input);
    enum target_verdict verdict = target_parse(raw, &target);

    CHECK(target_parse(raw, &again) == verdict);
    if (verdict == TARGET_OK)
        accepted_check(raw, verb);
    else if (verdict == TARGET_TOO_LONG)
        CHECK(strlen(raw) > TARGET_BYTES_MAX);
    free(raw);
    return 0;
}

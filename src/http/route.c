/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <string.h>

#include "http/answers.h"

#define P(name) (1u << PARAMETER_##name)
#define X(verb, path, command, answer, roles, flags, parameters)                                                       \
    {VERB_##verb, path, command, answer, roles, flags, parameters},
const struct http_route routes[] = {
#include "http/routes.def"
};
#undef X
const size_t routes_count = ARRAY_COUNT(routes);

static const char *const verb_texts[VERB__COUNT] = {"GET", "POST", "PUT", "DELETE"};

const char *verb_text(enum verb verb)
{
    INVARIANT(80, verb < VERB__COUNT);
    return verb_texts[verb];
}

static void bind(struct route_match *match, const char *name, size_t size, const char *value)
{
    if (size == 7 && memcmp(name, "account", 7) == 0)
        match->account = value;
    else if (size == 2 && memcmp(name, "id", 2) == 0)
        match->id = value;
    else if (size == 8 && memcmp(name, "document", 8) == 0)
        match->document = value;
    else
        match->object = value;
}

/* Walks pattern and segments together; the pattern's own text decides where a segment ends. */
static bool route_matches(const struct http_route *route, const struct target *target, struct route_match *ret)
{
    const char *at = route->path + 1;

    for (size_t i = 0; i < target->segments_count; i++) {
        const char *segment = target->segments[i];
        size_t size = strcspn(at, "/");
        if (at[0] == '{' && segment[0] != '\0')
            bind(ret, at + 1, size - 2, segment);
        else if (strlen(segment) != size || memcmp(at, segment, size) != 0)
            return false;
        at += size;
        if (*at == '\0')
            return i + 1 == target->segments_count;
        at++;
    }
    return false;
}

struct route_match route_find(const struct target *target, enum verb verb, bool demo)
{
    struct route_match found = {0};

    for (size_t i = 0; i < routes_count; i++) {
        struct route_match match = {0};
        if ((routes[i].flags & ROUTE_DEMO) != 0 && !demo)
            continue;
        if (!route_matches(&routes[i], target, &match))
            continue;
        found.allowed |= 1u << routes[i].verb;
        if (routes[i].verb != verb)
            continue;
        match.route = &routes[i];
        match.allowed = found.allowed;
        return match;
    }
    return found;
}

void route_allow(unsigned allowed, char ret[32])
{
    ret[0] = '\0';
    for (unsigned verb = 0; verb < VERB__COUNT; verb++) {
        if ((allowed & 1u << verb) == 0)
            continue;
        if (ret[0] != '\0')
            strcat(ret, ", ");
        strcat(ret, verb == VERB_GET ? "GET, HEAD" : verb_texts[verb]);
    }
}

void routes_print(FILE *file)
{
    for (size_t i = 0; i < routes_count; i++) {
        const struct http_route *route = &routes[i];
        fprintf(file, "%s %s%s%s%s%s", verb_texts[route->verb], route->path,
                (route->flags & ROUTE_OPEN) != 0 ? " open" : "", (route->flags & ROUTE_KEY) != 0 ? " key" : "",
                (route->flags & ROUTE_IF_MATCH) != 0 ? " if-match" : "",
                (route->flags & ROUTE_LINES) != 0 ? " lines" : "");
        for (unsigned parameter = 0; parameter < PARAMETER__COUNT; parameter++)
            if ((route->parameters & 1u << parameter) != 0)
                fprintf(file, " ?%s", parameter_names[parameter]);
        fputc('\n', file);
    }
}

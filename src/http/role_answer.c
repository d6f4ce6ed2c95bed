/* SPDX-License-Identifier: Apache-2.0 */
/* The visible matrix: every role, and every route with the roles that may use it. Made of the two tables that decide.
 */
#include <microhttpd.h>

#include "engine/role.h"
#include "http/answers.h"
#include "http/request.h"

static void roles_write(struct out *out)
{
    out_array(out, "roles");
    for (size_t i = 0; i < role_meanings_count; i++) {
        out_object(out, NULL);
        out_string(out, "name", role_meanings[i].name);
        out_bool(out, "people", role_meanings[i].people);
        out_string(out, "may", role_meanings[i].words);
        out_object_end(out);
    }
    out_array_end(out);
}

static void route_write(struct out *out, const struct http_route *route)
{
    out_object(out, NULL);
    out_string(out, "method", verb_text(route->verb));
    out_string(out, "path", route->path);
    out_bool(out, "open", (route->flags & ROUTE_OPEN) != 0);
    out_array(out, "roles");
    for (size_t i = 0; i < role_meanings_count; i++)
        if ((role_meanings[i].bits & route->roles) != 0)
            out_string(out, NULL, role_meanings[i].name);
    out_array_end(out);
    out_object_end(out);
}

void roles_show(struct request *request)
{
    bool demo = server_config(request->server)->demo;
    struct out out;

    out_init(&out);
    out_object(&out, NULL);
    roles_write(&out);
    out_array(&out, "routes");
    for (size_t i = 0; i < routes_count; i++)
        if (demo || (routes[i].flags & ROUTE_DEMO) == 0)
            route_write(&out, &routes[i]);
    out_array_end(&out);
    out_object_end(&out);
    request_answer(request, MHD_HTTP_OK, &out);
}

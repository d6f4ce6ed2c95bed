/* SPDX-License-Identifier: Apache-2.0 */
#include "http/session.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/token.h"
#include "access/vault.h"
#include "engine/role.h"
#include "http/request.h"

#define COOKIE_NAME "ebb_session"
#define COOKIE_NAME_SECURE "__Host-ebb_session" /* browsers take it only with Secure, Path=/ and without Domain */
#define SEEN_MS_MAX MS_MINUTE
#define SEEN_REST_MS (5 * MS_SECOND)
#define SEEN_SLOTS 256

const struct session_terms session_terms_usual = {
    .idle_ms = {[SESSION_CUSTOMER] = 15 * MS_MINUTE, [SESSION_STAFF] = 30 * MS_MINUTE},
    .life_ms = {[SESSION_CUSTOMER] = MS_HOUR, [SESSION_STAFF] = 12 * MS_HOUR},
};

static const struct session_terms *terms_of_server(const struct request *request)
{
    return &server_config(request->server)->sessions;
}

static bool is_secure(const struct request *request)
{
    const char *origin = terms_of_server(request)->origin;

    return origin != NULL && strncmp(origin, "https://", 8) == 0;
}

static const char *cookie_name(const struct request *request)
{
    return is_secure(request) ? COOKIE_NAME_SECURE : COOKIE_NAME;
}

void session_cookie_set(struct request *request, const char *token)
{
    snprintf(request->cookie, sizeof(request->cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
             cookie_name(request), token, is_secure(request) ? "; Secure" : "", *token == '\0' ? "; Max-Age=0" : "");
}

void session_hash(struct request *request, const char *token, uint8_t ret[HASH_SHORT_BYTES])
{
    vault_lookup(server_config(request->server)->vault, "session", token, ret);
}

/* ---- it was seen ---- */

struct seen {
    struct command command;
    struct session_ask ask;
};

static void seen_done(struct command *command, struct reply *reply)
{
    reply_fini(reply);
    free(command->context);
}

/* Pages ask for many things at once: one of them says that somebody is there. Two sessions may share a place; then one
 * of them waits for its next request. */
static bool seen_claim(const struct session *session, struct instant now)
{
    static _Atomic int64_t slots[SEEN_SLOTS];
    _Atomic int64_t *slot = &slots[session->hash[0]];
    int64_t before = atomic_load(slot), ago_ms = now.ms - before;

    return (ago_ms < 0 || ago_ms >= SEEN_REST_MS) && atomic_compare_exchange_strong(slot, &before, now.ms);
}

/* Written now and then, and nobody waits for it: what is lost ends a session a little early. */
static void seen_note(struct request *request, const struct session *session, struct instant now)
{
    int64_t due_ms = session->idle_ms / 16 < SEEN_MS_MAX ? session->idle_ms / 16 : SEEN_MS_MAX;
    struct seen *seen;

    if (now.ms - session->seen_at.ms < due_ms || !seen_claim(session, now))
        return;
    seen = calloc(1, sizeof(*seen));
    if (seen == NULL)
        return;
    request_command(request, &seen->command, COMMAND_SESSION);
    seen->command.roles = ROLE_SYSTEM;
    seen->command.own_account[0] = '\0';
    seen->command.quiet = true;
    seen->command.ask = &seen->ask;
    seen->command.done = seen_done;
    seen->command.context = seen;
    seen->ask.act = SESSION_IS_SEEN;
    memcpy(seen->ask.hash, session->hash, sizeof(seen->ask.hash));
    if (!engine_submit(server_config(request->server)->engine, &seen->command))
        free(seen);
}

/* ---- whose request ---- */

static void caller_of_session(const struct session *session, struct caller *ret)
{
    *ret = (struct caller){.roles = role_bits(session->roles)};
    memcpy(ret->principal, session->principal, sizeof(ret->principal));
    memcpy(ret->own_account, session->account, sizeof(ret->own_account));
}

static enum err session_read(struct request *request, const char *token, const struct session **ret)
{
    uint8_t hash[HASH_SHORT_BYTES];
    const struct value arg = value_bytes("hash", hash, sizeof(hash));
    struct rows rows = {0};
    char reason[256];
    struct store *store;

    session_hash(request, token, hash);
    TRY(server_reader(request->server, &store, reason));
    TRY(store_select(store, QUERY_SESSION_BY_HASH, &arg, 1, &session_table, &request->arena, &rows));
    *ret = rows.count == 1 ? rows.items[0] : NULL;
    return ERR_NONE;
}

enum err session_find(struct request *request)
{
    const char *token = MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, cookie_name(request));
    struct instant now = engine_now(server_config(request->server)->engine);
    const struct session *session;

    if (token == NULL || !token_ok(token, SESSION_PREFIX))
        return ERR_REQUEST;
    TRY(session_read(request, token, &session));
    if (session == NULL || !session_is_live(session, now))
        return ERR_REQUEST;
    request->session = session;
    caller_of_session(session, &request->caller);
    seen_note(request, session, now);
    return ERR_NONE;
}

/* ---- was it our page? ---- */

static bool origin_is_ours(const struct request *request, const char *origin)
{
    const char *ours = terms_of_server(request)->origin, *host = request_header(request, "Host");

    if (ours != NULL)
        return strcmp(origin, ours) == 0;
    return host != NULL && strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, host) == 0;
}

void session_check_origin(struct request *request)
{
    const char *origin = request_header(request, "Origin"), *site = request_header(request, "Sec-Fetch-Site");

    if ((origin == NULL || origin_is_ours(request, origin)) &&
        (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0))
        return;
    request_problem(request, MHD_HTTP_FORBIDDEN, "foreign_origin",
                    "This came from a page of another origin. Behind a proxy, --origin says what ours is.");
}

void session_check(struct request *request)
{
    const char *header = request_header(request, "Ebb-Session");

    if (request->session == NULL || request->match.route->verb == VERB_GET)
        return;
    if (header == NULL || strcmp(header, "1") != 0)
        request_problem(request, MHD_HTTP_FORBIDDEN, "session_header_missing",
                        "A request by cookie that changes something carries the header Ebb-Session: 1.");
    else
        session_check_origin(request);
}

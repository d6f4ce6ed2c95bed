/* SPDX-License-Identifier: Apache-2.0 */
/* What is withdrawable: made from one snapshot, or said again while it is still true. */
#include <microhttpd.h>

#include "domain/quote.h"
#include "http/answers.h"
#include "http/quote_cache.h"
#include "http/request.h"

static struct instant sooner(struct instant until, struct instant at, struct instant change)
{
    return instant_is_set(change) && instant_after(change, at) ? instant_earlier(until, change) : until;
}

/* The first moment after `at` at which time alone changes the quote: midnight in Shanghai (the day's and the month's
 * limits), the reserve's release, a window that closes (its last instant is inside), a cooling-off that ends. */
static struct instant true_until(const struct quote_input *input, const struct quote *quote)
{
    struct civil civil = instant_civil(input->at);
    struct instant until = instant_add_ms(input->at, MS_DAY - civil.ms_of_day), frees_at;

    (void)reserve_of(input->policy, input->account, input->at, &frees_at);
    until = sooner(until, input->at, frees_at);
    for (size_t i = 0; i < quote->topups_count; i++) {
        const struct quote_topup *row = &quote->topups[i];
        if (instant_is_set(row->original_until))
            until = sooner(until, input->at, instant_add_ms(row->original_until, 1));
        if (input->policy->cool_off_ms > 0)
            until = sooner(until, input->at, instant_add_ms(row->topup->paid_at, input->policy->cool_off_ms));
    }
    return until;
}

static void remember(struct request *request, uint64_t generation, const struct quote_input *input,
                     const struct quote *quote, const struct out *out)
{
    struct quote_entry entry = {.ref = input->account->ref,
                                .master = input->account->master,
                                .generation = generation,
                                .from = input->at,
                                .until = true_until(input, quote)};

    if (!out->failed)
        quote_cache_put(server_quotes(request->server), &entry, out->data, out->size);
}

/* The generation is asked for before the snapshot is taken: a commit in between makes the entry useless, not wrong. The
 * account's totals and its live top-ups must be of the same commit (INVARIANT 11). */
static enum err quote_read(struct request *request, struct store *store, struct out *out)
{
    const struct http_config *config = server_config(request->server);
    uint64_t generation = request->generation;
    struct account *account;
    struct rows rows;
    struct value arg;
    struct quote_topup *topups;
    struct quote made;
    struct quote_input input = {.at = engine_now(config->engine)};

    TRY(request_account(request, store, request->match.account, &account));
    if (account == NULL)
        return ERR_NONE;
    arg = value_int("account", account->id);
    TRY(store_select(store, QUERY_TOPUPS_LIVE, &arg, 1, &topup_table, &request->arena, &rows));
    input.policy = policies_find(config->policies, account->policy, 0);
    if (input.policy == NULL)
        return ERR_FATAL;
    input.account = account;
    input.topups = (struct topup *const *)rows.items;
    input.topups_count = rows.count;
    topups = arena_alloc(&request->arena, (rows.count + 1) * sizeof(*topups));
    if (topups == NULL)
        return ERR_RETRY;
    quote_make(&input, topups, &made);
    view_quote(out, input.policy, account, input.at, &made);
    remember(request, generation, &input, &made, out);
    return ERR_NONE;
}

void account_quote(struct request *request)
{
    struct engine *engine = server_config(request->server)->engine;
    const char *ref = request->match.account;
    char master[REF_BYTES];
    struct out out;

    out_init(&out);
    request->generation = engine_generation(engine, shard_of_ref(ref));
    if (!quote_cache_get(server_quotes(request->server), ref, request->generation, engine_now(engine), master, &out)) {
        out_fini(&out);
        request_read(request, quote_read);
    } else if (request_sees(request, ref, master)) {
        request_answer(request, MHD_HTTP_OK, &out);
    } else {
        out_fini(&out);
        request_missing(request);
    }
}

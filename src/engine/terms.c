/* SPDX-License-Identifier: Apache-2.0 */
/* The channels as the domain may see them: names, capabilities, and how an order becomes bytes. */
#include "engine/step.h"

static const char *terms_name(const void *channels, const char *wanted)
{
    const struct channel *channel = channels_find(channels, wanted);

    return channel != NULL ? channel->name : NULL;
}

static char *terms_build(const void *channels, const char *name, const struct withdrawal *withdrawal,
                         const struct leg *leg, const struct topup *topup, const char *key, struct instant at,
                         struct arena *arena)
{
    const struct channel *channel = channels_find(channels, name);
    struct channel_order order = {.key = key,
                                  .refund = topup != NULL,
                                  .channel_ref = topup != NULL ? topup->channel_ref : NULL,
                                  .amount = money_sub(leg->amount, leg->fee),
                                  .topup_amount = topup != NULL ? topup->amount : MONEY_ZERO,
                                  .currency = withdrawal->currency,
                                  .destination = withdrawal->destination,
                                  .at = at};

    return channel != NULL ? channel->operations->build(channel, &order, arena) : NULL;
}

static int64_t terms_dedupe_ms(const void *channels, const char *name)
{
    const struct channel *channel = channels_find(channels, name);

    return channel != NULL ? channel->capability.dedupe_ms : 0;
}

static int64_t terms_spacing_ms(const void *channels, const char *name)
{
    const struct channel *channel = channels_find(channels, name);

    return channel != NULL ? channel->capability.spacing_ms : 0;
}

static int64_t terms_bounce_ms(const void *channels, const char *name)
{
    const struct channel *channel = channels_find(channels, name);

    return channel != NULL ? channel->capability.bounce_days * MS_DAY : 0;
}

static struct instant terms_halted_until(const void *channels, const char *name)
{
    const struct channel *channel = channels_find(channels, name);

    return (struct instant){channel != NULL ? channel->halted_until_ms : 0};
}

struct channel_terms terms_of(const struct channels *channels)
{
    return (struct channel_terms){channels,         terms_name,      terms_build,       terms_dedupe_ms,
                                  terms_spacing_ms, terms_bounce_ms, terms_halted_until};
}

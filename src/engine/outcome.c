/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/outcome.h"

#include <stdlib.h>
#include <string.h>

static struct effect *effect_of(const struct call *call)
{
    struct effect *effect = calloc(1, sizeof *effect);

    if (effect == NULL)
        return NULL; /* it stays an intent: the janitor asks about it */
    effect->query = call->query;
    effect->first = call->first;
    effect->attempt = call->attempt->id;
    effect->withdrawal = call->attempt->withdrawal;
    memcpy(effect->channel, call->attempt->channel, sizeof effect->channel);
    memcpy(effect->key, call->attempt->key, sizeof effect->key);
    effect->request = strdup(call->attempt->request);
    if (effect->request == NULL) {
        free(effect);
        return NULL;
    }
    return effect;
}

void outcome_init(struct outcome *outcome)
{
    *outcome = (struct outcome){.effects_last = &outcome->effects};
}

void outcome_add(struct outcome *outcome, const struct step *step)
{
    for (const struct call *call = step->calls; call != NULL; call = call->next) {
        struct effect *effect = effect_of(call);

        if (effect == NULL)
            continue;
        *outcome->effects_last = effect;
        outcome->effects_last = &effect->next;
    }
    if (step->turned)
        outcome->turned = step->quarantine;
    if (step->dossier != NULL && step->dossier->withdrawal != NULL)
        outcome->next = instant_earlier(outcome->next, step->dossier->withdrawal->next_at);
}

static void effect_free(struct effect *effect)
{
    free(effect->request);
    free(effect);
}

void outcome_free(struct outcome *outcome)
{
    for (struct effect *effect = outcome->effects, *next; effect != NULL; effect = next) {
        next = effect->next;
        effect_free(effect);
    }
    outcome->effects = NULL;
}

bool outcome_sends(const struct outcome *outcome)
{
    for (const struct effect *effect = outcome->effects; effect != NULL; effect = effect->next)
        if (!effect->query)
            return true;
    return false;
}

void outcome_withhold(struct outcome *outcome)
{
    struct effect **at = &outcome->effects;

    while (*at != NULL) {
        struct effect *effect = *at;

        if (effect->query) {
            at = &effect->next;
            continue;
        }
        *at = effect->next;
        effect_free(effect);
    }
    outcome->effects_last = at;
}

void outcome_send(const struct engine_config *config, struct outcome *outcome)
{
    if (outcome->effects != NULL && config->effects != NULL)
        config->effects(config->sink, outcome->effects);
    else
        outcome_free(outcome);
    if (instant_is_set(outcome->next) && config->due != NULL)
        config->due(config->sink, outcome->next);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated payer (channel/simulated.h): its script, its wire form, and a story of sends, queries and callbacks
 * over a few keys. Whatever the order: an honest key is paid at most once and only for the bytes that came first,
 * "paid" is said only of what was paid and with its amount, and what was called refused is never paid. The first line
 * of the input is an outcome for the script, the second a request, the rest the story. */
#include "channel/simulated.h"
#include "channel/simulated_outcome.h"
#include "channel/simulated_request.h"
#include "look.h"
#include "memory.h"

#define KEYS 4
#define STORIES_A_BOOK 50
#define STEPS_MAX 24

struct key_story {
    char name[CHANNEL_KEY_BYTES];
    char *requests[2]; /* the first one sent, and another amount */
    int sent;          /* which came first, from 1; 0: none */
    enum outcome outcome;
    bool refused, returned;
};

static struct arena arena;

static char *line_read(struct input *input)
{
    const uint8_t *end = input->left > 0 ? memchr(input->at, '\n', input->left) : NULL;
    char *line = input_text(input, end != NULL ? (size_t)(end - input->at) : input->left);

    (void)input_byte(input);
    return line;
}

/* A word that is taken has the form that its argument demands. */
static bool outcome_check(const char *word)
{
    enum outcome outcome = OUTCOME__COUNT;
    const char *argument = NULL;
    bool parsed = simulated_outcome_parse(word, &outcome, &argument), ok = simulated_outcome_ok(word);
    int64_t ms = -1;

    CHECK(!ok || parsed);
    if (!parsed)
        return false;
    const struct behaviour *behaviour = &simulated_behaviours[outcome];
    CHECK(strncmp(word, behaviour->word, strlen(behaviour->word)) == 0);
    CHECK((strchr(word, ':') != NULL) == behaviour->argument);
    if (outcome == OUTCOME_BOUNCE_AFTER && ok)
        CHECK(simulated_outcome_delay(argument, &ms) && ms >= 0 && ms <= 366 * MS_DAY && ms % MS_MINUTE == 0);
    return ok;
}

/* What is read as a request says so at a second look. */
static void request_check(const char *text)
{
    json_t *value SCOPED(look_free) = look_parse(text, strlen(text), JSON_REJECT_DUPLICATES);
    const char *key = json_string_value(json_object_get(value, "key"));
    struct payment payment = {0}, other = {0};
    bool read = simulated_request_read("alipay", key != NULL ? key : "k", text, &payment);

    if (!read) {
        CHECK(payment.key[0] == '\0' && payment.amount.minor == 0);
        return;
    }
    CHECK(strcmp(payment.key, key) == 0 && strlen(key) < CHANNEL_KEY_BYTES);
    CHECK(json_integer_value(json_object_get(value, "amount")) == payment.amount.minor && payment.amount.minor > 0);
    CHECK(strcmp(json_string_value(json_object_get(value, "currency")), payment.currency) == 0);
    CHECK(!simulated_request_read("alipay", "another", text, &other));
}

/* A book serves some stories, each with keys of its own and nothing left of the one before. */
static struct channel *channel;
static unsigned stories;

static void book_renew(void)
{
    static const struct channel_capability capability = {
        .refund = true, .transfer = true, .query = true, .callbacks = true};
    char reason[256];

    if (stories == 0)
        memory_choose();
    if (stories++ % STORIES_A_BOOK != 0)
        return;
    if (channel != NULL)
        channel->operations->close(channel);
    channel = simulated_new("alipay", ":memory:", &capability, reason);
    CHECK(channel != NULL);
}

/* Uses up the script and takes what callbacks there are. */
static void book_settle(const char *scripted, struct instant now)
{
    struct channel_answer answer;
    char key[CHANNEL_KEY_BYTES];

    if (scripted != NULL) {
        snprintf(key, sizeof key, "k%urest", stories);
        struct channel_order order = {.key = key, .amount = {1}, .currency = "CNY", .at = now};
        channel->operations->send(channel, key, simulated_request_build(NULL, &order, &arena), true, now, &answer);
    }
    while (channel->operations->poll(channel, instant_add_ms(now, 800 * MS_DAY), &answer))
        CHECK(strncmp(answer.key, "k", 1) == 0);
}

static void keys_prepare(struct input *input, struct key_story keys[KEYS])
{
    for (int i = 0; i < KEYS; i++) {
        struct channel_order order = {.key = keys[i].name,
                                      .refund = (i & 1) != 0,
                                      .channel_ref = i == 1 ? "ref\"1" : NULL,
                                      .amount = money_of(1 + (int64_t)input_number(input, 2)),
                                      .currency = "CNY",
                                      .destination = i == 2 ? "{\"name\":\"王\"}" : NULL,
                                      .at = {INT64_C(1795140000000)}};
        struct payment payment;
        snprintf(keys[i].name, sizeof keys[i].name, "k%un%d", stories, i);
        keys[i].requests[0] = simulated_request_build(NULL, &order, &arena);
        CHECK(keys[i].requests[0] != NULL);
        CHECK(simulated_request_read("alipay", order.key, keys[i].requests[0], &payment));
        CHECK(payment.amount.minor == order.amount.minor);
        order.amount = money_add(order.amount, money_of(1));
        keys[i].requests[1] = simulated_request_build(NULL, &order, &arena);
        CHECK(keys[i].requests[1] != NULL);
    }
}

static int64_t amount_of(const struct key_story *key)
{
    struct payment payment;

    CHECK(simulated_request_read("alipay", key->name, key->requests[key->sent - 1], &payment));
    if (key->outcome != OUTCOME_PAYS_OTHER_AMOUNT)
        return payment.amount.minor;
    return payment.amount.minor > 1 ? payment.amount.minor - 1 : 2;
}

static void answer_check(struct key_story *key, const struct channel_answer *answer)
{
    int64_t times = simulated_paid_times(channel, key->name);

    CHECK(strcmp(answer->key, key->name) == 0 && answer->code[0] != '\0');
    if (answer->kind == EVIDENCE_PAID || answer->kind == EVIDENCE_RETURNED) {
        CHECK(key->sent != 0 && times >= 1 && answer->amount.minor == amount_of(key));
        CHECK(strcmp(answer->currency, "CNY") == 0 && answer->reference[0] != '\0');
        CHECK(answer->kind == EVIDENCE_PAID || key->outcome == OUTCOME_BOUNCE_AFTER);
        key->returned = key->returned || answer->kind == EVIDENCE_RETURNED;
        CHECK(!key->returned || answer->kind == EVIDENCE_RETURNED); /* what came back does not leave again */
    }
    key->refused = key->refused || answer->kind == EVIDENCE_NOT_PAID;
    CHECK(!key->refused || times == 0);
    CHECK(times >= 0 && (times <= 1 || key->outcome == OUTCOME_PAYS_TWICE_KEY));
}

static void send_key(struct key_story *key, int which, bool first, const char *scripted, struct instant now)
{
    int64_t before = simulated_paid_times(channel, key->name);
    struct channel_answer answer;
    const char *argument;

    channel->operations->send(channel, key->name, key->requests[which], first, now, &answer);
    if (key->sent == 0) {
        key->sent = which + 1;
        if (first && scripted != NULL)
            CHECK(simulated_outcome_parse(scripted, &key->outcome, &argument));
    } else if (key->sent != which + 1) { /* other bytes under a known key prove nothing and move nothing */
        CHECK(answer.kind == EVIDENCE_NOTHING && simulated_paid_times(channel, key->name) == before);
        return;
    }
    answer_check(key, &answer);
}

static void callbacks_take(struct key_story keys[KEYS], struct instant now)
{
    struct channel_answer answer;

    for (int i = 0; i < 3 && channel->operations->poll(channel, now, &answer); i++) {
        int key = 0;
        while (key < KEYS && strcmp(keys[key].name, answer.key) != 0)
            key++;
        CHECK(key < KEYS);
        answer_check(&keys[key], &answer);
    }
}

static void story(struct input *input, const char *word)
{
    struct key_story keys[KEYS] = {0};
    struct instant now = {INT64_C(1795140000000)};
    const char *scripted = NULL; /* what the next first send will meet */
    char reason[201];
    int64_t paid_before = simulated_total_paid(channel, NULL), sum = 0;

    keys_prepare(input, keys);
    for (int step = 0; step < STEPS_MAX && input->left > 0; step++) {
        uint8_t what = input_byte(input);
        struct key_story *key = &keys[what >> 3 & 3];
        struct channel_answer answer;
        if ((what & 7) < 3) {
            bool takes = (what & 7) != 0 && key->sent == 0;
            send_key(key, what >> 5 & 1, takes, scripted, now);
            scripted = takes ? NULL : scripted;
        } else if ((what & 7) < 5) {
            channel->operations->query(channel, key->name, "", now, &answer);
            answer_check(key, &answer);
        } else if ((what & 7) == 5) {
            now = instant_add_ms(now, ((int64_t)1 << (what >> 3)) % (400 * MS_DAY));
        } else if ((what & 7) == 6) {
            callbacks_take(keys, now);
        } else if (scripted == NULL) {
            const struct behaviour *behaviour = &simulated_behaviours[(what >> 3 & 15) % OUTCOME__COUNT];
            const char *next = behaviour->argument ? "refused:ACQ.NO" : behaviour->word;
            if (word != NULL && (what & 0x80) != 0)
                next = word;
            if (simulated_script(channel, &next, 1, reason) == ERR_NONE)
                scripted = next;
        }
    }
    for (int i = 0; i < KEYS; i++)
        sum += simulated_total_paid(channel, keys[i].name);
    CHECK(sum == simulated_total_paid(channel, NULL) - paid_before);
    book_settle(scripted, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    char *word = line_read(&input), *request = line_read(&input);

    if (arena.bytes_max == 0)
        arena_init(&arena, (size_t)256 << 10);
    arena_reset(&arena);
    bool usable = outcome_check(word);
    request_check(request);
    if (input.left > 0) {
        book_renew();
        story(&input, usable ? word : NULL);
    }
    free(word);
    free(request);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A line of `ebb quote --facts -` (cli/quote.h). What is quoted adds up, as src/domain/quote.h promises, seen at a
 * second look at the two JSON texts; it is the same byte for byte when asked again or written in another order; more
 * debt, or more on hold, never makes more withdrawable. What is refused is a problem whose pointers point at something.
 */
#include "cli/quote.h"
#include "look.h"

static struct quoting quoting;

/* What is answered to these facts. NULL: a problem, in *ret_problem when that is wanted. */
static json_t *answer_to(const char *json, size_t size, json_t **ret_problem)
{
    out_reset(&quoting.out);
    bool quoted = quote_facts(&quoting, json, size);
    json_t *answer = look_parse(quoting.out.data, quoting.out.size, JSON_REJECT_DUPLICATES);

    CHECK(json_is_object(answer));
    if (quoted)
        return answer;
    if (ret_problem != NULL)
        *ret_problem = answer;
    else
        json_decref(answer);
    return NULL;
}

static json_int_t number(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);

    CHECK(value == NULL || json_is_integer(value));
    return json_integer_value(value);
}

static const char *text(const json_t *object, const char *member)
{
    const char *value = json_string_value(json_object_get(object, member));

    return value != NULL ? value : "";
}

static json_int_t sum(const json_t *list, const char *member)
{
    json_int_t total = 0;
    size_t index;
    json_t *item;

    json_array_foreach(list, index, item) total += number(item, member);
    return total;
}

static json_int_t least(json_int_t a, json_int_t b)
{
    return a < b ? a : b;
}

/* cash = what came in and is left, and every cent of it that stays has an item. */
static void sums_check(const json_t *facts, const json_t *quote)
{
    const json_t *funds = json_object_get(facts, "funds"), *held_back = json_object_get(quote, "held_back");
    json_int_t cash = number(quote, "cash"), withdrawable = number(quote, "withdrawable");
    size_t index;
    json_t *item;

    CHECK(cash == sum(json_object_get(facts, "topups"), "remaining") + number(funds, "transferred_in") +
                      number(funds, "allocated_in") + number(funds, "other"));
    CHECK(withdrawable >= 0 && cash - sum(held_back, "amount") == withdrawable);
    json_array_foreach(held_back, index, item) CHECK(number(item, "amount") > 0);
    CHECK(json_array_size(json_object_get(quote, "refusals")) == 0 || withdrawable == 0);
    CHECK(strcmp(text(facts, "policy"), text(quote, "policy")) == 0);
}

/* The rows of the answer are those of the question, and a route holds what its rows have free. */
static void routes_check(const json_t *facts, const json_t *quote)
{
    const json_t *asked = json_object_get(facts, "topups"), *answered = json_object_get(quote, "topups");
    const json_t *routes = json_object_get(quote, "routes"), *funds = json_object_get(facts, "funds");
    json_int_t withdrawable = number(quote, "withdrawable"), original = 0, designated = 0;

    CHECK(json_array_size(asked) == json_array_size(answered));
    for (size_t i = 0; i < json_array_size(asked); i++) {
        const json_t *topup = json_array_get(asked, i), *row = json_array_get(answered, i);
        json_int_t available = number(topup, "remaining") - number(topup, "held");
        bool back = strcmp(text(row, "route"), "original") == 0, over = strcmp(text(row, "route"), "designated") == 0;

        CHECK(strcmp(text(topup, "ref"), text(row, "ref")) == 0);
        CHECK(number(row, "withdrawable") == (back || over ? least(available, withdrawable) : 0));
        CHECK((back || over) == (json_array_size(json_object_get(row, "routes_open")) > 0));
        CHECK((back || over) == json_is_null(json_object_get(row, "refusal")));
        original += back ? available : 0;
        designated += over ? available : 0;
    }
    CHECK(number(routes, "original") == least(withdrawable, original));
    CHECK(number(routes, "designated") == least(withdrawable, designated));
    CHECK(number(routes, "application") <= least(withdrawable, number(funds, "other") - number(funds, "other_held")));
}

/* The same facts with one figure changed. -1: they are no longer sound. */
static json_int_t withdrawable_with(json_t *facts, const char *group, const char *member, json_int_t value)
{
    json_t *changed SCOPED(look_free) = json_deep_copy(facts);
    json_t *object = group != NULL ? json_object_get(changed, group) : changed;
    json_int_t withdrawable = -1;

    CHECK(json_object_set_new(object, member, json_integer(value)) == 0);
    char *json = json_dumps(changed, 0);
    json_t *quote SCOPED(look_free) = answer_to(json, strlen(json), NULL);
    if (quote != NULL)
        withdrawable = number(quote, "withdrawable");
    free(json);
    return withdrawable;
}

static void debts_check(json_t *facts, json_int_t withdrawable)
{
    static const char *const kinds[] = {"owed_invoice", "overdue", "unsettled", "invoiced"};
    const json_t *claims = json_object_get(facts, "claims"), *funds = json_object_get(facts, "funds");
    json_int_t more = 1 + withdrawable / 3;

    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        CHECK(withdrawable_with(facts, "claims", kinds[i], number(claims, kinds[i]) + more) <= withdrawable);
    CHECK(withdrawable_with(facts, "funds", "other_held", number(funds, "other_held") + more) <= withdrawable);
    CHECK(withdrawable_with(facts, "payg", "active", 1) <= withdrawable);
}

/* In another order of members and of top-ups the sums are the same; asked again, every byte. */
static void again_check(json_t *facts, const json_t *quote, const char *json, size_t size)
{
    json_t *mirrored SCOPED(look_free) = json_copy(facts), *topups = json_array();
    const json_t *list = json_object_get(facts, "topups");
    char *first = strdup(quoting.out.data), *other;

    json_t *again SCOPED(look_free) = answer_to(json, size, NULL);
    CHECK(again != NULL);
    CHECK(strcmp(quoting.out.data, first) == 0);
    free(first);
    for (size_t i = json_array_size(list); i-- > 0;)
        json_array_append(topups, json_array_get(list, i));
    json_object_set_new(mirrored, "topups", topups);
    other = json_dumps(mirrored, JSON_SORT_KEYS | JSON_INDENT(1));
    json_t *answer SCOPED(look_free) = answer_to(other, strlen(other), NULL);
    free(other);
    static const char *const same[] = {"cash", "withdrawable", "held_back", "refusals", "routes"};
    for (size_t i = 0; i < ARRAY_COUNT(same); i++)
        CHECK(json_equal(json_object_get(answer, same[i]), json_object_get(quote, same[i])));
}

static void problem_check(const json_t *problem, const char *json, size_t size)
{
    json_t *facts SCOPED(look_free) = look_refused(json, size);
    const json_t *errors = json_object_get(problem, "errors");
    json_int_t status = number(problem, "status");
    size_t index;
    json_t *error;

    CHECK((status == 400 || status == 422) && json_array_size(errors) > 0);
    json_array_foreach(errors, index, error)
    {
        const char *pointer = text(error, "pointer");
        bool cut = strlen(pointer) > FIELD_POINTER_BYTES - 4;
        CHECK(facts == NULL || cut || look_at(facts, pointer, true) != NULL || *pointer == '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *json = (const char *)data;
    json_t *problem SCOPED(look_free) = NULL;

    if (quoting.policies == NULL)
        CHECK(quoting_init(&quoting) && quoting_load_embedded(&quoting));
    json_t *quote SCOPED(look_free) = answer_to(json, size, &problem);
    if (quote == NULL) {
        problem_check(problem, json, size);
        return 0;
    }
    json_t *facts SCOPED(look_free) = look_parse(json, size, JSON_REJECT_DUPLICATES);
    CHECK(facts != NULL);
    sums_check(facts, quote);
    routes_check(facts, quote);
    again_check(facts, quote, json, size);
    debts_check(facts, number(quote, "withdrawable"));
    return 0;
}

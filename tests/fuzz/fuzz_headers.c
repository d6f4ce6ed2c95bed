/* SPDX-License-Identifier: Apache-2.0 */
/* The headers that guard a command, each line of the input one of them: Authorization, Idempotency-Key, If-Match,
 * Content-Type and Request-Id of a reviewer's decision about a withdrawal that waits for it. Which answer comes is
 * known beforehand by a second reading of each header. */
#include <strings.h>

#include "counter.h"
#include "look.h"

enum { AUTHORIZATION, KEY, IF_MATCH, TYPE, REQUEST_ID, LINES };
static const char *const names[LINES] = {"Authorization", "Idempotency-Key", "If-Match", "Content-Type", "Request-Id"};
static const char body[] = "{\"decision\":\"approve\",\"reason\":\"seen\"}";

/* A line; NULL where it is a lone "-": the header is left out. */
static char *line_take(struct input *input)
{
    const uint8_t *end = input->left > 0 ? memchr(input->at, '\n', input->left) : NULL;
    char *line = input_text(input, end != NULL ? (size_t)(end - input->at) : input->left);

    (void)input_byte(input);
    if (strcmp(line, "-") != 0)
        return line;
    free(line);
    return NULL;
}

/* The roles of a bearer, as src/http/caller.h has them: 0 nobody, 1 somebody, 2 a reviewer. */
static int caller_of(const char *header)
{
    static const char *const reviewers[] = {"demo-admin", "demo-reviewer", "demo-reviewer-2", "demo-approver"};
    static const char *const others[] = {"demo-billing", "demo-viewer", "demo-support", "demo-treasurer",
                                         "demo-auditor"};
    static const char customer[] = "demo-customer:";

    if (header == NULL || strncasecmp(header, "bearer ", 7) != 0)
        return 0;
    for (header += 7; *header == ' ';)
        header++;
    for (size_t i = 0; i < ARRAY_COUNT(reviewers); i++)
        if (strcmp(header, reviewers[i]) == 0)
            return 2;
    if (strncmp(header, customer, sizeof customer - 1) == 0)
        return field_ref_ok(header + sizeof customer - 1);
    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (strcmp(header, others[i]) == 0)
            return 1;
    return 0;
}

static bool key_ok(const char *key)
{
    size_t size = strlen(key), printable = 0;

    while (key[printable] >= ' ' && key[printable] <= '~')
        printable++;
    return size >= 1 && size <= 255 && printable == size;
}

/* The tag that the server itself would give for this number, and no other spelling of it. */
static int64_t version_of(const char *tag)
{
    long long version = 0;
    char again[32];

    if (sscanf(tag, "\"v%18lld\"", &version) != 1 || version <= 0)
        return 0;
    snprintf(again, sizeof again, "\"v%lld\"", version);
    return strcmp(again, tag) == 0 ? version : 0;
}

static bool type_ok(const char *type)
{
    static const char json[] = "application/json";
    size_t size = sizeof json - 1;

    return type != NULL && strncasecmp(type, json, size) == 0 && strchr("; ", type[size]) != NULL;
}

static unsigned expected(char *const lines[LINES])
{
    int caller = caller_of(lines[AUTHORIZATION]);

    if (caller == 0)
        return 401;
    if (caller == 1)
        return 403;
    if (!type_ok(lines[TYPE]))
        return 415;
    if (lines[KEY] == NULL || !key_ok(lines[KEY]))
        return 400;
    if (lines[IF_MATCH] == NULL)
        return 428;
    if (version_of(lines[IF_MATCH]) == 0)
        return 400;
    return version_of(lines[IF_MATCH]) == counter.versions[COUNTER_IN_REVIEW] ? 200 : 412;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct mhd_request request = {.method = "POST", .body = body, .body_size = sizeof body - 1};
    struct mhd_answer answer;
    char *lines[LINES], target[96], length[24];

    counter_open();
    for (int i = 0; i < LINES; i++)
        lines[i] = line_take(&input);
    snprintf(length, sizeof length, "%zu", request.body_size);
    request.headers.items[request.headers.count++] = (struct mhd_header){"Content-Length", length};
    for (int i = 0; i < LINES; i++)
        if (lines[i] != NULL)
            request.headers.items[request.headers.count++] = (struct mhd_header){names[i], lines[i]};
    snprintf(target, sizeof target, "/v1/withdrawals/%s/review", counter.ids[COUNTER_IN_REVIEW]);
    request.target = target;

    bool changed = counter_ask(&request, &answer);
    if (answer.status != expected(lines))
        fprintf(stderr, "%u came, %u was expected: %s\n", answer.status, expected(lines), answer.body);
    CHECK(answer.status == expected(lines));
    CHECK(changed == (answer.status == 200));
    const char *id = mhd_header(&answer.headers, "Request-Id"), *wanted = lines[REQUEST_ID];
    CHECK((strcmp(id, wanted != NULL ? wanted : "") == 0) ==
          (wanted != NULL && field_ref_ok(wanted) && strlen(wanted) < 33));
    mhd_answer_fini(&answer);
    for (int i = 0; i < LINES; i++)
        free(lines[i]);
    return 0;
}

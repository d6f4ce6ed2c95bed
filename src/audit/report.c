/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report.h"

#include "base/id.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The names that people outside know a row by. */
static const struct {
    const char *table, *prefix;
} prefixes[] = {{"withdrawal", "wd"}, {"leg", "leg"}, {"attempt", "at"}, {"topup", "tu"}, {"entry", "en"}};

void report_init(struct report *report, FILE *to, bool json)
{
    *report = (struct report){.to = to, .json = json};
    out_init(&report->out);
    if (json)
        fputs("{\"findings\":[", to);
}

void report_fini(struct report *report)
{
    out_fini(&report->out);
}

/* "wd_…" for a row of a table that has names outside, else "". */
static void outside_name(const char *table, const char *row, char ret[ID_TEXT_BYTES])
{
    char *end = NULL;
    int64_t id = strtoll(row, &end, 10);

    ret[0] = '\0';
    if (*row == '\0' || *end != '\0' || id <= 0)
        return;
    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++)
        if (strcmp(prefixes[i].table, table) == 0 || strcmp(prefixes[i].prefix, table) == 0)
            id_format(prefixes[i].prefix, id, ret);
}

static void finding_text(struct report *report, const struct finding *finding, const char *name)
{
    fprintf(report->to, "%s %s %s", finding->code, finding->table, finding->row);
    if (name[0] != '\0')
        fprintf(report->to, " (%s)", name);
    fprintf(report->to, ": is %s, journal says %s", finding->found ? finding->found : "nothing",
            finding->journal ? finding->journal : "nothing");
    if (finding->has_amount)
        fprintf(report->to, ", amount %lld", (long long)finding->amount_minor);
    fprintf(report->to, " -- %s\n", finding->sentence);
}

static void flush(struct report *report)
{
    if (report->out.size > 0)
        fwrite(report->out.data, 1, report->out.size, report->to);
    out_reset(&report->out);
}

static void finding_json(struct report *report, const struct finding *finding, const char *name)
{
    struct out *out = &report->out;

    if (report->findings > 0)
        fputc(',', report->to);
    out_object(out, NULL);
    out_string(out, "code", finding->code);
    out_string(out, "table", finding->table);
    out_string(out, "row", finding->row);
    out_string(out, "id", name[0] != '\0' ? name : NULL);
    out_string(out, "is", finding->found);
    out_string(out, "journal", finding->journal);
    if (finding->has_amount)
        out_int(out, "amount", finding->amount_minor);
    else
        out_null(out, "amount");
    out_string(out, "should", finding->sentence);
    out_object_end(out);
    flush(report);
}

void report_finding(struct report *report, const struct finding *finding)
{
    char name[ID_TEXT_BYTES];

    outside_name(finding->table, finding->row, name);
    if (report->json)
        finding_json(report, finding, name);
    else
        finding_text(report, finding, name);
    report->findings++;
}

void report_warning(struct report *report, const char *format, ...)
{
    va_list arguments;

    if (report->warnings_count == WARNINGS_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(report->warnings[report->warnings_count], sizeof report->warnings[0], format, arguments);
    va_end(arguments);
    if (!report->json)
        fprintf(stderr, "warning: %s\n", report->warnings[report->warnings_count]);
    report->warnings_count++;
}

static void end_text(struct report *report, const struct summary *summary)
{
    const struct origin *origin = summary->origin;

    if (report->findings > 0) {
        fprintf(stderr, "unsound: %lld finding%s\n", (long long)report->findings, report->findings == 1 ? "" : "s");
        return;
    }
    fputs("sound:", report->to);
    for (size_t i = 0; i < summary->counts_count; i++)
        fprintf(report->to, "%s %s %lld", i == 0 ? "" : ",", summary->counts[i].table,
                (long long)summary->counts[i].rows);
    if (summary->head[0] != '\0')
        fprintf(report->to, "; audit head %lld %s", (long long)summary->head_seq, summary->head);
    fputc('\n', report->to);
    if (origin != NULL)
        fprintf(report->to,
                "from the checkpoint %s at %lld: read %lld audit rows, %lld entries and what they touched of %lld "
                "accounts; not seen: older rows that were changed without a trace\n",
                origin->digest, (long long)origin->seq, (long long)origin->audits, (long long)origin->entries,
                (long long)origin->accounts);
    if (summary->checkpoint != NULL)
        fprintf(report->to, "checkpoint %s\n", summary->checkpoint);
}

static void origin_json(struct out *out, const struct origin *origin)
{
    out_object(out, "from");
    out_int(out, "seq", origin->seq);
    out_string(out, "hash", origin->hash);
    out_string(out, "digest", origin->digest);
    out_int(out, "audit", origin->audits);
    out_int(out, "entry", origin->entries);
    out_int(out, "account", origin->accounts);
    out_string(out, "not_seen", "older rows that were changed without a trace");
    out_object_end(out);
}

static void end_json(struct report *report, const struct summary *summary)
{
    struct out *out = &report->out;

    fputs("],\"result\":", report->to);
    out_object(out, NULL);
    out_bool(out, "sound", report->findings == 0);
    out_int(out, "findings", report->findings);
    out_array(out, "warnings");
    for (size_t i = 0; i < report->warnings_count; i++)
        out_string(out, NULL, report->warnings[i]);
    out_array_end(out);
    out_object(out, "rows");
    for (size_t i = 0; i < summary->counts_count; i++)
        out_int(out, summary->counts[i].table, summary->counts[i].rows);
    out_object_end(out);
    out_object(out, "head");
    out_int(out, "seq", summary->head_seq);
    out_string(out, "hash", summary->head);
    out_object_end(out);
    if (summary->origin != NULL)
        origin_json(out, summary->origin);
    if (summary->checkpoint != NULL)
        out_string(out, "checkpoint", summary->checkpoint);
    out_object_end(out);
    flush(report);
    fputs("}\n", report->to);
}

void report_end(struct report *report, const struct summary *summary)
{
    if (report->json)
        end_json(report, summary);
    else
        end_text(report, summary);
    fflush(report->to);
}

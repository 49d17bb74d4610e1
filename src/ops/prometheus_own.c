/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of stick tables, HAProxy's and ours; and what else HAProxy has not: times as histograms,
 * and what each rule ended. */
#include "ops/prometheus_metrics.h"
#include "policy/rule_counts.h"
#include "policy/stick_table.h"

/* ---- stick tables ---- */

static void put_size(struct exposition *x, const struct metric *m)
{
    metric_put_u64(x, m, NULL, NULL, stick_size(x->p->table->state));
}

static void put_used(struct exposition *x, const struct metric *m)
{
    metric_put_u64(x, m, NULL, NULL, stick_used(x->p->table->state, x->view.now));
}

static void put_full(struct exposition *x, const struct metric *m)
{
    metric_put_u64(x, m, NULL, NULL, stick_full_count(x->p->table->state));
}

static const struct metric table_rows[] = {
    { "size", SCOPE_TABLE, METRIC_GAUGE, 0, 0, NULL, put_size, "Stick table size." },
    { "used", SCOPE_TABLE, METRIC_GAUGE, 0, 0, NULL, put_used,
      "Number of entries used in this stick table." },
    { "full_total", SCOPE_TABLE, METRIC_COUNTER, METRIC_OURS, 0, NULL, put_full,
      "Entries that were given up, or refused, because the table was full" },
};

const struct metric_table table_metrics = { table_rows, ARRAY_LEN(table_rows) };

/* ---- times ---- */

static const struct histograms *times_of(const struct exposition *x)
{
    if (x->s) return x->s->times;
    return x->scope_bit == SCOPE_FRONTEND ? x->p->state->fe_times : x->p->state->be_times;
}

static void put_number(struct exposition *x, uint64_t n)
{
    text_u64(x->out, n);
    text_char(x->out, '\n');
}

static void put_times(struct exposition *x, const struct metric *m)
{
    const struct histograms *all = times_of(x);
    struct histogram_total t;

    if (!all) return;
    t = histograms_read(all, x->p->state->n_workers, m->at);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        metric_line(x, m, "_bucket", "le", i < HISTOGRAM_BOUNDS ? histogram_bounds_s[i] : "+Inf");
        put_number(x, t.counts[i]);
    }
    metric_line(x, m, "_sum", NULL, NULL);
    text_printf(x->out, "%llu.%06u\n", (unsigned long long)(t.sum / 1000000),
                (unsigned)(t.sum % 1000000));
    metric_line(x, m, "_count", NULL, NULL);
    put_number(x, t.counts[HISTOGRAM_BUCKETS - 1]);
}

/* ---- rules ---- */

static void put_ended(struct exposition *x, const struct metric *m)
{
    metric_put_u64(x, m, NULL, NULL, rule_counts_read(x->rule).ended);
}

static void put_reported(struct exposition *x, const struct metric *m)
{
    metric_put_u64(x, m, NULL, NULL, rule_counts_read(x->rule).reported);
}

/* ---- the table ---- */

enum { TIMED = SCOPE_FRONTEND | SCOPE_BACKEND | SCOPE_SERVER };

static const struct metric rows[] = {
    { "queue_time_seconds", TIMED, METRIC_HISTOGRAM, METRIC_OURS, TIME_QUEUE, NULL, put_times,
      "Time from a request's head to the choice of a server" },
    { "connect_time_seconds", TIMED, METRIC_HISTOGRAM, METRIC_OURS, TIME_CONNECT, NULL, put_times,
      "Time until there was a connection to the server" },
    { "response_time_seconds", TIMED, METRIC_HISTOGRAM, METRIC_OURS, TIME_ANSWER, NULL, put_times,
      "Time from the connection to the head of the server's answer" },
    { "total_time_seconds", TIMED, METRIC_HISTOGRAM, METRIC_OURS, TIME_TOTAL, NULL, put_times,
      "Time from the first byte of a request to the last byte of its answer" },
    { "ended_total", SCOPE_RULE, METRIC_COUNTER, METRIC_OURS, 0, NULL, put_ended,
      "Requests and connections that a rule ended: refusals and other answers of the gateway's "
      "own" },
    { "reported_total", SCOPE_RULE, METRIC_COUNTER, METRIC_OURS, 0, NULL, put_reported,
      "The same for a rule with 'report': those that it would have ended" },
};

const struct metric_table own_metrics = { rows, ARRAY_LEN(rows) };

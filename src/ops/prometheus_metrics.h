/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as tables of rows, and the walk over them: for each scope each of its metrics, for each
 * metric all that the scope has (proxies, servers, …), which the format demands. One call tells one
 * metric of one thing, so nothing but a place in the walk is kept in between. */
#ifndef GATEHOUSE_OPS_PROMETHEUS_METRICS_H
#define GATEHOUSE_OPS_PROMETHEUS_METRICS_H

#include "gateway/rule_lists.h"
#include "ops/prometheus_query.h"
#include "ops/stats_info.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

enum {
    METRIC_OURS = 1 << 0,    /* "gatehouse_", not "haproxy_" */
    METRIC_HTTP = 1 << 1,    /* only of proxies in `mode http` */
    METRIC_MS = 1 << 2,      /* the value is in milliseconds; it is told in seconds */
    METRIC_AGAIN = 1 << 3,   /* more of the metric in the row before */
    METRIC_MISSING = 1 << 4, /* what has no value is left out; else it is told as NaN */
};

/* The walk, and what it looks at. */
struct exposition {
    struct text *out;
    struct prometheus_query query;
    struct stat_view view;
    struct info info; /* with SCOPE_PROCESS */

    unsigned scope, table, row; /* the metric: by the tables in prometheus_walk.c */
    unsigned scope_bit;         /* of scope */
    bool begun, headed;         /* the walk over what has it; its help and type were told */
    unsigned proxy, server;     /* what is next … */
    struct rule_walk rules;     /* likewise */
    const struct proxy_conf *p; /* … and what is being told; NULL where it is none of these */
    const struct server_conf *s;
    const struct rule *rule;
};

struct metric {
    const char *name; /* behind "haproxy_SCOPE_" */
    unsigned scopes;
    enum metric_type type;
    unsigned flags;
    unsigned at;       /* what `put` makes of it; without it a column of statistics */
    const char *label; /* its value for a label "code"; NULL: it has none */
    /* Tells what is being told by lines of this metric. NULL: one line, the column's value. */
    void (*put)(struct exposition *x, const struct metric *m);
    const char *help;
};

struct metric_table {
    const struct metric *rows;
    unsigned n;
};

/* HAProxy's: of the process, by columns of statistics, of stick tables; and ours. */
extern const struct metric_table process_metrics, column_metrics, table_metrics, own_metrics;

/* Tells one more metric of one thing. False: that was all. */
bool exposition_next(struct exposition *x);

/* ---- for `put` ---- */

/* Begins a line of the metric that is being told: `NAME<suffix>{LABELS,label="value"} `. The number
 * and the line's end are the caller's. label NULL: none but those of its scope. */
void metric_line(struct exposition *x, const struct metric *m, const char *suffix,
                 const char *label, const char *value);

/* A line and its number. */
void metric_put_u64(struct exposition *x, const struct metric *m, const char *label,
                    const char *value, uint64_t n);

/* A line and its value, as the metric's flags say. */
void metric_put(struct exposition *x, const struct metric *m, const char *label, const char *value,
                const struct stat_value *v);

/* prometheus_states.c: states as labels, of which one is 1; or how many servers have each. */
void metric_frontend_status(struct exposition *x, const struct metric *m);
void metric_backend_status(struct exposition *x, const struct metric *m);
void metric_server_status(struct exposition *x, const struct metric *m);
void metric_check_status(struct exposition *x, const struct metric *m);
void metric_servers_by_status(struct exposition *x, const struct metric *m);
void metric_servers_by_check(struct exposition *x, const struct metric *m);
void metric_check_code(struct exposition *x, const struct metric *m);

#endif

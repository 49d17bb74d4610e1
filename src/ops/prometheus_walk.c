/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/prometheus_metrics.h"
#include "policy/stick_table.h"

/* ---- things ----
 *
 * A scope's walk: makes x->p, x->s or x->rule the next that there is; false: there are no more. */

static bool next_process(struct exposition *x)
{
    bool first = !x->begun;

    x->begun = true;
    return first;
}

static bool next_frontend(struct exposition *x)
{
    const struct snapshot *s = x->view.snapshot;

    while (x->proxy < s->n_proxies) {
        x->p = s->proxies[x->proxy++];
        if (x->p->fe && !x->p->disabled) return true;
    }
    return false;
}

/* `listener`: nothing is counted for each address. */
static bool next_listener(struct exposition *x)
{
    (void)x;
    return false;
}

static bool next_backend(struct exposition *x)
{
    const struct snapshot *s = x->view.snapshot;

    while (x->proxy < s->n_proxies) {
        x->p = s->proxies[x->proxy++];
        if (x->p->be && !x->p->disabled) return true;
    }
    return false;
}

static bool is_wanted(const struct exposition *x, const struct server_conf *s)
{
    return !x->query.no_maint || !(server_admin(&s->state->st) & ADMIN_MAINT);
}

static bool next_server(struct exposition *x)
{
    const struct snapshot *all = x->view.snapshot;

    for (; x->proxy < all->n_proxies; x->proxy++, x->server = 0) {
        x->p = all->proxies[x->proxy];
        while (x->p->be && !x->p->disabled && x->server < x->p->be->n_servers) {
            x->s = x->p->be->servers[x->server++];
            if (is_wanted(x, x->s)) return true;
        }
    }
    return false;
}

/* HAProxy begins with the last. */
static bool next_table(struct exposition *x)
{
    const struct snapshot *s = x->view.snapshot;

    while (x->proxy < s->n_proxies) {
        x->p = s->proxies[s->n_proxies - 1 - x->proxy++];
        if (!x->p->disabled && x->p->table && x->p->table->state) return true;
    }
    return false;
}

static bool next_rule(struct exposition *x)
{
    x->rule = rule_walk_next(&x->rules, x->view.snapshot);
    x->p = x->rules.of;
    return x->rule;
}

/* ---- labels ---- */

/* A value of a label: backslash, quote and line end are escaped. */
static void put_label(struct exposition *x, const char *name, struct slice value)
{
    struct text *t = x->out;
    const char *from = value.p, *end = value.p + value.n;

    if (t->p[t->n - 1] != '{') text_char(t, ',');
    text_str(t, name);
    text_add(t, SLICE("=\""));
    for (const char *p = from; p < end; p++) {
        if (*p != '\\' && *p != '"' && *p != '\n') continue;
        text_add(t, slice_between(from, p));
        text_char(t, '\\');
        if (*p == '\n') text_char(t, 'n');
        from = p + (*p == '\n');
    }
    text_add(t, slice_between(from, end));
    text_char(t, '"');
}

static void no_labels(struct exposition *x)
{
    (void)x;
}

static void proxy_labels(struct exposition *x)
{
    put_label(x, "proxy", slice_str(x->p->name));
}

static void server_labels(struct exposition *x)
{
    proxy_labels(x);
    put_label(x, "server", slice_str(x->s->name));
}

static void table_labels(struct exposition *x)
{
    static const char *const types[SAMPLE_TYPES] = { [SAMPLE_IPV4] = "ip",
                                                     [SAMPLE_IPV6] = "ipv6",
                                                     [SAMPLE_SINT] = "integer",
                                                     [SAMPLE_STR] = "string",
                                                     [SAMPLE_BIN] = "binary" };

    put_label(x, "name", slice_str(x->p->table->name));
    put_label(x, "type", slice_str(types[x->p->table->type]));
}

static void rule_labels(struct exposition *x)
{
    struct slice set = slice_str(rules_action_name(x->rule->kind)), word = SLICE(" action");

    if (slice_ends(set, word)) set.n -= word.n;
    proxy_labels(x);
    put_label(x, "ruleset", set);
    put_label(x, "rule", slice_str(x->rule->name));
}

/* ---- lines ---- */

static const struct scope {
    const char *name;
    unsigned bit;
    bool (*next)(struct exposition *);
    void (*labels)(struct exposition *);
} scopes[] = {
    { "process", SCOPE_PROCESS, next_process, no_labels },
    { "frontend", SCOPE_FRONTEND, next_frontend, proxy_labels },
    { "listener", SCOPE_LISTENER, next_listener, no_labels },
    { "backend", SCOPE_BACKEND, next_backend, proxy_labels },
    { "server", SCOPE_SERVER, next_server, server_labels },
    { "sticktable", SCOPE_TABLE, next_table, table_labels },
    { "rule", SCOPE_RULE, next_rule, rule_labels },
};

static const struct metric_table *const tables[] = { &process_metrics, &column_metrics,
                                                     &table_metrics, &own_metrics };

static void put_name(const struct exposition *x, const struct metric *m)
{
    text_add(x->out, m->flags & METRIC_OURS ? SLICE("gatehouse_") : SLICE("haproxy_"));
    text_str(x->out, scopes[x->scope].name);
    text_char(x->out, '_');
    text_str(x->out, m->name);
}

static void put_head(struct exposition *x, const struct metric *m)
{
    static const char *const types[] = {
        [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_HISTOGRAM] = "histogram"
    };

    text_add(x->out, SLICE("# HELP "));
    put_name(x, m);
    text_char(x->out, ' ');
    text_str(x->out, m->help);
    text_add(x->out, SLICE("\n# TYPE "));
    put_name(x, m);
    text_printf(x->out, " %s\n", types[m->type]);
    x->headed = true;
}

void metric_line(struct exposition *x, const struct metric *m, const char *suffix,
                 const char *label, const char *value)
{
    struct text *t = x->out;

    if (!x->headed) put_head(x, m);
    put_name(x, m);
    text_str(t, suffix);
    text_char(t, '{');
    scopes[x->scope].labels(x);
    if (label) put_label(x, label, slice_str(value));
    if (t->p[t->n - 1] == '{')
        t->n--; /* there is none */
    else
        text_char(t, '}');
    text_char(t, ' ');
}

void metric_put_u64(struct exposition *x, const struct metric *m, const char *label,
                    const char *value, uint64_t n)
{
    metric_line(x, m, "", label, value);
    text_u64(x->out, n);
    text_char(x->out, '\n');
}

void metric_put(struct exposition *x, const struct metric *m, const char *label, const char *value,
                const struct stat_value *v)
{
    if (v->kind == STAT_NONE && m->flags & METRIC_MISSING) return;
    metric_line(x, m, "", label, value);
    if (v->kind == STAT_NONE)
        text_add(x->out, SLICE("NaN"));
    else if (m->flags & METRIC_MS)
        text_printf(x->out, "%.6f", (double)v->u / 1000);
    else
        stat_put(x->out, v);
    text_char(x->out, '\n');
}

/* ---- the walk ---- */

static enum stat_type row_type(unsigned scope)
{
    return scope == SCOPE_FRONTEND  ? STAT_FRONTEND
           : scope == SCOPE_BACKEND ? STAT_BACKEND
                                    : STAT_SERVER;
}

static void put_column(struct exposition *x, const struct metric *m)
{
    struct stat_row row;
    struct stat_value v = stat_row_one(&row, &x->view, row_type(x->scope_bit), x->p, x->s, m->at);

    metric_put(x, m, m->label ? "code" : NULL, m->label, &v);
}

/* The metric that the walk is at, or the next that its scope has; NULL: there are no more. */
static const struct metric *metric_of(struct exposition *x)
{
    for (; x->table < ARRAY_LEN(tables); x->table++, x->row = 0)
        for (; x->row < tables[x->table]->n; x->row++)
            if (tables[x->table]->rows[x->row].scopes & x->scope_bit)
                return &tables[x->table]->rows[x->row];
    return NULL;
}

static void next_metric(struct exposition *x)
{
    const struct metric_table *t = tables[x->table];

    x->row++;
    x->begun = false;
    x->headed &= x->row < t->n && t->rows[x->row].flags & METRIC_AGAIN;
    x->proxy = x->server = 0;
    x->rules = (struct rule_walk){ 0 };
    x->p = NULL;
    x->s = NULL;
    x->rule = NULL;
}

static void put_one(struct exposition *x, const struct metric *m)
{
    if (m->flags & METRIC_HTTP && x->p->mode != MODE_HTTP) return;
    if (m->put)
        m->put(x, m);
    else
        put_column(x, m);
}

bool exposition_next(struct exposition *x)
{
    for (; x->scope < ARRAY_LEN(scopes); x->scope++, x->table = x->row = 0) {
        const struct metric *m;

        x->scope_bit = scopes[x->scope].bit;
        if (!(x->query.scopes & x->scope_bit)) continue;
        while ((m = metric_of(x))) {
            if (scopes[x->scope].next(x)) {
                put_one(x, m);
                return true;
            }
            next_metric(x);
        }
    }
    return false;
}

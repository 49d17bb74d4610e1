/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats.h"

/* ---- adding up over the workers ---- */

static void add_block(struct stat_row *row, const struct counters *c, uint32_t now_s,
                      uint32_t part_ms)
{
    const counter_t *all = (const counter_t *)c;
    uint32_t last = atomic_load_explicit(&c->session_rate.second, memory_order_relaxed);
    struct {
        struct stat_rate *sum;
        const struct rate *rate;
    } rates[] = { { &row->session_rate, &c->session_rate },
                  { &row->request_rate, &c->request_rate },
                  { &row->connection_rate, &c->connection_rate } };

    for (unsigned i = 0; i < STAT_COUNTERS; i++) row->sums[i] += counter_get(&all[i]);
    for (unsigned i = 0; i < ARRAY_LEN(rates); i++) {
        rates[i].sum->now += rate_read(rates[i].rate, now_s, part_ms);
        rates[i].sum->max += atomic_load_explicit(&rates[i].rate->max, memory_order_relaxed);
    }
    if (last > row->last_session_s) row->last_session_s = last;
}

void stat_row_init(struct stat_row *row, const struct stat_view *view, enum stat_type type,
                   const struct proxy_conf *proxy, const struct server_conf *server)
{
    const struct proxy *state = proxy->state;
    const struct counters_block *blocks = server                  ? server->state->counters
                                          : type == STAT_FRONTEND ? state->fe_counters
                                                                  : state->be_counters;

    *row = (struct stat_row){ .view = view, .type = type, .proxy = proxy, .server = server };
    for (unsigned i = 0; i < state->n_workers; i++)
        add_block(row, &blocks[i].c, (uint32_t)(view->now / 1000), view->now % 1000);
}

/* ---- rows ---- */

struct stat_value stat_row_value(struct stat_row *row, unsigned column, const char **tags)
{
    const struct stat_column *c = &stat_columns[column];

    *tags = c->tags;
    if (row->type == STAT_BACKEND && c->tags[3] == '/') *tags += 4;
    return c->types & row->type ? c->value(row, c->param) : stat_none();
}

/* ---- servers ---- */

bool stat_server_is_up(const struct server_conf *s)
{
    return !s->disabled;
}

struct stat_servers stat_count_servers(const struct backend_conf *be)
{
    struct stat_servers n = { 0 };
    unsigned first_backup = 0;

    for (unsigned i = 0; i < be->n_servers; i++) {
        const struct server_conf *s = be->servers[i];
        if (!stat_server_is_up(s) || !s->weight) continue;
        if (!s->backup) {
            n.active++;
            n.weight += s->weight;
        } else if (n.backup++ == 0)
            first_backup = s->weight;
    }
    if (!n.active) n.weight = first_backup;
    return n;
}

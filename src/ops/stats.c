/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats.h"

/* ---- adding up over the workers ---- */

static void add_block(struct stat_sums *sums, const struct counters *c)
{
    const counter_t *all = (const counter_t *)c;
    uint32_t last = rate_last(&c->session_rate);

    for (unsigned i = 0; i < STAT_COUNTERS; i++) sums->counts[i] += counter_get(&all[i]);
    if (last > sums->last_session_s) sums->last_session_s = last;
}

static struct stat_rate rate_of(const struct rate *r, msec_t now)
{
    return (struct stat_rate){ rate_read(r, (uint32_t)(now / 1000), now % 1000), rate_most(r) };
}

void stat_sum(struct stat_sums *sums, const struct counters_block *blocks, unsigned n, msec_t now)
{
    const struct counters *first = &blocks[0].c;

    *sums = (struct stat_sums){ 0 };
    for (unsigned i = 0; i < n; i++) add_block(sums, &blocks[i].c);
    sums->session_rate = rate_of(&first->session_rate, now);
    sums->request_rate = rate_of(&first->request_rate, now);
    sums->connection_rate = rate_of(&first->connection_rate, now);
    averages_read(&first->averages, n, sizeof *blocks, &sums->times);
}

static const struct counters_block *blocks_of(enum stat_type type, const struct proxy_conf *proxy,
                                              const struct server_conf *server)
{
    if (server) return server->state->counters;
    return type == STAT_FRONTEND ? proxy->state->fe_counters : proxy->state->be_counters;
}

void stat_row_init(struct stat_row *row, const struct stat_view *view, enum stat_type type,
                   const struct proxy_conf *proxy, const struct server_conf *server)
{
    *row = (struct stat_row){ .view = view, .type = type, .proxy = proxy, .server = server };
    stat_sum(&row->sums, blocks_of(type, proxy, server), proxy->state->n_workers, view->now);
}

static uint64_t sum_one(const struct counters_block *blocks, unsigned n, unsigned counter)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < n; i++) sum += counter_get((const counter_t *)&blocks[i].c + counter);
    return sum;
}

struct stat_value stat_row_one(struct stat_row *row, const struct stat_view *view,
                               enum stat_type type, const struct proxy_conf *proxy,
                               const struct server_conf *server, unsigned column)
{
    const struct stat_column *c = &stat_columns[column];
    const struct counters_block *blocks = blocks_of(type, proxy, server);
    unsigned counter, n = proxy->state->n_workers;

    if (!(c->types & type)) return stat_none();
    row->view = view;
    row->type = type;
    row->proxy = proxy;
    row->server = server;
    switch (stat_column_source(c, &counter)) {
    case STAT_OF_COUNTER: return stat_u64(sum_one(blocks, n, counter));
    case STAT_OF_SUMS: stat_sum(&row->sums, blocks, n, view->now); break;
    case STAT_OF_STATE: break;
    }
    return c->value(row, c->param);
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
    return server_op(&s->state->st) != SERVER_STOPPED;
}

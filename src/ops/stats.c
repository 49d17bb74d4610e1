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

void stat_row_init(struct stat_row *row, const struct stat_view *view, enum stat_type type,
                   const struct proxy_conf *proxy, const struct server_conf *server)
{
    const struct proxy *state = proxy->state;
    const struct counters_block *blocks = server                  ? server->state->counters
                                          : type == STAT_FRONTEND ? state->fe_counters
                                                                  : state->be_counters;

    *row = (struct stat_row){ .view = view, .type = type, .proxy = proxy, .server = server };
    stat_sum(&row->sums, blocks, state->n_workers, view->now);
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

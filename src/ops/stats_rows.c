/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/stats_rows.h"
#include "gateway/stats_conf.h"

#include <strings.h>

static bool server_wanted(const struct stat_rows *d, const struct server_conf *s)
{
    if (!(d->types & STAT_SERVER) || (d->sid != -1 && (unsigned)d->sid != s->id)) return false;
    if ((d->up || d->no_maint) && server_admin(&s->state->st) & ADMIN_MAINT) return false;
    return stat_server_is_up(s) || !d->up;
}

/* The next row of one proxy. */
static bool next_part(struct stat_rows *d, const struct proxy_conf *p, struct stat_row *row)
{
    unsigned n_servers = p->be ? p->be->n_servers : 0;

    while (d->part <= n_servers + 1) {
        unsigned i = d->part++;

        if (i == 0 && p->fe && d->types & STAT_FRONTEND)
            stat_row_init(row, &d->view, STAT_FRONTEND, p, NULL);
        else if (i > 0 && i <= n_servers && server_wanted(d, p->be->servers[i - 1]))
            stat_row_init(row, &d->view, STAT_SERVER, p, p->be->servers[i - 1]);
        else if (i > n_servers && p->be && d->types & STAT_BACKEND)
            stat_row_init(row, &d->view, STAT_BACKEND, p, NULL);
        else
            continue;
        return true;
    }
    return false;
}

static bool name_has(const char *name, struct slice part)
{
    for (; *name; name++)
        if (strncasecmp(name, part.p, part.n) == 0) return true;
    return false;
}

bool stat_rows_wants(const struct stat_rows *d, const struct proxy_conf *p)
{
    if (p->disabled || (d->iid != -1 && (unsigned)d->iid != p->id)) return false;
    if (d->scope.n && !name_has(p->name, d->scope)) return false;
    return !d->of || stats_in_scope(d->of, p->name);
}

bool stat_rows_next(struct stat_rows *d, struct stat_row *row)
{
    const struct snapshot *s = d->view.snapshot;

    for (; d->proxy < s->n_proxies; d->proxy++, d->part = 0)
        if (stat_rows_wants(d, s->proxies[d->proxy]) && next_part(d, s->proxies[d->proxy], row))
            return true;
    return false;
}

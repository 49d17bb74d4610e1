/* SPDX-License-Identifier: Apache-2.0 */
/* What only some sessions need: facts for rules, server connections of their own. */
#include "gateway/session_more.h"

#include <stdlib.h>

static bool local_address(const struct client_facts *facts, union address *out)
{
    const struct session *s = facts->owner;

    session_local_address(s, out);
    return out->sa.sa_family == AF_INET || out->sa.sa_family == AF_INET6;
}

static struct session_more *more_of(struct session *s)
{
    struct session_more *m = s->more;

    if (m) return m;
    m = s->more = mem_zero(sizeof *m);
    list_init(&m->own);
    m->facts = (struct client_facts){
        .from = s->from,
        .owner = s,
        .local = local_address,
        .id = s->gate->n_facts++ * s->gate->engine->n_workers + s->gate->worker.id,
        .accepted = s->gate->worker.now_usec,
    };
    return m;
}

struct client_facts *session_facts(struct session *s, const struct bind_conf *bind)
{
    struct client_facts *f = &more_of(s)->facts;

    f->bind = bind;
    return f;
}

struct list *session_own_conns(struct session *s)
{
    return &more_of(s)->own;
}

void session_more_close(struct session *s)
{
    if (!s->more) return;
    tracks_end(&s->more->facts.tracked, s->gate->worker.now);
    list_each(m, &s->more->own) server_conn_close(list_entry(m, struct server_conn, link), false);
}

void session_more_free(struct session *s)
{
    if (!s->more) return;
    vars_release(&s->more->facts.sess, &s->gate->snapshot->global.var_limits,
                 &s->gate->engine->proc_vars);
    free(s->more);
    s->more = NULL;
}

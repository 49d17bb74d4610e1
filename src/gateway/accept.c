/* SPDX-License-Identifier: Apache-2.0 */
/* New connections: within `maxconn`, to the worker that has the least to do.
 *
 * A connection is counted where it is accepted, at once and by whoever accepts it, so that no limit
 * is passed; a worker that it is handed to takes the count over together with it. */
#include "gateway/h1_client.h"
#include "gateway/session.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    BUSIER_BY = 8, /* connections, and an eighth: then a new one goes to the least busy worker */
};

static const struct bind_conf *bind_of(const struct gate *g, const struct listener *l)
{
    return l->slot < g->snapshot->n_slots ? g->snapshot->by_slot[l->slot] : NULL;
}

/* ---- limits ---- */

static unsigned most_of(const struct engine *e)
{
    return atomic_load_explicit(&e->maxconn, memory_order_relaxed);
}

static bool below(const atomic_uint *now, unsigned limit)
{
    return !limit || atomic_load(now) < limit;
}

static unsigned most_of_frontend(const struct bind_conf *b)
{
    return atomic_load_explicit(&b->frontend->state->fe_maxconn, memory_order_relaxed);
}

static bool has_room(const struct gate *g, const struct listener *l, const struct bind_conf *b)
{
    return below(&g->engine->connections.now, most_of(g->engine)) &&
           below(&l->connections, b->maxconn) &&
           below(&b->frontend->state->fe_sessions.now, most_of_frontend(b));
}

/* Saves accepting in vain; whether it really is within the limits, take() says. */
static bool admit(struct listener *l, struct worker *w)
{
    struct gate *g = gate_of(w);
    const struct bind_conf *b = bind_of(g, l);

    if (!b) return false; /* it will be stopped in a moment */
    if (has_room(g, l, b)) return true;
    /* Whoever ends a connection from now on sees the flag; look once more for one that ended just
     * before. upstream/gauge.h has the reason why one of the two is seen. */
    atomic_store(&g->engine->full, true);
    return has_room(g, l, b);
}

/* The narrowest limit first: what is taken in vain is then missed only by connections that would
 * not be within the others either. */
static bool count_in(struct gate *g, struct listener *l, const struct bind_conf *b)
{
    struct gauge *all = &g->engine->connections, *fe = &b->frontend->state->fe_sessions;

    if (!gauge_take(&l->connections, &l->most_connections, b->maxconn)) return false;
    if (gauge_take(&fe->now, &fe->max, most_of_frontend(b))) {
        if (gauge_take(&all->now, &all->max, most_of(g->engine))) return true;
        gauge_release(&fe->now);
    }
    gauge_release(&l->connections);
    return false;
}

void session_count_out(struct gate *g, struct listener *l, struct proxy *frontend)
{
    gauge_release(&l->connections);
    gauge_release(&frontend->fe_sessions.now);
    gauge_release(&g->engine->connections.now);
    engine_resume_accepting(g);
}

/* Where not, the worker accepts again a little later. */
static bool within_rates(struct gate *g)
{
    struct engine *e = g->engine;
    struct worker *w = &g->worker;
    unsigned wait;

    if (accept_rate_take(&e->session_limit, w->now, false, &wait) &&
        accept_rate_take(&e->connection_limit, w->now, true, &wait))
        return true;
    timer_set(&w->timers, &g->accept_later, w->now + wait);
    return false;
}

static bool take(struct listener *l, struct worker *w)
{
    struct gate *g = gate_of(w);
    const struct bind_conf *b = bind_of(g, l);

    if (!b || !within_rates(g)) return false;
    if (count_in(g, l, b)) return true;
    atomic_store(&g->engine->full, true);
    if (!count_in(g, l, b)) return false;
    engine_resume_accepting(g); /* somebody may have been refused for what the first try held */
    return true;
}

/* ---- handing over ---- */

struct handover {
    struct message message;
    struct listener *listener; /* holds a reference … */
    struct proxy *frontend;    /* … and so does this; counted in both */
    int fd;
    union address from;
};

/* What is accepted for one frontend may by now be another's, by a reload. */
static void change_frontend(struct proxy **is, struct proxy *to)
{
    if (*is == to) return;
    object_ref(&to->object);
    gauge_up(&to->fe_sessions);
    gauge_release(&(*is)->fe_sessions.now);
    object_unref(&(*is)->object);
    *is = to;
}

static void receive(struct message *m, struct worker *w)
{
    struct handover *h = container_of(m, struct handover, message);
    struct gate *g = gate_of(w);
    const struct bind_conf *b = bind_of(g, h->listener);

    if (b && !w->stopping) {
        change_frontend(&h->frontend, b->frontend->state);
        h1_client_start(g, h->listener, b, h->fd, &h->from);
    } else {
        close(h->fd);
        session_count_out(g, h->listener, h->frontend);
        object_unref(&h->frontend->object);
        object_unref(&h->listener->object);
    }
    free(h);
}

static unsigned load_of(const struct worker *w)
{
    return atomic_load_explicit(&w->load, memory_order_relaxed);
}

/* Workers take a new configuration one after the other: who is behind does not know yet what a new
 * listener serves, and at the start knows nothing at all. */
static bool knows_it(const struct gate *to, const struct gate *from)
{
    return atomic_load_explicit(&to->generation, memory_order_acquire) >=
           from->snapshot->generation;
}

static struct worker *least_busy(struct engine *e, struct worker *w)
{
    struct worker *best = w;

    for (unsigned i = 0; i < e->n_workers; i++) {
        struct gate *g = &e->gates[i];
        if (load_of(&g->worker) < load_of(best) && knows_it(g, gate_of(w))) best = &g->worker;
    }
    return load_of(w) > load_of(best) + load_of(best) / 8 + BUSIER_BY ? best : w;
}

/* The session's references are taken here. */
static void accepted(struct listener *l, struct worker *w, int fd, const union address *from)
{
    struct gate *g = gate_of(w);
    const struct bind_conf *b = bind_of(g, l);
    struct worker *to = least_busy(g->engine, w);
    struct handover *h;

    object_ref(&l->object);
    object_ref(&b->frontend->state->object);
    if (to == w) {
        h1_client_start(g, l, b, fd, from);
        return;
    }
    h = mem_zero(sizeof *h);
    h->message.deliver = receive;
    h->listener = l;
    h->frontend = b->frontend->state;
    h->fd = fd;
    h->from = *from;
    worker_send(to, &h->message);
}

const struct listener_events session_listener_events = { admit, take, accepted };

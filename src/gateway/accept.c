/* SPDX-License-Identifier: Apache-2.0 */
/* New connections: within `maxconn`, to the worker that has the least to do. */
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

static bool has_room(const struct gate *g, const struct listener *l, const struct bind_conf *b)
{
    unsigned most = atomic_load_explicit(&g->engine->maxconn, memory_order_relaxed);

    return (!most || gauge_now(&g->engine->connections) < most) &&
           (!b->maxconn ||
            atomic_load_explicit(&l->connections, memory_order_relaxed) < b->maxconn) &&
           (!b->frontend->fe->maxconn ||
            gauge_now(&b->frontend->state->fe_sessions) < b->frontend->fe->maxconn);
}

static bool admit(struct listener *l, struct worker *w)
{
    struct gate *g = gate_of(w);
    const struct bind_conf *b = bind_of(g, l);

    if (!b) return false; /* it will be stopped in a moment */
    if (has_room(g, l, b)) return true;
    /* Whoever ends a connection from now on sees the flag; look once more for one that ended
     * just before. */
    atomic_store(&g->engine->full, true);
    return has_room(g, l, b);
}

/* ---- handing over ---- */

struct handover {
    struct message message;
    struct listener *listener; /* holds a reference */
    int fd;
    union address from;
};

static void receive(struct message *m, struct worker *w)
{
    struct handover *h = container_of(m, struct handover, message);
    const struct bind_conf *b = bind_of(gate_of(w), h->listener);

    if (b && !w->stopping)
        h1_client_start(gate_of(w), h->listener, b, h->fd, &h->from);
    else
        close(h->fd);
    object_unref(&h->listener->object);
    free(h);
}

static unsigned load_of(const struct worker *w)
{
    return atomic_load_explicit(&w->load, memory_order_relaxed);
}

static struct worker *least_busy(struct engine *e, struct worker *w)
{
    struct worker *best = w;

    for (unsigned i = 0; i < e->n_workers; i++)
        if (load_of(&e->gates[i].worker) < load_of(best)) best = &e->gates[i].worker;
    return load_of(w) > load_of(best) + load_of(best) / 8 + BUSIER_BY ? best : w;
}

static void accepted(struct listener *l, struct worker *w, int fd, const union address *from)
{
    struct gate *g = gate_of(w);
    struct worker *to = least_busy(g->engine, w);
    struct handover *h;

    if (to == w) {
        h1_client_start(g, l, bind_of(g, l), fd, from);
        return;
    }
    h = mem_zero(sizeof *h);
    h->message.deliver = receive;
    h->listener = l;
    object_ref(&l->object);
    h->fd = fd;
    h->from = *from;
    worker_send(to, &h->message);
}

const struct listener_events session_listener_events = { admit, accepted };

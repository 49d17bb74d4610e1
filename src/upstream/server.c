/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server.h"

#include <stdio.h>
#include <stdlib.h>

static void server_free(struct object *o)
{
    struct server *s = container_of(o, struct server, object);

    server_state_release(s);
    server_spill_release(&s->spill);
    object_unref(s->proxy);
    free(s->counters);
    free(s->pools);
    free(s->times);
    free(s);
}

struct server *server_get(struct objects *all, const char *backend, const char *name,
                          struct object *proxy, struct queue *queue, unsigned n_workers)
{
    char full[512];
    struct object *known;
    struct server *s;

    snprintf(full, sizeof full, "%s/%s", backend, name);
    known = object_find(all, "server", full);
    if (known) return container_of(known, struct server, object);
    s = mem_zero_aligned(sizeof *s);
    object_ref(proxy);
    s->proxy = proxy;
    s->queue = queue;
    s->n_workers = n_workers;
    s->counters = counters_new(n_workers);
    s->pools = mem_zero_aligned(n_workers * sizeof *s->pools);
    for (unsigned i = 0; i < n_workers; i++) server_pool_init(&s->pools[i], s);
    server_spill_init(&s->spill);
    server_state_init(s);
    object_enter(all, &s->object, "server", full, server_free);
    return s;
}

struct histograms *server_time(struct server *s)
{
    if (!s->times) s->times = histograms_new(s->n_workers);
    return s->times;
}

bool server_slot_take(struct server *s)
{
    unsigned limit = atomic_load_explicit(&s->maxconn, memory_order_relaxed);

    if (limit) return gauge_take(&s->sessions.now, &s->sessions.max, limit);
    gauge_up(&s->sessions);
    return true;
}

unsigned server_slots_offer(struct server *s)
{
    unsigned n = 0;

    while (queue_length(s->queue) && server_slot_take(s)) {
        if (queue_pass(s->queue, s)) {
            n++;
            continue;
        }
        gauge_release(&s->sessions.now); /* those who wait, wait for others */
        break;
    }
    return n;
}

void server_slot_release(struct server *s)
{
    unsigned limit = atomic_load_explicit(&s->maxconn, memory_order_relaxed);

    if (limit == 0) {
        gauge_down(&s->sessions);
        if (queue_length(s->queue) == 0) return;
    } else {
        if (atomic_load(&s->sessions.now) <= limit && queue_pass(s->queue, s)) return;
        gauge_release(&s->sessions.now);
    }
    /* Somebody may have joined the queue between our look at it and our giving the slot back. */
    server_slots_offer(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/queue.h"
#include "upstream/backend.h"

#include <stdlib.h>

struct waiter {
    struct list link;
    struct message message;
    struct worker *worker;
    const struct backend_conf *be;
    struct server *only;   /* NULL: any of be's */
    struct server *server; /* whose slot was passed on */
    bool called;           /* a slot was passed on, or it was let go */
    unsigned passed;       /* how many had got a slot when it joined */
    unsigned place;        /* set with called */
    void *owner;           /* NULL: left after that */
    void (*granted)(void *owner, struct server *server);
};

struct queue {
    pthread_mutex_t lock;
    struct list waiting;
    _Alignas(CACHE_LINE) atomic_uint n;
    atomic_uint longest;
    unsigned passed; /* how many ever got a slot of any server; under the lock */
};

struct queue *queue_new(void)
{
    struct queue *q = mem_zero_aligned(sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    list_init(&q->waiting);
    return q;
}

void queue_free(struct queue *q)
{
    if (!q) return;
    pthread_mutex_destroy(&q->lock);
    free(q);
}

unsigned queue_length(const struct queue *q)
{
    return atomic_load_explicit(&q->n, memory_order_relaxed);
}

void queue_forget_longest(struct queue *q)
{
    atomic_store_explicit(&q->longest, 0, memory_order_relaxed);
}

unsigned queue_longest(const struct queue *q)
{
    return atomic_load_explicit(&q->longest, memory_order_relaxed);
}

/* ---- places; under the lock ---- */

static unsigned *passed_of(struct queue *q, struct server *only)
{
    return only ? &only->passed : &q->passed;
}

static unsigned place_now(struct queue *q, const struct waiter *m)
{
    return *passed_of(q, m->only) - m->passed + 1;
}

unsigned queue_place(struct queue *q, const struct waiter *m, bool *alone)
{
    unsigned place;

    pthread_mutex_lock(&q->lock);
    place = m->called ? m->place : place_now(q, m);
    pthread_mutex_unlock(&q->lock);
    *alone = m->only != NULL;
    return place;
}

/* ---- joining and leaving ---- */

struct waiter *queue_join(struct queue *q, struct worker *w, const struct backend_conf *be,
                          void *owner, void (*granted)(void *owner, struct server *server))
{
    return queue_join_for(q, w, be, NULL, owner, granted);
}

struct waiter *queue_join_for(struct queue *q, struct worker *w, const struct backend_conf *be,
                              struct server *only, void *owner,
                              void (*granted)(void *owner, struct server *server))
{
    struct waiter *m = mem_zero(sizeof *m);
    unsigned n;

    m->worker = w;
    m->be = be;
    m->only = only;
    m->owner = owner;
    m->granted = granted;
    pthread_mutex_lock(&q->lock);
    list_append(&q->waiting, &m->link);
    m->passed = *passed_of(q, only);
    if (only) atomic_fetch_add_explicit(&only->waiting, 1, memory_order_relaxed);
    /* Sequentially consistent, as is the releaser's look at n after it gave its slot back: one of
     * the two sees the other. */
    n = atomic_fetch_add(&q->n, 1) + 1;
    if (n > queue_longest(q)) atomic_store_explicit(&q->longest, n, memory_order_relaxed);
    pthread_mutex_unlock(&q->lock);
    return m;
}

/* No longer in the list; under the lock. */
static void take_out(struct queue *q, struct waiter *m)
{
    list_remove(&m->link);
    atomic_fetch_sub(&q->n, 1);
    if (m->only) atomic_fetch_sub_explicit(&m->only->waiting, 1, memory_order_relaxed);
}

bool queue_leave(struct queue *q, struct waiter *m)
{
    bool waiting;

    pthread_mutex_lock(&q->lock);
    waiting = !m->called;
    if (waiting) {
        take_out(q, m);
    } else {
        m->owner = NULL; /* only ever read on this same thread, when the message arrives */
    }
    pthread_mutex_unlock(&q->lock);
    if (waiting) free(m);
    return waiting;
}

static void deliver(struct message *message, struct worker *w)
{
    struct waiter *m = container_of(message, struct waiter, message);
    struct server *s = m->server;
    void *owner = m->owner;
    void (*granted)(void *, struct server *) = m->granted;

    (void)w;
    if (owner)
        granted(owner, s);
    else if (s)
        server_slot_release(s);
    free(m);
    if (s) object_unref(&s->object);
}

static bool serves(const struct waiter *m, const struct server *server)
{
    const struct backend_conf *be = m->be;

    if (m->only) return m->only == server;
    if (!(server_standing_of(&server->st) & STANDING_TURNS)) return false;
    for (unsigned i = 0; i < be->n_servers; i++)
        if (be->servers[i]->state == server) return true;
    return false;
}

/* Out of the list and on its way; under the lock. */
static void call(struct queue *q, struct waiter *m, struct server *server)
{
    take_out(q, m);
    m->place = place_now(q, m);
    if (server) {
        ++*passed_of(q, m->only);
        object_ref(&server->object); /* until the message has arrived */
    }
    m->server = server;
    m->called = true;
    m->message.deliver = deliver;
}

bool queue_pass(struct queue *q, struct server *server)
{
    struct waiter *m = NULL;

    if (atomic_load(&q->n) == 0) return false;
    pthread_mutex_lock(&q->lock);
    list_each(l, &q->waiting)
    {
        struct waiter *first = list_entry(l, struct waiter, link);
        if (!serves(first, server)) continue;
        call(q, first, server);
        m = first;
        break;
    }
    pthread_mutex_unlock(&q->lock);
    if (!m) return false;
    worker_send(m->worker, &m->message);
    return true;
}

unsigned queue_release(struct queue *q, struct server *server)
{
    struct list out;
    unsigned n = 0;

    list_init(&out);
    pthread_mutex_lock(&q->lock);
    list_each(l, &q->waiting)
    {
        struct waiter *m = list_entry(l, struct waiter, link);
        if (m->only != server) continue;
        call(q, m, NULL);
        list_append(&out, &m->link);
    }
    pthread_mutex_unlock(&q->lock);
    for (struct list *l; (l = list_pop(&out)) != NULL; n++) {
        struct waiter *m = list_entry(l, struct waiter, link);
        worker_send(m->worker, &m->message);
    }
    return n;
}

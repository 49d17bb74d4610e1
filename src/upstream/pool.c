/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/pool.h"
#include "upstream/server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum { SPILL_OVER = 32 }; /* idle connections that a worker keeps to itself at the least */

/* ---- states ---- */

#define BIT(state) (1u << SERVER_CONN_##state)

static const unsigned char legal[SERVER_CONN_STATES] = {
    [SERVER_CONN_NEW] = BIT(BUSY) | BIT(DEAD),
    [SERVER_CONN_BUSY] = BIT(IDLE) | BIT(OWNED) | BIT(DEAD),
    [SERVER_CONN_IDLE] = BIT(BUSY) | BIT(SPILLED) | BIT(DEAD),
    [SERVER_CONN_OWNED] = BIT(BUSY) | BIT(DEAD),
    [SERVER_CONN_SPILLED] = BIT(BUSY) | BIT(DEAD),
    [SERVER_CONN_DEAD] = 0,
};

static struct server_pool *pool_of(const struct server_conn *sc)
{
    return &sc->server->pools[sc->h1.conn.worker->id];
}

static unsigned count(_Atomic unsigned *n, int by)
{
    unsigned v = atomic_load_explicit(n, memory_order_relaxed) + (unsigned)by;
    atomic_store_explicit(n, v, memory_order_relaxed);
    return v;
}

static unsigned now_in(const _Atomic unsigned *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void count_busy(struct server_pool *p)
{
    unsigned n = count(&p->n_busy, 1);
    if (n > p->most_busy) p->most_busy = n;
}

/* The only place where a state changes. `list`: where the connection goes; NULL for DEAD. The spill
 * list's lock is the caller's to hold. */
static void server_conn_move(struct server_conn *sc, enum server_conn_state to, struct list *list)
{
    struct server_pool *p = pool_of(sc);

    assert(legal[sc->state] >> to & 1);
    if (sc->state == SERVER_CONN_IDLE) count(&p->n_idle, -1);
    if (sc->state == SERVER_CONN_BUSY) count(&p->n_busy, -1);
    list_remove(&sc->link);
    sc->state = (uint8_t)to;
    if (to == SERVER_CONN_IDLE) count(&p->n_idle, 1);
    if (to == SERVER_CONN_BUSY) count_busy(p);
    if (list) list_push(list, &sc->link);
}

/* ---- events ---- */

/* An idle connection on which anything happens is of no use any more: the server closed it, or
 * spoke without having been asked. */
static void on_event(struct conn *c)
{
    struct server_conn *sc = container_of(c, struct server_conn, h1.conn);

    if (sc->state == SERVER_CONN_BUSY)
        sc->notify(sc);
    else if (c->io.ready & (IO_READ | IO_HUP | IO_ERR))
        server_conn_close(sc, false);
}

static void bury(struct grave *g, struct worker *w)
{
    struct server_conn *sc = container_of(g, struct server_conn, grave);

    (void)w;
    object_unref(&sc->server->object);
    free(sc);
}

void server_conn_close(struct server_conn *sc, bool reset)
{
    if (sc->state == SERVER_CONN_DEAD) return;
    server_conn_move(sc, SERVER_CONN_DEAD, NULL);
    sc->owner = NULL;
    h1_conn_close(&sc->h1, reset);
    worker_bury(sc->h1.conn.worker, &sc->grave, bury);
}

/* ---- closing idle ones: how many that were ---- */

static unsigned close_oldest(struct server_pool *p, unsigned n)
{
    unsigned closed = 0;

    for (; closed < n && !list_empty(&p->idle); closed++)
        server_conn_close(list_entry(p->idle.prev, struct server_conn, link), false);
    return closed;
}

/* Takes a spilled connection for this worker; its state is still SPILLED. NULL when there is none.
 */
static struct server_conn *unspill(struct server *s, struct worker *w, bool oldest)
{
    struct server_spill *spill = &s->spill;
    struct server_conn *sc = NULL;

    if (atomic_load_explicit(&spill->n, memory_order_relaxed) == 0) return NULL;
    pthread_mutex_lock(&spill->lock);
    if (!list_empty(&spill->conns)) {
        struct list *l = oldest ? spill->conns.prev : spill->conns.next;
        sc = list_entry(l, struct server_conn, link);
        list_remove(l);
        atomic_fetch_sub_explicit(&spill->n, 1, memory_order_relaxed);
        sc->h1.conn.worker = w;
    }
    pthread_mutex_unlock(&spill->lock);
    return sc;
}

static unsigned close_spilled(struct server_pool *p, unsigned n)
{
    struct server_conn *sc;
    unsigned closed = 0;

    for (; closed < n && (sc = unspill(p->server, p->worker, true)) != NULL; closed++)
        server_conn_close(sc, false);
    return closed;
}

/* So many were left at the least. */
static void note_least(struct server_pool *p)
{
    unsigned left = now_in(&p->n_idle);
    if (left < p->least_idle) p->least_idle = left;
}

/* Descriptors have run out. */
static unsigned give_up(struct descriptor_holder *h, struct worker *w, bool all)
{
    struct server_pool *p = container_of(h, struct server_pool, holder);
    unsigned closed = close_oldest(p, (now_in(&p->n_idle) + all) / 2);

    (void)w;
    closed += close_spilled(p, (now_in(&p->server->spill.n) + all) / 2);
    note_least(p);
    return closed;
}

/* ---- purge: half of what was not needed goes each time ---- */

static void arm_purge(struct server_pool *p)
{
    timer_set(&p->worker->timers, &p->purge, p->worker->now + p->purge_ms);
}

static void purge(struct timer *t)
{
    struct server_pool *p = container_of(t, struct server_pool, purge);

    close_oldest(p, (p->least_idle + 1) / 2);
    close_spilled(p, (now_in(&p->server->spill.n) + 1) / 2);
    p->least_idle = now_in(&p->n_idle);
    p->most_before = p->most_busy;
    p->most_busy = now_in(&p->n_busy);
    if (!list_empty(&p->idle) || now_in(&p->server->spill.n)) {
        arm_purge(p);
        return;
    }
    list_remove(&p->holder.link);
    object_unref(&p->server->object);
}

/* From now on the pool has something to purge. */
static void begin_purging(struct server_pool *p, const struct server_conf *conf)
{
    if (timer_is_set(&p->purge)) return;
    p->purge_ms = conf->pool_purge_ms;
    p->most_before = p->most_busy;
    p->most_busy = now_in(&p->n_busy);
    object_ref(&p->server->object);
    list_append(&p->worker->holders, &p->holder.link);
    arm_purge(p);
}

/* ---- reuse ---- */

/* No trace of the server having closed or spoken. */
static bool sound(struct server_conn *sc, bool probe)
{
    char byte;

    if (sc->h1.conn.io.ready & (IO_READ | IO_HUP | IO_ERR)) return false;
    if (!probe || !conn_is_plain(&sc->h1.conn)) return true;
    return recv(sc->h1.conn.io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Takes the connection to work if it is sound, else closes it. */
static struct server_conn *take(struct server_conn *sc, bool probe)
{
    if (!sound(sc, probe)) {
        server_conn_close(sc, false);
        return NULL;
    }
    server_conn_move(sc, SERVER_CONN_BUSY, &pool_of(sc)->busy);
    return sc;
}

static struct server_conn *take_spilled(struct server *s, struct worker *w)
{
    struct server_conn *sc;

    while ((sc = unspill(s, w, false)) != NULL) {
        sc->h1.conn.io.ready = IO_WRITE; /* nobody watched it: look */
        if (conn_watch(&sc->h1.conn) < 0)
            server_conn_close(sc, false);
        else if (take(sc, true))
            return sc;
    }
    return NULL;
}

struct server_conn *server_conn_reuse(struct server *s, struct worker *w, bool proven, bool probe)
{
    struct server_pool *p = &s->pools[w->id];

    list_each(m, &p->idle)
    {
        struct server_conn *sc = list_entry(m, struct server_conn, link);

        if (proven && sc->requests < 2) continue;
        if (!take(sc, probe)) continue;
        note_least(p);
        return sc;
    }
    return take_spilled(s, w);
}

struct server_conn *server_conn_own(struct list *own, const struct server *s, bool probe)
{
    list_each(m, own)
    {
        struct server_conn *sc = list_entry(m, struct server_conn, link);
        if (sc->server == s && take(sc, probe)) return sc;
    }
    return NULL;
}

/* ---- new ones ---- */

static void on_deadline(struct timer *t)
{
    struct server_conn *sc = container_of(t, struct server_conn, h1.conn.timer);

    if (sc->state == SERVER_CONN_BUSY) sc->notify(sc);
}

/* None of the idle connections would do, and descriptors run short: a new one costs one of them. */
static void make_room(struct server_pool *p)
{
    if (descriptors_above_high_mark(p->worker) && !close_oldest(p, 1)) close_spilled(p, 1);
}

static int open_conn(struct server_conn *sc, const struct server_conf *conf, struct worker *w,
                     uint16_t port)
{
    union address to = server_address_now(conf).address;
    int rc;

    if (port) address_set_port(&to.sa, port);
    rc = conn_open(&sc->h1.conn, w, &to.sa, conf->origin, on_event);
    if ((rc == -EMFILE || rc == -ENFILE) && descriptors_reclaim(w, true))
        rc = conn_open(&sc->h1.conn, w, &to.sa, conf->origin, on_event);
    return rc;
}

struct server_conn *server_conn_open(const struct server_conf *conf, struct worker *w,
                                     uint16_t port, int *err)
{
    struct server_pool *p = &conf->state->pools[w->id];
    struct server_conn *sc = mem_zero(sizeof *sc);
    int rc;

    p->worker = w;
    make_room(p);
    h1_conn_init(&sc->h1);
    timer_init(&sc->h1.conn.timer, on_deadline);
    list_init(&sc->link);
    rc = open_conn(sc, conf, w, port);
    if (rc < 0) {
        free(sc);
        *err = -rc;
        return NULL;
    }
    sc->server = conf->state;
    object_ref(&sc->server->object);
    server_conn_move(sc, SERVER_CONN_BUSY, &p->busy);
    return sc;
}

/* ---- rest ---- */

/* Whether with this one there are not more than were at work at once of late: one more would never
 * be taken. `pool-low-conn` and another one are always welcome, and while descriptors are scarce
 * only the first is. */
static bool may_be_needed(const struct server_pool *p, const struct server_conf *conf)
{
    unsigned most = p->most_busy > p->most_before ? p->most_busy : p->most_before;
    unsigned spilled = now_in(&p->server->spill.n) / p->server->n_workers;

    if (list_empty(&p->idle)) return true;
    return !descriptors_at_low_mark(p->worker) &&
           now_in(&p->n_idle) + now_in(&p->n_busy) + spilled <= most + conf->pool_low + 1;
}

static bool may_rest(const struct server_conn *sc, const struct server_conf *conf,
                     const struct server_pool *p)
{
    const struct h1_conn *h = &sc->h1;

    if (!h->in_ended || h->in_spoilt || h->in || h->out) return false;
    if (h->conn.io.ready & (IO_READ | IO_HUP | IO_ERR)) return false;
    if (conf->max_reuse >= 0 && sc->requests > (unsigned)conf->max_reuse) return false;
    if (!may_be_needed(p, conf)) return false;
    return conf->pool_max < 0 ||
           now_in(&p->n_idle) * p->server->n_workers + now_in(&p->server->spill.n) <
               (unsigned)conf->pool_max;
}

static bool over_its_share(const struct server_pool *p)
{
    return now_in(&p->n_idle) > p->share;
}

static void spill(struct server_conn *sc)
{
    struct server_spill *s = &sc->server->spill;

    loop_pause(&sc->h1.conn.worker->loop, &sc->h1.conn.io);
    timer_cancel(&sc->h1.conn.worker->timers, &sc->h1.conn.timer);
    pthread_mutex_lock(&s->lock);
    server_conn_move(sc, SERVER_CONN_SPILLED, &s->conns);
    atomic_fetch_add_explicit(&s->n, 1, memory_order_relaxed);
    pthread_mutex_unlock(&s->lock);
}

/* At the end of the turn, when no event of it can still name one of these connections: what is
 * over the worker's share goes where others can take it, the longest idle first. */
static void spill_surplus(struct grave *g, struct worker *w)
{
    struct server_pool *p = container_of(g, struct server_pool, surplus);

    (void)w;
    p->spilling = false;
    while (over_its_share(p)) {
        struct server_conn *sc = list_entry(p->idle.prev, struct server_conn, link);
        if (sc->h1.conn.io.ready & (IO_READ | IO_HUP | IO_ERR))
            server_conn_close(sc, false);
        else
            spill(sc);
    }
    object_unref(&p->server->object);
}

static void watch_share(struct server_pool *p, const struct server_conf *conf)
{
    p->share = conf->pool_private || p->server->n_workers == 1 ? UINT32_MAX
               : conf->pool_low > SPILL_OVER                   ? conf->pool_low
                                                               : SPILL_OVER;
    if (!over_its_share(p) || p->spilling) return;
    p->spilling = true;
    object_ref(&p->server->object);
    worker_bury(p->worker, &p->surplus, spill_surplus);
}

void server_conn_rest(struct server_conn *sc, const struct server_conf *conf)
{
    struct server_pool *p = pool_of(sc);

    sc->owner = NULL;
    p->worker = sc->h1.conn.worker;
    h1_conn_settle(&sc->h1);
    conn_deadline(&sc->h1.conn, 0);
    if (!may_rest(sc, conf, p)) {
        server_conn_close(sc, false);
        return;
    }
    sc->idle_since = p->worker->now;
    begin_purging(p, conf);
    server_conn_move(sc, SERVER_CONN_IDLE, &p->idle);
    watch_share(p, conf);
}

void server_conn_keep(struct server_conn *sc, struct list *own)
{
    sc->owner = NULL;
    h1_conn_settle(&sc->h1);
    conn_deadline(&sc->h1.conn, 0);
    if (!sc->h1.in_ended || sc->h1.in_spoilt || sc->h1.in || sc->h1.out ||
        sc->h1.conn.io.ready & (IO_READ | IO_HUP | IO_ERR))
        server_conn_close(sc, false);
    else
        server_conn_move(sc, SERVER_CONN_OWNED, own);
}

/* ---- life ---- */

void server_pool_init(struct server_pool *p, struct server *s)
{
    p->server = s;
    list_init(&p->idle);
    list_init(&p->busy);
    timer_init(&p->purge, purge);
    list_init(&p->holder.link);
    p->holder.give_up = give_up;
}

void server_pool_close_idle(struct server_pool *p, struct worker *w)
{
    p->worker = w;
    close_oldest(p, UINT32_MAX);
    close_spilled(p, UINT32_MAX);
}

void server_pool_shut_down(struct server_pool *p, char cause)
{
    struct list busy, *m;

    list_init(&busy);
    list_splice(&busy, &p->busy);
    while ((m = list_pop(&busy)) != NULL) { /* whoever is told so may close others of them */
        struct server_conn *sc = list_entry(m, struct server_conn, link);

        list_append(&p->busy, m);
        sc->shut_down = cause;
        sc->notify(sc);
    }
}

void server_pool_stop(struct server_pool *p)
{
    close_oldest(p, UINT32_MAX);
    if (p->worker) close_spilled(p, UINT32_MAX);
    if (!timer_is_set(&p->purge)) return;
    timer_cancel(&p->worker->timers, &p->purge);
    list_remove(&p->holder.link);
    object_unref(&p->server->object);
}

void server_spill_init(struct server_spill *s)
{
    pthread_mutex_init(&s->lock, NULL);
    list_init(&s->conns);
}

void server_spill_release(struct server_spill *s)
{
    pthread_mutex_destroy(&s->lock);
}

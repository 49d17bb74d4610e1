/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/flow.h"
#include "gateway/session_more.h"

#include <errno.h>

enum { PAUSE_BEFORE_RETRY_MS = 1000 }; /* on the same server; manual: "retries" */

static void on_timer(struct timer *t)
{
    struct flow *f = container_of(t, struct flow, timer);
    f->timed_out = true;
    f->wake(f, WAKE_TIMER);
}

void flow_init(struct flow *f, struct session *s, void (*wake)(struct flow *, unsigned why))
{
    f->session = s;
    f->wake = wake;
    timer_init(&f->timer, on_timer);
}

void flow_enter_backend(struct flow *f, const struct proxy_conf *backend)
{
    struct counters *c;

    f->backend = backend;
    gauge_up(&backend->state->be_sessions);
    c = flow_backend_counters(f);
    counter_add(&c->sessions, 1);
    rate_add(&c->session_rate, (uint32_t)(flow_worker(f)->now / 1000));
}

/* ---- the choice of a server, and the queue ---- */

static void slot_taken(struct flow *f, const struct server_conf *s)
{
    f->server = s;
    f->has_slot = true;
    f->at.chosen = flow_worker(f)->now_usec;
}

/* A choice was made; s NULL: it waits for any of them. After a redispatch that is counted on the
 * server which was left; if it is the same again, it is a retry, and no choice. */
static void count_choice(struct flow *f, const struct server_conf *s)
{
    unsigned worker = flow_worker(f)->id;
    struct counters *be = flow_backend_counters(f);

    if (f->left) {
        struct counters *left = &f->left->state->counters[worker].c;

        counter_add(s == f->left ? &be->retries : &be->redispatches, 1);
        counter_add(s == f->left ? &left->retries : &left->redispatches, 1);
    }
    if (s && s != f->left) {
        counter_add(&s->state->counters[worker].c.chosen, 1);
        counter_add(&be->chosen, 1);
    }
    f->left = NULL;
}

static void chosen(struct flow *f, const struct server_conf *s)
{
    slot_taken(f, s);
    count_choice(f, s);
}

static void slot_release(struct flow *f)
{
    if (!f->has_slot) return;
    f->has_slot = false;
    server_slot_release(f->server->state);
}

static const struct server_conf *conf_of(const struct flow *f, const struct server *state)
{
    const struct backend_conf *be = f->backend->be;

    for (unsigned i = 0; i < be->n_servers; i++)
        if (be->servers[i]->state == state) return be->servers[i];
    return NULL;
}

/* It is about to leave the queue, or just has. */
static void add_place(struct flow *f)
{
    bool alone;
    unsigned place = queue_place(f->backend->state->queue, f->waiter, &alone);

    if (alone)
        f->server_place += place;
    else
        f->any_place += place;
}

/* A slot came from the queue; or the server that it waited for alone has gone (NULL), and it may go
 * to any. */
static void granted(void *owner, struct server *server)
{
    struct flow *f = owner;

    add_place(f);
    f->waiter = NULL;
    timer_cancel(&flow_worker(f)->timers, &f->timer);
    if (server) {
        slot_taken(f, conf_of(f, server));
    } else {
        f->bound = NULL;
        f->redispatched = true;
    }
    f->wake(f, WAKE_SLOT);
}

static void leave_queue(struct flow *f)
{
    if (!f->waiter) return;
    add_place(f);
    queue_leave(f->backend->state->queue, f->waiter);
    f->waiter = NULL;
}

/* The server that a rule chose, as long as it was not given up. */
static const struct server_conf *bound(const struct flow *f)
{
    return f->redispatched ? NULL : f->bound;
}

static enum balance_result choose(struct flow *f, const struct server_conf **s)
{
    const struct backend_conf *be = f->backend->be;
    const struct server_conf *avoid = f->redispatched ? f->tried : NULL;
    enum balance_result r;

    if (bound(f)) {
        *s = bound(f);
        return server_slot_take((*s)->state) ? BALANCE_CHOSEN : BALANCE_FULL;
    }
    r = backend_choose(be, avoid, s);
    if (r == BALANCE_FULL && avoid) r = backend_choose(be, NULL, s);
    return r;
}

static enum flow_result wait_in_queue(struct flow *f)
{
    unsigned limit = f->backend->timeouts.queue ? f->backend->timeouts.queue
                                                : f->backend->timeouts.connect;
    const struct server_conf *s;

    f->waiter = queue_join_for(f->backend->state->queue, flow_worker(f), f->backend->be,
                               bound(f) ? bound(f)->state : NULL, f, granted);
    f->timed_out = false;
    if (choose(f, &s) == BALANCE_CHOSEN) { /* one came free in between */
        leave_queue(f);
        chosen(f, s);
        return FLOW_OK;
    }
    timer_set(&flow_worker(f)->timers, &f->timer,
              limit ? flow_worker(f)->now + limit : TIMER_NEVER);
    return FLOW_WAIT;
}

enum flow_result flow_choose_server(struct flow *f)
{
    const struct server_conf *s;

    if (f->has_slot) { /* by the queue, or kept for a retry on the same server */
        timer_cancel(&flow_worker(f)->timers, &f->timer);
        return FLOW_OK;
    }
    if (f->waiter) {
        if (!f->timed_out) return FLOW_WAIT;
        leave_queue(f);
        f->at.chosen = flow_worker(f)->now_usec;
        return FLOW_LATE;
    }
    switch (choose(f, &s)) {
    case BALANCE_CHOSEN: chosen(f, s); return FLOW_OK;
    case BALANCE_FULL: count_choice(f, NULL); return wait_in_queue(f);
    case BALANCE_NONE: break;
    }
    count_choice(f, NULL);
    return FLOW_NONE;
}

/* ---- the connection ---- */

static void on_server(struct server_conn *sc)
{
    struct flow *f = sc->owner;
    f->wake(f, sc->shut_down ? WAKE_SHUT_DOWN : WAKE_SERVER);
}

static void adopt(struct flow *f, struct server_conn *sc)
{
    f->conn = sc;
    sc->owner = f;
    sc->notify = on_server;
}

/* Each attempt is a session of the server's. */
static void count_attempt(struct flow *f)
{
    struct counters *c = flow_server_counters(f);

    counter_add(&c->sessions, 1);
    rate_add(&c->session_rate, (uint32_t)(flow_worker(f)->now / 1000));
}

static struct server_conn *from_pool(struct flow *f, bool first, bool probe)
{
    const struct backend_conf *be = f->backend->be;
    struct server *s = f->server->state;

    if (f->fresh_only || flow_closes(f)) return NULL;
    switch (be->reuse) {
    case REUSE_NEVER: return server_conn_own(session_own_conns(f->session), s, probe);
    case REUSE_SAFE: return first ? NULL : server_conn_reuse(s, flow_worker(f), false, probe);
    case REUSE_AGGRESSIVE: return server_conn_reuse(s, flow_worker(f), first, probe);
    case REUSE_ALWAYS: return server_conn_reuse(s, flow_worker(f), false, probe);
    }
    return NULL;
}

/* The port that the client connected to, where the server's line has none of its own. */
static uint16_t server_port(const struct flow *f)
{
    union address local;

    struct server_address a = server_address_now(f->server);

    if (!a.port_from_client) return 0;
    session_local_address(f->session, &local);
    return (uint16_t)(address_port(&local.sa) + a.port_offset);
}

/* Nothing binds a request to a server that was only its turn, so that with `option redispatch` the
 * next attempt goes elsewhere at once, as in HAProxy. One that a rule chose is given up for the
 * last attempt. */
static bool wants_redispatch(const struct flow *f)
{
    if (bound(f) && f->retries < f->backend->be->retries) return false;
    return proxy_option(f->backend, OPT_REDISPATCH) && f->backend->be->n_servers > 1;
}

/* The connection could not be made: another attempt, if any is left. */
static enum flow_result failed(struct flow *f, int error)
{
    struct counters *be = flow_backend_counters(f), *sv = flow_server_counters(f);

    flow_observe(f, OBSERVED_NOT_CONNECTED);
    f->connect_error = error;
    f->tried = f->server;
    if (f->retries >= f->backend->be->retries) {
        counter_add(&be->failed_conn, 1);
        counter_add(&sv->failed_conn, 1);
        return FLOW_FAILED;
    }
    f->retries++;
    if (wants_redispatch(f)) {
        f->redispatched = true;
        f->left = f->server;
        slot_release(f);
        return FLOW_AGAIN;
    }
    counter_add(&be->retries, 1);
    counter_add(&sv->retries, 1);
    if (error != ETIMEDOUT) {
        unsigned pause = f->backend->timeouts.connect;
        if (!pause || pause > PAUSE_BEFORE_RETRY_MS) pause = PAUSE_BEFORE_RETRY_MS;
        timer_set(&flow_worker(f)->timers, &f->timer, flow_worker(f)->now + pause);
        return FLOW_WAIT;
    }
    return FLOW_AGAIN;
}

static enum flow_result open_conn(struct flow *f)
{
    struct worker *w = flow_worker(f);
    unsigned limit = f->backend->timeouts.connect;
    int error = 0;
    struct server_conn *sc = server_conn_open(f->server, w, server_port(f), &error);

    if (!sc) return failed(f, error);
    adopt(f, sc);
    sc->fresh = true;
    conn_deadline(&sc->h1.conn, limit ? w->now + limit : 0);
    counter_add(&flow_server_counters(f)->connects, 1);
    counter_add(&flow_backend_counters(f)->connects, 1);
    return FLOW_WAIT;
}

/* A connect that is under way. */
static enum flow_result check_conn(struct flow *f)
{
    struct conn *c = &f->conn->h1.conn;
    int rc = conn_connected(c);

    if (rc == 1) {
        flow_observe(f, OBSERVED_CONNECTED);
        conn_deadline(c, 0);
        return FLOW_OK;
    }
    if (rc == CONN_WAIT && timer_is_set(&c->timer)) return FLOW_WAIT;
    if (rc == CONN_WAIT && !f->backend->timeouts.connect) return FLOW_WAIT;
    flow_release_conn(f, false);
    return failed(f, rc == CONN_WAIT ? ETIMEDOUT : ECONNREFUSED);
}

enum flow_result flow_connect(struct flow *f, bool first, bool probe)
{
    enum flow_result r;

    if (timer_is_set(&f->timer)) return FLOW_WAIT; /* the pause before a retry */
    if (!f->conn) {
        struct server_conn *sc = from_pool(f, first, probe);
        count_attempt(f);
        f->at.connected = 0;
        if (sc) {
            adopt(f, sc);
            sc->fresh = false;
            f->at.connected = flow_worker(f)->now_usec;
            counter_add(&flow_server_counters(f)->reuses, 1);
            counter_add(&flow_backend_counters(f)->reuses, 1);
            return FLOW_OK;
        }
        r = open_conn(f);
        if (r != FLOW_WAIT || !f->conn) return r;
    }
    r = check_conn(f);
    if (r == FLOW_OK) f->at.connected = flow_worker(f)->now_usec;
    return r;
}

/* Milliseconds since it began, up to then. */
static uint32_t since_began(const struct flow *f, usec_t then)
{
    return then > f->at.began ? (uint32_t)((then - f->at.began) / 1000) : 0;
}

/* A listen section is its own backend from the start. */
static struct counters *backend_counters(const struct flow *f)
{
    if (f->backend) return flow_backend_counters(f);
    return f->frontend->be ? &f->frontend->state->be_counters[flow_worker(f)->id].c : NULL;
}

static void count_bytes(struct flow *f, uint64_t in, uint64_t out)
{
    struct counters *all[] = { backend_counters(f), f->server ? flow_server_counters(f) : NULL };

    for (unsigned i = 0; i < ARRAY_LEN(all) && all[i]; i++) {
        counter_add(&all[i]->bytes_in, in);
        counter_add(&all[i]->bytes_out, out);
    }
}

/* As HAProxy's they are differences of whole milliseconds, so that they add up. */
static void count_times(struct flow *f)
{
    uint32_t received = since_began(f, f->at.received), chosen = since_began(f, f->at.chosen);
    uint32_t connected = since_began(f, f->at.connected), answered = since_began(f, f->at.answered);
    const uint32_t ms[AVERAGES] = {
        [AVERAGE_QUEUE] = chosen - received,
        [AVERAGE_CONNECT] = connected - chosen,
        [AVERAGE_ANSWER] = answered - connected,
        [AVERAGE_TOTAL] = since_began(f, flow_worker(f)->now_usec),
    };

    if (f->server) averages_add(&flow_server_counters(f)->averages, ms);
    averages_add(&flow_backend_counters(f)->averages, ms);
}

void flow_count(struct flow *f, uint64_t in, uint64_t out)
{
    count_bytes(f, in, out);
    if (f->backend && f->at.answered) count_times(f);
    flow_count_times(f);
}

void flow_release_conn(struct flow *f, bool reusable)
{
    struct server_conn *sc = f->conn;

    if (!sc) return;
    f->conn = NULL;
    if (!reusable)
        server_conn_close(sc, false);
    else if (f->backend->be->reuse == REUSE_NEVER)
        server_conn_keep(sc, session_own_conns(f->session));
    else
        server_conn_rest(sc, f->server);
}

void flow_release(struct flow *f)
{
    leave_queue(f);
    timer_cancel(&flow_worker(f)->timers, &f->timer);
    flow_release_conn(f, false);
    slot_release(f);
    if (f->backend) gauge_down(&f->backend->state->be_sessions);
    f->backend = NULL;
}

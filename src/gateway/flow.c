/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/flow.h"

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
    f->chosen = flow_worker(f)->now_usec;
}

static void chosen(struct flow *f, const struct server_conf *s)
{
    slot_taken(f, s);
    counter_add(&flow_server_counters(f)->chosen, 1);
    counter_add(&flow_backend_counters(f)->chosen, 1);
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

/* A slot came from the queue. */
static void granted(void *owner, struct server *server)
{
    struct flow *f = owner;
    const struct server_conf *s = conf_of(f, server);

    f->waiter = NULL;
    timer_cancel(&flow_worker(f)->timers, &f->timer);
    slot_taken(f, s);
    f->wake(f, WAKE_SLOT);
}

static void leave_queue(struct flow *f)
{
    if (!f->waiter) return;
    queue_leave(f->backend->state->queue, f->waiter);
    f->waiter = NULL;
}

static enum balance_result choose(struct flow *f, const struct server_conf **s)
{
    const struct backend_conf *be = f->backend->be;
    const struct server_conf *avoid = f->redispatched ? f->tried : NULL;
    enum balance_result r = backend_choose(be, avoid, s);

    if (r == BALANCE_FULL && avoid) r = backend_choose(be, NULL, s);
    return r;
}

static enum flow_result wait_in_queue(struct flow *f)
{
    unsigned limit = f->backend->timeouts.queue ? f->backend->timeouts.queue
                                                : f->backend->timeouts.connect;
    const struct server_conf *s;

    f->waiter = queue_join(f->backend->state->queue, flow_worker(f), f->backend->be, f, granted);
    f->queued = true;
    f->timed_out = false;
    f->queued_at = flow_worker(f)->now_usec;
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
        return FLOW_LATE;
    }
    switch (choose(f, &s)) {
    case BALANCE_CHOSEN: chosen(f, s); return FLOW_OK;
    case BALANCE_FULL: return wait_in_queue(f);
    case BALANCE_NONE: break;
    }
    return FLOW_NONE;
}

/* ---- the connection ---- */

static void on_server(struct server_conn *sc)
{
    struct flow *f = sc->owner;
    f->wake(f, WAKE_SERVER);
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

    if (f->fresh_only || proxy_option(f->backend, OPT_HTTP_CLOSE) ||
        proxy_option(f->backend, OPT_HTTP_SERVER_CLOSE))
        return NULL;
    switch (be->reuse) {
    case REUSE_NEVER: return server_conn_own(&f->session->own, s, probe);
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

    if (!f->server->port_from_client) return 0;
    session_local_address(f->session, &local);
    return (uint16_t)(address_port(&local.sa) + f->server->port_offset);
}

/* Nothing binds a request to a server that was only its turn, so that with `option redispatch` the
 * next attempt goes elsewhere at once, as in HAProxy; the option's interval is for requests that
 * are bound to one. */
static bool wants_redispatch(const struct flow *f)
{
    return proxy_option(f->backend, OPT_REDISPATCH) && f->backend->be->n_servers > 1;
}

/* The connection could not be made: another attempt, if any is left. */
static enum flow_result failed(struct flow *f, int error)
{
    struct counters *be = flow_backend_counters(f), *sv = flow_server_counters(f);

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
        counter_add(&be->redispatches, 1);
        counter_add(&sv->redispatches, 1);
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
        if (sc) {
            adopt(f, sc);
            sc->fresh = false;
            f->connected = flow_worker(f)->now_usec;
            counter_add(&flow_server_counters(f)->reuses, 1);
            counter_add(&flow_backend_counters(f)->reuses, 1);
            return FLOW_OK;
        }
        r = open_conn(f);
        if (r != FLOW_WAIT || !f->conn) return r;
    }
    r = check_conn(f);
    if (r == FLOW_OK) f->connected = flow_worker(f)->now_usec;
    return r;
}

/* What went to the server is what came in for it. */
static void count_bytes(struct flow *f, struct h1_conn *h)
{
    struct counters *all[] = { flow_server_counters(f), flow_backend_counters(f) };

    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        counter_add(&all[i]->bytes_in, h->bytes_out);
        counter_add(&all[i]->bytes_out, h->bytes_in);
    }
    h->bytes_in = h->bytes_out = 0;
}

void flow_release_conn(struct flow *f, bool reusable)
{
    struct server_conn *sc = f->conn;

    if (!sc) return;
    f->conn = NULL;
    count_bytes(f, &sc->h1);
    if (!reusable)
        server_conn_close(sc, false);
    else if (f->backend->be->reuse == REUSE_NEVER)
        server_conn_keep(sc, &f->session->own);
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

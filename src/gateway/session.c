/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rules.h"
#include "gateway/tracking.h"
#include "gateway/h1_client.h"
#include "gateway/session_walk.h"

#include <unistd.h>

/* The life of a session, before its protocol takes over. Each step returns true to go on. */
static bool connection_rules(struct session *s);
static bool handshakes(struct session *s);
static bool session_rules(struct session *s);

static const struct {
    const char *name;
    bool (*run)(struct session *);
} steps[] = {
    { "connection rules", connection_rules }, /* tcp-request connection */
    { "handshakes", handshakes },             /* PROXY protocol, TLS: layers of the connection */
    { "session rules", session_rules },       /* tcp-request session */
};

static bool connection_rules(struct session *s)
{
    const struct bind_conf *b = session_bind(s);

    return !b || session_run_rules(s, b, &b->frontend->rules->tcp_connection, PLACE_TCP_CONNECTION);
}

static bool handshakes(struct session *s)
{
    (void)s;
    return true;
}

static bool session_rules(struct session *s)
{
    const struct bind_conf *b = session_bind(s);
    struct counters *all[] = { session_counters(s), s->gate->totals };
    unsigned wait;

    if (b && !session_run_rules(s, b, &b->frontend->rules->tcp_session, PLACE_TCP_SESSION))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        counter_add(&all[i]->sessions, 1);
        rate_add(&all[i]->session_rate, (uint32_t)(s->gate->worker.now / 1000));
    }
    session_track(s, TRACK_SESSION, 1);
    accept_rate_take(&s->gate->engine->session_limit, s->gate->worker.now, true, &wait);
    return true;
}

bool session_begin(struct session *s)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (!steps[i].run(s)) return false;
    return true;
}

/* ---- counting in and out: by the worker; gateway/accept.c has what is limited ---- */

static void count_in(struct session *s)
{
    struct counters *all[] = { session_counters(s), s->gate->totals };

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        counter_add(&all[i]->connections, 1);
        rate_add(&all[i]->connection_rate, (uint32_t)(s->gate->worker.now / 1000));
    }
    atomic_store_explicit(&s->gate->worker.load,
                          atomic_load_explicit(&s->gate->worker.load, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

void session_init(struct session *s, struct gate *g, struct listener *l,
                  const struct bind_conf *bind, const union address *from)
{
    s->gate = g;
    s->listener = l;
    s->frontend = bind->frontend->state;
    memcpy(&s->from, from, sizeof s->from);
    list_append(&g->sessions, &s->link);
    count_in(s);
}

void session_end(struct session *s, void (*bury)(struct grave *, struct worker *))
{
    struct worker *w = &s->gate->worker;

    session_walks_pass(s);
    list_remove(&s->link);
    session_more_close(s);
    atomic_store_explicit(&w->load, atomic_load_explicit(&w->load, memory_order_relaxed) - 1,
                          memory_order_relaxed);
    session_count_out(s->gate, s->listener, s->frontend);
    worker_bury(w, &s->grave, bury);
}

void session_release(struct session *s)
{
    session_more_free(s);
    object_unref(&s->listener->object);
    object_unref(&s->frontend->object);
}

void session_local_address(const struct session *s, union address *out)
{
    socklen_t size = sizeof *out;

    memset(out, 0, sizeof *out);
    if (getsockname(s->conn->io.fd, &out->sa, &size) < 0) out->sa.sa_family = AF_UNSPEC;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/session.h"
#include "gateway/h1_client.h"

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
    (void)s;
    return true;
}

static bool handshakes(struct session *s)
{
    (void)s;
    return true;
}

static bool session_rules(struct session *s)
{
    struct counters *c = session_counters(s);

    counter_add(&c->sessions, 1);
    rate_add(&c->session_rate, (uint32_t)(s->gate->worker.now / 1000));
    return true;
}

bool session_begin(struct session *s)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (!steps[i].run(s)) return false;
    return true;
}

/* ---- counting in and out ---- */

static void count_in(struct session *s)
{
    struct counters *c = session_counters(s);
    struct listener *l = s->listener;
    unsigned n = atomic_fetch_add_explicit(&l->connections, 1, memory_order_relaxed) + 1;

    if (n > atomic_load_explicit(&l->most_connections, memory_order_relaxed))
        atomic_store_explicit(&l->most_connections, n, memory_order_relaxed);
    gauge_up(&s->gate->engine->connections);
    gauge_up(&s->frontend->fe_sessions);
    counter_add(&c->connections, 1);
    rate_add(&c->connection_rate, (uint32_t)(s->gate->worker.now / 1000));
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
    object_ref(&l->object);
    object_ref(&s->frontend->object);
    list_init(&s->own);
    memcpy(&s->from, from, sizeof s->from);
    list_append(&g->sessions, &s->link);
    count_in(s);
}

void session_end(struct session *s, void (*bury)(struct grave *, struct worker *))
{
    struct worker *w = &s->gate->worker;

    list_remove(&s->link);
    list_each(m, &s->own) server_conn_close(list_entry(m, struct server_conn, link), false);
    atomic_fetch_sub_explicit(&s->listener->connections, 1, memory_order_relaxed);
    gauge_down(&s->frontend->fe_sessions);
    gauge_down(&s->gate->engine->connections);
    atomic_store_explicit(&w->load, atomic_load_explicit(&w->load, memory_order_relaxed) - 1,
                          memory_order_relaxed);
    engine_resume_accepting(s->gate);
    worker_bury(w, &s->grave, bury);
}

void session_release(struct session *s)
{
    object_unref(&s->listener->object);
    object_unref(&s->frontend->object);
}

void session_local_address(const struct session *s, union address *out)
{
    socklen_t size = sizeof *out;

    memset(out, 0, sizeof *out);
    if (getsockname(s->conn->io.fd, &out->sa, &size) < 0) out->sa.sa_family = AF_UNSPEC;
}

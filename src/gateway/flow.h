/* SPDX-License-Identifier: Apache-2.0 */
/* A flow: from where to where, by which server, on which attempt. A request embeds one, and so will
 * a TCP session; a flow knows no message. */
#ifndef GATEHOUSE_GATEWAY_FLOW_H
#define GATEHOUSE_GATEWAY_FLOW_H

#include "gateway/session.h"

/* What may have happened when whoever waits is run again; a set. */
enum {
    WAKE_CLIENT = 1, /* the client's connection became readable, writable or broken */
    WAKE_SERVER = 2, /* the same of the server's, or its deadline is over */
    WAKE_CLIENT_TIMEOUT = 4,
    WAKE_SLOT = 8,   /* a server's slot was passed on to us */
    WAKE_TIMER = 16, /* the flow's own timer */
};

struct flow {
    struct session *session;
    const struct proxy_conf *frontend, *backend;
    const struct server_conf *server, *tried; /* tried: the one that failed last */
    struct server_conn *conn;
    struct waiter *waiter; /* in the backend's queue */
    struct timer timer;    /* queue, pause before a retry */
    uint16_t retries;      /* connection attempts that failed */
    bool has_slot;         /* of server */
    bool queued;           /* was, at any time */
    bool redispatched;
    bool fresh_only; /* no pooled connection: the last one let us down */
    bool timed_out;
    usec_t accepted, queued_at, chosen, connected;
    int connect_error; /* errno of the last failure; ETIMEDOUT */
    void (*wake)(struct flow *, unsigned why);
};

enum flow_result {
    FLOW_OK,
    FLOW_WAIT,
    FLOW_NONE, /* no server that could be used */
    FLOW_LATE, /* timeout queue */
    FLOW_FAILED /* no connection, and no attempt is left */,
    FLOW_AGAIN, /* choose a server again */
};

void flow_init(struct flow *f, struct session *s, void (*wake)(struct flow *, unsigned why));

/* Enters the backend: counts, and takes over its timeouts. */
void flow_enter_backend(struct flow *f, const struct proxy_conf *backend);

/* Chooses a server and takes a slot, or waits for one. */
enum flow_result flow_choose_server(struct flow *f);

/* A connection to the server that was chosen. `first`: the client's first request; `probe`: the
 * request can't be sent twice, so look closely at a pooled connection. */
enum flow_result flow_connect(struct flow *f, bool first, bool probe);

/* Gives the connection up: back to the pool when `reusable`, else closed. */
void flow_release_conn(struct flow *f, bool reusable);

/* Gives everything up; harmless when there is nothing. */
void flow_release(struct flow *f);

static inline struct gate *flow_gate(const struct flow *f)
{
    return f->session->gate;
}
static inline struct worker *flow_worker(const struct flow *f)
{
    return &f->session->gate->worker;
}

static inline struct counters *flow_backend_counters(const struct flow *f)
{
    return &f->backend->state->be_counters[f->session->gate->worker.id].c;
}

static inline struct counters *flow_server_counters(const struct flow *f)
{
    return &f->server->state->counters[f->session->gate->worker.id].c;
}

#endif

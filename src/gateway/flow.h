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
    WAKE_SLOT = 8,       /* a server's slot was passed on to us */
    WAKE_TIMER = 16,     /* the flow's own timer */
    WAKE_SHUT_DOWN = 32, /* its server is not to be used any more (server_conn.shut_down) */
};

/* When an exchange got how far, by its worker's clock; 0: it has not. What lies between two of them
 * has a name in HAProxy's logs: %Ti, %TR, %Tw, %Tc, %Tr between one and the next, %Td from the last
 * of them to the end, %Ta from first_byte to the end, %Tt from began to the end. */
struct flow_times {
    usec_t began;      /* accept, or the end of the exchange before on the client's connection */
    usec_t first_byte; /* of its head */
    usec_t received;   /* its head is whole */
    usec_t chosen;     /* the server of the last attempt; or the queue was left without one */
    usec_t connected;  /* the last attempt has a connection */
    usec_t answered;   /* the head of the server's final answer is whole */
};

struct flow {
    struct session *session;
    const struct proxy_conf *frontend, *backend;
    const struct server_conf *server, *tried; /* tried: the one that failed last */
    const struct server_conf *bound;          /* a rule chose it (use-server); NULL */
    const struct server_conf *left;           /* redispatched from, not counted yet */
    struct server_conn *conn;
    struct waiter *waiter; /* in the backend's queue */
    unsigned server_place; /* how far it came in queues for one server … */
    unsigned any_place;    /* … and for any, its own turn included; 0: it did not wait so */
    struct timer timer;    /* queue, pause before a retry */
    uint16_t retries;      /* connection attempts that failed */
    bool has_slot;         /* of server */
    bool redispatched;
    bool fresh_only; /* no pooled connection: the last one let us down */
    bool timed_out;
    struct flow_times at;
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

/* At its end: adds what has come from the client and gone to it, and if it was answered its times,
 * to what its backend counts, and its server. */
void flow_count(struct flow *f, uint64_t in, uint64_t out);

/* The same of its times, into the histograms (gateway/flow_times.c); flow_count does it. */
void flow_count_times(const struct flow *f);

/* Gives the connection up: back to the pool when `reusable`, else closed. */
void flow_release_conn(struct flow *f, bool reusable);

/* Gives everything up; harmless when there is nothing. */
void flow_release(struct flow *f);

static inline struct gate *flow_gate(const struct flow *f)
{
    return f->session->gate;
}

/* Tells the checks of its server what was seen of it (`observe`). */
static inline void flow_observe(const struct flow *f, enum observed what)
{
    server_observe(f->server, what, f->session->gate->engine->control);
}

static inline struct worker *flow_worker(const struct flow *f)
{
    return &f->session->gate->worker;
}

/* `option httpclose` and `option http-server-close`, of either side: connections to servers serve
 * one exchange. */
static inline bool flow_closes(const struct flow *f)
{
    const uint32_t any = UINT32_C(1) << OPT_HTTP_CLOSE | UINT32_C(1) << OPT_HTTP_SERVER_CLOSE;
    return (f->frontend->options | f->backend->options) & any;
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

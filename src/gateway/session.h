/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: one client connection from accept to close. A session belongs to one worker. */
#ifndef GATEHOUSE_GATEWAY_SESSION_H
#define GATEHOUSE_GATEWAY_SESSION_H

#include "gateway/engine.h"

struct session;

/* What a session's protocol does for it. */
struct session_more;
struct request;

struct session_ops {
    void (*drain)(struct session *); /* end as soon as nothing is under way */
    void (*kill)(struct session *);  /* end now */
    /* Calls fn for each request that is under way, which may end it. */
    void (*each_request)(struct session *, void (*fn)(struct request *, void *), void *arg);
};

struct session {
    struct gate *gate;
    struct conn *conn;
    struct listener *listener; /* holds a reference */
    struct proxy *frontend;    /* runtime object; holds a reference */
    struct list link;          /* gate->sessions */
    uint32_t n_requests;
    union peer_address from;
    struct session_more *more; /* gateway/session_more.h; NULL until something of it is needed */
    struct grave grave;
    const struct session_ops *ops;
};

/* The events of every listener of the gateway's. */
extern const struct listener_events session_listener_events;

/* What the session's listener serves in the worker's current snapshot; NULL: nothing any more. */
static inline const struct bind_conf *session_bind(const struct session *s)
{
    const struct snapshot *snap = s->gate->snapshot;
    unsigned slot = s->listener->slot;
    return slot < snap->n_slots ? snap->by_slot[slot] : NULL;
}

/* Where the client connected to (a system call). */
void session_local_address(const struct session *s, union address *out);

/* A new connection, counted and within all limits. Takes over the caller's references to the
 * listener and to the frontend's runtime object. The owner has set conn and ops. */
void session_init(struct session *s, struct gate *g, struct listener *l,
                  const struct bind_conf *bind, const union address *from);

/* Runs the session's first steps; false when one of them ends it. */
bool session_begin(struct session *s);

/* The session's connection is closed: counts it out. Its memory is freed at the end of the turn, by
 * bury, which calls session_release. */
void session_end(struct session *s, void (*bury)(struct grave *, struct worker *));
void session_release(struct session *s);

/* One connection less than `maxconn` and the like allow (gateway/accept.c). */
void session_count_out(struct gate *g, struct listener *l, struct proxy *frontend);

static inline struct counters *session_counters(const struct session *s)
{
    return &s->frontend->fe_counters[s->gate->worker.id].c;
}

/* Counts a request of its client's, or what should have been one. */
static inline void session_count_request(const struct session *s)
{
    struct counters *c = session_counters(s);

    counter_add(&c->requests, 1);
    rate_add(&c->request_rate, (uint32_t)(s->gate->worker.now / 1000));
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to servers, and the pools in which the idle ones wait for their next request.
 *
 * A connection belongs to one worker. Idle ones sit in that worker's own list, last in, first out;
 * what exceeds the worker's share goes to a spill list of the server, under a lock, where a worker
 * looks only when its own list is empty. A connection's state is the list it is on, and
 * server_conn_move is the only one to change it.
 *
 * No more are kept than could be of use: as many as were at work at once of late. And while the
 * process has few descriptors left, fewer: at the low mark none is added to those that wait, but to
 * an empty list; above the high mark a new connection costs an idle one its place; and when there
 * are none left, half of what waits is closed (runtime/descriptors.h).
 *
 * Manual: "http-reuse", "pool-max-conn", "pool-low-conn", "pool-purge-delay", "max-reuse",
 * "tune.pool-low-fd-ratio", "tune.pool-high-fd-ratio". */
#ifndef GATEHOUSE_UPSTREAM_POOL_H
#define GATEHOUSE_UPSTREAM_POOL_H

#include "http/h1_conn.h"
#include "runtime/descriptors.h"

#include <pthread.h>

struct server;
struct server_conf;

enum http_reuse { REUSE_SAFE, REUSE_NEVER, REUSE_AGGRESSIVE, REUSE_ALWAYS };

enum server_conn_state {
    SERVER_CONN_NEW,     /* on no list: being opened, or at work */
    SERVER_CONN_BUSY,    /* server_pool.busy: a request is on it, or a connect is under way */
    SERVER_CONN_IDLE,    /* server_pool.idle */
    SERVER_CONN_OWNED,   /* a session's own list (http-reuse never) */
    SERVER_CONN_SPILLED, /* server_spill.conns; nobody watches it */
    SERVER_CONN_DEAD,    /* closed; freed at the end of the turn */
    SERVER_CONN_STATES,
};

struct server_conn {
    struct h1_conn h1;
    struct server *server; /* holds a reference */
    struct list link;      /* on the list of its state */
    uint8_t state;
    bool fresh;        /* no request has been answered on it yet */
    char shut_down;    /* the server is not to be used any more (server_shut_down); NUL */
    uint32_t requests; /* that were answered */
    msec_t idle_since;
    void (*notify)(struct server_conn *); /* busy: something happened */
    void *owner;                          /* whoever notify is for */
    struct grave grave;
};

/* One worker's connections to one server. */
struct server_pool {
    _Alignas(CACHE_LINE) struct server *server;
    struct list idle, busy;
    _Atomic unsigned n_idle, n_busy; /* written by the worker, read by anybody */
    unsigned least_idle;             /* since the last purge: so many were not needed */
    unsigned most_busy, most_before; /* at once, since the last purge and between the two before */
    unsigned purge_ms;
    unsigned share;                  /* more idle ones than this are spilled … */
    bool spilling;                   /* … at the end of this turn */
    struct grave surplus;            /* for that; holds a reference to the server meanwhile */
    struct timer purge;              /* holds a reference to the server while it is set … */
    struct descriptor_holder holder; /* … and so long as this is linked */
    struct worker *worker;
};

struct server_spill {
    pthread_mutex_t lock;
    struct list conns;
    atomic_uint n;
};

void server_pool_init(struct server_pool *p, struct server *s);
void server_spill_init(struct server_spill *s);
void server_spill_release(struct server_spill *s);

/* An idle connection that looks sound, now busy; NULL when there is none. `proven`: only one that
 * has answered a request before (http-reuse aggressive). `probe`: look with a system call whether
 * the server has closed it, for requests that can't be sent again. */
struct server_conn *server_conn_reuse(struct server *s, struct worker *w, bool proven, bool probe);

/* Starts to connect; NULL and *err (errno, positive) when that fails at once. `port` replaces the
 * address's port when it is not 0. */
struct server_conn *server_conn_open(const struct server_conf *conf, struct worker *w,
                                     uint16_t port, int *err);

/* The exchange is over and the connection may serve another: back to the pool, unless its limits
 * say otherwise. */
void server_conn_rest(struct server_conn *sc, const struct server_conf *conf);

/* The same, but into a session's own list, from which only that session takes it. */
void server_conn_keep(struct server_conn *sc, struct list *own);
struct server_conn *server_conn_own(struct list *own, const struct server *s, bool probe);

void server_conn_close(struct server_conn *sc, bool reset);

/* On the worker w: closes its idle connections to the server, and those that nobody watches. */
void server_pool_close_idle(struct server_pool *p, struct worker *w);

/* On the pool's worker: whoever is at work on a connection of it is to break off for that cause
 * (server_conn.shut_down). */
void server_pool_shut_down(struct server_pool *p, char cause);

/* Closes the idle connections of a worker and stops its timer: the worker ends. */
void server_pool_stop(struct server_pool *p);

#endif

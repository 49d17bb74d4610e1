/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: runtime objects that accept connections.
 *
 * A TCP address of our own has one SO_REUSEPORT socket a worker, so that the kernel spreads
 * connections without a lock; inherited and UNIX sockets are one for all, watched by each worker so
 * that only one wakes. A listener outlives configurations that keep its address: a reload never
 * closes a listening socket whose bind still exists. Once every worker has stopped it, its sockets
 * are closed, whatever else still refers to it. Running out of descriptors pauses accepting for a
 * moment, unless some could be reclaimed (runtime/descriptors.h).
 *
 * Opened by the control thread; started, paused and stopped on each worker's own thread. */
#ifndef GATEHOUSE_NET_LISTENER_H
#define GATEHOUSE_NET_LISTENER_H

#include "base/object.h"
#include "net/address.h"
#include "net/socket_options.h"
#include "runtime/resources.h"
#include "runtime/worker.h"

struct listener;

struct listener_spec {
    union address address;
    int inherited_fd;               /* fd@N; -1: open the address */
    struct resource_listen options; /* addr, size and reuseport are filled in here */
    struct socket_options socket;
    unsigned accepts; /* connections to accept in one turn; 0: the default */
    bool one_socket;  /* no SO_REUSEPORT: one socket for all workers */
    /* Do not ask first whether somebody else holds the port: an old process may still do so (-sf,
     * -st), or another of our own addresses overlaps with it. */
    bool take_over;
};

struct listener_events {
    /* May another connection be accepted now? If not, the worker's socket is paused until
     * listener_resume. */
    bool (*admit)(struct listener *, struct worker *);
    /* One was accepted: is it within all limits? NULL: it is. Several workers that were admitted at
     * once may have accepted one too many; that one stays with its worker's socket, as if it were
     * in the backlog, and is offered again by listener_resume. */
    bool (*take)(struct listener *, struct worker *);
    /* A connection: a non-blocking descriptor that is now the callee's. */
    void (*accepted)(struct listener *, struct worker *, int fd, const union address *from);
};

/* One worker's part. */
struct listener_socket {
    struct io io;
    struct listener *listener;
    struct worker *worker;
    struct timer retry; /* after EMFILE and the like */
    bool shared;
    bool paused; /* until listener_resume */
    bool held;   /* until listener_release */
    bool stopped;
    int parked; /* a connection that was one too many; -1 */
    union address parked_from;
};

struct listener {
    struct object object; /* found by "listener" and listener_key */
    const struct listener_events *events;
    void *engine; /* whoever handles the events */
    union address address;
    unsigned slot; /* 0, 1, …: unique among living listeners; snapshots are indexed by it */
    unsigned n_sockets;
    atomic_uint connections, most_connections; /* alive, over all workers */
    atomic_uint_fast64_t accept_errors;
    int shared_fd;                   /* the one socket of all workers; -1: each has its own */
    atomic_uint watchers;            /* workers that have not stopped it */
    bool inherited;                  /* shared_fd came from the parent process and stays open */
    unsigned accepts;                /* a turn */
    dev_t path_dev;                  /* of a UNIX socket's path: whether it is still ours … */
    ino_t path_ino;                  /* … when it is to be removed */
    struct listener_spec spec;       /* what it was opened with or tuned to last; control thread */
    struct listener_socket *sockets; /* one a worker */
};

/* The name under which a listener is found: "127.0.0.1:80", "/run/x", "fd@3", and the interface. */
char *listener_key(const struct listener_spec *spec, char *buf, size_t size);

/* Opens the sockets for n workers; not accepting yet. NULL and *err when it can't. One reference.
 */
struct listener *listener_open(struct objects *all, const struct listener_spec *spec, unsigned n,
                               const struct listener_events *events, void *engine,
                               struct resource_error *err);

/* Control thread: gives an open listener what another configuration says of its socket: options,
 * backlog, a path's mode and owner. False and *err when that can't be: what only a new socket can
 * be given (v6only, transparent), or what the system refuses. `try`: only look whether the first is
 * the case. */
bool listener_tune(struct listener *l, const struct listener_spec *spec, bool try,
                   struct resource_error *err);

/* On w's thread: begins to accept, ends, goes on after a pause. */
void listener_start(struct listener *l, struct worker *w);
void listener_stop(struct listener *l, struct worker *w);
void listener_resume(struct listener *l, struct worker *w);

/* On w's thread: serves nobody new until listener_release. What is in the backlog is accepted
 * first, as far as the limits allow. A TCP port that we opened refuses connections once every
 * worker holds it; on UNIX and inherited sockets they wait in the backlog. Harmless when it is so
 * already. */
void listener_hold(struct listener *l, struct worker *w);

/* 0, or a negative errno when the port can't be listened on again; it stays held then. */
int listener_release(struct listener *l, struct worker *w);

#endif

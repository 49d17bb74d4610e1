/* SPDX-License-Identifier: Apache-2.0 */
/* A worker: one thread with an event loop, and everything that belongs to this thread alone:
 * timers, buffers, arenas, the graves of the turn, an inbox. The control thread is a worker too,
 * one that owns no client connection.
 *
 * All functions are called on the worker's own thread unless they say otherwise. */
#ifndef GATEHOUSE_RUNTIME_WORKER_H
#define GATEHOUSE_RUNTIME_WORKER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/counter.h"
#include "runtime/loop.h"
#include "runtime/pipe.h"
#include "runtime/timer.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORKER_WIDE_SIZE = 256 * 1024 };

struct worker;
struct descriptors;

/* A message to another thread. The sender owns it until it is sent; deliver() then owns it. */
struct message {
    struct message *next;
    void (*deliver)(struct message *, struct worker *);
};

/* Something to be freed when the turn is over. Embedded in the object. */
struct grave {
    struct grave *next;
    void (*bury)(struct grave *, struct worker *);
};

/* The worker's one wide buffer, WORKER_WIDE_SIZE bytes, into which everybody reads first: most of
 * what is read is used up at once, and needs no buffer of its own. Whoever leaves bytes in it is
 * its holder, until somebody else wants it and evicts them. */
struct wide {
    struct buf *buf;
    void *holder; /* NULL: free */
    void (*evict)(void *holder);
};

/* What a worker's connections have sent, in both directions of traffic. */
struct sent {
    counter_t bytes;
    counter_t spliced; /* of them */
    struct rate rate;  /* in units of SENT_UNIT bytes: a second's fit */
};

enum { SENT_UNIT = 32 };

struct worker {
    unsigned id; /* 0 … n-1; the control thread has n */
    msec_t now;  /* read once a turn */
    usec_t now_usec;
    struct loop loop;
    struct timers timers;
    struct buf_pool bufs; /* tune.bufsize */
    struct arena_cache arenas;
    struct wide wide;
    struct pipes pipes; /* for bodies; `most` is 0 where splice is switched off */
    struct sent sent;
    counter_t n_turns;
    struct timer tidy;               /* gives memory back that is not needed any more */
    struct descriptors *descriptors; /* the process's (runtime/descriptors.h); NULL: not counted */
    int untold;                      /* descriptors opened here, less closed, and not told there */
    struct list holders;             /* struct descriptor_holder: who could give some up */
    struct worker *next_peer;        /* on descriptors->workers */
    struct grave *graves;
    struct log_ring *log;
    bool stopping; /* worker_run returns after this turn */
    pthread_t thread;
    void *user;                           /* what the floors above keep per worker */
    void (*before_turn)(struct worker *); /* run at the top of every turn; may be NULL */

    /* written by other threads: on cache lines of their own */
    _Alignas(CACHE_LINE) _Atomic(struct message *) inbox;
    struct io wake;
    struct message plea; /* for descriptors; on its way while pleaded is set */
    atomic_bool pleaded;
    _Alignas(CACHE_LINE) atomic_uint load; /* connections that it serves; read by its peers */
};

/* 0 or a negative errno. `bufsize`: tune.bufsize. */
int worker_init(struct worker *w, unsigned id, uint32_t bufsize);
void worker_release(struct worker *w);

/* Runs the loop on the calling thread until worker_stop. */
void worker_run(struct worker *w);

/* Starts a thread of that name which runs the loop. 0 or a negative errno. */
int worker_start(struct worker *w, const char *name);

/* Ends worker_run after the current turn. */
void worker_stop(struct worker *w);

/* Any thread: m->deliver runs on w's thread, in the order sent by one sender. */
void worker_send(struct worker *w, struct message *m);

/* The wide buffer, emptied, for a new holder. */
struct buf *worker_wide(struct worker *w, void *holder, void (*evict)(void *holder));

/* Frees an object when the turn is over: until then, late events may still look at it. */
void worker_bury(struct worker *w, struct grave *g, void (*bury)(struct grave *, struct worker *));

#endif

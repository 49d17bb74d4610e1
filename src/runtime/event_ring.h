/* SPDX-License-Identifier: Apache-2.0 */
/* Rings of events: the last lines of a log, kept in memory, which `show events` shows. HAProxy's
 * manual, 3.9 ("Rings"); management manual, "show events".
 *
 *   log thread ── event_ring_put ──> [ … oldest … newest ] ── event_ring_read ──> control thread
 *
 * A new event drives out the oldest. Who reads keeps a position and asks for what is behind it; a
 * reader that is too slow misses what was driven out meanwhile. All functions may be called by any
 * thread; a mutex, held for as long as one event is copied, is all there is between them, and the
 * workers never meet it: only the log thread writes. */
#ifndef GATEHOUSE_RUNTIME_EVENT_RING_H
#define GATEHOUSE_RUNTIME_EVENT_RING_H

#include "base/list.h"
#include "base/slice.h"
#include "runtime/worker.h"

#include <sys/types.h>

enum {
    EVENT_RING_SIZE = 16384,       /* `size` when it isn't given, and its least */
    EVENT_RING_BUILT_IN = 1 << 20, /* of buf0 */
};

/* Somebody who wants to be woken when something comes; embedded. Its owner calls list_init on the
 * link, sets worker and deliver, and frees it only after event_ring_forget, and if that says so
 * after one more delivery. */
struct event_follower {
    struct list link;
    struct worker *worker;
    struct message message; /* deliver runs on the worker's thread; sent once for each wait */
    bool waiting, sent;     /* sent: the message is on its way */
};

struct event_ring {
    char *name, *description;
    size_t size; /* of all events */
    pthread_mutex_t lock;
    char *bytes;
    uint64_t first, end;      /* positions: the oldest event, and behind the newest */
    size_t charged;           /* what the events take, as HAProxy counts it */
    struct list followers;    /* struct event_follower */
    _Atomic uint64_t dropped; /* its servers did not take them */
    _Atomic unsigned refs;
};

/* An empty ring with one reference. The texts are copied. */
struct event_ring *event_ring_new(struct slice name, struct slice description, size_t size);
struct event_ring *event_ring_ref(struct event_ring *r);
void event_ring_unref(struct event_ring *r); /* NULL is harmless */

/* One more event, at the expense of the oldest. */
void event_ring_put(struct event_ring *r, struct slice text);

/* Where reading begins: at the oldest event, or behind the newest. */
uint64_t event_ring_begin(struct event_ring *r, bool at_end);

/* Copies the event at *position, or the oldest after it, into `to`, at most `room` bytes, and steps
 * over it. Its length; -1: there is none (yet). */
ssize_t event_ring_read(struct event_ring *r, uint64_t *position, char *to, size_t room);

/* Wakes f (message.deliver, once) when there is something at `position`: now, or later. */
void event_ring_wait(struct event_ring *r, uint64_t position, struct event_follower *f);

/* Wakes it no more. True: its message is on its way already, and f has to wait for it. */
bool event_ring_forget(struct event_ring *r, struct event_follower *f);

/* To be called by deliver first: the message has arrived. */
void event_ring_delivered(struct event_ring *r, struct event_follower *f);

#endif

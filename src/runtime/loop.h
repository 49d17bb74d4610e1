/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop of one thread: epoll behind a small interface.
 *
 * A descriptor is added once, edge-triggered for all events (one epoll_ctl in its life); the loop
 * only collects what the kernel says into io->ready, and whoever reads or writes clears the bits
 * again when the kernel has no more. A turn first marks all ios of a batch and then calls their
 * handlers, so that a handler which reaches for another io (an idle server connection, say)
 * already sees that the other side spoke or closed.
 *
 * Objects with an io are freed at the end of a turn (see worker_bury), never within it. */
#ifndef GATEHOUSE_RUNTIME_LOOP_H
#define GATEHOUSE_RUNTIME_LOOP_H

#include "base/list.h"

#include <stdint.h>

enum {
    IO_READ = 1,  /* a read may give something */
    IO_WRITE = 2, /* a write may take something */
    IO_HUP = 4,   /* the other side will send no more; stays set */
    IO_ERR = 8,   /* broken; stays set */
};

struct io {
    int fd; /* -1: not watched; events that are already collected are dropped */
    uint8_t ready;
    bool watched;
    void (*on_event)(struct io *);
    struct list again; /* on the loop's again list, or alone */
};

struct loop {
    int epoll_fd;
    struct list again;
};

void io_init(struct io *io, int fd, void (*on_event)(struct io *));

/* 0 or a negative errno. */
int loop_init(struct loop *l);
void loop_release(struct loop *l);

/* Watches io, edge-triggered, for everything. 0 or a negative errno. */
int loop_add(struct loop *l, struct io *io);

/* Watches for input only, level-triggered: listening sockets, event counters. `shared`: other
 * threads watch the same descriptor and only one of them need wake. */
int loop_add_level(struct loop *l, struct io *io, bool shared);

/* Stops and goes on watching a level-triggered io. */
void loop_pause(struct loop *l, struct io *io);
void loop_resume(struct loop *l, struct io *io, bool shared);

/* Stops watching and closes the descriptor. */
void loop_close(struct loop *l, struct io *io);

/* Calls io->on_event again in the next turn, before the kernel is asked: for what stopped because
 * its budget of this turn was used up. */
void loop_again(struct loop *l, struct io *io);

/* One turn: waits for at most timeout_ms (-1: for ever; 0 when the again list is not empty), then
 * marks, then calls. `woke` runs between the wait and the first handler: the place to read the
 * clock once a turn. */
void loop_turn(struct loop *l, int timeout_ms, void (*woke)(void *), void *arg);

#endif

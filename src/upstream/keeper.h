/* SPDX-License-Identifier: Apache-2.0 */
/* The control thread as the keeper of servers: what it needs to tell workers and logs that
 * something has changed, and to give back what workers may still look at.
 *
 * All functions: control thread. */
#ifndef GATEHOUSE_UPSTREAM_KEEPER_H
#define GATEHOUSE_UPSTREAM_KEEPER_H

#include "base/object.h"
#include "runtime/log.h"
#include "runtime/worker.h"

enum { KEEPER_WORKERS_MOST = 64 };

struct keeper {
    struct worker *control;
    struct worker *workers[KEEPER_WORKERS_MOST]; /* those that run */
    unsigned n_workers;
    struct log_writer *logs;
    struct log_route
        *console;        /* stderr, for what the administrator should see; NULL: nobody looks */
    struct list retired; /* struct retired, until all workers have passed */
};

void keeper_init(struct keeper *k, struct worker *control, struct log_writer *logs);

/* Frees what was retired. No worker may run any more. */
void keeper_release(struct keeper *k);

/* A worker is about to run; none of them runs any more. */
void keeper_join(struct keeper *k, struct worker *w);
void keeper_stop(struct keeper *k);

/* From now on messages go to stderr, too; through the log thread, so that nobody waits for whoever
 * reads it. */
void keeper_use_stderr(struct keeper *k);

/* fn(object, arg) runs once on each worker; the object is held until then. */
void keeper_tell_workers(struct keeper *k, struct object *o,
                         void (*fn)(struct object *, unsigned arg, struct worker *), unsigned arg);

/* What workers found without a lock, and don't find any more: freed by `free` once each of them has
 * ended the turn in which it may still have looked at it. Embedded in it. */
struct retired {
    struct list link;
    struct message message;
    unsigned next;
    struct keeper *keeper;
    void (*free)(struct retired *);
};

void keeper_retire(struct keeper *k, struct retired *r, void (*free)(struct retired *));

/* A line of that level to the route (NULL: to none), and to stderr as HAProxy has it there:
 * `on_console` is its text where that differs; NULL. */
void keeper_say(struct keeper *k, struct log_route *route, int level, const char *text,
                const char *on_console);

#endif

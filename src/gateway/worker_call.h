/* SPDX-License-Identifier: Apache-2.0 */
/* A question of the control thread's that goes from worker to worker and comes home: for commands
 * of the Runtime API that look at sessions, or change what belongs to workers, and must know when
 * that is done. One worker at a time has it, so that what it carries needs no lock.
 *
 * Embedded in what it is about, which must not be freed while it is away: worker_call_leave says
 * that nobody waits for it any more, and frees it then or on its return. */
#ifndef GATEHOUSE_GATEWAY_WORKER_CALL_H
#define GATEHOUSE_GATEWAY_WORKER_CALL_H

#include "gateway/engine.h"

struct worker_call {
    struct message message;
    struct list link; /* engine->calls, while it is away */
    struct engine *engine;
    unsigned at; /* the worker that has it, or is the next to have it; n_workers: all had it */
    bool away, left;
    /* On a worker. True: on to the next; false: home, and with the next worker_call_go to this one
     * again. May set `at` to n_workers: no other need be asked. */
    bool (*work)(struct worker_call *, struct gate *);
    void (*home)(struct worker_call *); /* control thread: it is back */
    void (*free)(struct worker_call *);
};

/* The caller has set work, home and free. */
void worker_call_init(struct worker_call *c, struct engine *e);

/* Control thread: sends it on. It must be at home, and some worker be left. */
void worker_call_go(struct worker_call *c);

static inline bool worker_call_done(const struct worker_call *c)
{
    return c->at >= c->engine->n_workers;
}

/* Control thread: nobody waits for it any more. */
void worker_call_leave(struct worker_call *c);

/* All workers have ended: what they had is freed, if it was left. */
void worker_calls_release(struct engine *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: a hundred thousand deadlines a worker, each set or cancelled in constant time.
 *
 * A timer lives in the object that it watches over (an intrusive member); its deadline is a time
 * of the monotonic clock in milliseconds (base/clock.h). One worker's timers hang in its wheel, and
 * only that worker touches them.
 *
 * The wheel has LEVELS rings of 64 slots. A slot of ring 0 is a millisecond wide, one of ring k is
 * 64^k; a timer is filed in the lowest ring that reaches its deadline, and when the slot's time
 * comes it either fires or moves to a lower ring. What makes it cheap for a gateway, where nearly
 * every deadline is pushed back before it comes, is laziness: a timer that is set to a later time
 * than its slot's stays where it is, and only a store is paid. It is looked at again when the slot
 * comes up, once per timeout and not once per request.
 *
 * A connection that stops a timer for a moment sets it to TIMER_NEVER, which costs one store as
 * well; timer_cancel, which takes it off the wheel, is for the end of the object's life. */
#ifndef GATEHOUSE_RUNTIME_TIMER_H
#define GATEHOUSE_RUNTIME_TIMER_H

#include "base/clock.h"
#include "base/list.h"

#define TIMER_NEVER UINT64_MAX

enum {
    TIMER_LEVELS = 6, /* 64^6 ms: two years; what is farther waits in the last slot */
    TIMER_SLOTS = 64,
    TIMERS_PER_RUN = 256, /* looked at in one timers_run, so that a loop turn stays short */
};

struct timer {
    struct list link;
    msec_t at;    /* the deadline; 0 or TIMER_NEVER: not set */
    msec_t filed; /* when the wheel will look at it; TIMER_NEVER: it is not on the wheel */
    void (*fire)(struct timer *);
};

/* One worker's wheel; embed it by value and don't copy or move it once initialised. */
struct timers {
    msec_t now;                    /* everything filed at or before this was taken off its slot */
    uint64_t filled[TIMER_LEVELS]; /* bit s: slot s has members */
    struct list due;               /* taken off their slots, not looked at yet */
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
};

/* now: the clock's value, above 0. */
void timers_init(struct timers *w, msec_t now);

static inline void timer_init(struct timer *t, void (*fire)(struct timer *))
{
    list_init(&t->link);
    t->at = 0;
    t->filed = TIMER_NEVER;
    t->fire = fire;
}

static inline bool timer_is_set(const struct timer *t)
{
    return t->at != 0 && t->at != TIMER_NEVER;
}

void timers_refile(struct timers *w, struct timer *t); /* timer_set's slow path */

/* `fire` will be called once, from the first timers_run whose `now` is at or after `at`, whatever
 * was set before. A time that has passed already fires in the next timers_run (one called from a
 * handler: not in the running one). at == 0 cancels; TIMER_NEVER does too, but lazily: the timer
 * may stay on the wheel, so its object must not be freed before timer_cancel. */
static inline void timer_set(struct timers *w, struct timer *t, msec_t at)
{
    t->at = at;
    if (at < t->filed) timers_refile(w, t);
}

void timers_unfile(struct timers *w, struct timer *t); /* timer_cancel's slow path */

/* The timer is not set any more, and not on the wheel: its object may be freed. Harmless when it
 * was not set. */
static inline void timer_cancel(struct timers *w, struct timer *t)
{
    t->at = 0;
    if (t->filed != TIMER_NEVER) timers_unfile(w, t);
}

/* How many milliseconds after `now` timers_run must be called again, at most: 0 when timers are
 * due, TIMER_NEVER when none is on the wheel. May be too early (a slot that comes up only to be
 * sorted into a lower ring, a timer that was put off), never too late. A few dozen instructions. */
msec_t timers_next(const struct timers *w, msec_t now);

/* Fires the timers that are due at `now`, in no particular order, and returns how many fired. Looks
 * at no more than TIMERS_PER_RUN timers: when more are waiting, timers_next says 0 and the next
 * call goes on. Costs the same whether the clock moved by a millisecond or by a year.
 *
 * A handler finds its timer unset and off the wheel. It may set and cancel any timer, its own and
 * other due ones included, and free its object. It must not call timers_run. */
unsigned timers_run(struct timers *w, msec_t now);

#endif

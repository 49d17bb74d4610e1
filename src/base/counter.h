/* SPDX-License-Identifier: Apache-2.0 */
/* Counters and rates. Each has one writer, a thread that uses plain stores; readers are any
 * threads. What several threads count together is one counter or rate for each of them, which
 * readers add up. */
#ifndef GATEHOUSE_BASE_COUNTER_H
#define GATEHOUSE_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter_t;

/* Only the thread that owns it calls this. */
static inline void counter_add(counter_t *c, uint64_t n)
{
    uint64_t v = atomic_load_explicit(c, memory_order_relaxed);
    atomic_store_explicit(c, v + n, memory_order_relaxed);
}

static inline uint64_t counter_get(const counter_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

/* One thread's part of a rate: what the last two seconds saw in which it had anything to count.
 * Zeroed, it is ready for use. A second is one of the clock's.
 *
 * The parts of one rate may be linked in a ring. Then the most that any one second saw is known for
 * all of them together, and nobody pays for it while he counts: a thread that enters a new second
 * looks once at what the others counted in the one that it leaves. Every second is left by somebody
 * or still stands in all parts, so none is missed. Only what a thread counts late, in a turn that
 * began in a second which all the others have left, and which is its last for over a second, may be
 * missing from that second's sum. */
struct rate {
    counter_t now, before; /* the second in the upper half, its events in the lower */
    struct rate *next;     /* in the ring; NULL: it is alone */
    _Atomic uint32_t most; /* in any second that this part has left, over the ring */
};

/* Links a part that is alone into the ring of another. Before anybody counts. */
void rate_link(struct rate *r, struct rate *ring);

/* Begins another second, and returns the new `now`. For rate_add_n. */
uint64_t rate_turn(struct rate *r, uint32_t now_s);

/* n events, in this second of the clock. A second holds 2^32 - 1 of them. */
static inline void rate_add_n(struct rate *r, uint32_t now_s, uint32_t n)
{
    uint64_t v = counter_get(&r->now);

    if (v >> 32 != now_s) v = rate_turn(r, now_s);
    atomic_store_explicit(&r->now, v + n, memory_order_relaxed);
}

static inline void rate_add(struct rate *r, uint32_t now_s)
{
    rate_add_n(r, now_s, 1);
}

/* The last second with events; 0: there was none. */
static inline uint32_t rate_last(const struct rate *r)
{
    return (uint32_t)(counter_get(&r->now) >> 32);
}

/* Events a second, over the ring, sliding between the last second and this one; `part_ms`: how far
 * this one is gone. */
uint32_t rate_read(const struct rate *r, uint32_t now_s, uint32_t part_ms);

/* Forgets the most that was seen, of this part. Only its thread calls it; the rate itself begins
 * anew. Each part of a ring must do so. */
void rate_forget(struct rate *r);

/* The most that any second saw, over the ring. */
uint32_t rate_most(const struct rate *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/counter.h"

#include "base/memory.h"

static uint32_t second_of(uint64_t v)
{
    return (uint32_t)(v >> 32);
}

static uint32_t events_of(uint64_t v)
{
    return (uint32_t)v;
}

/* What this part counted in second s. A thread writes `before` first when it enters a new second,
 * so that whoever sees the new one in `now` finds the old one there. */
static uint32_t events_in(const struct rate *r, uint32_t s)
{
    uint64_t v = atomic_load(&r->now);

    if (second_of(v) != s) v = counter_get(&r->before);
    return second_of(v) == s ? events_of(v) : 0;
}

static const struct rate *next_of(const struct rate *r)
{
    return r->next ? r->next : r;
}

static uint32_t sum_of(const struct rate *r, uint32_t s)
{
    uint32_t sum = events_in(r, s);

    for (const struct rate *p = next_of(r); p != r; p = next_of(p)) sum += events_in(p, s);
    return sum;
}

void rate_link(struct rate *r, struct rate *ring)
{
    r->next = ring->next ? ring->next : ring;
    ring->next = r;
}

uint64_t rate_turn(struct rate *r, uint32_t now_s)
{
    uint64_t left = counter_get(&r->now), fresh = (uint64_t)now_s << 32;
    uint32_t sum;

    atomic_store_explicit(&r->before, left, memory_order_relaxed);
    /* Sequentially consistent, as are the looks at it: of two that leave the same second at once,
     * one sees that the other has. */
    atomic_store(&r->now, fresh);
    sum = sum_of(r, second_of(left));
    if (sum > atomic_load_explicit(&r->most, memory_order_relaxed))
        atomic_store_explicit(&r->most, sum, memory_order_relaxed);
    return fresh;
}

uint32_t rate_read(const struct rate *r, uint32_t now_s, uint32_t part_ms)
{
    uint32_t before, now;

    if (sum_of(r, now_s + 1)) { /* the reader's clock is a turn behind */
        now_s++;
        part_ms = 0;
    }
    now = sum_of(r, now_s);
    before = sum_of(r, now_s - 1);
    if (!now && before == 1) return 1; /* a little is more than nothing, as in HAProxy */
    return now + (uint32_t)((uint64_t)before * (1000 - part_ms) / 1000);
}

uint32_t rate_most(const struct rate *r)
{
    const struct rate *p = r;
    uint32_t most = 0;

    do {
        uint32_t sums[] = {
            atomic_load_explicit(&p->most, memory_order_relaxed),
            /* the seconds that nobody may have left yet, and that somebody is just leaving */
            sum_of(p, second_of(counter_get(&p->now))),
            sum_of(p, second_of(counter_get(&p->before))),
        };
        for (unsigned i = 0; i < ARRAY_LEN(sums); i++)
            if (sums[i] > most) most = sums[i];
        p = next_of(p);
    } while (p != r);
    return most;
}

void rate_forget(struct rate *r)
{
    /* The second stays: it tells when there was anything last (rate_last). */
    uint64_t second = (uint64_t)second_of(counter_get(&r->now)) << 32;

    atomic_store_explicit(&r->now, second, memory_order_relaxed);
    atomic_store_explicit(&r->before, 0, memory_order_relaxed);
    atomic_store_explicit(&r->most, 0, memory_order_relaxed);
}

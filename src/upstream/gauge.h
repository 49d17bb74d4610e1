/* SPDX-License-Identifier: Apache-2.0 */
/* Gauges: how many of something there are now, over all workers, and the most there ever were.
 *
 * Two kinds of use, with an order of memory for each. Where nobody decides anything by a gauge, its
 * changes are relaxed: only their sum matters, and that is exact under any order. Where it is held
 * against a limit, gauge_take and gauge_release are sequentially consistent, because somebody who
 * is refused says so in a flag of his own and then looks at the gauge once more, while somebody who
 * releases looks at that flag after he released:
 *
 *     refused:   flag = true;  look at the gauge          released:   gauge - 1;  look at the flag
 *
 * One of the two must see the other, or a free place is left to nobody. That is store, then load of
 * something else, on both sides; weaker orders let a load overtake the store before it, on ARM even
 * when the store is that of an atomic addition. On x86 a locked addition orders all by itself, so
 * that this costs nothing there. */
#ifndef GATEHOUSE_UPSTREAM_GAUGE_H
#define GATEHOUSE_UPSTREAM_GAUGE_H

#include <stdatomic.h>
#include <stdbool.h>

struct gauge {
    atomic_uint now, max;
};

/* Notes that n were seen. */
static inline void gauge_most(atomic_uint *most, unsigned n)
{
    unsigned max = atomic_load_explicit(most, memory_order_relaxed);
    while (n > max && !atomic_compare_exchange_weak_explicit(most, &max, n, memory_order_relaxed,
                                                             memory_order_relaxed)) {
    }
}

static inline unsigned gauge_up(struct gauge *g)
{
    unsigned n = atomic_fetch_add_explicit(&g->now, 1, memory_order_relaxed) + 1;
    gauge_most(&g->max, n);
    return n;
}

static inline void gauge_down(struct gauge *g)
{
    atomic_fetch_sub_explicit(&g->now, 1, memory_order_relaxed);
}

static inline unsigned gauge_now(const struct gauge *g)
{
    return atomic_load_explicit(&g->now, memory_order_relaxed);
}

/* One more, if that does not pass the limit (0: there is none). It never passes it, not even for a
 * moment: others would be refused for that. */
static inline bool gauge_take(atomic_uint *now, atomic_uint *most, unsigned limit)
{
    unsigned n = atomic_load(now);

    if (limit == 0) {
        n = atomic_fetch_add(now, 1);
    } else {
        do
            if (n >= limit) return false;
        while (!atomic_compare_exchange_weak(now, &n, n + 1));
    }
    gauge_most(most, n + 1);
    return true;
}

static inline void gauge_release(atomic_uint *now)
{
    atomic_fetch_sub(now, 1);
}

#endif

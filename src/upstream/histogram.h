/* SPDX-License-Identifier: Apache-2.0 */
/* How long exchanges took, as histograms: how many took up to 5 ms, up to 10 ms, and so on. The
 * bounds are those that OpenTelemetry advises for HTTP.
 *
 * Each worker counts in a block of its own with plain stores; readers of any thread add the blocks
 * up. A reader that adds up while a worker counts may see a time in its bucket and not in the sum
 * yet. */
#ifndef GATEHOUSE_UPSTREAM_HISTOGRAM_H
#define GATEHOUSE_UPSTREAM_HISTOGRAM_H

#include "base/clock.h"
#include "base/counter.h"
#include "base/memory.h"

#include <stdbool.h>

enum { HISTOGRAM_BOUNDS = 14, HISTOGRAM_BUCKETS = HISTOGRAM_BOUNDS + 1 };

/* The longest time of each bucket but the last, which takes all others: microseconds, and seconds
 * in words ("0.005"). */
extern const usec_t histogram_bounds[HISTOGRAM_BOUNDS];
extern const char *const histogram_bounds_s[HISTOGRAM_BOUNDS];

/* Two cache lines: what takes up to a tenth of a second stays in the first. */
struct histogram {
    counter_t sum; /* microseconds */
    counter_t buckets[HISTOGRAM_BUCKETS];
};

_Static_assert(sizeof(struct histogram) == 2 * CACHE_LINE, "no line is shared");

/* Times of what. */
enum exchange_time {
    TIME_QUEUE,   /* from the head to the choice of a server */
    TIME_CONNECT, /* until there is a connection */
    TIME_ANSWER,  /* until the head of the server's answer */
    TIME_TOTAL,   /* from the head's first byte to the answer's last one */
    EXCHANGE_TIMES,
};

/* One worker's. */
struct histograms {
    _Alignas(CACHE_LINE) struct histogram of[EXCHANGE_TIMES];
};

/* n of them, one a worker; freed with free(). */
struct histograms *histograms_new(unsigned n);

/* The bucket for that time. Most are short, so it looks from below. */
static inline unsigned histogram_bucket(usec_t t)
{
    unsigned i = 0;

    while (i < HISTOGRAM_BOUNDS && t > histogram_bounds[i]) i++;
    return i;
}

/* Only the thread that owns it calls this; `bucket` is histogram_bucket(t). */
static inline void histogram_add(struct histogram *h, usec_t t, unsigned bucket)
{
    counter_add(&h->buckets[bucket], 1);
    counter_add(&h->sum, t);
}

/* Of all workers together. */
struct histogram_total {
    uint64_t counts[HISTOGRAM_BUCKETS]; /* each with those of the buckets below; the last: all */
    uint64_t sum;                       /* microseconds */
};
struct histogram_total histograms_read(const struct histograms *all, unsigned n,
                                       enum exchange_time which);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How long exchanges took, on average over the last AVERAGE_OVER of all workers, and at the most.
 *
 * HAProxy's arithmetic: plain sums at first; once there are so many samples, each new one takes the
 * place of an average one. A worker keeps its samples to itself and adds them to the shared sums
 * every AVERAGE_BATCH, so that these cost no request a shared cache line; a reader adds what is
 * still kept. Where it adds up while a worker does, a batch may be missing or counted twice. */
#ifndef GATEHOUSE_UPSTREAM_AVERAGES_H
#define GATEHOUSE_UPSTREAM_AVERAGES_H

#include "base/counter.h"

#include <stdbool.h>
#include <stddef.h>

enum { AVERAGE_OVER = 1024, AVERAGE_BATCH = 16 };

/* Milliseconds of what; each begins where the one before ends, but for the last. */
enum average {
    AVERAGE_QUEUE,   /* [qtime] from the head to the choice of a server */
    AVERAGE_CONNECT, /* [ctime] until there is a connection */
    AVERAGE_ANSWER,  /* [rtime] until the answer's head */
    AVERAGE_TOTAL,   /* [ttime] all, from the first to the last byte */
    AVERAGES,
};

/* What the workers share. */
struct average_sums {
    atomic_bool busy; /* somebody adds to them */
    counter_t n;      /* samples so far */
    counter_t sums[AVERAGES];
};

/* One worker's part; `shared` is for whoever makes it to set. */
struct averages {
    _Atomic uint32_t n;              /* samples that it keeps */
    _Atomic uint32_t most[AVERAGES]; /* its longest ever */
    counter_t sums[AVERAGES];        /* of those n */
    struct average_sums *shared;
};

/* Only the thread that owns it calls this. */
void averages_add(struct averages *a, const uint32_t ms[AVERAGES]);

/* Forgets the longest times, with `all` everything. Only the thread that owns it calls this; each
 * part must. */
void averages_forget(struct averages *a, bool all);

/* Of a whole number of parts with the same sums, `stride` bytes apart. */
struct average_values {
    uint32_t average[AVERAGES], most[AVERAGES];
};
void averages_read(const struct averages *first, unsigned n, size_t stride,
                   struct average_values *out);

#endif

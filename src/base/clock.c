/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

/* The virtual clock of tests; 0: none. */
static _Atomic usec_t pretended_monotonic, pretended_wall;

static usec_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (usec_t)t.tv_sec * 1000000 + (usec_t)t.tv_nsec / 1000;
}

usec_t clock_usec(void)
{
    usec_t p = atomic_load_explicit(&pretended_monotonic, memory_order_relaxed);
    return p ? p : read_clock(CLOCK_MONOTONIC);
}

msec_t clock_msec(void)
{
    return clock_usec() / 1000;
}

usec_t clock_wall_usec(void)
{
    if (atomic_load_explicit(&pretended_monotonic, memory_order_relaxed))
        return atomic_load_explicit(&pretended_wall, memory_order_relaxed);
    return read_clock(CLOCK_REALTIME);
}

void clock_pretend(usec_t monotonic, usec_t wall)
{
    atomic_store_explicit(&pretended_wall, wall, memory_order_relaxed);
    atomic_store_explicit(&pretended_monotonic, monotonic, memory_order_relaxed);
}

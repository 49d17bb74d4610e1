/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/usage.h"

#include <sys/resource.h>

enum { SECOND = 1000000 };

static usec_t time_of(const struct timeval *t)
{
    return (usec_t)t->tv_sec * SECOND + (usec_t)t->tv_usec;
}

/* Two who ask at once measure the same. */
unsigned usage_idle(struct usage *u, usec_t age, unsigned n_threads)
{
    usec_t at = atomic_load(&u->at), passed = (age - at) * n_threads, used;
    unsigned idle = 100;
    struct rusage r;

    if (at && age < at + SECOND) return atomic_load(&u->idle);
    if (getrusage(RUSAGE_SELF, &r) < 0 || !passed) return 100;
    used = time_of(&r.ru_utime) + time_of(&r.ru_stime);
    if (used > atomic_load(&u->used)) {
        usec_t share = 100 * (used - atomic_load(&u->used)) / passed;
        idle = share < 100 ? 100 - (unsigned)share : 0;
    }
    atomic_store(&u->idle, idle);
    atomic_store(&u->at, age);
    atomic_store(&u->used, used);
    return idle;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How much of its threads' time the process has slept lately. */
#ifndef GATEHOUSE_RUNTIME_USAGE_H
#define GATEHOUSE_RUNTIME_USAGE_H

#include "base/clock.h"

#include <stdatomic.h>

struct usage {
    _Atomic usec_t at, used; /* when it was looked at last; the processors' time up to then */
    atomic_uint idle;        /* what was found then, in percent */
};

/* Percent, since this was asked last; when that is less than a second ago it was not long enough to
 * tell, and the last answer holds. `age`: of the process. Any thread. */
unsigned usage_idle(struct usage *u, usec_t age, unsigned n_threads);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections, and how many sessions (what `tcp-request connection` lets pass), all
 * workers may accept in a second: `maxconnrate`, `maxsessrate`, and `set rate-limit` of the Runtime
 * API. Nobody pays for it while there is no limit; who is limited takes a lock for a moment. */
#ifndef GATEHOUSE_GATEWAY_ACCEPT_RATE_H
#define GATEHOUSE_GATEWAY_ACCEPT_RATE_H

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct accept_rate {
    atomic_uint limit; /* a second; 0: none */
    unsigned file;     /* as the configuration says; control thread */
    pthread_mutex_t lock;
    uint64_t second; /* that `now` counts in */
    unsigned now, before;
};

void accept_rate_init(struct accept_rate *r);
void accept_rate_release(struct accept_rate *r);

/* Control thread: what a configuration says holds where it differs from what the last one said. */
void accept_rate_adopt(struct accept_rate *r, unsigned limit);

static inline unsigned accept_rate_limit(const struct accept_rate *r)
{
    return atomic_load_explicit(&r->limit, memory_order_relaxed);
}

/* Is one more within the limit? If so it is counted, with `count`; if not, *wait is how many
 * milliseconds to wait until one is likely to be. */
bool accept_rate_take(struct accept_rate *r, msec_t now, bool count, unsigned *wait);

#endif

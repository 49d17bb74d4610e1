/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/accept_rate.h"

void accept_rate_init(struct accept_rate *r)
{
    *r = (struct accept_rate){ 0 };
    pthread_mutex_init(&r->lock, NULL);
}

void accept_rate_release(struct accept_rate *r)
{
    pthread_mutex_destroy(&r->lock);
}

void accept_rate_adopt(struct accept_rate *r, unsigned limit)
{
    if (r->file == limit) return;
    r->file = limit;
    atomic_store_explicit(&r->limit, limit, memory_order_relaxed);
}

/* Workers' clocks differ by a turn: time does not go back. */
static void turn(struct accept_rate *r, uint64_t second)
{
    if (second <= r->second) return;
    r->before = second == r->second + 1 ? r->now : 0;
    r->now = 0;
    r->second = second;
}

/* A second that slides, as rates in statistics are read: all of this second of the clock, and of
 * the last one what has not slid out yet. */
bool accept_rate_take(struct accept_rate *r, msec_t now, bool count, unsigned *wait)
{
    unsigned limit = accept_rate_limit(r), part = (unsigned)(now % 1000);
    bool ok;

    if (!limit) return true;
    pthread_mutex_lock(&r->lock);
    turn(r, now / 1000);
    ok = r->now + (uint64_t)r->before * (1000 - part) / 1000 < limit;
    if (ok && count) r->now++;
    *wait = r->now >= limit ? 1000 - part : 1 + (limit < 1000 ? 1000 / limit : 0);
    pthread_mutex_unlock(&r->lock);
    return ok;
}

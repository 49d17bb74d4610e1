/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of traffic. Each worker counts in a block of its own, on cache lines of its own, with
 * plain stores; readers of any thread add the blocks up. Gauges (what is going on now, and the
 * most there ever was) are shared and atomic. */
#ifndef GATEHOUSE_UPSTREAM_COUNTERS_H
#define GATEHOUSE_UPSTREAM_COUNTERS_H

#include "base/memory.h"

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter_t;

/* Only the thread that owns the block calls this. */
static inline void counter_add(counter_t *c, uint64_t n)
{
    uint64_t v = atomic_load_explicit(c, memory_order_relaxed);
    atomic_store_explicit(c, v + n, memory_order_relaxed);
}

static inline uint64_t counter_get(const counter_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

/* What one second saw, and the second before. */
struct rate {
    _Atomic uint32_t second, now, before;
    _Atomic uint32_t max; /* the most that one second ever saw */
};

/* Events of the last second, by one worker; now_s: the clock in seconds. */
static inline void rate_add(struct rate *r, uint32_t now_s)
{
    uint32_t s = atomic_load_explicit(&r->second, memory_order_relaxed);
    uint32_t n = atomic_load_explicit(&r->now, memory_order_relaxed);
    if (s != now_s) {
        atomic_store_explicit(&r->before, s + 1 == now_s ? n : 0, memory_order_relaxed);
        atomic_store_explicit(&r->second, now_s, memory_order_relaxed);
        n = 0;
    }
    atomic_store_explicit(&r->now, n + 1, memory_order_relaxed);
    if (n + 1 > atomic_load_explicit(&r->max, memory_order_relaxed))
        atomic_store_explicit(&r->max, n + 1, memory_order_relaxed);
}

/* Events a second, sliding between the last second and this one; `part_ms`: how far now_s is gone.
 */
static inline uint32_t rate_read(const struct rate *r, uint32_t now_s, uint32_t part_ms)
{
    uint32_t s = atomic_load_explicit(&r->second, memory_order_relaxed);
    uint32_t n = atomic_load_explicit(&r->now, memory_order_relaxed);
    uint32_t b = atomic_load_explicit(&r->before, memory_order_relaxed);
    if (s + 1 == now_s)
        b = n, n = 0;
    else if (s != now_s)
        return 0;
    return n + (uint32_t)((uint64_t)b * (1000 - part_ms) / 1000);
}

/* One worker's counters of one frontend, backend, server or listener. A name says in brackets the
 * statistics column that it feeds. */
struct counters {
    counter_t connections;     /* [conn_tot] accepted */
    counter_t sessions;        /* [stot] a server's: attempts to use a connection to it */
    counter_t requests;        /* [req_tot] a server's: heads that it answered with, 1xx too */
    counter_t bytes_in;        /* [bin] from clients */
    counter_t bytes_out;       /* [bout] to clients */
    counter_t denied_req;      /* [dreq] */
    counter_t denied_resp;     /* [dresp] */
    counter_t denied_conn;     /* [dcon] */
    counter_t denied_sess;     /* [dses] */
    counter_t failed_req;      /* [ereq] */
    counter_t failed_conn;     /* [econ] */
    counter_t failed_resp;     /* [eresp] */
    counter_t retries;         /* [wretr] */
    counter_t redispatches;    /* [wredis] */
    counter_t client_aborts;   /* [cli_abrt] */
    counter_t server_aborts;   /* [srv_abrt] */
    counter_t internal_errors; /* [eint] */
    counter_t chosen;          /* [lbtot] */
    counter_t connects;        /* [connect] connections opened to servers */
    counter_t reuses;          /* [reuse] requests on a connection that was there */
    counter_t responses[6]; /* [hrsp_other, hrsp_1xx … hrsp_5xx] by the hundreds of the status */
    struct rate session_rate, request_rate, connection_rate;
};

struct gauge {
    atomic_uint now, max;
};

static inline unsigned gauge_up(struct gauge *g)
{
    unsigned n = atomic_fetch_add_explicit(&g->now, 1, memory_order_relaxed) + 1;
    unsigned max = atomic_load_explicit(&g->max, memory_order_relaxed);
    while (n > max && !atomic_compare_exchange_weak_explicit(&g->max, &max, n, memory_order_relaxed,
                                                             memory_order_relaxed)) {
    }
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

/* n blocks, each on cache lines of its own. Freed with free(). */
struct counters_block {
    _Alignas(CACHE_LINE) struct counters c;
};

static inline struct counters_block *counters_new(unsigned n)
{
    return mem_zero_aligned(n * sizeof(struct counters_block));
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of traffic. Each worker counts in a block of its own, on cache lines of its own, with
 * plain stores; readers of any thread add the blocks up. Gauges (what is going on now, and the
 * most there ever was) are shared and atomic. */
#ifndef GATEHOUSE_UPSTREAM_COUNTERS_H
#define GATEHOUSE_UPSTREAM_COUNTERS_H

#include "base/counter.h"
#include "base/memory.h"
#include "upstream/averages.h"
#include "upstream/gauge.h"

/* One worker's counters of one frontend, backend, server or listener, or of the whole process. A
 * name says in brackets the statistics column that it feeds. Those that every request touches come
 * first: they share cache lines. */
struct counters {
    counter_t sessions;      /* [stot] a server's: attempts to use a connection to it */
    counter_t requests;      /* [req_tot] a server's: heads that it answered with, 1xx too */
    counter_t bytes_in;      /* [bin] from clients */
    counter_t bytes_out;     /* [bout] to clients */
    counter_t chosen;        /* [lbtot] */
    counter_t reuses;        /* [reuse] requests on a connection that was there */
    counter_t connects;      /* [connect] connections opened to servers */
    counter_t connections;   /* [conn_tot] accepted */
    counter_t responses[6];  /* [hrsp_other, hrsp_1xx … hrsp_5xx] by the hundreds of the status */
    counter_t denied_req;    /* [dreq] */
    counter_t denied_resp;   /* [dresp] */
    counter_t denied_conn;   /* [dcon] */
    counter_t denied_sess;   /* [dses] */
    counter_t failed_req;    /* [ereq] */
    counter_t failed_conn;   /* [econ] */
    counter_t failed_resp;   /* [eresp] */
    counter_t retries;       /* [wretr] */
    counter_t redispatches;  /* [wredis] */
    counter_t client_aborts; /* [cli_abrt] */
    counter_t server_aborts; /* [srv_abrt] */
    counter_t internal_errors; /* [eint] */
    counter_t failed_rewrites; /* [wrew] */
    counter_t intercepted;     /* [intercepted] answered by a service of the gateway's own */
    struct rate session_rate;
    struct averages averages; /* a backend's and a server's */
    struct rate request_rate, connection_rate;
};

/* n blocks, one a worker, each on cache lines of its own; what belongs together in them is linked.
 * Freed with free(). */
struct counters_block {
    _Alignas(CACHE_LINE) struct counters c;
};

struct counters_block *counters_new(unsigned n);

/* clear counters: the highest rates and the longest times, with `all` everything. Only the worker
 * whose block it is calls this; each must. */
void counters_forget(struct counters *c, bool all);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Servers: `struct server_conf` is a `server` line of the configuration, `struct server` the
 * runtime object behind it: its slots, its counters, its idle connections.
 *
 * Slots: with `maxconn` at most that many requests are at a server at once, over all workers. */
#ifndef GATEHOUSE_UPSTREAM_SERVER_H
#define GATEHOUSE_UPSTREAM_SERVER_H

#include "net/address.h"
#include "upstream/check_settings.h"
#include "upstream/counters.h"
#include "upstream/histogram.h"
#include "base/object.h"
#include "upstream/pool.h"
#include "upstream/queue.h"
#include "upstream/server_address.h"
#include "upstream/server_state.h"
#include "upstream/source.h"

struct backend_conf;
struct check;

struct server_conf {
    const char *name; /* NULL: it is what default-server says */
    struct place at;  /* of its name, for messages */
    const struct backend_conf *backend;
    unsigned id; /* within the backend */
    bool id_given;
    struct address_spec spec;
    const char *address_as_written;
    union address address; /* resolved */
    bool port_from_client; /* no port, or an offset, was written */
    int port_offset;
    unsigned weight;  /* 0 to 256 */
    unsigned maxconn; /* 0: no limit */
    bool disabled, backup;
    bool non_stick; /* no stick table notes it */
    bool check;     /* its health is checked (upstream/check.h) */
    struct check_settings checking;
    unsigned rise, fall;         /* verdicts in a row that it takes to go up, and down */
    const char *track;           /* "server" or "backend/server"; NULL: none */
    struct word track_at;        /* for messages */
    struct server_conf *tracked; /* what that is */
    bool shutdown_when_down, shutdown_backups_when_up; /* on-marked-down, on-marked-up */
    bool no_address;        /* its host name is not resolved; disabled then */
    int pool_max;           /* pool-max-conn; -1: no limit */
    unsigned pool_low;      /* pool-low-conn */
    unsigned pool_purge_ms; /* pool-purge-delay */
    int max_reuse;          /* -1: no limit */
    bool pool_private;      /* tune.idle-pool.shared off */
    struct source_address source;
    unsigned user_timeout;            /* tcp-ut, milliseconds; 0: the system's */
    struct histograms *times;         /* its state's, with option server-histograms; else NULL */
    const struct conn_origin *origin; /* made of both, and of the backend's; NULL: nothing */
    unsigned init_addr_methods; /* bytes of enum init_addr, the lowest first; 0: the default */
    union address init_addr_ip;
    struct server *state;
};

struct server {
    struct object object; /* found by "server" and "backend/server" */
    struct queue *queue;  /* its backend's; lives as long as the proxy object */
    struct object *proxy; /* holds a reference */
    unsigned n_workers;
    struct counters_block *counters; /* one a worker */
    struct server_pool *pools;       /* one a worker */
    struct histograms *times;        /* likewise; NULL: no configuration asked for them yet */
    struct server_spill spill;
    _Alignas(
        CACHE_LINE) struct gauge sessions; /* requests at the server: slots in use, [scur, smax] */
    atomic_uint waiting;                   /* requests that wait for this one alone … */
    unsigned passed; /* … and that ever got a slot so; under the queue's lock */
    _Alignas(CACHE_LINE) atomic_uint maxconn; /* as the file or the Runtime API says */
    struct server_state st;
    struct server_moved moved;   /* set server … addr */
    struct check *check;         /* the control thread's; NULL: none (upstream/check.h) */
    atomic_uint observed_errors; /* in a row, in traffic (observe) */
    counter_t hanafail;          /* [hanafail] the control thread's */
};

/* The server of that backend and name, made if there is none; the caller gets a reference. */
struct server *server_get(struct objects *all, const char *backend, const char *name,
                          struct object *proxy, struct queue *queue, unsigned n_workers);

/* Its histograms, made when they are first asked for. Control thread. */
struct histograms *server_time(struct server *s);

/* Takes a slot. False when all are taken. */
bool server_slot_take(struct server *s);

/* How many requests wait for this server alone. */
static inline unsigned server_waiting(const struct server *s)
{
    return atomic_load_explicit(&s->waiting, memory_order_relaxed);
}

/* Passes free slots on to requests that wait: after a limit was raised, or when the server can be
 * used again. Returns how many. */
unsigned server_slots_offer(struct server *s);

/* Gives a slot back, or passes it on to a request that waits in the queue. */
void server_slot_release(struct server *s);

#endif

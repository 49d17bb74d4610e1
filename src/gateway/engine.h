/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: the process's workers, runtime objects and current snapshot. One exists in a process;
 * it is made by main() and handed down, never found through a global. */
#ifndef GATEHOUSE_GATEWAY_ENGINE_H
#define GATEHOUSE_GATEWAY_ENGINE_H

#include "gateway/accept_rate.h"
#include "gateway/snapshot.h"
#include "http/message.h"
#include "runtime/descriptors.h"
#include "runtime/log.h"
#include "upstream/check.h"
#include "upstream/keeper.h"
#include "runtime/usage.h"

struct engine;

enum { FIELDS_MAX = 512 }; /* the most that tune.http.maxhdr may be, rounded */

/* How many requests of this worker still use an old snapshot. */
struct pinned {
    struct snapshot *snapshot;
    unsigned requests;
    struct list link;
    struct grave grave;
};

/* A worker, and what the gateway keeps for each. */
struct gate {
    struct worker worker;
    struct engine *engine;
    struct snapshot *snapshot; /* NULL until the first one has come */
    atomic_uint generation;    /* its; 0: none. For other workers */
    struct pinned *pinned;     /* of the current snapshot */
    struct list old;           /* struct pinned of earlier ones */
    struct list sessions;      /* all of them */
    struct list cursors;       /* of walks over them (gateway/session_walk.h) */
    struct trace *trace; /* `gatehouse explain`: hears of all rules (policy/trace.h); else NULL */
    bool draining;
    uint64_t trace_random[2];  /* gateway/trace_context.c */
    uint64_t n_facts;          /* clients given a number so far */
    struct counters *totals;   /* connections, sessions and good requests of all frontends, those
                                  too that are gone; nothing else in it is used */
    struct http_field *fields; /* the parser's scratch, FIELDS_MAX */
    struct timer accept_later; /* accept again: a rate was at its limit */
    struct message resume;     /* accept again; on its way while resuming is set */
    atomic_bool resuming;
};

/* What is no traffic, but counts for the process too: the Runtime API's. The control thread writes,
 * any thread reads. */
struct other_counts {
    counter_t connections, requests; /* since the start */
    atomic_uint clients, listeners;  /* now */
};

struct engine {
    unsigned n_workers;
    struct gate *gates;            /* n_workers of them … */
    struct counters_block *totals; /* … and what each counted */
    struct worker *control;        /* the control thread */
    struct objects objects;
    struct log_writer *logs;
    struct checker checker;             /* of their health */
    struct keeper keeper;               /* of servers */
    _Atomic(struct snapshot *) current; /* the control thread's; workers have their own */
    usec_t started, started_wall;
    unsigned next_slot;          /* for the next listener */
    struct list calls;           /* questions that workers have (gateway/worker_call.h) */
    struct timer tables;         /* when stick tables are tended (gateway/stick_tables.h) */
    struct var_names *var_names; /* the control thread's */
    struct vars_process proc_vars;

    struct descriptors descriptors;
    _Alignas(CACHE_LINE) struct gauge connections; /* clients', all frontends */
    _Atomic unsigned maxconn;
    struct accept_rate connection_limit, session_limit;
    _Atomic uint64_t n_bad_messages; /* upstream/bad_message.h */
    atomic_bool full;                /* somebody was refused for maxconn: resume when one ends */
    atomic_bool stopping; /* an orderly end was asked for; `grace` may put draining off */
    atomic_bool draining;
    _Atomic uint64_t n_numbered; /* requests that were given a number so far */
    atomic_uint live_snapshots;
    struct usage usage;
    struct other_counts api;
};

static inline struct gate *gate_of(struct worker *w)
{
    return container_of(w, struct gate, worker);
}

/* An engine without workers, for which a first snapshot can be built. */
void engine_init(struct engine *e, struct worker *control, struct log_writer *logs);

/* Makes n workers, not running yet. 0 or a negative errno. */
int engine_add_workers(struct engine *e, unsigned n, uint32_t bufsize);
void engine_release(struct engine *e);

/* Starts the workers' threads. */
int engine_start(struct engine *e);

/* Control thread: from now on servers are as the snapshot says. Part of engine_swap; also for
 * whoever looks at a snapshot without serving it. `before`: the one that was adopted last; either
 * may be NULL. */
void engine_adopt(struct engine *e, const struct snapshot *fresh, const struct snapshot *before);

/* Control thread: hands the snapshot to all workers. The previous one is freed once no worker and
 * no request uses it. */
void engine_swap(struct engine *e, struct snapshot *fresh);

/* Control thread: it is known from now on that this process is about to end. */
void engine_begin_stop(struct engine *e);

/* Any thread. */
static inline bool engine_stopping(const struct engine *e)
{
    return atomic_load_explicit(&e->stopping, memory_order_relaxed);
}

/* Control thread: no more accepting, idle connections are closed, busy ones end with their
 * response. engine_idle says when nothing is left. */
void engine_drain(struct engine *e);
bool engine_idle(const struct engine *e);

/* Ends the workers' threads, whatever they are at, and waits for them. */
void engine_stop(struct engine *e);

/* Accept again on this worker, wherever that was put off. */
void gate_resume_accepting(struct gate *g);

/* A connection ended: whoever was paused for `maxconn` may accept again. */
void engine_resume_accepting(struct gate *g);

/* Any thread: whoever was put off may be let in now, for limits were changed or places are free. */
void engine_limits_changed(struct engine *e);

/* Any thread: gives back a reference to a snapshot; the control thread frees it after the last. */
void snapshot_unref(struct engine *e, struct snapshot *s);

/* A request begins and ends with the snapshot it began with. */
static inline struct pinned *snapshot_pin(struct gate *g)
{
    g->pinned->requests++;
    return g->pinned;
}
void snapshot_unpin(struct gate *g, struct pinned *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a server can be used. The control thread is the only one that changes anything here;
 * everybody reads: a choice looks at one word (server_standing), statistics at relaxed atomics.
 *
 * What there is, with HAProxy's numbers (`show servers state`):
 *
 *   operational state   what checks, and `set server … health`, make of it
 *   administrative      flags: somebody, the file, or the server that it tracks wants it out
 *   weight              as the file says, or `set server … weight`; 0 is as good as drained
 *
 * A server that is in maintenance is stopped, whatever its checks said. One that is drained, or has
 * weight 0, gets nothing by turns, but is up: what is bound to it (use-server) may go there.
 *
 * `health` counts a check's verdicts, from 0 to rise + fall - 1; from `rise` on the server is up. A
 * failure takes one off (below `rise`, all), a success adds one (from `rise` on, all).
 *
 * A change is told in the backend's logs and on stderr, closes idle connections, offers slots to
 * those who wait, is handed on to servers that `track` this one, and makes the backend's turns anew
 * (backend_state.h).
 *
 * Manual: "check", "rise", "fall", "track", "on-marked-down", "on-marked-up", "disabled";
 * management manual: "set server". */
#ifndef GATEHOUSE_UPSTREAM_SERVER_STATE_H
#define GATEHOUSE_UPSTREAM_SERVER_STATE_H

#include "base/clock.h"
#include "base/counter.h"
#include "base/list.h"
#include "net/address.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct server;
struct server_conf;
struct keeper;

enum server_op { SERVER_STOPPED, SERVER_STARTING, SERVER_RUNNING, SERVER_STOPPING };

enum server_admin {
    ADMIN_FORCED_MAINT = 0x01,     /* by the Runtime API, or the file */
    ADMIN_INHERITED_MAINT = 0x02,  /* from the server that it tracks */
    ADMIN_CONFIGURED_MAINT = 0x04, /* beside the first: it was the file */
    ADMIN_FORCED_DRAIN = 0x08,
    ADMIN_INHERITED_DRAIN = 0x10,
    ADMIN_UNRESOLVED = 0x20, /* its host name has no address */
    ADMIN_MAINT = 0x23,      /* any that means maintenance */
    ADMIN_DRAIN = 0x18,
};

/* ---- what checks and agents tell ---- */

enum probe_flags { /* HAProxy's numbers */
                   PROBE_IN_PROGRESS = 0x01,
                   PROBE_CONFIGURED = 0x02, /* the file asks for it */
                   PROBE_ENABLED = 0x04,    /* and nobody has disabled it */
                   PROBE_PAUSED = 0x08,     /* not now: the server is in maintenance */
                   PROBE_AGENT = 0x10,
};

/* What was found last. */
struct probe_report {
    uint8_t status;       /* HAProxy's number (`srv_check_status`); 1: nothing was found yet */
    uint8_t result;       /* likewise: 0 unknown, 1 neutral, 2 failed, 3 passed, 4 with reserve */
    int16_t code;         /* of the protocol, as an HTTP status; 0: none */
    uint32_t duration_ms; /* of the last check that was finished */
    char text[128];       /* what goes with it [last_chk]; "" */
};

/* A server's check, or its agent. */
struct server_probe {
    atomic_uint flags;
    atomic_uint rise, fall, health;
    struct probe_report report; /* under server_state.report_lock */
};

/* Where a check connects to in place of what the file says (set server … check-addr, check-port).
 */
struct check_target {
    bool has_address;
    uint16_t port; /* 0: as the file says */
    union address address;
};

/* ---- the state; member `st` of struct server ---- */

enum {
    STANDING_WEIGHT = 0xffff,  /* bits: its share in turns; 0 when it has none */
    STANDING_UP = 0x10000,     /* not stopped: what is bound to it may go there */
    STANDING_USABLE = 0x20000, /* up, not stopping, weight not 0 */
    STANDING_TURNS = 0x40000,  /* and no backup, or one that is needed: gets its turns */
};

struct server_state {
    atomic_uint standing; /* bits of STANDING_… */
    atomic_uint op, admin;
    atomic_uint weight, initial_weight; /* initial: what the file says */
    _Atomic usec_t changed;  /* wall clock: when it went up or down, or into maintenance */
    _Atomic uint64_t down_s; /* seconds that it was stopped for, up to `changed` */
    counter_t failed_checks; /* [chkfail] of those while it was up */
    counter_t downs;         /* [chkdown] */
    struct server_probe check, agent;
    pthread_mutex_t report_lock;

    /* the control thread's alone */
    struct check_target check_to;
    struct keeper *keeper;          /* NULL: no configuration has taken it over yet */
    const struct server_conf *conf; /* of the current configuration; NULL: it has left */
    struct server *tracked;         /* NULL: none */
    struct list trackers, tracking; /* those that track it; its link on such a list */
};

static inline unsigned server_standing_of(const struct server_state *st)
{
    return atomic_load_explicit(&st->standing, memory_order_relaxed);
}

/* ---- for checks: control thread ----
 *
 * A verdict is entered in three steps, between which whoever checks tells the result in the log
 * where that is wanted:
 *
 *     probe_report_set(s, &s->st.check, &report);
 *     if (server_check_failed(s)) log it;     health has changed
 *     server_check_apply(s, ", reason: Layer4 timeout, check duration: 2001ms");
 *
 * `why` stands behind "is DOWN" and the like in the log line as it is; "" when there is nothing to
 * be said. */

/* A check of s passed, or failed. True: health has changed. A failure while the server is up counts
 * (failed_checks). */
bool server_check_passed(struct server *s);
bool server_check_failed(struct server *s);

/* The server goes up or down, if health says so; not while it is in maintenance, or tracks another
 * one. One that was stopping is up again. */
void server_check_apply(struct server *s, const char *why);

/* It passed, but asks for no new traffic (http-check disable-on-404): what is up is stopping. */
void server_check_stopping(struct server *s, const char *why);

/* Whatever checks found before: health is 0, or full, and the server is down, up, or stopping (`set
 * server … health`, on-error mark-down). */
void server_mark_down(struct server *s, const char *why);
void server_mark_up(struct server *s, const char *why);
void server_mark_stopping(struct server *s, const char *why);

static inline unsigned server_health(const struct server_probe *p)
{
    return atomic_load_explicit(&p->health, memory_order_relaxed);
}

/* Is the check, or agent, to be run? Not in maintenance, and not when it was disabled. */
static inline bool server_probe_runs(const struct server_probe *p)
{
    unsigned flags = atomic_load_explicit(&p->flags, memory_order_relaxed);
    return (flags & PROBE_ENABLED) && !(flags & PROBE_PAUSED);
}

/* Any thread may ask; only the control thread sets. */
void probe_report_set(struct server *s, struct server_probe *p, const struct probe_report *report);
struct probe_report probe_report_get(struct server *s, const struct server_probe *p);

/* ---- for the administrator: control thread ---- */

/* Sets or clears one flag. Servers that track this one inherit maintenance and drain. */
void server_admin_set(struct server *s, unsigned flag);
void server_admin_clear(struct server *s, unsigned flag);

/* `set server … state ready|maint|drain`, `enable server`, `disable server`. */
void server_set_ready(struct server *s);
void server_set_maint(struct server *s);
void server_set_drain(struct server *s);

/* 0 to 256. */
void server_set_weight(struct server *s, unsigned weight);

/* enable|disable health|agent. */
void server_probe_enable(struct server *s, struct server_probe *p, bool on);

/* Idle connections to it are closed. */
void server_close_idle(struct server *s);

/* Breaks off what is at the server. `cause` stands in the log: 'D' the server is down, 'U' a better
 * one is up, 'K' the administrator wanted it. */
void server_shut_down(struct server *s, char cause);

/* ---- configurations: control thread ---- */

void server_state_init(struct server *s);
void server_state_release(struct server *s);

/* conf, which points to its server, is part of the configuration that is used from now on. What it
 * says differently from the one before holds; else what was set at run time stays. */
void server_adopt(struct keeper *k, const struct server_conf *conf);

/* Its configuration is gone: it tracks nobody, and nobody tracks it. */
void server_abandon(struct server *s);

/* After all were adopted: it follows the server that its line names, and inherits its state. */
void server_follow(struct server *s);

/* ---- any thread ---- */

static inline enum server_op server_op(const struct server_state *st)
{
    return atomic_load_explicit(&st->op, memory_order_relaxed);
}

static inline unsigned server_admin(const struct server_state *st)
{
    return atomic_load_explicit(&st->admin, memory_order_relaxed);
}

/* Seconds that it was stopped for, up to now. */
uint64_t server_down_time(const struct server_state *st, usec_t wall);

#endif

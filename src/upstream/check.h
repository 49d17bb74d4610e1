/* SPDX-License-Identifier: Apache-2.0 */
/* Health checks: when each server's is due, carrying them out, and what is made of what they find.
 *
 * A check belongs to its server and outlives configurations: when a new one is taken over its
 * schedule goes on, its verdicts and what was found last remain, and what the file says differently
 * holds from its next run on. One that runs keeps the configuration that it began with.
 *
 * When many servers begin to be checked at once, their first checks are spread over the time
 * between two of them, the first one being checked at once; and each interval is a little longer or
 * shorter than the file says (spread-checks), so that they stay apart.
 *
 * All on the control thread, but for server_observe.
 *
 * Manual: 5.2 "check", "inter", "rise", "fall", "observe", …; "spread-checks", "timeout check". */
#ifndef GATEHOUSE_UPSTREAM_CHECK_H
#define GATEHOUSE_UPSTREAM_CHECK_H

#include "policy/vars.h"
#include "upstream/backend.h"

struct check_run;

enum { SPREAD_DEFAULT = 3 }; /* percent */

/* What all checks share. */
struct checker {
    struct worker *control;
    struct list checks; /* struct check */
    unsigned generation;

    /* of the current configuration */
    uint32_t bufsize;
    unsigned spread;        /* percent of an interval, up and down */
    unsigned max_spread_ms; /* the first checks are at most so far apart in all; 0: no limit */
    const struct var_limits *var_limits;
    struct vars_process *proc_vars;
    const atomic_bool *stopping;

    /* A run of a check needs the configuration that is current as it begins until it ends. */
    void *config;
    void (*hold)(struct checker *, void *config); /* NULL: nothing to be done */
    void (*release)(struct checker *, void *config);
};

/* The check of one server. */
struct check {
    struct list link;
    struct checker *checker;
    struct server *server;          /* holds a reference */
    const struct server_conf *conf; /* of the current configuration */
    unsigned generation;            /* of the checker, when it was last asked for */
    struct timer due;
    struct check_run *run; /* NULL: none is under way */
    unsigned reported;     /* enum check_status of the last that was finished */
};

void checker_init(struct checker *k, struct worker *control);

/* A new configuration is about to be taken over, which `config` and the others stand for: then
 * comes check_adopt for each of its servers that is checked, and checker_end. Servers without are
 * checked no more. */
void checker_begin(struct checker *k);
void check_adopt(struct checker *k, const struct server_conf *conf);
void checker_end(struct checker *k);

/* All end. The loop runs once more, to bury what is left. */
void checker_stop(struct checker *k);

/* A run has ended; the text may be changed. */
void check_finish(struct check *c, struct check_finding *found, uint32_t duration_ms);

/* Something else than a check found it failing (traffic): what it says, and how much of its health
 * that costs. */
void check_fail(struct check *c, const char *text, enum on_error how);

/* ---- runs (check_run.c) ---- */

void check_run_start(struct check *c);

/* Ends it without a word; nothing if there is none. */
void check_run_cancel(struct check *c);

/* ---- traffic ---- */

/* What traffic saw of a server. */
enum observed {
    OBSERVED_CONNECTED,
    OBSERVED_NOT_CONNECTED, /* errors of layer 4 */
    OBSERVED_ANSWER,        /* a good one, layer 7; errors of it: */
    OBSERVED_BAD_STATUS,
    OBSERVED_BAD_HEAD,
    OBSERVED_TIMEOUT,
    OBSERVED_CLOSED,
    OBSERVED_RESET,
};

void server_observe_slowly(const struct server_conf *s, enum observed what, struct worker *control);

/* Any worker: tells what a request saw. */
static inline void server_observe(const struct server_conf *s, enum observed what,
                                  struct worker *control)
{
    if (s->checking.observed) server_observe_slowly(s, what, control);
}

#endif

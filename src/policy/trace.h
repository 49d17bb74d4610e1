/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody hears who listens to a context (context.trace): each value that an expression gave,
 * each test of an ACL, each condition, each rule and what came of it. `gatehouse explain` does.
 *
 * A context that serves traffic has no trace: that costs a predictable branch in each place where
 * something would be told. A trace belongs to the thread of its context; what it is handed is only
 * valid during the call, but for what the configuration owns (expressions, tests, rules). */
#ifndef GATEHOUSE_POLICY_TRACE_H
#define GATEHOUSE_POLICY_TRACE_H

#include "policy/rule.h"

/* For functions that run only while somebody listens: kept out of those that serve. */
#define TRACE_ONLY __attribute__((noinline, cold))

/* An expression was evaluated. */
struct trace_value {
    const struct expr *expr;
    const struct sample *value; /* NULL: it gave none */
    /* Without a value: which row gave none, a fetch or a converter; and what it was given (NULL:
     * it was the fetch). */
    const char *lost;
    const struct sample *before;
};

struct trace {
    void (*value)(struct trace *, struct context *, const struct trace_value *);

    /* A test is made of what is known only while a gateway runs (expr->counts); the values it
     * looked at were told before. Returns what shall be taken for its result. NULL: what it is. */
    bool (*suppose)(struct trace *, struct context *, const struct acl_test *, bool holds);

    /* A test was made; the values it looked at were told before. */
    void (*test)(struct trace *, struct context *, const struct acl_test *, bool holds);

    /* A term was looked at (its tests were told before); then the whole condition. Terms that can't
     * change the result any more are not looked at. */
    void (*term)(struct trace *, struct context *, const struct condition_term *, bool holds);
    void (*condition)(struct trace *, struct context *, const struct condition *, bool holds);

    /* A rule's turn: its condition held or not; and if it did, what came of it. */
    void (*rule)(struct trace *, struct context *, const struct rule *, bool holds);
    void (*done)(struct trace *, struct context *, const struct rule *, enum rule_result);

    /* A format gave that text. */
    void (*text)(struct trace *, struct context *, const struct format *, struct slice text);

    /* While an action describes what it has done, its formats give again what they gave when it was
     * run (false: they were not asked then), for by now they could give something else. Nothing is
     * told meanwhile. */
    bool describing;
    bool (*again)(struct trace *, const struct format *, struct slice *text);
};

/* ---- for expr.c: evaluates, and tells of it ---- */

bool trace_eval(const struct expr *e, struct context *c, struct sample *out) __attribute__((cold));

/* The action's own words for what it did; "" when it has none. In c's arena. */
struct slice trace_describe(struct context *c, const struct rule *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Variables: values that rules keep for later rules. HAProxy's manual, 2.8 and "set-var".
 *
 * Names are numbered when the configuration is compiled: `txn.a` and `sess.a` are two variables of
 * two scopes. Where a scope's values live is told by `struct vars`: those of txn, req and res in
 * the request's arena; those of sess on the heap, as long as the connection; those of proc shared
 * by all threads under a lock, as long as the process, whatever is reloaded.
 *
 * Each scope is bounded by tune.vars.<scope>-max-size, by HAProxy's way of counting: VAR_COST a
 * variable, and the bytes of strings. A scope's count includes those of the scopes within it: res
 * and req are within txn, txn within sess, sess within proc, and tune.vars.global-max-size bounds
 * them all. */
#ifndef GATEHOUSE_POLICY_VARS_H
#define GATEHOUSE_POLICY_VARS_H

#include "policy/sample.h"

#include <pthread.h>
#include <stdatomic.h>

/* SCOPE_CHECK is that of health checks: in a request it does not exist. In a check, context.now
 * holds its variables and context.txn those of the session, for there is no client: whoever runs it
 * gives them back with vars_release. */
enum var_scope { SCOPE_PROC, SCOPE_SESS, SCOPE_TXN, SCOPE_REQ, SCOPE_RES, SCOPE_CHECK, SCOPES };

enum { VAR_COST = 80 };

struct context;
struct var;

/* The values of one scope. All zero is empty. */
struct vars {
    struct var *first;
    uint32_t size; /* as tune.vars.* counts, those of the scopes within included */
};

/* What tune.vars.* says; 0: no limit. */
struct var_limits {
    uint32_t global, proc, sess, txn, reqres;
};

/* The scope proc, one for the process. Any thread. */
struct vars_process {
    pthread_rwlock_t lock;
    struct var *first;
    _Atomic(uint64_t) size; /* counted while there is a limit for proc or global */
};

void vars_process_init(struct vars_process *p);
void vars_process_release(struct vars_process *p);

/* A variable as a configuration names it. */
struct var_name {
    uint8_t scope;     /* enum var_scope */
    uint32_t id;       /* of the name without its scope; the same in every configuration */
    struct slice text; /* "txn.a" */
};

/* Numbers of names; one for the process, kept over reloads. Control thread. */
struct var_names;
struct var_names *var_names_new(void);
void var_names_free(struct var_names *);

/* The variable that `text` ("txn.a") names; false, and *why, when it names none. HAProxy's rules:
 * a scope, a dot, then letters, digits, '_' and '.'. out->text lives as long as `all`. */
bool var_name_parse(struct var_names *all, struct slice text, struct var_name *out,
                    const char **why);

/* The value; false when there is none, or its scope does not exist in this context (res. while a
 * request is on its way, txn. without a request: context.h, now_scope). For proc and sess the
 * bytes are copied into c's arena, since a later set-var frees them. */
bool var_get(struct context *c, const struct var_name *v, struct sample *out);

/* Does its scope exist in this context? */
bool var_reachable(struct context *c, const struct var_name *v);

/* Conditions of set-var(name,cond,…); a set. HAProxy 2.6 has four pairs. */
enum {
    VAR_IF_EXISTS = 1 << 0, /* always so for proc */
    VAR_IF_NOT_EXISTS = 1 << 1,
    VAR_IF_EMPTY = 1 << 2, /* the new value is an empty string; numbers and addresses never are */
    VAR_IF_NOT_EMPTY = 1 << 3,
    VAR_IF_SET = 1 << 4, /* it has a value: was set, and not unset since */
    VAR_IF_NOT_SET = 1 << 5,
    VAR_IF_GT = 1 << 6, /* the old value is greater than the new; holds unless both are integers */
    VAR_IF_LT = 1 << 7,
};

/* The bit of a condition's name ("ifexists"); 0: it is none. */
unsigned var_condition_find(struct slice name);

/* Sets it (copying the bytes to where the scope lives) when all conditions hold. False: they don't,
 * there is no such scope here, or no room; where there is no room the variable is unset. */
bool var_set(struct context *c, const struct var_name *v, const struct sample *value,
             unsigned conditions);

/* False when there is no such scope here. */
bool var_unset(struct context *c, const struct var_name *v);

/* Forgets the values of txn, or of req or res (whichever there is): when the request is over, and
 * between it and its response. Costs nothing when there are none. */
void vars_forget(struct context *c, enum var_scope scope);

/* Frees what a scope on the heap holds: SCOPE_SESS at a connection's end. What it counted is taken
 * off `p`, which may be NULL. */
void vars_release(struct vars *vs, const struct var_limits *limits, struct vars_process *p);

#endif

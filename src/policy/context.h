/* SPDX-License-Identifier: Apache-2.0 */
/* The context: everything that an expression, a condition or an action can see of what is going
 * on. The gateway embeds one in each request, and makes one for a connection's own rules; a part
 * that is not there (yet) is NULL, and fetches that need it give nothing.
 *
 * What this floor knows nothing of (proxies, servers, the request's steps) is carried as pointers
 * for rows of the floors above. One worker's, like the request. */
#ifndef GATEHOUSE_POLICY_CONTEXT_H
#define GATEHOUSE_POLICY_CONTEXT_H

#include "http/message.h"
#include "net/address.h"
#include "policy/need.h"
#include "policy/track.h"
#include "policy/vars.h"
#include "runtime/worker.h"

#include <stdatomic.h>

struct proxy_conf;
struct server_conf;
struct bind_conf;
struct capture_list;
struct rule;
struct stick_entry;
struct stick_table;
struct trace;

/* The client's connection. Part of a session. */
struct client_facts {
    union peer_address from;      /* as accepted */
    const struct bind_conf *bind; /* of the snapshot in which it was accepted: only while … */
    usec_t accepted, accepted_wall;
    /* The address that it was accepted on, from a system call when first asked for. */
    bool (*local)(const struct client_facts *, union address *out);
    struct vars sess;
    union address src, dst; /* what the connection's rules made of its addresses, where they did */
    bool has_src, has_dst;
    struct trackers tracked;
    uint64_t id; /* unique in this process */
    void *owner; /* the struct session, for rows of the gateway; NULL: none */
};

/* A body that rules may look at: filled by `http-request wait-for-body` and
 * `option http-buffer-request`; what a message with more than that has come, `whole` is false. */
struct context_body {
    struct slice bytes;
    bool whole;
};

/* The entry of a stick table that was looked up last (policy/stick_recall.c). */
struct recalled {
    struct stick_table *table;
    struct stick_entry *entry; /* with a reference; NULL: none */
    struct slice key;
};

struct context {
    struct arena *arena; /* results live here, as long as the request does */
    struct worker *worker;
    struct client_facts *client;

    struct http_msg *req, *res; /* NULL: none (yet) */
    struct context_body req_body, res_body;
    /* Adds to them what has come meanwhile; NULL: nothing does. */
    void (*see_body)(struct context *c, bool response);
    struct vars_process *proc;           /* NULL: there is none (yet) */
    const struct var_limits *var_limits; /* NULL: none */
    struct vars txn, now;                /* now: req's or res's */
    /* Which of both `now` is: SCOPE_REQ or SCOPE_RES. 0: no request, so that none of txn, req and
     * res exists (rules of a connection, the Runtime API). */
    uint8_t now_scope;

    const struct proxy_conf *frontend, *backend; /* backend NULL: not chosen yet */
    const struct proxy_conf *proxy;              /* whose rules are being run */
    const struct server_conf *server;            /* chosen, or NULL */
    enum policy_place place;                     /* where in a request's life we are */

    struct trackers tracked; /* the request's; the session's are client's */

    /* set-src and its kin: NULL, or what to use instead of the connection's own. In the arena. */
    const union address *src, *dst;

    const struct rule *last_rule;  /* that ended the evaluation of a ruleset: last_rule_file, … */
    const struct rule *final_rule; /* that ended the request: txn.rule */
    struct capture_list *captures;
    struct slice unique_id;      /* NULL pointer: not made yet */
    struct trace *trace;         /* `gatehouse explain` listens; else NULL */
    unsigned log_level;          /* http-request set-log-level: 0 not set; 1 + syslog's; SILENT */
    const atomic_bool *stopping; /* the process drains; NULL: never */
    uint64_t random;             /* rand's; 0 at first */
    struct recalled recalled;
    void *owner; /* the struct request, for rows of the gateway; NULL for sessions */

    /* What ruleset_run keeps (rule.h). */
    const struct rule *waiting;  /* that returned RULE_WAIT: its condition held */
    const struct rule *reported; /* the last one with `report` that would have ended the request */
    const struct rule_hooks *rule_hooks; /* NULL: nobody is told */
    bool lax;                            /* strict-mode off, until the ruleset ends */
    unsigned failed_rewrites;            /* what rules could not rewrite */
};

/* The client's and the proxy's own address as rules see them; NULL: unknown. */
const struct sockaddr *context_src(const struct context *c);
const struct sockaddr *context_dst(struct context *c);

/* The request is over, what follows are rules of its response: req's variables are forgotten. */
void context_begin_response(struct context *c);

/* The request is over: its variables are taken off the counts, and what it refers to is given
 * back. Its arena may then go. */
void context_end(struct context *c);

/* The most bytes that a sample may have: tune.bufsize. */
size_t context_most(const struct context *c);

/* Memory for a result of n bytes; NULL when that is more than a sample may have (tune.bufsize, as
 * in HAProxy). What is not used can be left. */
char *context_room(struct context *c, size_t n);

#endif

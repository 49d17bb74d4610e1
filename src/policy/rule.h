/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: an action, and the condition under which it is run, in the order of the file. */
#ifndef GATEHOUSE_POLICY_RULE_H
#define GATEHOUSE_POLICY_RULE_H

#include "policy/condition.h"
#include "policy/format.h"

/* The rulesets there are. A set in rows: bits. */
enum {
    RULES_TCP_CONNECTION = 1 << 0,
    RULES_TCP_SESSION = 1 << 1,
    RULES_HTTP_REQUEST = 1 << 2,
    RULES_HTTP_RESPONSE = 1 << 3,
    RULES_HTTP_AFTER_RESPONSE = 1 << 4,
    RULES_HTTP = RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE | RULES_HTTP_AFTER_RESPONSE,
};

enum rule_result {
    RULE_NEXT,     /* go on with the next rule */
    RULE_STOP,     /* allow, accept: this ruleset is over */
    RULE_ANSWERED, /* the request has its answer, made ready by the action: the ruleset is over */
    RULE_WAIT,     /* call the same rule again when something happened; its condition held */
    RULE_CLOSE,    /* reject, silent-drop: end without an answer */
    RULE_INVALID,  /* the request is found to be no good: 400 */
    RULE_ERROR,    /* could not be done: 500, counted as internal error */
};

struct rule;
struct rule_counts;
typedef enum rule_result action_fn(struct context *c, const struct rule *r);

enum {
    ACTION_FINAL = 1 << 0, /* ends the request: takes `name` and `report` */
    ACTION_STOPS = 1 << 1, /* rules behind it, without a condition, are never reached: warn */
    ACTION_PAREN = 1 << 2, /* "set-var(": the name goes on in parentheses */
    ACTION_OURS = 1 << 3,  /* not in HAProxy 2.6 */
    ACTION_PAREN_OPTIONAL = 1 << 4, /* with ACTION_PAREN: they may be left out */
};

/* What set-log-level puts into context.log_level for "silent"; else 1 + syslog's level. */
enum { RULE_LOG_SILENT = 255 };

/* An action is a row; one name may have rows for different rulesets. */
struct action {
    const char *name;
    unsigned where; /* RULES_… */
    unsigned flags;
    /* Reads its words (w stands behind the name; for ACTION_PAREN, r->inside is what stands in the
     * parentheses) up to `if` or `unless`; sets r->data. A word that it does not know it leaves:
     * rule_parse reports it. One that reads words in any order asks rule_common first for each.
     * False: an error was reported. NULL: it takes none. */
    bool (*parse)(struct policy_cfg *pc, struct rule *r, struct words *w);
    action_fn *run;
    /* Words for explain: "answers 403", "sets x-user to bob". Into c's arena. May be NULL. */
    struct slice (*describe)(struct context *c, const struct rule *r);
    const char *args, *doc;
    intptr_t param;
};

struct action_table {
    const char *title;
    const struct action *rows;
    unsigned n;
};

#define ACTION_TABLE(heading, array)                                             \
    {                                                                            \
        .title = (heading), .rows = (array), .n = sizeof(array) / sizeof(*array) \
    }

struct rule {
    const struct action *action;
    const struct condition *cond; /* NULL: always */
    const void *data;             /* the action's own */
    const char *name;             /* `name NAME`, or "file:line" */
    bool report;                  /* log and count, but do nothing */
    struct place at;
    struct slice text; /* the rule's words, for explain: "deny status 429 if slow" */
    struct slice inside;
    unsigned kind;              /* the ruleset's: RULES_… */
    struct rule_counts *counts; /* policy/rule_counts.h; NULL: it ends nothing, or none yet */
    bool counts_shared;         /* a rule before it, of the same name, counts there too */
    const struct rule *next;
};

/* What the floors above do for rules; c->rule_hooks, the same for all requests. */
struct rule_hooks {
    /* Is told of each rule whose condition held and that ended its ruleset, or would have ended the
     * request (`report`: with RULE_NEXT): for counters and logs. May be NULL. */
    void (*decided)(struct context *c, const struct rule *r, enum rule_result result);
    /* Of the client's socket: set-tos, set-mark. May be NULL. */
    void (*set_tos)(struct context *c, unsigned tos);
    void (*set_mark)(struct context *c, uint32_t mark);
};

struct ruleset {
    const struct rule *first;
    const struct rule **last; /* while it is read */
    unsigned kind;            /* RULES_… */
    unsigned n;
};

/* Reads the words behind "http-request", "tcp-request connection", … into a rule at set's end:
 * `ACTION words [name NAME] [report] [if|unless CONDITION]`, where `name` and `report` may stand in
 * front of the action's words too. pc->scope says where the rule stands. */
bool rule_parse(struct policy_cfg *pc, struct ruleset *set, unsigned kind, struct words *w);

/* For actions: takes `name NAME` or `report` when it is next (and the action is one that ends the
 * request). *taken says whether; false: an error was reported. */
bool rule_common(struct policy_cfg *pc, struct rule *r, struct words *w, bool *taken);

/* For actions: no word of theirs is left; what comes is the condition, or nothing. */
static inline bool rule_words_end(const struct words *w)
{
    return !words_left(w) || words_is(w, "if") || words_is(w, "unless");
}

/* "http-request action": for messages. */
const char *rules_action_name(unsigned kind);

/* Runs rules from *at on (set->first at first; where RULE_WAIT left off later, whose condition is
 * then not asked again) until one ends the ruleset. RULE_NEXT: all were run. Sets c->last_rule when
 * one ended it, c->final_rule when the request has its end by it. `strict-mode` is on again
 * afterwards. */
enum rule_result ruleset_run(struct context *c, const struct rule **at);

/* For actions that change something and could not: counts it, and what they return. */
static inline enum rule_result rule_failed(struct context *c)
{
    c->failed_rewrites++;
    return c->lax ? RULE_NEXT : RULE_ERROR;
}

/* The message that the rule is about; NULL for rules of connections. */
static inline struct http_msg *rule_message(struct context *c, const struct rule *r)
{
    if (r->kind == RULES_HTTP_REQUEST) return c->req;
    return r->kind & RULES_HTTP ? c->res : NULL;
}

#endif

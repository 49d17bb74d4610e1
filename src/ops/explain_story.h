/* SPDX-License-Identifier: Apache-2.0 */
/* What `gatehouse explain` has to tell: a story in parts (one a ruleset), each a list of rules with
 * the tests that were made and what came of them. It is collected by listening to the policy
 * (policy/trace.h) and printed at the end, for people (explain_print.c) or as JSON
 * (explain_json.c). One thread; all is in the story's arena, but for what the configuration owns.
 */
#ifndef GATEHOUSE_OPS_EXPLAIN_STORY_H
#define GATEHOUSE_OPS_EXPLAIN_STORY_H

#include "policy/trace.h"

/* A value that was asked for. */
struct story_value {
    struct story_value *next;
    struct slice expr; /* as written */
    bool found;
    struct slice text; /* for people: "'bob'", "17", "not found" */
    struct slice raw;  /* the value as a string */
};

/* One test of a condition, in the order in which they were made. */
struct story_test {
    struct story_test *next;
    struct slice acl;    /* empty: anonymous */
    struct slice text;   /* "req.hdr(api-key) -m found" */
    bool negated, holds; /* holds: the test itself, whatever is made of it */
    bool counts;         /* what it asks is known only while a gateway runs */
    struct story_value *values;
};

/* A rule that had its turn. */
struct story_rule {
    struct story_rule *next;
    const struct rule *rule; /* NULL: use_backend and its kin */
    struct place at;
    const char *keyword; /* "http-request" */
    struct slice text;   /* "deny unless { … }" */
    bool has_condition, unless, holds;
    struct story_test *tests;
    struct story_value *values; /* that the action asked for */
    struct slice did;           /* "answers 403"; empty: nothing to tell */
    enum rule_result result;
    bool waited;
};

struct story_part {
    struct story_part *next;
    const struct proxy_conf *proxy;
    enum policy_place place;
    const char *title; /* "frontend api: http-request rules" */
    struct story_rule *rules, **rules_end;
    unsigned unreached; /* rules behind the one that ended it */
};

/* A condition that no rule of a ruleset has: whoever knows whose it is asks for it. */
struct story_asked {
    struct story_asked *next;
    const struct condition *cond;
    bool holds;
    struct story_test *tests;
};

/* A test of what is known only while a gateway runs, such as a count: it may come out otherwise. */
struct story_open {
    struct story_open *next;
    const struct acl_test *test;
    bool holds; /* with nothing counted before */
};

struct story {
    struct trace trace; /* for context.trace */
    struct arena arena;
    struct story_part *parts, **parts_end, *part;
    struct story_value *values, **values_end; /* not claimed by a test yet */
    struct story_test *tests, **tests_end;    /* … by a condition */
    struct story_test **term;                 /* where the current term's tests begin */
    struct story_asked *asked, **asked_end;   /* … by a rule */
    struct story_rule *rule;                  /* the last one */
    struct story_text *texts;                 /* that its formats gave */
    struct story_open *open, **open_end;      /* each once, in their order */
    const struct acl_test *other;             /* comes out otherwise than it does; NULL: none */
    struct http_msg before;                   /* the message before the rule … */
    struct http_field *fields;                /* … and its fields */
};

void story_init(struct story *s);
void story_release(struct story *s);

/* Begins a part that is no ruleset's. */
struct story_part *story_part(struct story *s, const struct proxy_conf *proxy,
                              enum policy_place place, const char *title);

/* Adds a rule of another kind to a part, with the tests of its condition (NULL: it has none) where
 * that was asked. */
struct story_rule *story_rule(struct story *s, struct story_part *part,
                              const struct condition *cond);

/* ---- explain_changes.c: what a rule does to its message (NULL: it has none) ---- */

void changes_begin(struct story *s, const struct http_msg *m);
struct slice changes_end(struct story *s, const struct http_msg *m);

#endif

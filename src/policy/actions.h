/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of actions of this floor, for registry.c, and what their files share. */
#ifndef GATEHOUSE_POLICY_ACTIONS_H
#define GATEHOUSE_POLICY_ACTIONS_H

#include "policy/rule.h"

struct regex;
struct regex_match;

extern const struct action_table field_actions;     /* set-header … */
extern const struct action_table uri_actions;       /* set-path … */
extern const struct action_table normalize_actions; /* normalize-uri */
extern const struct action_table response_actions;  /* set-status */
extern const struct action_table variable_actions;  /* set-var … */
extern const struct action_table client_actions;    /* set-src … */
extern const struct action_table flow_actions;      /* allow, accept, strict-mode */
extern const struct action_table map_actions;       /* set-map … */
extern const struct action_table track_actions;     /* track-sc0, sc-inc-gpc … */

/* ---- reading: each takes one word; false: an error was reported ---- */

/* A format; an empty word is none, as in HAProxy. */
bool action_format(struct policy_cfg *pc, struct words *w, unsigned flags,
                   const struct format **out);

/* A regex; it lives as long as the configuration. */
bool action_regex(struct policy_cfg *pc, struct words *w, unsigned flags, const struct regex **out);
bool action_regex_of(struct policy_cfg *pc, const struct word *word, unsigned flags,
                     const struct regex **out);

/* An integer in C's notation (decimal, 0x…, 0…). */
bool action_integer(struct policy_cfg *pc, struct words *w, int64_t *out);

/* ---- running ---- */

/* What a replacement makes of a match, in c's arena; false: it is too long. */
bool action_replacement(struct context *c, struct slice with, const struct regex_match *m,
                        struct slice *out);

/* Words for describe. */
struct slice action_words(struct context *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif

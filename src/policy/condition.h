/* SPDX-License-Identifier: Apache-2.0 */
/* ACLs and the conditions made of them: "if a !b || { path /x }". HAProxy's manual, 7.1, 7.2 and
 * 7.4.
 *
 * All is compiled into the configuration's arena and immutable (sets of patterns see to themselves,
 * match.h). Evaluating allocates from the context's arena only, and stops as soon as the result is
 * known. A fetch that a place can't serve is a warning where the condition is read, as in HAProxy,
 * and gives nothing there. */
#ifndef GATEHOUSE_POLICY_CONDITION_H
#define GATEHOUSE_POLICY_CONDITION_H

#include "policy/match.h"

/* The ACLs of one section, by name; several `acl` lines of one name are alternatives. Later lines
 * find only ACLs that stand above them (and the predefined ones), as in HAProxy. `outer`: a set
 * whose ACLs are found too; NULL: none (HAProxy's proxies don't find those of their defaults). */
struct acl_set;
struct acl_set *acl_set_new(struct arena *a, const struct acl_set *outer);

/* An `acl` line's words behind "acl": a name, a criterion, flags and values. An empty word ends the
 * line, as in HAProxy. */
bool acl_parse(struct policy_cfg *pc, struct acl_set *set, struct words *w);

struct condition;

/* `if …` or `unless …` up to the end of the line. *out is NULL when there are no more words. */
bool condition_parse(struct policy_cfg *pc, struct words *w, const struct condition **out);

/* The same where "if" and "unless" have been read: only terms. Without any it is false, or with
 * `negate` true. */
bool condition_parse_terms(struct policy_cfg *pc, struct words *w, bool negate,
                           const struct condition **out);

/* condition_holds where there is one. */
bool condition_asked(const struct condition *cond, struct context *c);

/* Does it hold? NULL holds always. */
static inline bool condition_holds(const struct condition *cond, struct context *c)
{
    return !cond || condition_asked(cond, c);
}

/* ---- for `gatehouse explain`: the parts, in the order in which they are written ---- */

struct acl;

struct condition_term {
    const struct acl *acl;
    bool negate;
    bool begins;   /* the first of an alternative: "or" stands before it, but for the very first */
    bool lost;     /* some of its tests never match where the condition stands … */
    uint8_t place; /* … which is here: enum policy_place */
};

/* An ACL is one or several tests, of which one must hold. */
struct acl_test {
    const struct acl_test *next;
    const struct expr *expr;
    const struct match *match;
    struct patterns **sets; /* none for MATCH_FOUND and MATCH_BOOL */
    unsigned n_sets;
    struct slice text; /* as written: "path_beg /a /b" */
};

unsigned condition_terms(const struct condition *cond, const struct condition_term **out);
bool condition_negated(const struct condition *cond);
struct slice acl_name(const struct acl *acl); /* empty: anonymous */
const struct acl_test *acl_tests(const struct acl *acl);
bool condition_term_holds(const struct condition_term *term, struct context *c);

#endif

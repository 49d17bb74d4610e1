/* SPDX-License-Identifier: Apache-2.0 */
/* What ACLs are made of. Private to acl.c, acl_names.c and condition.c. */
#ifndef GATEHOUSE_POLICY_ACL_H
#define GATEHOUSE_POLICY_ACL_H

#include "policy/condition.h"

struct acl {
    struct acl *next; /* of its set's bucket */
    struct slice name;
    const struct acl_test *tests;
    const struct acl_test **tests_end;
};

/* One test, from the words at w->at up to an empty one or the end. False: an error was reported. */
bool acl_test_parse(struct policy_cfg *pc, struct acl *acl, struct words *w);

struct acl *acl_new(struct arena *a, struct slice name);

/* The ACL of that name that stands above, or a predefined one, which then belongs to the set, too.
 * `at` is where it is named. NULL: there is none, or *failed: an error was reported. */
const struct acl *acl_find(struct policy_cfg *pc, const struct word *at, struct slice name,
                           bool *failed);

/* Adds the names that acl_find knows. */
void acl_nearest(const struct acl_set *set, struct nearest *n);

/* ---- acl_names.c ---- */

/* A criterion whose name is an ACL's only: "hdr_beg(host)" is the fetch `req.hdr(host)` matched by
 * "beg". */
struct acl_criterion {
    struct slice name;         /* as written: "hdr_beg" */
    struct slice fetch;        /* "req.hdr" */
    const struct match *match; /* NULL: what its type says */
};

struct acl_criterion acl_criterion_of(const struct policy_rows *rows, struct slice word);

/* The words that a predefined ACL stands for, ended by NULL; NULL: there is none of that name. */
const char *const *acl_predefined(struct slice name);
void acl_predefined_nearest(struct nearest *n);

#endif

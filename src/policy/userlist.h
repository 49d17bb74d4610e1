/* SPDX-License-Identifier: Apache-2.0 */
/* Userlists: who may come in by which password, and the groups that each is in. Section `userlist`;
 * HAProxy's manual, 3.4. Immutable once read; any thread may ask. */
#ifndef GATEHOUSE_POLICY_USERLIST_H
#define GATEHOUSE_POLICY_USERLIST_H

#include "lang/section.h"

struct context;
struct userlist;

/* A group that a user is in. */
struct user_group {
    struct slice name;
    const struct user_group *next;
};

struct user {
    struct slice name;
    struct slice secret; /* the password as it is */
    bool has_secret;     /* without, nobody comes in by that name */
    const struct user_group *groups;
};

/* The user whose name and password these are, or NULL. What it takes in time tells neither whether
 * there is such a user, nor how much of the password was right. */
const struct user *userlist_check(const struct userlist *l, struct slice name,
                                  struct slice password);

/* The same bytes? Looks at every one of `given`, whatever it is. */
bool secret_same(struct slice given, struct slice secret);

/* The name and password that the request's Authorization (Basic) has; false: none that can be read.
 */
bool context_basic_auth(struct context *c, struct slice *name, struct slice *password);

/* The list of that name, or NULL; for policy_cfg.resolve and actions. Control thread. */
const struct userlist *userlist_find(const struct cfg *cfg, struct slice name);

extern const struct section_kind section_userlist;
extern const struct keyword_table userlist_keywords, user_options, group_options;

#endif

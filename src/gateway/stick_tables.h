/* SPDX-License-Identifier: Apache-2.0 */
/* The stick tables of a configuration. Control thread. */
#ifndef GATEHOUSE_GATEWAY_STICK_TABLES_H
#define GATEHOUSE_GATEWAY_STICK_TABLES_H

#include "gateway/build.h"
#include "policy/stick_table.h"

extern const struct keyword_table stick_keywords, stick_options;

/* The table of that name; an empty one: the scope's proxy's own. NULL: there is none. */
const struct stick_conf *stick_tables_find(const struct snapshot *s,
                                           const struct policy_scope *scope, struct slice name);

/* When all rules are resolved: finds or makes the runtime objects. False: errors were reported. */
bool stick_tables_build(struct build *b, struct cfg *cfg);

/* The configuration is about to be used: its tables are known by their names from now on. */
void stick_tables_adopt(struct engine *e, const struct snapshot *s);

/* Gives the references back. */
void stick_tables_release(struct snapshot *s);

/* Removes what has expired, a bounded number, and logs which tables are full. When to call it
 * again, in milliseconds; 0: there is nothing to do. */
unsigned stick_tables_tend(struct engine *e, msec_t now);

#endif

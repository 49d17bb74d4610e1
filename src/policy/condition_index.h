/* SPDX-License-Identifier: Apache-2.0 */
/* A list of conditions of which the first that holds is wanted (use_backend): where many in a row
 * ask one thing of one fetch ("{ req.hdr(host) -i a }", "{ req.hdr(host) -i b }" …), it is asked
 * once and looked up, so that a thousand cost as much as ten. The others are tried one by one.
 * Made when the configuration is read, of sets that belong to it alone; once the Runtime API has
 * changed one of those, its row is tried one by one, too. */
#ifndef GATEHOUSE_POLICY_CONDITION_INDEX_H
#define GATEHOUSE_POLICY_CONDITION_INDEX_H

#include "policy/condition.h"

struct condition_index;

/* `conditions` must last as long as the configuration, in whose arena the index lies. */
const struct condition_index *
condition_index_new(struct policy_cfg *pc, const struct condition *const *conditions, unsigned n);

/* The position of the first that holds; n when none does. */
unsigned condition_index_first(const struct condition_index *ix, struct context *c);

#endif

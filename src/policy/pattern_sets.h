/* SPDX-License-Identifier: Apache-2.0 */
/* Making a configuration's sets. Private to the patterns' files; match.h has what others need. */
#ifndef GATEHOUSE_POLICY_PATTERN_SETS_H
#define GATEHOUSE_POLICY_PATTERN_SETS_H

#include "policy/match.h"

/* pc->patterns, made at the first call. */
struct pattern_sets *pattern_sets_of(struct policy_cfg *pc);

/* Takes the reference over. path "": written in the configuration. */
struct pattern_set *pattern_set_new(struct pattern_sets *all, struct pattern_ref *ref,
                                    const char *path);

/* The one made last. */
struct pattern_set *pattern_sets_last(const struct pattern_sets *all);

struct pattern_set *pattern_set_by_path(const struct pattern_sets *all, struct slice path);
bool pattern_sets_has_id(const struct pattern_sets *all, int id);

void pattern_set_used(struct pattern_sets *all, struct pattern_set *s, struct patterns *p);

/* Descriptions: of a file, one more use; of what is written in the configuration. */
void pattern_set_note(struct pattern_set *s, bool map, const struct word *at);
void pattern_set_name(struct pattern_set *s, struct slice criterion, const struct word *at);

#endif

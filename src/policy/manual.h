/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of this floor (fetches, converters, matches, actions, format items) for the reference
 * part of docs/manual.md and for `gatehouse --dump-keywords`, behind those of lang/manual.h. */
#ifndef GATEHOUSE_POLICY_MANUAL_H
#define GATEHOUSE_POLICY_MANUAL_H

#include "policy/policy_cfg.h"

#include <stdio.h>

/* Markdown. */
void policy_manual_print(FILE *out, const struct policy_rows *rows);

/* "what<TAB>name<TAB>where<TAB>flags" lines, as keywords_dump; where is what it needs, the types or
 * the ruleset. */
void policy_rows_dump(FILE *out, const struct policy_rows *rows);

/* HAProxy's lists: -dKsmp, -dKcnv, -dKacl. */
void policy_dump_fetches(FILE *out, const struct policy_rows *rows);
void policy_dump_converters(FILE *out, const struct policy_rows *rows);
void policy_dump_criteria(FILE *out, const struct policy_rows *rows);

#endif

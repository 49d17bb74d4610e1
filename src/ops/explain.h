/* SPDX-License-Identifier: Apache-2.0 */
/* `gatehouse explain`: runs one request through a configuration without sending anything, and tells
 * what each rule made of it. Manual: "explain". */
#ifndef GATEHOUSE_OPS_EXPLAIN_H
#define GATEHOUSE_OPS_EXPLAIN_H

#include "ops/command_line.h"

struct vocabulary;

/* 0: explained, whatever the answer would be; 1: the configuration or the command line is no good,
 * which was printed to stderr. */
int explain(const struct command_line *o, const struct vocabulary *words);

#endif

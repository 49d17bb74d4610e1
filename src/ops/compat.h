/* SPDX-License-Identifier: Apache-2.0 */
/* `gatehouse check --compat FILE…`: what the files use of HAProxy's that Gatehouse does not have.
 * Manual: "Command line". */
#ifndef GATEHOUSE_OPS_COMPAT_H
#define GATEHOUSE_OPS_COMPAT_H

#include "ops/command_line.h"

struct vocabulary;

/* Prints the list to stdout. 0: nothing is missing; 1: something is, or a file can't be read. */
int compat_check(const struct command_line *o, const struct vocabulary *words);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line asks to be printed once the configuration is read: keywords (-dK) and
 * shared libraries (-dL). Both go to stdout, and the program goes on. */
#ifndef GATEHOUSE_OPS_DUMP_H
#define GATEHOUSE_OPS_DUMP_H

#include "lang/section.h"
#include "ops/command_line.h"

/* `valid`: the configuration is; libraries are printed only then, as by HAProxy. */
void dump_requested(const struct command_line *o, const struct vocabulary *words, bool valid);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The process: what happens at start, on signals, and at the end. Runs on the control thread. */
#ifndef GATEHOUSE_OPS_PROCESS_H
#define GATEHOUSE_OPS_PROCESS_H

#include "lang/section.h"
#include "ops/api_command.h"
#include "ops/command_line.h"

/* Reads the configuration and serves until told to stop. Returns the exit status. `commands`: the
 * Runtime API's; NULL ends the tables. */
int process_run(const struct command_line *o, const struct vocabulary *words,
                const struct api_commands *const *commands);

/* Reads and checks the configuration only (-c). Returns the exit status: 0, 1, or 2 when there is
 * nothing to listen on. */
int process_check(const struct command_line *o, const struct vocabulary *words);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the Runtime API about what is under way and about the process: show sess, shutdown
 * session; disable, enable, shutdown frontend, set maxconn and rate-limit; show errors; clear
 * counters; show env, pools, activity, threads. */
#ifndef GATEHOUSE_OPS_SESSION_COMMANDS_H
#define GATEHOUSE_OPS_SESSION_COMMANDS_H

#include "ops/api_command.h"

extern const struct api_commands session_commands, frontend_commands, limit_commands,
    error_commands, clear_commands, process_commands;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API's commands on servers, for registry.c. Management manual: section 9.3. */
#ifndef GATEHOUSE_OPS_SERVER_COMMANDS_H
#define GATEHOUSE_OPS_SERVER_COMMANDS_H

#include "ops/api_command.h"

extern const struct api_commands server_commands, server_set_commands;

#endif

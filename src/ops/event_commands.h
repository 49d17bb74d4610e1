/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API's `show events`: what rings of logs hold. Management manual, 9.3. */
#ifndef GATEHOUSE_OPS_EVENT_COMMANDS_H
#define GATEHOUSE_OPS_EVENT_COMMANDS_H

#include "ops/api_command.h"

extern const struct api_commands event_commands;

#endif

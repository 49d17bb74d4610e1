/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on stick tables. */
#ifndef GATEHOUSE_OPS_TABLE_COMMANDS_H
#define GATEHOUSE_OPS_TABLE_COMMANDS_H

#include "ops/api_command.h"

extern const struct api_commands table_commands;

#endif

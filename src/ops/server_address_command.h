/* SPDX-License-Identifier: Apache-2.0 */
/* set server … addr, check-addr, check-port. `word`: what stands behind that; NULL: nothing. */
#ifndef GATEHOUSE_OPS_SERVER_ADDRESS_COMMAND_H
#define GATEHOUSE_OPS_SERVER_ADDRESS_COMMAND_H

#include "ops/api_command.h"

struct server_conf;

enum api_progress api_set_server_address(struct api_call *c, const struct server_conf *s,
                                         const char *word);
enum api_progress api_set_check_address(struct api_call *c, const struct server_conf *s,
                                        const char *word);
enum api_progress api_set_check_port(struct api_call *c, const struct server_conf *s,
                                     const char *word);

#endif

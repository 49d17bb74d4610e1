/* SPDX-License-Identifier: Apache-2.0 */
/* How commands of the Runtime API name servers and backends. Control thread. */
#ifndef GATEHOUSE_OPS_SERVER_FIND_H
#define GATEHOUSE_OPS_SERVER_FIND_H

#include "gateway/engine.h"
#include "ops/api_command.h"

/* A backend by its name, or "#" and its number; NULL. */
const struct proxy_conf *api_find_backend(const struct snapshot *s, struct slice name);

/* "backend/server", as the call's argument `i`. NULL: that there is none was said. */
const struct server_conf *api_find_server(struct api_call *c, unsigned i);

#endif

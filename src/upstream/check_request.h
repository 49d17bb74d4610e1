/* SPDX-License-Identifier: Apache-2.0 */
/* What a health check sends. */
#ifndef GATEHOUSE_UPSTREAM_CHECK_REQUEST_H
#define GATEHOUSE_UPSTREAM_CHECK_REQUEST_H

#include "upstream/check_script.h"

/* The bytes of a TCP script's send step, in c's arena. False: they can't be made. */
bool check_bytes(const struct check_send *send, struct context *c, struct slice *out);

/* A request, in c's arena. Bytes that would end a line early are made harmless. `state`: the value
 * of x-haproxy-server-state; empty: none. */
struct slice check_request(const struct check_send *send, struct context *c, struct slice state);

#endif

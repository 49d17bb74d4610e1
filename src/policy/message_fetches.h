/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of fetches that look at messages, for registry.c. */
#ifndef GATEHOUSE_POLICY_MESSAGE_FETCHES_H
#define GATEHOUSE_POLICY_MESSAGE_FETCHES_H

#include "policy/expr.h"

extern const struct fetch_table request_fetches, field_fetches, cookie_fetches, query_fetches,
    body_fetches, response_fetches, auth_fetches, contents_fetches, rule_fetches, track_fetches;

/* The length of the IPv4 address that s begins with, with leading zeros if it likes; 0: none. *out
 * may be set in any case. */
size_t fetch_ipv4(struct slice s, struct in_addr *out);

/* All of s is a port's number; out may be NULL. */
bool fetch_port(struct slice s, int64_t *out);

/* The version of the message of the row's side (fields.h). */
bool fetch_version(struct context *c, const struct arg *args, struct sample *out);

#endif

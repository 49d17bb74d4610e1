/* SPDX-License-Identifier: Apache-2.0 */
/* Host names to addresses, for what is resolved once, when a configuration is read. Blocks (hosts
 * file, then DNS with its timeouts), so it is for the control thread and never for a worker. */
#ifndef GATEHOUSE_RUNTIME_RESOLVE_H
#define GATEHOUSE_RUNTIME_RESOLVE_H

#include "base/slice.h"

#include <sys/socket.h>

/* Puts up to `max` addresses of `host` (a name, or an address as text) into out and returns how
 * many, at least 1; or a negative error that resolve_error puts into words. `family` is AF_INET,
 * AF_INET6 or AF_UNSPEC: both, IPv4 first. Within a family the system's order is kept (RFC 6724),
 * and no address comes twice. Ports are 0: the caller sets them. Any thread. */
int resolve_name(struct slice host, int family, struct sockaddr_storage *out, unsigned max);

/* "Name or service not known": a constant text for what resolve_name returned. */
const char *resolve_error(int error);

#endif

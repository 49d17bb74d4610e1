/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that speak HTTP/1: reads one request after another from a connection and is the client
 * side of each (gateway/client.h). Pipelined requests are answered in order: the next head is
 * parsed when the answer before it is done. */
#ifndef GATEHOUSE_GATEWAY_H1_CLIENT_H
#define GATEHOUSE_GATEWAY_H1_CLIENT_H

#include "gateway/client.h"
#include "gateway/session.h"

/* Takes over an accepted socket, and references (see session_init). */
void h1_client_start(struct gate *g, struct listener *l, const struct bind_conf *bind, int fd,
                     const union address *from);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server is: its line says, until `set server … addr` says otherwise. That stays through
 * reloads for as long as the line says what it said. */
#ifndef GATEHOUSE_UPSTREAM_SERVER_ADDRESS_H
#define GATEHOUSE_UPSTREAM_SERVER_ADDRESS_H

#include "net/address.h"

#include <stdatomic.h>
#include <stdbool.h>

struct server;
struct server_conf;

struct server_address {
    union address address; /* AF_UNSPEC: it is not known */
    bool port_from_client; /* the port is the one that the client connected to … */
    int port_offset;       /* … and so much more */
};

/* Member `moved` of struct server. */
struct server_moved {
    atomic_bool is;           /* `to` holds */
    struct server_address to; /* under server_state.report_lock */
};

/* Any thread. */
struct server_address server_address_now(const struct server_conf *conf);

/* "10.0.0.1:80", as statistics have it; a port that is the client's as its offset, with its sign.
 * Returns buf. */
enum { SERVER_ADDRESS_MAX = 80 };
const char *server_address_text(const struct server_address *a, char buf[SERVER_ADDRESS_MAX]);

/* Control thread: connections that are opened from now on go there; idle ones are closed. */
void server_move(struct server *s, const struct server_address *to);

/* Control thread: the line holds again. */
void server_move_back(struct server *s);

#endif

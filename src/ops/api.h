/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API: sockets of `stats socket`, their clients, and the commands (api_command.h).
 * Everything runs on the control thread; no client can hold it up: sockets are non-blocking, a
 * line is as long as a buffer at most, and an answer is made as fast as its reader reads.
 *
 * Configuration manual: "stats socket", "stats timeout", "stats maxconn". Management manual:
 * section 9.3. */
#ifndef GATEHOUSE_OPS_API_H
#define GATEHOUSE_OPS_API_H

#include "gateway/build.h"
#include "ops/api_command.h"

enum { API_ADDRESS_MAX = 192 };

struct api {
    struct worker *worker; /* the control thread's */
    struct engine *engine;
    const struct api_commands *const *commands; /* tables; NULL ends them */
    struct objects listeners;                   /* of its own: no `bind` line takes one of them */
    struct list sockets, clients;
    unsigned n_clients, maxconn, timeout_ms;
    bool take_over; /* -sf, -st: an old process may still hold our ports */
};

/* A listening socket; it outlives configurations that keep its address. */
struct api_socket {
    struct list link;
    struct api *api;
    struct listener *listener;
    bool started;
    uint8_t level, severity;
    unsigned maxconn, n_clients;    /* maxconn 0: no limit of its own */
    const struct bind_conf *wanted; /* while a configuration is being taken over */
};

void api_init(struct api *a, struct engine *e, const struct api_commands *const *commands);

/* Takes over what a configuration says: opens sockets that are new, keeps those that stay, closes
 * those that are gone. When one can't be opened, that is printed to stderr, nothing changes, and it
 * returns false. */
bool api_listen(struct api *a, const struct snapshot *s);

/* Closes all sockets and connections. */
void api_stop(struct api *a);

/* As `show cli sockets` tells it. Returns buf. */
const char *api_socket_address(const struct api_socket *s, char buf[API_ADDRESS_MAX]);

/* ---- api_client.c ---- */

/* A new connection. */
void api_client_start(struct api_socket *s, int fd);

/* The socket closes; its clients may finish. */
void api_clients_forget(struct api_socket *s);
void api_clients_stop(struct api *a);

#endif

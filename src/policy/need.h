/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of a request's life a fetch needs, and where that part can be had: HAProxy's manual,
 * 7.3, tells it in words ("requires that the request headers are there"); the table in need.c is
 * what its configuration parser accepts. */
#ifndef GATEHOUSE_POLICY_NEED_H
#define GATEHOUSE_POLICY_NEED_H

#include <stdbool.h>

/* Where expressions are evaluated. A listen section counts as a backend: it may use both what its
 * frontend and what its backend has. */
enum policy_place {
    PLACE_ANYWHERE, /* nothing but the process is there: -cc */
    PLACE_TCP_CONNECTION,
    PLACE_TCP_SESSION,
    PLACE_FRONTEND_REQUEST, /* http-request of a frontend */
    PLACE_USE_BACKEND,
    PLACE_BACKEND_REQUEST, /* http-request of a backend, and of a listen section */
    PLACE_USE_SERVER,
    PLACE_BACKEND_RESPONSE,  /* http-response of a backend */
    PLACE_FRONTEND_RESPONSE, /* http-response of a frontend */
    PLACE_AFTER_RESPONSE,
    PLACE_LOG,
    PLACE_CONFIG, /* set-var in global: when the configuration is read */
    PLACE_API,    /* set-var of the Runtime API */
    PLACE_CHECK,  /* http-check, tcp-check */
    N_PLACES,
};

/* What a fetch may need; a row has one. */
enum policy_need {
    NEED_NOTHING,  /* works everywhere */
    NEED_LISTENER, /* the bind line */
    NEED_FRONTEND,
    NEED_CLIENT,       /* the client's connection */
    NEED_REQUEST,      /* the request's head as it is now */
    NEED_REQUEST_KEPT, /* of the request, but kept to the end (method, captures) */
    NEED_REQUEST_BODY,
    NEED_BACKEND,     /* a backend was chosen */
    NEED_SERVER,      /* … and a server */
    NEED_SERVER_CONN, /* … and a connection to it */
    NEED_RESPONSE,
    NEED_RESPONSE_KEPT, /* status */
    NEED_RESPONSE_BODY,
    NEED_END,     /* only in logs */
    NEED_PROCESS, /* a running process: states of proxies, counters */
    NEED_SESSION, /* what handshakes brought: TLS */
    NEED_MESSAGE, /* the head of a request or a response (hdr) */
    N_NEEDS,
};

/* Is what `need` says there at that place? */
bool policy_need_met(enum policy_need need, enum policy_place place);

/* For messages: "the head of a request". */
const char *policy_need_name(enum policy_need need);
/* "an http-request rule of a frontend" */
const char *policy_place_name(enum policy_place place);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Backends: the servers of one service, and how one of them is chosen. Part of a snapshot. */
#ifndef GATEHOUSE_UPSTREAM_BACKEND_H
#define GATEHOUSE_UPSTREAM_BACKEND_H

#include "upstream/proxy.h"
#include "upstream/server.h"

struct backend_conf {
    struct proxy_conf *proxy;
    struct server_conf **servers;
    unsigned n_servers, max_servers;
    enum http_reuse reuse;
    unsigned retries;
    unsigned fullconn;
    const struct balance_algorithm *algorithm;
    const struct balance *balance;      /* what the algorithm made of the servers */
    struct server_conf *default_server; /* what `default-server` says; copied by each `server` */
    struct source_address source;
};

/* What a choice is made for. Algorithms that hash a part of the message take it from here. */
struct balance_input {
    struct proxy *state;             /* the backend's */
    const struct server_conf *avoid; /* tried already; NULL */
};

enum balance_result {
    BALANCE_CHOSEN, /* a slot is taken */
    BALANCE_FULL,   /* usable servers, but no free slot */
    BALANCE_NONE,   /* no usable server */
};

/* An algorithm is a row: registry.c lists the table. */
struct balance_algorithm {
    const char *name, *args, *doc;
    /* Prepares what choosing needs, from the snapshot's arena. */
    const struct balance *(*prepare)(const struct backend_conf *be, struct arena *a);
    enum balance_result (*choose)(const struct balance *b, const struct balance_input *in,
                                  const struct server_conf **out);
};

extern const struct balance_algorithm balance_roundrobin;

/* Chooses a server by the backend's algorithm and takes one of its slots. */
static inline enum balance_result backend_choose(const struct backend_conf *be,
                                                 const struct server_conf *avoid,
                                                 const struct server_conf **out)
{
    struct balance_input in = { be->proxy->state, avoid };
    return be->algorithm->choose(be->balance, &in, out);
}

/* How many of its servers can be chosen. */
unsigned backend_count_usable(const struct backend_conf *be);

/* The server of that name; NULL. */
struct server_conf *backend_server(const struct backend_conf *be, const char *name);

#endif

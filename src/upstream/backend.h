/* SPDX-License-Identifier: Apache-2.0 */
/* Backends: the servers of one service, and how one of them is chosen. Part of a snapshot. */
#ifndef GATEHOUSE_UPSTREAM_BACKEND_H
#define GATEHOUSE_UPSTREAM_BACKEND_H

#include "upstream/check_script.h"
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
    const struct balance *balance;      /* what the algorithm made of them; see backend_state.h */
    struct server_conf *default_server; /* what `default-server` says; copied by each `server` */
    struct source_address source;
    struct check_spec checks;          /* as written … */
    const struct check_script *script; /* … and made of it: how its servers are checked */
};

/* What a choice is made for. Algorithms that hash a part of the message take it from here. */
struct balance_input {
    struct proxy *state;             /* the backend's */
    const struct server_conf *avoid; /* tried already; NULL */
};

enum balance_result {
    BALANCE_CHOSEN, /* a slot is taken */
    BALANCE_FULL,   /* usable servers, but no free slot */
    BALANCE_NONE,   /* no server has turns */
};

/* An algorithm is a row: registry.c lists the table. */
struct balance_algorithm {
    const char *name, *args, *doc;
    /* Prepares what choosing needs, in the arena. shares[i] is what be->servers[i] gets of the
     * turns, 0 to 256; 0: nothing. */
    const struct balance *(*prepare)(const struct backend_conf *be, const unsigned *shares,
                                     struct arena *a);
    /* A server that may have lost its turns since (server_has_turns) is passed over. */
    enum balance_result (*choose)(const struct balance *b, const struct balance_input *in,
                                  const struct server_conf **out);
};

extern const struct balance_algorithm balance_roundrobin;

static inline bool server_is_up(const struct server_conf *s)
{
    return server_standing_of(&s->state->st) & STANDING_UP;
}

static inline bool server_has_turns(const struct server_conf *s)
{
    return server_standing_of(&s->state->st) & STANDING_TURNS;
}

/* What the algorithm needs, with the weights in the file. */
const struct balance *backend_prepare(const struct backend_conf *be, struct arena *a);

/* Chooses a server by the backend's algorithm and takes one of its slots. */
enum balance_result backend_choose(const struct backend_conf *be, const struct server_conf *avoid,
                                   const struct server_conf **out);

/* The server of that name; NULL. */
struct server_conf *backend_server(const struct backend_conf *be, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What is said in logs when a server's state changes: HAProxy's lines, at HAProxy's levels. */
#ifndef GATEHOUSE_UPSTREAM_SERVER_TOLD_H
#define GATEHOUSE_UPSTREAM_SERVER_TOLD_H

#include "upstream/backend.h"

/* A change that has just been made. */
struct server_change {
    const struct server *server;
    enum server_op was, is;
    unsigned admin_was, admin_is;
    bool was_usable;
    const char *why;   /* "": nothing to be said */
    unsigned requeued; /* requests that went elsewhere, or came */
};

void server_tell(const struct server_change *c);

/* No server of it can be used any more. */
void backend_tell_down(struct keeper *k, const struct backend_conf *be);

#endif

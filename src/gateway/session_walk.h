/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over a worker's sessions that can stop anywhere and go on in a later turn, however many of
 * them have ended meanwhile. It sees those that were there when it began and have not ended before
 * their turn came. Worker's thread. */
#ifndef GATEHOUSE_GATEWAY_SESSION_WALK_H
#define GATEHOUSE_GATEWAY_SESSION_WALK_H

#include "gateway/session.h"

/* Zeroed, it is ready for use, and again once it is over. */
struct session_walk {
    struct list link; /* gate->cursors, while it is under way */
    struct list *next, *last;
    bool begun;
};

/* Begins, or goes on. NULL: there are no more, and the walk is over. */
struct session *session_walk_next(struct session_walk *w, struct gate *g);

/* Gives it up, wherever it is. */
void session_walk_end(struct session_walk *w);

/* The session is about to leave its worker's list. */
void session_walks_pass(struct session *s);

#endif

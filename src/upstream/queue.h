/* SPDX-License-Identifier: Apache-2.0 */
/* Queues: requests that wait for a slot of a server (`maxconn`). A backend has one queue, shared by
 * the workers; its lock is taken only when slots are gone. Whoever gives a slot back passes it on,
 * by a message to the waiting request's worker; the slot stays counted meanwhile.
 *
 * Manual: "maxconn" (server), "timeout queue". */
#ifndef GATEHOUSE_UPSTREAM_QUEUE_H
#define GATEHOUSE_UPSTREAM_QUEUE_H

#include "base/list.h"
#include "runtime/worker.h"

struct queue;
struct server;
struct backend_conf;
struct server_conf;

/* One request that waits. Allocated by queue_join; owned by the queue until granted() has
 * run. */
struct waiter;

struct queue *queue_new(void);
void queue_free(struct queue *q);

/* How many wait now, and the most that ever did. Those of them that wait for one server alone are
 * counted by it, too. */
unsigned queue_length(const struct queue *q);
unsigned queue_longest(const struct queue *q);
void queue_forget_longest(struct queue *q);

/* Joins the end of the queue, for any server of `be` (pinned by the owner while it waits: after a
 * reload, requests of different configurations may wait in one queue). `granted` will run on w's
 * thread with the server whose slot was passed on, or NULL; the waiter is gone behind it. After
 * joining, the caller must try once more to get a slot itself: one may have come free just before.
 */
struct waiter *queue_join(struct queue *q, struct worker *w, const struct backend_conf *be,
                          void *owner, void (*granted)(void *owner, struct server *server));

/* The same for one server of be alone; NULL: any. */
struct waiter *queue_join_for(struct queue *q, struct worker *w, const struct backend_conf *be,
                              struct server *only, void *owner,
                              void (*granted)(void *owner, struct server *server));

/* How far m has come: 1, and one more for each that got a slot since m joined (until m did). Those
 * that wait for the same server alone are a queue of their own in this; *alone: m is one of them.
 */
unsigned queue_place(struct queue *q, const struct waiter *m, bool *alone);

/* The server can't be used any more: whoever waits for it alone is let go, and granted() will run
 * with NULL. Returns how many. */
unsigned queue_release(struct queue *q, struct server *server);

/* Leaves the queue, wherever in it. True: it was still waiting, no slot was given. False: a slot is
 * on its way; it will be given back on arrival, and granted() will not run. */
bool queue_leave(struct queue *q, struct waiter *m);

/* Passes a slot of `server` on to the first that waits for one of its, or that waits for any, if
 * the server has turns (server_state.h). False when nobody does. */
bool queue_pass(struct queue *q, struct server *server);

#endif

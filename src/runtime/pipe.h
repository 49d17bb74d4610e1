/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes for splice(2), by which large bodies go from socket to socket without being copied.
 *
 * A pipe is held only while it holds bytes, as a buffer is; the empty ones stay with the worker. A
 * pipe that is given back with bytes in it is closed. Their number is bounded, for each costs two
 * descriptors, and what is in it counts towards no socket's limit. So there may be none to be had:
 * then the bytes are copied. */
#ifndef GATEHOUSE_RUNTIME_PIPE_H
#define GATEHOUSE_RUNTIME_PIPE_H

#include "base/counter.h"

enum { PIPES_A_WORKER = 64 }; /* unless it is told otherwise */

struct pipe {
    int from, to;  /* to be read from, to be written to; both non-blocking */
    uint32_t size; /* the most that one splice puts into it */
    uint32_t held; /* bytes in it: kept by whoever fills and empties it */
    struct pipe *next;
};

/* One worker's pipes. */
struct pipes {
    struct pipe *idle; /* all empty */
    counter_t n_idle;
    uint32_t size;       /* what to ask the system for */
    counter_t n_open;    /* idle and handed out */
    unsigned most;       /* of n_open; 0: splice is not used */
    unsigned go_without; /* the system has refused: so many times more it is not asked */
};

void pipes_init(struct pipes *p, unsigned most, uint32_t size);

/* Closes the idle ones; the others must have been given back. */
void pipes_release(struct pipes *p);

/* Closes the idle ones; how many that were. */
unsigned pipes_close_idle(struct pipes *p);

/* An empty pipe, or NULL when there is none to be had. */
struct pipe *pipe_get(struct pipes *p);

/* Gives *pipe back and sets it to NULL; harmless when it is NULL already. */
void pipe_put(struct pipes *p, struct pipe **pipe);

#endif

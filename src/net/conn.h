/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: a stack of layers over a socket.
 *
 * At the bottom is always the socket; a layer above it (PROXY protocol, TLS, CONNECT to a parent
 * proxy, counting) is pushed by conn_push and sees only the layer below. A method that a layer does
 * not have passes through. The same stack serves clients, servers, health checks and egress.
 *
 * A connection belongs to one worker and is used on its thread only. Its owner embeds it and sets
 * on_event, which runs when the kernel reported something or when the connection was put on the
 * again list; what can be done then is asked with conn_readable and conn_writable.
 *
 * Reading stops after a short read unless the other side has closed: with edge-triggered events
 * there is no need for a read that only says EAGAIN. */
#ifndef GATEHOUSE_NET_CONN_H
#define GATEHOUSE_NET_CONN_H

#include "net/address.h"
#include "net/socket_options.h"
#include "runtime/worker.h"

#include <sys/uio.h>

struct conn;
struct layer;

/* What reads and writes return besides a number of bytes > 0. */
enum {
    CONN_EOF = 0,    /* reads: the other side has ended its sending */
    CONN_WAIT = -1,  /* not now; on_event will tell */
    CONN_ERROR = -2, /* broken */
};

struct layer_ops {
    const char *name;
    /* 1: done, CONN_WAIT, CONN_ERROR. Called again on events until done. */
    int (*connect)(struct layer *);
    ssize_t (*read)(struct layer *, void *buf, size_t n);
    ssize_t (*write)(struct layer *, const struct iovec *v, int n);
    void (*shutdown)(struct layer *);      /* end of our sending */
    void (*close)(struct layer *);         /* frees what the layer holds; the socket goes last */
    bool (*pending)(const struct layer *); /* bytes inside that a read would give */
};

struct layer {
    const struct layer_ops *ops;
    struct layer *below; /* NULL: this is the socket */
};

struct conn {
    struct io io;
    struct worker *worker;
    struct layer *top;
    struct layer socket;
    void (*on_event)(struct conn *);
    struct timer timer; /* its owner's, for whatever deadline holds now */
    bool connecting;
    bool shut; /* our side has ended its sending */
    bool tcp;
    bool more; /* what is written is not the end: a long write may keep its last bytes back, to go
                  with what follows, but only until the other side has confirmed the others */
};

/* Takes over a connected (or connecting) non-blocking socket. Watches nothing yet. The owner has
 * initialised c->timer. */
void conn_init(struct conn *c, struct worker *w, int fd, void (*on_event)(struct conn *));

/* Asks the loop to watch. 0 or a negative errno. */
int conn_watch(struct conn *c);

/* From where to connect, and how. */
struct conn_origin {
    const struct sockaddr *address; /* the source address to bind first, or NULL */
    const char *interface;          /* the network device to go out by, or NULL */
    struct socket_options socket;
};

/* Starts to connect to sa: a new socket, watched. 0: under way or done (see conn_connected), else a
 * negative errno. origin: NULL for what the system chooses; means nothing to a UNIX socket. */
int conn_open(struct conn *c, struct worker *w, const struct sockaddr *sa,
              const struct conn_origin *origin, void (*on_event)(struct conn *));

/* 1: connected, CONN_WAIT: not yet, CONN_ERROR: refused, unreachable, … */
int conn_connected(struct conn *c);

void conn_push(struct conn *c, struct layer *l, const struct layer_ops *ops);

ssize_t conn_read(struct conn *c, void *buf, size_t n);
ssize_t conn_write(struct conn *c, const void *p, size_t n);
ssize_t conn_writev(struct conn *c, const struct iovec *v, int n);
void conn_shutdown(struct conn *c);

/* The same between the socket of a plain connection (conn_is_plain) and a pipe: fills an empty one
 * with at most n bytes, sends what a pipe holds. Returns what conn_read and conn_write do. */
ssize_t conn_read_pipe(struct conn *c, struct pipe *p, size_t n);
ssize_t conn_write_pipe(struct conn *c, struct pipe *p);

/* Asks the kernel whether the socket of a plain connection has anything to read. Needed where
 * conn_read_pipe got all that was wanted, and conn_readable must tell the truth. */
void conn_look(struct conn *c);

/* Closes; the owner must keep its memory until the end of the turn (worker_bury). `reset`: the
 * other side shall see a reset instead of an orderly end. Harmless when closed already. */
void conn_close(struct conn *c, bool reset);

static inline bool conn_is_open(const struct conn *c)
{
    return c->io.fd >= 0;
}
static inline bool conn_writable(const struct conn *c)
{
    return c->io.ready & IO_WRITE;
}
bool conn_readable(const struct conn *c);

/* The other side has ended its sending, or the connection is broken (no need to read to see it). */
static inline bool conn_hung_up(const struct conn *c)
{
    return c->io.ready & IO_HUP;
}
static inline bool conn_broken(const struct conn *c)
{
    return c->io.ready & IO_ERR;
}

/* True when nothing stands between us and the socket, so that bytes may be spliced. */
static inline bool conn_is_plain(const struct conn *c)
{
    return c->top == &c->socket;
}

/* Calls on_event in the next turn, for what stopped because its budget was used up. */
static inline void conn_again(struct conn *c)
{
    loop_again(&c->worker->loop, &c->io);
}

/* The deadline after which the timer fires; 0: none. */
static inline void conn_deadline(struct conn *c, msec_t at)
{
    timer_set(&c->worker->timers, &c->timer, at ? at : TIMER_NEVER);
}

#endif

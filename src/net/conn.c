/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conn.h"
#include "runtime/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static struct conn *conn_of(struct layer *socket)
{
    return container_of(socket, struct conn, socket);
}

/* ---- the socket layer ---- */

/* What a call means that read nothing. */
static ssize_t nothing_read(struct conn *c, ssize_t got)
{
    if (got == 0) {
        c->io.ready |= IO_HUP;
        return CONN_EOF;
    }
    if (errno == EAGAIN) {
        c->io.ready &= (uint8_t)~IO_READ;
        return CONN_WAIT;
    }
    c->io.ready |= IO_ERR | IO_HUP;
    return CONN_ERROR;
}

static void count_sent(struct worker *w, ssize_t n)
{
    counter_add(&w->sent.bytes, (uint64_t)n);
    rate_add_n(&w->sent.rate, (uint32_t)(w->now / 1000),
               (uint32_t)((n + SENT_UNIT / 2) / SENT_UNIT));
}

static ssize_t nothing_sent(struct conn *c)
{
    if (errno == EAGAIN) {
        c->io.ready &= (uint8_t)~IO_WRITE;
        return CONN_WAIT;
    }
    c->io.ready |= IO_ERR | IO_HUP;
    return CONN_ERROR;
}

/* Whether a write of n bytes may keep its end back. The kernel sends that end no later than the
 * next acknowledgement, so there must be at least one whole segment to be acknowledged; none is
 * longer than 64 KiB. Else it would lie there for 200 ms. */
static bool keep_end_back(const struct conn *c, size_t n)
{
    return c->more && n >= 64 * 1024;
}

static ssize_t socket_read(struct layer *l, void *buf, size_t n)
{
    struct conn *c = conn_of(l);
    ssize_t got;

    if (!(c->io.ready & IO_READ)) return CONN_WAIT;
    do got = recv(c->io.fd, buf, n, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        if ((size_t)got < n && !(c->io.ready & IO_HUP)) c->io.ready &= (uint8_t)~IO_READ;
        return got;
    }
    return nothing_read(c, got);
}

static ssize_t socket_write(struct layer *l, const struct iovec *v, int n)
{
    struct conn *c = conn_of(l);
    struct msghdr m = { .msg_iov = (struct iovec *)v, .msg_iovlen = (size_t)n };
    ssize_t sent;
    size_t want = 0;
    int flags = MSG_NOSIGNAL;

    for (int i = 0; i < n; i++) want += v[i].iov_len;
    if (keep_end_back(c, want)) flags |= MSG_MORE;
    do {
        sent = n == 1 ? send(c->io.fd, v->iov_base, v->iov_len, flags)
                      : sendmsg(c->io.fd, &m, flags);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        if ((size_t)sent < want) c->io.ready &= (uint8_t)~IO_WRITE;
        count_sent(c->worker, sent);
        return sent;
    }
    return nothing_sent(c);
}

static int socket_connect(struct layer *l)
{
    struct conn *c = conn_of(l);
    int err = 0;
    socklen_t n = sizeof err;

    if (!(c->io.ready & (IO_WRITE | IO_ERR))) return CONN_WAIT;
    if (!(c->io.ready & IO_ERR)) return 1;
    if (getsockopt(c->io.fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0) err = errno;
    return err ? CONN_ERROR : 1; /* connected, and already closed by the other side */
}

static void socket_shutdown(struct layer *l)
{
    shutdown(conn_of(l)->io.fd, SHUT_WR);
}

/* Only EAGAIN says that the socket is empty: a short splice may have run out of the pipe's slots,
 * of which a short segment takes as many as a long one. And since the pipe is empty at first,
 * EAGAIN is never the pipe's. */
ssize_t conn_read_pipe(struct conn *c, struct pipe *p, size_t n)
{
    ssize_t got;

    if (!(c->io.ready & IO_READ)) return CONN_WAIT;
    if (n > p->size) n = p->size;
    do got = splice(c->io.fd, NULL, p->to, NULL, n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (got < 0 && errno == EINTR);
    if (got <= 0) return nothing_read(c, got);
    p->held = (uint32_t)got;
    return got;
}

/* After a short splice the caller goes on until EAGAIN: a signal may have cut it short as well. */
ssize_t conn_write_pipe(struct conn *c, struct pipe *p)
{
    unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
    ssize_t sent;

    if (!conn_writable(c)) return CONN_WAIT;
    if (keep_end_back(c, p->held)) flags |= SPLICE_F_MORE;
    do sent = splice(p->from, NULL, c->io.fd, NULL, p->held, flags);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) return nothing_sent(c);
    p->held -= (uint32_t)sent;
    count_sent(c->worker, sent);
    counter_add(&c->worker->sent.spliced, (uint64_t)sent);
    return sent;
}

void conn_look(struct conn *c)
{
    char byte;
    ssize_t got = recv(c->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (got <= 0) nothing_read(c, got);
}

static const struct layer_ops socket_ops = {
    .name = "socket",
    .connect = socket_connect,
    .read = socket_read,
    .write = socket_write,
    .shutdown = socket_shutdown,
};

/* ---- the stack ---- */

#define FIRST_WITH(c, method)                                \
    __extension__({                                          \
        struct layer *layer_ = (c)->top;                     \
        while (!layer_->ops->method) layer_ = layer_->below; \
        layer_;                                              \
    })

static void on_io(struct io *io)
{
    struct conn *c = container_of(io, struct conn, io);
    c->on_event(c);
}

void conn_init(struct conn *c, struct worker *w, int fd, void (*on_event)(struct conn *))
{
    io_init(&c->io, fd, on_io);
    c->worker = w;
    c->socket = (struct layer){ &socket_ops, NULL };
    c->top = &c->socket;
    c->on_event = on_event;
    c->connecting = c->shut = c->more = false;
    c->tcp = true;
    descriptors_count(w, 1);
}

int conn_watch(struct conn *c)
{
    return loop_add(&c->worker->loop, &c->io);
}

/* 0, or -1 with errno. */
static int set_origin(int fd, const struct conn_origin *o)
{
    int on = 1;

    if (o->interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->interface,
                                   (socklen_t)strlen(o->interface) + 1) < 0)
        return -1;
    if (socket_options_set(fd, &o->socket, NULL)) return -1;
    if (!o->address) return 0;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, o->address, address_length(o->address));
}

static int open_socket(const struct sockaddr *sa, const struct conn_origin *origin)
{
    bool tcp = sa->sa_family != AF_UNIX;
    int on = 1;
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) return -errno;
    if (tcp) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tcp && origin && set_origin(fd, origin) < 0) goto fail;
    if (connect(fd, sa, address_length(sa)) == 0 || errno == EINPROGRESS) return fd;
    /* A full backlog of a UNIX socket answers EAGAIN: as if it refused. */
fail:
    on = -errno;
    close(fd);
    return on;
}

int conn_open(struct conn *c, struct worker *w, const struct sockaddr *sa,
              const struct conn_origin *origin, void (*on_event)(struct conn *))
{
    int fd = open_socket(sa, origin), rc;

    if (fd < 0) return fd;
    conn_init(c, w, fd, on_event);
    c->tcp = sa->sa_family != AF_UNIX;
    c->connecting = true;
    rc = conn_watch(c);
    if (rc) conn_close(c, false);
    return rc;
}

int conn_connected(struct conn *c)
{
    int rc;

    if (!c->connecting) return 1;
    rc = FIRST_WITH(c, connect)->ops->connect(FIRST_WITH(c, connect));
    if (rc != CONN_WAIT) c->connecting = false;
    return rc;
}

void conn_push(struct conn *c, struct layer *l, const struct layer_ops *ops)
{
    l->ops = ops;
    l->below = c->top;
    c->top = l;
}

ssize_t conn_read(struct conn *c, void *buf, size_t n)
{
    struct layer *l = FIRST_WITH(c, read);
    return l->ops->read(l, buf, n);
}

ssize_t conn_writev(struct conn *c, const struct iovec *v, int n)
{
    struct layer *l = FIRST_WITH(c, write);
    if (!conn_writable(c)) return CONN_WAIT;
    return l->ops->write(l, v, n);
}

ssize_t conn_write(struct conn *c, const void *p, size_t n)
{
    struct iovec v = { (void *)p, n };
    return conn_writev(c, &v, 1);
}

void conn_shutdown(struct conn *c)
{
    struct layer *l = FIRST_WITH(c, shutdown);
    if (c->shut || !conn_is_open(c)) return;
    c->shut = true;
    l->ops->shutdown(l);
}

void conn_close(struct conn *c, bool reset)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    if (!conn_is_open(c)) return;
    for (struct layer *l = c->top; l; l = l->below)
        if (l->ops->close) l->ops->close(l);
    if (reset) setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    loop_close(&c->worker->loop, &c->io);
    descriptors_count(c->worker, -1);
    timer_cancel(&c->worker->timers, &c->timer);
}

bool conn_readable(const struct conn *c)
{
    if (c->io.ready & IO_READ) return true;
    for (const struct layer *l = c->top; l != &c->socket; l = l->below)
        if (l->ops->pending && l->ops->pending(l)) return true;
    return false;
}

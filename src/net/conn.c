/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static struct conn *conn_of(struct layer *socket)
{
    return container_of(socket, struct conn, socket);
}

/* ---- the socket layer ---- */

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

static ssize_t socket_write(struct layer *l, const struct iovec *v, int n)
{
    struct conn *c = conn_of(l);
    struct msghdr m = { .msg_iov = (struct iovec *)v, .msg_iovlen = (size_t)n };
    ssize_t sent;
    size_t want = 0;

    for (int i = 0; i < n; i++) want += v[i].iov_len;
    do {
        sent = n == 1 ? send(c->io.fd, v->iov_base, v->iov_len, MSG_NOSIGNAL)
                      : sendmsg(c->io.fd, &m, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        if ((size_t)sent < want) c->io.ready &= (uint8_t)~IO_WRITE;
        return sent;
    }
    if (errno == EAGAIN) {
        c->io.ready &= (uint8_t)~IO_WRITE;
        return CONN_WAIT;
    }
    c->io.ready |= IO_ERR | IO_HUP;
    return CONN_ERROR;
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
    c->connecting = c->shut = false;
    c->tcp = true;
}

int conn_watch(struct conn *c)
{
    return loop_add(&c->worker->loop, &c->io);
}

static int open_socket(const struct sockaddr *sa, const struct sockaddr *from)
{
    int on = 1;
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) return -errno;
    if (sa->sa_family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (from) {
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, from, address_length(from)) < 0) goto fail;
    }
    if (connect(fd, sa, address_length(sa)) == 0 || errno == EINPROGRESS) return fd;
    /* A full backlog of a UNIX socket answers EAGAIN: as if it refused. */
fail:
    on = -errno;
    close(fd);
    return on;
}

int conn_open(struct conn *c, struct worker *w, const struct sockaddr *sa,
              const struct sockaddr *from, void (*on_event)(struct conn *))
{
    int fd = open_socket(sa, from), rc;

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
    timer_cancel(&c->worker->timers, &c->timer);
}

bool conn_readable(const struct conn *c)
{
    if (c->io.ready & IO_READ) return true;
    for (const struct layer *l = c->top; l != &c->socket; l = l->below)
        if (l->ops->pending && l->ops->pending(l)) return true;
    return false;
}

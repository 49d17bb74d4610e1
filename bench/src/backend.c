// SPDX-License-Identifier: Apache-2.0
/* The static responder behind every proxy: backend PORT [THREADS]
 *
 * Answers each request with 200 and a body of the size its path asks for: a path that ends in
 * a number ("/size/65536", "/api/100") gives that many bytes, any other gives 100. Requests
 * have no body. Keep-alive always; one epoll loop a thread. */
#include "common.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/uio.h>

enum { BODY_MAX = 4 << 20, IN_MAX = 8192, HEAD_MAX = 160, EVENTS = 512 };

struct conn {
    int fd;
    unsigned in_len;
    /* what is left of the answer under way */
    unsigned head_off, head_len;
    size_t body_left;
    int want_out;
    char head[HEAD_MAX];
    char in[IN_MAX];
};

struct backend {
    int port;
    char *body; /* BODY_MAX bytes; never written once the threads run */
};

static size_t size_of_path(const char *p, const char *end)
{
    const char *sp = memchr(p, ' ', (size_t)(end - p));
    const char *q = sp ? memchr(sp + 1, ' ', (size_t)(end - sp - 1)) : NULL;
    size_t n = 0, mul = 1;

    if (!q) return 100;
    for (p = q - 1; p > sp && *p >= '0' && *p <= '9' && mul < BODY_MAX * 10UL; p--, mul *= 10)
        n += (size_t)(*p - '0') * mul;
    if (mul == 1) return 100;
    return n > BODY_MAX ? BODY_MAX : n;
}

/* 1: all sent, 0: the socket is full, -1: broken */
static int flush(const struct backend *b, struct conn *c)
{
    while (c->head_off < c->head_len || c->body_left) {
        struct iovec v[2] = { { c->head + c->head_off, c->head_len - c->head_off },
                              { b->body, c->body_left } };
        struct msghdr m = { .msg_iov = v, .msg_iovlen = c->body_left ? 2 : 1 };
        ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
        size_t h;

        if (n < 0) return errno == EAGAIN ? 0 : -1;
        h = v[0].iov_len < (size_t)n ? v[0].iov_len : (size_t)n;
        c->head_off += (unsigned)h;
        c->body_left -= (size_t)n - h;
    }
    return 1;
}

/* Answers every whole request that is in hand. As flush(). */
static int answer(const struct backend *b, struct conn *c)
{
    unsigned off = 0;
    int rc = 1;

    while (rc == 1 && off < c->in_len) {
        char *p = c->in + off;
        char *e = memmem(p, c->in_len - off, "\r\n\r\n", 4);

        if (!e) break;
        c->body_left = size_of_path(p, e);
        c->head_off = 0;
        c->head_len = (unsigned)snprintf(c->head, sizeof c->head,
                                         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                         "Content-Length: %zu\r\n\r\n",
                                         c->body_left);
        rc = flush(b, c);
        off = (unsigned)(e + 4 - c->in);
    }
    if (off && off < c->in_len) memmove(c->in, c->in + off, c->in_len - off);
    c->in_len -= off;
    return rc;
}

/* 0, or -1: the connection is over */
static int on_event(const struct backend *b, int ep, struct conn *c, uint32_t ev)
{
    int rc = 1;

    if (ev & EPOLLOUT) {
        rc = flush(b, c);
        if (rc == 1) rc = answer(b, c);
    } else if (ev & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = recv(c->fd, c->in + c->in_len, IN_MAX - c->in_len, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN)) return -1;
        if (n > 0) {
            c->in_len += (unsigned)n;
            rc = answer(b, c);
            if (rc == 1 && c->in_len == IN_MAX) return -1;
        }
    }
    if (rc < 0) return -1;
    if ((rc == 0) != c->want_out) {
        struct epoll_event e = { .events = rc == 0 ? EPOLLOUT : EPOLLIN, .data.ptr = c };
        c->want_out = rc == 0;
        epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
    }
    return 0;
}

static void on_accept(int ep, int lfd)
{
    int fd;

    while ((fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *c = malloc(sizeof *c);
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

        if (!c) die("malloc");
        memset(c, 0, offsetof(struct conn, head));
        c->fd = fd;
        set_nodelay(fd);
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    }
}

static void *loop(void *arg)
{
    const struct backend *b = arg;
    int ep = epoll_create1(0), lfd = listen_loopback(b->port);
    struct epoll_event evs[EVENTS], e = { .events = EPOLLIN, .data.ptr = NULL };

    epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &e);
    for (;;) {
        int n = epoll_wait(ep, evs, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct conn *c = evs[i].data.ptr;
            if (!c) {
                on_accept(ep, lfd);
            } else if (on_event(b, ep, c, evs[i].events)) {
                close(c->fd);
                free(c);
            }
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 1;
    struct backend b;

    if (argc < 2) return fprintf(stderr, "usage: backend PORT [THREADS]\n"), 2;
    b.port = atoi(argv[1]);
    raise_nofile();
    signal(SIGPIPE, SIG_IGN);
    b.body = malloc(BODY_MAX);
    if (!b.body) die("malloc");
    for (size_t i = 0; i < BODY_MAX; i++) b.body[i] = (char)('a' + i % 26);
    for (int i = 1; i < threads; i++) {
        pthread_t t;
        if (pthread_create(&t, NULL, loop, &b)) die("pthread_create");
    }
    loop(&b);
    return 0;
}

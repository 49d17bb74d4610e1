// SPDX-License-Identifier: Apache-2.0
/* The floor with HTTP in it: what a proxy must do at the least, and nothing more.
 *
 *   relay-http PORT BACKEND_PORT
 *
 * Parses each head into slices, checks names and values byte by byte, drops hop-by-hop fields,
 * writes the head anew, takes the upstream connection from a pool shared by all clients, follows
 * Content-Length. Edge-triggered epoll, no epoll_ctl after a connection's first, a deadline
 * stamp a request. No chunked coding, no pipelining, no request bodies: a yardstick, not a
 * proxy. */
#include "common.h"
#include <sys/epoll.h>
#include <sys/uio.h>

enum { EVENTS = 512, BUF = 65536, FIELDS = 100 };

struct slice {
    const char *p;
    unsigned n;
};
struct field {
    struct slice name, value;
};
struct head {
    struct slice start[3]; /* method, target, version; or version, status, reason */
    struct field f[FIELDS];
    unsigned n;
    long length; /* -1: none was given */
};

struct conn {
    int fd, server, fresh;
    struct conn *peer; /* while a request is in flight */
    long left;         /* server: body bytes to come; -1: the head is to come */
    uint64_t deadline;
    char *late; /* what this connection's socket did not take yet */
    size_t late_off, late_len;
    int dead;
    struct conn *next; /* in the pool, or among the graves */
};

struct relay {
    int ep, lfd, backend_port;
    uint64_t now;
    struct conn *pool, *graves;
    unsigned char token[256], text[256]; /* which bytes a name, a value may have */
    char in[BUF], out[BUF + FIELDS];     /* written anew, a field may get a space more */
};

static int hop_by_hop(const struct slice *n)
{
    switch (n->n) {
    case 2: return !strncasecmp(n->p, "te", 2);
    case 7: return !strncasecmp(n->p, "trailer", 7) || !strncasecmp(n->p, "upgrade", 7);
    case 10: return !strncasecmp(n->p, "connection", 10) || !strncasecmp(n->p, "keep-alive", 10);
    case 16: return !strncasecmp(n->p, "proxy-connection", 16);
    case 17: return !strncasecmp(n->p, "transfer-encoding", 17);
    }
    return 0;
}

/* Parsers: the bytes that were read, 0 if more are needed, -1 if it is no such thing. */
static int parse_start(const struct relay *r, struct head *h, const char *p, const char *end)
{
    const char *s = p, *q;

    for (int i = 0; i < 3; i++) {
        for (q = p; q < end && r->text[(unsigned char)*q] && (i == 2 || *q != ' '); q++) continue;
        if (q == end) return 0;
        h->start[i] = (struct slice){ p, (unsigned)(q - p) };
        p = q + 1;
        if (i < 2 ? *q != ' ' : *q != '\r') return -1;
    }
    if (p == end) return 0;
    return *p == '\n' ? (int)(p + 1 - s) : -1;
}

static int parse_field(const struct relay *r, struct field *f, const char *p, const char *end)
{
    const char *s = p, *q;

    for (q = p; q < end && r->token[(unsigned char)*q]; q++) continue;
    if (q == end) return 0;
    if (*q != ':' || q == p) return -1;
    f->name = (struct slice){ p, (unsigned)(q - p) };
    for (p = q + 1; p < end && (*p == ' ' || *p == '\t'); p++) continue;
    for (q = p; q < end && r->text[(unsigned char)*q]; q++) continue;
    if (end - q < 2) return 0;
    if (*q != '\r' || q[1] != '\n') return -1;
    f->value = (struct slice){ p, (unsigned)(q - p) };
    while (f->value.n && (f->value.p[f->value.n - 1] == ' ' || f->value.p[f->value.n - 1] == '\t'))
        f->value.n--;
    return (int)(q + 2 - s);
}

static int parse(const struct relay *r, struct head *h, const char *p, unsigned len)
{
    const char *s = p, *end = p + len;
    int n = parse_start(r, h, p, end);

    h->length = -1;
    for (h->n = 0; n > 0; h->n++) {
        struct field *f = &h->f[h->n];

        p += n;
        if (end - p < 2) return 0;
        if (*p == '\r') return p[1] == '\n' ? (int)(p + 2 - s) : -1;
        if (h->n == FIELDS) return -1;
        n = parse_field(r, f, p, end);
        if (n > 0 && f->name.n == 14 && !strncasecmp(f->name.p, "content-length", 14))
            h->length = strtol(f->value.p, NULL, 10);
    }
    return n;
}

static char *put(char *o, struct slice s)
{
    memcpy(o, s.p, s.n);
    return o + s.n;
}

/* Writes the head anew; its length. */
static unsigned write_head(const struct head *h, char *o)
{
    char *s = o;

    for (int i = 0; i < 3; i++) {
        o = put(o, h->start[i]);
        *o++ = i < 2 ? ' ' : '\r';
    }
    *o++ = '\n';
    for (unsigned i = 0; i < h->n; i++) {
        if (hop_by_hop(&h->f[i].name)) continue;
        o = put(o, h->f[i].name);
        *o++ = ':';
        *o++ = ' ';
        o = put(o, h->f[i].value);
        *o++ = '\r';
        *o++ = '\n';
    }
    *o++ = '\r';
    *o++ = '\n';
    return (unsigned)(o - s);
}

static void end_conn(struct relay *r, struct conn *c)
{
    if (c->dead) return;
    c->dead = 1;
    close(c->fd);
    free(c->late);
    if (c->server && !c->peer) {
        struct conn **p = &r->pool;
        while (*p && *p != c) p = &(*p)->next;
        if (*p) *p = c->next;
    }
    c->next = r->graves;
    r->graves = c;
    if (c->peer) {
        c->peer->peer = NULL;
        end_conn(r, c->peer);
    }
}

static struct conn *new_conn(const struct relay *r, int fd, int server)
{
    struct conn *c = calloc(1, sizeof *c);
    struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c };

    if (!c) die("calloc");
    c->fd = fd;
    c->server = c->fresh = server;
    c->left = -1;
    epoll_ctl(r->ep, EPOLL_CTL_ADD, fd, &e);
    return c;
}

/* Keeps v's bytes from the first n on for when the socket takes them. */
static void keep(struct conn *c, const struct iovec *v, size_t n)
{
    c->late = realloc(c->late, c->late_len + v[0].iov_len + v[1].iov_len - n);
    if (!c->late) die("realloc");
    for (int i = 0; i < 2; i++) {
        size_t skip = n < v[i].iov_len ? n : v[i].iov_len, rest = v[i].iov_len - skip;

        if (rest) memcpy(c->late + c->late_len, (char *)v[i].iov_base + skip, rest);
        c->late_len += rest;
        n -= skip;
    }
}

/* Sends both parts, keeping what the socket does not take. -1: broken */
static int deliver(struct conn *c, char *a, size_t an, char *b, size_t bn)
{
    struct iovec v[2] = { { a, an }, { b, bn } };
    struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
    ssize_t n = 0;

    if (!c->late && !c->fresh) {
        n = bn ? sendmsg(c->fd, &m, MSG_NOSIGNAL) : send(c->fd, a, an, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return -1;
        if (n < 0) n = 0;
    }
    if ((size_t)n < an + bn) keep(c, v, (size_t)n);
    return 0;
}

/* A server connection for the request under way, or NULL. */
static struct conn *take(struct relay *r)
{
    struct conn *u = r->pool;
    int fd;

    if (u) {
        r->pool = u->next;
        return u;
    }
    fd = connect_loopback(r->backend_port);
    return fd < 0 ? NULL : new_conn(r, fd, 1);
}

static void give_back(struct relay *r, struct conn *u)
{
    u->left = -1;
    u->peer->peer = NULL;
    u->peer = NULL;
    u->next = r->pool;
    r->pool = u;
}

static int on_client(struct relay *r, struct conn *c)
{
    struct head h;
    struct conn *u;
    ssize_t n = recv(c->fd, r->in, BUF, 0);

    if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
    if (c->peer || parse(r, &h, r->in, (unsigned)n) <= 0) return -1;
    u = take(r);
    if (!u) return -1;
    u->peer = c;
    c->peer = u;
    u->left = -1;
    u->deadline = c->deadline = r->now + 60000000000u;
    return deliver(u, r->out, write_head(&h, r->out), NULL, 0);
}

/* Passes on n bytes of r->in: a head and what follows it, or more of a body. -1: broken */
static int pass_on(struct relay *r, struct conn *u, size_t n)
{
    struct head h;
    int len;

    if (u->left >= 0) {
        u->left -= (long)n;
        return deliver(u->peer, r->in, n, NULL, 0);
    }
    len = parse(r, &h, r->in, (unsigned)n);
    if (len <= 0 || h.length < 0) return -1;
    u->left = h.length - (long)(n - (size_t)len);
    return deliver(u->peer, r->out, write_head(&h, r->out), r->in + len, n - (size_t)len);
}

static int on_server(struct relay *r, struct conn *u)
{
    for (;;) {
        ssize_t n = recv(u->fd, r->in, BUF, 0);

        if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
        if (!u->peer || pass_on(r, u, (size_t)n) || u->left < 0) return -1;
        if (!u->left) {
            give_back(r, u);
            return 0;
        }
        if (n < BUF) return 0;
    }
}

/* The socket takes bytes again. -1: broken */
static int on_writable(struct conn *c)
{
    c->fresh = 0;
    while (c->late_off < c->late_len) {
        ssize_t n = send(c->fd, c->late + c->late_off, c->late_len - c->late_off, MSG_NOSIGNAL);

        if (n < 0) return errno == EAGAIN ? 0 : -1;
        c->late_off += (size_t)n;
    }
    free(c->late);
    c->late = NULL;
    c->late_off = c->late_len = 0;
    return 0;
}

static void on_event(struct relay *r, struct conn *c, uint32_t ev)
{
    int rc = 0;

    if (c->dead) return;
    if ((ev & EPOLLOUT) && (c->late || c->fresh)) rc = on_writable(c);
    if (!rc && (ev & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
        rc = c->server ? on_server(r, c) : on_client(r, c);
    if (rc) end_conn(r, c);
}

static void on_accept(const struct relay *r)
{
    int fd;

    while ((fd = accept4(r->lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        set_nodelay(fd);
        new_conn(r, fd, 0);
    }
}

static void turn(struct relay *r)
{
    struct epoll_event evs[EVENTS];
    int n = epoll_wait(r->ep, evs, EVENTS, 1000);

    r->now = now_ns();
    for (int i = 0; i < n; i++) {
        if (evs[i].data.ptr)
            on_event(r, evs[i].data.ptr, evs[i].events);
        else
            on_accept(r);
    }
    while (r->graves) {
        struct conn *c = r->graves;
        r->graves = c->next;
        free(c);
    }
}

int main(int argc, char **argv)
{
    static struct relay r;
    struct epoll_event e = { .events = EPOLLIN };

    if (argc < 3) return fprintf(stderr, "usage: relay-http PORT BACKEND_PORT\n"), 2;
    for (int i = 33; i < 127; i++) r.token[i] = !strchr("\"(),/:;<=>?@[\\]{}", i);
    for (int i = 32; i < 256; i++) r.text[i] = i != 127;
    r.text['\t'] = 1;
    r.backend_port = atoi(argv[2]);
    raise_nofile();
    signal(SIGPIPE, SIG_IGN);
    r.ep = epoll_create1(0);
    r.lfd = listen_loopback(atoi(argv[1]));
    epoll_ctl(r.ep, EPOLL_CTL_ADD, r.lfd, &e);
    for (;;) turn(&r);
}

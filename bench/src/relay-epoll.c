// SPDX-License-Identifier: Apache-2.0
/* The floor under every proxy that uses epoll: a byte relay that parses nothing.
 *
 *   relay-epoll [-s] [-b BUFFER] PORT BACKEND_PORT
 *
 * Each client is paired with an upstream connection of its own for life; edge-triggered.
 *   -s  splice() through a pipe instead of recv() and send()
 *   -b  bytes a read may bring (16384) */
#include "common.h"
#include <sys/epoll.h>

enum { EVENTS = 512, PIPE_SIZE = 1 << 20 };

struct side {
    int fd;
    struct side *peer;
    int pipe[2]; /* with -s: what was read from fd and is not yet written to the peer */
    size_t held; /* bytes read from fd that the peer has not taken */
    size_t off;
    char *buf; /* where they are; only while held (and without -s) */
    int dead;
    struct side *next_grave;
};

struct relay {
    int ep, lfd, use_splice, backend_port;
    size_t buffer;
    char *shared;        /* what every read fills first */
    struct side *graves; /* freed at the end of the turn: a late event may still name them */
};

/* The connection is ready to be used: from now on epoll tells of it, once a change. */
static void add(const struct relay *r, struct side *s)
{
    struct epoll_event e = { .data.ptr = s, .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

    if (r->use_splice) {
        if (pipe2(s->pipe, O_NONBLOCK)) die("pipe");
        fcntl(s->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
    }
    epoll_ctl(r->ep, EPOLL_CTL_ADD, s->fd, &e);
}

static void end_side(struct relay *r, struct side *s)
{
    if (s->dead) return;
    s->dead = 1;
    close(s->fd);
    if (r->use_splice) {
        close(s->pipe[0]);
        close(s->pipe[1]);
    }
    free(s->buf);
    s->next_grave = r->graves;
    r->graves = s;
}

static void end_pair(struct relay *r, struct side *s)
{
    end_side(r, s);
    end_side(r, s->peer);
}

/* Sends what s holds to its peer. 1: nothing is left, 0: the peer is full, -1: broken */
static int push(const struct relay *r, struct side *s)
{
    while (s->held) {
        ssize_t n;

        if (r->use_splice)
            n = splice(s->pipe[0], NULL, s->peer->fd, NULL, s->held,
                       SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        else
            n = send(s->peer->fd, s->buf + s->off, s->held, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN ? 0 : -1;
        s->held -= (size_t)n;
        s->off += (size_t)n;
    }
    free(s->buf);
    s->buf = NULL;
    return 1;
}

/* Moves bytes through the pipe until one side is empty or the other full. 0, or -1: broken */
static int pull_spliced(const struct relay *r, struct side *s)
{
    while (!s->held) {
        ssize_t n = splice(s->fd, NULL, s->pipe[1], NULL, r->buffer,
                           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

        /* a pipe may fill before the socket is empty: a short splice proves nothing */
        if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
        s->held = (size_t)n;
        if (push(r, s) < 0) return -1;
    }
    return 0;
}

/* Reads from s until a short read, which empties the socket, so that edge triggering needs no
 * second call. 0, or -1: broken */
static int pull(const struct relay *r, struct side *s)
{
    while (!s->held) {
        ssize_t n = recv(s->fd, r->shared, r->buffer, 0), m;

        if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
        m = send(s->peer->fd, r->shared, (size_t)n, MSG_NOSIGNAL);
        if (m < 0) {
            if (errno != EAGAIN) return -1;
            m = 0;
        }
        if (m < n) {
            s->held = (size_t)(n - m);
            s->off = 0;
            s->buf = malloc(s->held);
            if (!s->buf) die("malloc");
            memcpy(s->buf, r->shared + m, s->held);
        } else if ((size_t)n < r->buffer) {
            return 0;
        }
    }
    return 0;
}

static int move(const struct relay *r, struct side *s)
{
    return r->use_splice ? pull_spliced(r, s) : pull(r, s);
}

static void on_event(struct relay *r, struct side *s, uint32_t ev)
{
    if (s->dead) return;
    if ((ev & EPOLLOUT) && s->peer->held) {
        int rc = push(r, s->peer);

        if (rc == 1) rc = move(r, s->peer);
        if (rc < 0) {
            end_pair(r, s);
            return;
        }
    }
    if ((ev & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) && move(r, s) < 0) end_pair(r, s);
}

static void on_accept(const struct relay *r)
{
    int fd;

    while ((fd = accept4(r->lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct side *c = calloc(1, sizeof *c), *u = calloc(1, sizeof *u);

        if (!c || !u) die("calloc");
        set_nodelay(fd);
        c->fd = fd;
        c->peer = u;
        u->fd = connect_loopback(r->backend_port);
        if (u->fd < 0) die("connect");
        u->peer = c;
        add(r, c);
        add(r, u);
    }
}

static void turn(struct relay *r)
{
    struct epoll_event evs[EVENTS];
    int n = epoll_wait(r->ep, evs, EVENTS, -1);

    for (int i = 0; i < n; i++) {
        if (evs[i].data.ptr)
            on_event(r, evs[i].data.ptr, evs[i].events);
        else
            on_accept(r);
    }
    while (r->graves) {
        struct side *s = r->graves;
        r->graves = s->next_grave;
        free(s);
    }
}

int main(int argc, char **argv)
{
    struct relay r = { .buffer = 16384 };
    struct epoll_event e = { .events = EPOLLIN };
    int opt;

    while ((opt = getopt(argc, argv, "sb:")) != -1) switch (opt) {
        case 's': r.use_splice = 1; break;
        case 'b': r.buffer = (size_t)atol(optarg); break;
        default: return 2;
        }
    if (argc - optind < 2)
        return fprintf(stderr, "usage: relay-epoll [-s] [-b N] PORT BACKEND_PORT\n"), 2;
    r.backend_port = atoi(argv[optind + 1]);
    raise_nofile();
    signal(SIGPIPE, SIG_IGN);
    r.shared = malloc(r.buffer);
    if (!r.shared) die("malloc");
    r.ep = epoll_create1(0);
    r.lfd = listen_loopback(atoi(argv[optind]));
    epoll_ctl(r.ep, EPOLL_CTL_ADD, r.lfd, &e);
    for (;;) turn(&r);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    ACCEPTS_PER_TURN = 64,
    RETRY_MS = 100, /* after the system refused a descriptor */
};

char *listener_key(const struct listener_spec *spec, char *buf, size_t size)
{
    char host[64];
    const char *interface = spec->options.interface ? spec->options.interface : "";
    const struct sockaddr *sa = &spec->address.sa;

    if (spec->inherited_fd >= 0)
        snprintf(buf, size, "fd@%d", spec->inherited_fd);
    else if (sa->sa_family == AF_UNIX)
        snprintf(buf, size, "%s%s", spec->address.un.sun_path[0] ? "" : "abns@",
                 spec->address.un.sun_path + (spec->address.un.sun_path[0] ? 0 : 1));
    else
        snprintf(buf, size, "%s:%u%s%s", address_text(sa, host), address_port(sa),
                 *interface ? "%" : "", interface);
    return buf;
}

/* ---- accepting ---- */

static void pause_for_a_moment(struct listener_socket *s)
{
    loop_pause(&s->worker->loop, &s->io);
    timer_set(&s->worker->timers, &s->retry, s->worker->now + RETRY_MS);
}

static void on_retry(struct timer *t)
{
    struct listener_socket *s = container_of(t, struct listener_socket, retry);
    if (!s->paused) loop_resume(&s->worker->loop, &s->io, s->shared);
}

static void on_connection(struct io *io)
{
    struct listener_socket *s = container_of(io, struct listener_socket, io);
    struct listener *l = s->listener;

    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        union address from;
        socklen_t size = sizeof from;
        int fd;

        if (!l->events->admit(l, s->worker)) {
            s->paused = true;
            loop_pause(&s->worker->loop, io);
            return;
        }
        fd = accept4(io->fd, &from.sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (size < sizeof from.sa.sa_family) from.sa.sa_family = AF_UNIX;
            l->events->accepted(l, s->worker, fd, &from);
            continue;
        }
        if (errno == EAGAIN) return;
        if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
        atomic_fetch_add_explicit(&l->accept_errors, 1, memory_order_relaxed);
        pause_for_a_moment(s); /* EMFILE, ENFILE, ENOBUFS, ENOMEM */
        return;
    }
}

void listener_start(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];

    s->worker = w;
    if (loop_add_level(&w->loop, &s->io, s->shared) < 0) pause_for_a_moment(s);
}

void listener_stop(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];

    timer_cancel(&w->timers, &s->retry);
    if (s->io.fd >= 0 && s->io.watched) loop_pause(&w->loop, &s->io);
    if (s->shared || l->inherited) {
        s->io.fd = -1; /* the last reference closes it, or nobody */
        return;
    }
    l->shared_fd = -1; /* the only worker's, if it was this one */
    loop_close(&w->loop, &s->io);
}

void listener_resume(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];

    if (!s->paused) return;
    s->paused = false;
    loop_resume(&w->loop, &s->io, s->shared);
}

/* ---- opening ---- */

static void listener_free(struct object *o)
{
    struct listener *l = container_of(o, struct listener, object);

    for (unsigned i = 0; i < l->n_sockets && l->shared_fd < 0; i++)
        if (l->sockets[i].io.fd >= 0) close(l->sockets[i].io.fd);
    if (l->shared_fd >= 0 && !l->inherited) close(l->shared_fd);
    if (l->address.sa.sa_family == AF_UNIX && l->address.un.sun_path[0] && !l->inherited)
        resource_remove(l->address.un.sun_path, NULL);
    free(l->sockets);
    free(l);
}

static int open_one(const struct listener_spec *spec, bool reuseport, struct resource_error *err)
{
    struct resource_listen o = spec->options;
    int on = 1, fd;

    if (spec->inherited_fd >= 0) return resource_inherited(spec->inherited_fd, o.backlog, err);
    o.addr = &spec->address.sa;
    o.size = address_length(o.addr);
    o.reuseport = reuseport;
    fd = resource_listen(&o, err);
    /* Connections inherit it, which saves each of them a call. */
    if (fd >= 0 && o.addr->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* With SO_REUSEPORT a port that another process of ours holds could be taken without a word. */
static bool port_is_free(const struct listener_spec *spec, struct resource_error *err)
{
    int fd = open_one(spec, false, err);
    if (fd < 0) return false;
    close(fd);
    return true;
}

static bool open_sockets(struct listener *l, const struct listener_spec *spec,
                         struct resource_error *err)
{
    bool own = spec->inherited_fd < 0 && spec->address.sa.sa_family != AF_UNIX && l->n_sockets > 1;

    l->shared_fd = -1;
    if (own && !spec->take_over && !port_is_free(spec, err)) return false;
    for (unsigned i = 0; i < l->n_sockets; i++) {
        struct listener_socket *s = &l->sockets[i];
        int fd = l->shared_fd >= 0 ? l->shared_fd : open_one(spec, own || spec->take_over, err);

        io_init(&s->io, fd, on_connection);
        timer_init(&s->retry, on_retry);
        s->listener = l;
        s->shared = !own && l->n_sockets > 1;
        if (fd < 0) return false;
        if (!own) l->shared_fd = fd;
    }
    return true;
}

struct listener *listener_open(struct objects *all, const struct listener_spec *spec, unsigned n,
                               const struct listener_events *events, void *engine,
                               struct resource_error *err)
{
    char key[256];
    struct listener *l = mem_zero(sizeof *l);

    l->events = events;
    l->engine = engine;
    l->address = spec->address;
    l->inherited = spec->inherited_fd >= 0;
    l->n_sockets = n;
    l->sockets = mem_zero(n * sizeof *l->sockets);
    for (unsigned i = 0; i < n; i++) l->sockets[i].io.fd = -1;
    if (!open_sockets(l, spec, err)) {
        l->inherited |= l->shared_fd < 0; /* a path that could not be bound is not ours to remove */
        listener_free(&l->object);
        return NULL;
    }
    if (l->inherited) {
        socklen_t size = sizeof l->address;
        getsockname(l->shared_fd, &l->address.sa, &size);
    }
    object_enter(all, &l->object, "listener", listener_key(spec, key, sizeof key), listener_free);
    return l;
}

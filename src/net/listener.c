/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"
#include "runtime/descriptors.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ACCEPTS_A_TURN = 64,
    RETRY_MS = 100,      /* after the system refused a descriptor */
    LAST_ACCEPTS = 1024, /* of the backlog, when the socket is to be held */
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

/* ---- closing ---- */

/* A path of ours is removed; one that another process has put its own socket at is not. */
static void remove_path(const struct listener *l)
{
    struct stat st;

    if (l->address.sa.sa_family != AF_UNIX || !l->address.un.sun_path[0] || l->inherited) return;
    if (lstat(l->address.un.sun_path, &st) == 0 && st.st_dev == l->path_dev &&
        st.st_ino == l->path_ino)
        resource_remove(l->address.un.sun_path, NULL);
}

static void close_shared(struct listener *l)
{
    if (l->shared_fd < 0) return;
    remove_path(l);
    if (!l->inherited) close(l->shared_fd);
    l->shared_fd = -1;
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
    if (!s->paused && !s->held) loop_resume(&s->worker->loop, &s->io, s->shared);
}

static void pause_until_resumed(struct listener_socket *s)
{
    s->paused = true;
    loop_pause(&s->worker->loop, &s->io);
}

static int accept_one(struct listener_socket *s, union address *from)
{
    socklen_t size = sizeof *from;
    int fd = accept4(s->io.fd, &from->sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0 && size < sizeof from->sa.sa_family) from->sa.sa_family = AF_UNIX;
    return fd;
}

/* False: it is one too many, and waits here. */
static bool hand_on(struct listener_socket *s, int fd, const union address *from)
{
    struct listener *l = s->listener;

    if (!l->events->take || l->events->take(l, s->worker)) {
        l->events->accepted(l, s->worker, fd, from);
        return true;
    }
    s->parked = fd;
    s->parked_from = *from;
    return false;
}

/* No connection: whether to try again at once. */
static bool may_retry(struct listener_socket *s, bool *reclaimed)
{
    if (errno == EAGAIN) return false;
    if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) return true;
    atomic_fetch_add_explicit(&s->listener->accept_errors, 1, memory_order_relaxed);
    if ((errno == EMFILE || errno == ENFILE) && !*reclaimed) {
        *reclaimed = true;
        if (descriptors_reclaim(s->worker, false)) return true;
    }
    pause_for_a_moment(s); /* and ENOBUFS, ENOMEM */
    return false;
}

static void accept_some(struct listener_socket *s, unsigned most)
{
    struct listener *l = s->listener;
    bool reclaimed = false;

    for (unsigned i = 0; i < most; i++) {
        union address from;
        int fd;

        if (!l->events->admit(l, s->worker)) {
            pause_until_resumed(s);
            return;
        }
        fd = accept_one(s, &from);
        if (fd < 0 && !may_retry(s, &reclaimed)) return;
        if (fd >= 0 && !hand_on(s, fd, &from)) {
            pause_until_resumed(s);
            return;
        }
    }
}

static void on_connection(struct io *io)
{
    struct listener_socket *s = container_of(io, struct listener_socket, io);

    accept_some(s, s->listener->accepts);
}

void listener_start(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];

    s->worker = w;
    if (loop_add_level(&w->loop, &s->io, s->shared) < 0) pause_for_a_moment(s);
}

/* Who stops last closes a shared socket, so that nobody connects to it any more. One that we were
 * given stays open, for a later configuration to use again. */
void listener_stop(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];

    if (s->stopped) return;
    s->stopped = true;
    timer_cancel(&w->timers, &s->retry);
    loop_pause(&w->loop, &s->io);
    if (s->parked >= 0) close(s->parked); /* as the rest of the backlog */
    s->parked = -1;
    if (s->shared)
        s->io.fd = -1;
    else
        loop_close(&w->loop, &s->io);
    if (atomic_fetch_sub(&l->watchers, 1) == 1) close_shared(l);
}

void listener_resume(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];

    if (!s->paused || s->stopped) return;
    if (s->parked >= 0) {
        union address from = s->parked_from;
        int fd = s->parked;

        s->parked = -1;
        if (!hand_on(s, fd, &from)) return;
    }
    s->paused = false;
    if (!s->held) loop_resume(&w->loop, &s->io, s->shared);
}

/* ---- holding ---- */

/* May the port be given up, and had again? */
static bool may_refuse(const struct listener *l)
{
    return !l->inherited && l->address.sa.sa_family != AF_UNIX;
}

/* Only what listens may be shut: otherwise the mark stays on the socket, and whatever it accepts
 * later is born shut. */
static void refuse_new(int fd)
{
    int listens = 0;
    socklen_t size = sizeof listens;

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens)
        shutdown(fd, SHUT_RD);
}

/* Whoever connects between the last accept and the end is reset: there is no way to tell the system
 * to refuse new connections only. */
void listener_hold(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];

    if (s->stopped) return;
    s->worker = w;
    if (!s->held && !s->paused) accept_some(s, LAST_ACCEPTS);
    s->held = true;
    timer_cancel(&w->timers, &s->retry);
    loop_pause(&w->loop, &s->io);
    if (may_refuse(l)) refuse_new(s->io.fd);
}

int listener_release(struct listener *l, struct worker *w)
{
    struct listener_socket *s = &l->sockets[w->id];
    int backlog = l->spec.options.backlog;

    if (!s->held || s->stopped) return 0;
    if (may_refuse(l) && listen(s->io.fd, backlog > 0 ? backlog : SOMAXCONN) < 0) return -errno;
    s->held = false;
    if (!s->paused) loop_resume(&w->loop, &s->io, s->shared);
    return 0;
}

/* ---- opening ---- */

static void listener_free(struct object *o)
{
    struct listener *l = container_of(o, struct listener, object);

    for (unsigned i = 0; i < l->n_sockets; i++)
        if (!l->sockets[i].shared && l->sockets[i].io.fd >= 0) close(l->sockets[i].io.fd);
    close_shared(l);
    free(l->sockets);
    free(l);
}

static bool is_tcp(const struct listener_spec *spec)
{
    return spec->inherited_fd < 0 && spec->address.sa.sa_family != AF_UNIX;
}

/* What the connections of a TCP listener inherit, which saves each of them the calls. */
static bool set_options(int fd, const struct listener_spec *spec, const struct socket_options *was,
                        struct resource_error *err)
{
    int on = 1;
    const char *what;
    char key[256];

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails where it is not TCP */
    what = socket_options_set(fd, &spec->socket, was);
    if (!what) return true;
    err->code = -errno;
    snprintf(err->text, sizeof err->text, "cannot set %s on %.100s: %s", what,
             listener_key(spec, key, sizeof key), strerrordesc_np(errno));
    return false;
}

static int open_one(const struct listener_spec *spec, bool reuseport, struct resource_error *err)
{
    struct resource_listen o = spec->options;
    int fd;

    o.addr = &spec->address.sa;
    o.size = address_length(o.addr);
    o.reuseport = reuseport;
    fd = spec->inherited_fd >= 0 ? resource_inherited(spec->inherited_fd, o.backlog, err)
                                 : resource_listen(&o, err);
    if (fd < 0 || set_options(fd, spec, NULL, err)) return fd;
    if (spec->inherited_fd < 0) close(fd);
    return -1;
}

/* With SO_REUSEPORT a port that another process of ours holds could be taken without a word. */
static bool port_is_free(const struct listener_spec *spec, struct resource_error *err)
{
    struct listener_spec probe = *spec;
    int fd;

    probe.options.bound_only = true; /* who could connect to it would be cut off when it closes */
    fd = open_one(&probe, false, err);
    if (fd < 0) return false;
    close(fd);
    return true;
}

static void note_path(struct listener *l)
{
    struct stat st;

    if (l->address.sa.sa_family != AF_UNIX || !l->address.un.sun_path[0]) return;
    if (lstat(l->address.un.sun_path, &st) < 0) return;
    l->path_dev = st.st_dev;
    l->path_ino = st.st_ino;
}

static bool open_shared(struct listener *l, const struct listener_spec *spec,
                        struct resource_error *err)
{
    l->shared_fd = open_one(spec, false, err);
    if (l->shared_fd < 0) return false;
    note_path(l);
    for (unsigned i = 0; i < l->n_sockets; i++) {
        io_init(&l->sockets[i].io, l->shared_fd, on_connection);
        l->sockets[i].shared = true;
    }
    return true;
}

static bool open_own(struct listener *l, const struct listener_spec *spec,
                     struct resource_error *err)
{
    if (!spec->take_over && !port_is_free(spec, err)) return false;
    for (unsigned i = 0; i < l->n_sockets; i++) {
        int fd = open_one(spec, true, err);

        if (fd < 0) return false;
        io_init(&l->sockets[i].io, fd, on_connection);
    }
    return true;
}

/* For the next listener_tune, without what belongs to a configuration. */
static void keep_spec(struct listener *l, const struct listener_spec *spec)
{
    l->spec = *spec;
    l->spec.options.interface = NULL;
    l->spec.options.addr = NULL;
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
    keep_spec(l, spec);
    l->accepts = spec->accepts ? spec->accepts : ACCEPTS_A_TURN;
    l->inherited = spec->inherited_fd >= 0;
    l->shared_fd = -1;
    l->n_sockets = n;
    atomic_init(&l->watchers, n);
    l->sockets = mem_zero(n * sizeof *l->sockets);
    for (unsigned i = 0; i < n; i++) {
        l->sockets[i].listener = l;
        l->sockets[i].parked = -1;
        timer_init(&l->sockets[i].retry, on_retry);
        io_init(&l->sockets[i].io, -1, on_connection);
    }
    if (is_tcp(spec) && !spec->one_socket ? !open_own(l, spec, err) : !open_shared(l, spec, err)) {
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

/* ---- another configuration ---- */

static bool same_path_owner(const struct resource_listen *a, const struct resource_listen *b)
{
    return a->mode == b->mode && a->set_uid == b->set_uid && a->set_gid == b->set_gid &&
           (!a->set_uid || a->uid == b->uid) && (!a->set_gid || a->gid == b->gid);
}

static bool refuse(const char *what, struct resource_error *err)
{
    err->code = -EINVAL;
    snprintf(err->text, sizeof err->text,
             "a reload can't change '%s' of an address that is bound; restart to change it", what);
    return false;
}

static bool may_tune(const struct listener *l, const struct listener_spec *spec,
                     struct resource_error *err)
{
    const struct resource_listen *is = &l->spec.options, *to = &spec->options;

    if (is->v6only != to->v6only) return refuse("v6only", err);
    if (is->v4v6 != to->v4v6) return refuse("v4v6", err);
    if (is->transparent != to->transparent) return refuse("transparent", err);
    return true;
}

static bool tune_one(int fd, const struct listener *l, const struct listener_spec *spec,
                     struct resource_error *err)
{
    int backlog = spec->options.backlog;

    if (fd < 0) return true;
    if (backlog != l->spec.options.backlog) listen(fd, backlog > 0 ? backlog : SOMAXCONN);
    return set_options(fd, spec, &l->spec.socket, err);
}

bool listener_tune(struct listener *l, const struct listener_spec *spec, bool try,
                   struct resource_error *err)
{
    struct resource_listen o = spec->options;
    bool ok = may_tune(l, spec, err);

    if (try || !ok) return ok;
    if (l->shared_fd >= 0)
        ok = tune_one(l->shared_fd, l, spec, err);
    else
        for (unsigned i = 0; ok && i < l->n_sockets; i++)
            ok = tune_one(l->sockets[i].io.fd, l, spec, err);
    o.addr = &l->address.sa;
    o.size = address_length(o.addr);
    if (ok && o.addr->sa_family == AF_UNIX && !l->inherited &&
        !same_path_owner(&o, &l->spec.options))
        ok = resource_path_owner(&o, err) == 0;
    keep_spec(l, spec);
    return ok;
}

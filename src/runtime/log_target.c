/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log_writer.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- targets --- */

int log_fd_named(struct slice word)
{
    struct slice prefix = SLICE("fd@");
    uint64_t n;

    if (slice_is(word, "stdout")) return STDOUT_FILENO;
    if (slice_is(word, "stderr")) return STDERR_FILENO;
    if (!slice_starts(word, prefix) || !slice_to_u64(slice_from(word, prefix.n), &n)) return -1;
    return n <= INT32_MAX ? (int)n : -1;
}

static bool refused(struct resource_error *err, int code, const char *what, int number)
{
    if (err) {
        err->code = code;
        snprintf(err->text, sizeof err->text, what, number);
    }
    return false;
}

static bool is_usable(const struct log_target_spec *spec, struct resource_error *err)
{
    if (spec->addr) {
        int family = spec->addr->sa_family;
        if (family == AF_INET || family == AF_INET6 || family == AF_UNIX) return true;
        return refused(err, -EAFNOSUPPORT, "cannot send logs to an address of family %d", family);
    }
    if (fcntl(spec->fd, F_GETFD) < 0)
        return refused(err, -EBADF, "descriptor %d is not open", spec->fd);
    /* Else a log could go into a client's connection. */
    if (spec->fd > STDERR_FILENO && !resource_is_inherited(spec->fd))
        return refused(err, -EBADF, "descriptor %d was not handed over by the parent process",
                       spec->fd);
    return true;
}

struct log_target *log_target_new(struct log_writer *w, const struct log_target_spec *spec,
                                  struct resource_error *err)
{
    struct log_target *t;

    if (!is_usable(spec, err)) return NULL;
    t = mem_zero(sizeof *t);
    t->writer = w;
    t->format = spec->format;
    t->facility = (int)spec->facility;
    t->level = spec->level;
    t->min_level = spec->min_level;
    t->length = spec->length ? spec->length : LOG_LINE;
    atomic_init(&t->refs, 1);
    pthread_mutex_lock(&w->lock);
    t->sink = log_writer_sink(w, spec);
    pthread_mutex_unlock(&w->lock);
    return t;
}

struct log_target *log_target_ref(struct log_target *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

/* No record can name it: records name routes, and a route has a reference to each of its targets
 * until it is freed itself. */
void log_target_unref(struct log_target *t)
{
    struct log_writer *w;

    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) > 1) return;
    w = t->writer;
    pthread_mutex_lock(&w->lock);
    log_writer_sink_unref(w, t->sink);
    pthread_mutex_unlock(&w->lock);
    log_writer_request(w);
    free(t);
}

struct log_counts log_target_counts(const struct log_target *t)
{
    return (struct log_counts){
        .written = atomic_load_explicit(&t->sink->written, memory_order_relaxed),
        .dropped = atomic_load_explicit(&t->sink->dropped, memory_order_relaxed),
    };
}

/* --- routes --- */

struct log_route *log_route_new(struct log_writer *w, struct log_target *const *targets, unsigned n,
                                struct slice tag, struct slice host)
{
    size_t size = offsetof(struct log_route, targets) + n * sizeof(struct log_target *);
    struct log_route *r = mem_zero(size + tag.n + host.n);
    char *text = (char *)r + size;

    r->level = -1;
    r->writer = w;
    r->n = n;
    r->tag = slice_of(text, tag.n);
    r->host = slice_of(slice_put(text, tag), host.n);
    slice_put(text + tag.n, host);
    for (unsigned i = 0; i < n; i++) {
        r->targets[i] = log_target_ref(targets[i]);
        if (targets[i]->level > r->level) r->level = targets[i]->level;
        if (targets[i]->length > r->length) r->length = targets[i]->length;
    }
    atomic_init(&r->refs, 1);
    return r;
}

struct log_route *log_route_ref(struct log_route *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void log_route_unref(struct log_route *r)
{
    struct log_writer *w;

    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) > 1) return;
    w = r->writer;
    pthread_mutex_lock(&w->lock);
    r->next = w->dead;
    w->dead = r;
    pthread_mutex_unlock(&w->lock);
    log_writer_request(w);
}

void log_route_free(struct log_route *r)
{
    for (unsigned i = 0; i < r->n; i++) log_target_unref(r->targets[i]);
    free(r);
}

/* --- lines --- */

static const struct log_format *format_for(const struct log_target *t, const struct log_route *r)
{
    if (t->format) return t->format;
    return log_format_named(r->host.n ? SLICE("rfc3164") : SLICE("local"));
}

/* Lines are as long as HAProxy's: header and text are at most `len` bytes in a datagram, one less
 * elsewhere, and the text alone is one less as well; a line end follows in both. */
static void put_line(struct log_writer *w, struct log_target *t, const struct log_record *m,
                     struct log_head *head)
{
    size_t text = m->length < t->length ? m->length : t->length - 1;
    size_t most = t->sink->kind == LOG_SINK_DATAGRAMS ? t->length : t->length - 1;
    char *line = log_sink_begin(t->sink, LOG_HEADER_MOST + text + 1);
    size_t n;

    if (!line) return;
    n = (size_t)(format_for(t, m->route)->head(line, head, &w->date) - line);
    if (n > most) n = most;
    if (text > most - n) text = most - n;
    memcpy(line + n, m->text, text);
    line[n + text] = '\n';
    log_sink_commit(t->sink, n + text + 1);
    log_writer_mark(w, t->sink);
}

void log_route_deliver(struct log_writer *w, const struct log_record *m)
{
    const struct log_route *r = m->route;
    struct log_head head = { .time = m->time, .pid = w->pid, .tag = r->tag, .host = r->host };

    for (unsigned i = 0; i < r->n; i++) {
        struct log_target *t = r->targets[i];
        int level = m->level > t->min_level ? m->level : t->min_level;
        if (m->level > t->level) continue;
        head.priority = t->facility * LOG_LEVELS + level;
        put_line(w, t, m, &head);
    }
}

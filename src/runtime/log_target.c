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
    if (spec->ring || spec->n_streams) return true;
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

static struct log_sample *copy_sample(const struct log_sample *from)
{
    size_t size;

    if (!from) return NULL;
    size = offsetof(struct log_sample, ranges) + from->n * sizeof from->ranges[0];
    return memcpy(mem_alloc(size), from, size);
}

/* Under the lock. */
static void find_sinks(struct log_target *t, const struct log_target_spec *spec)
{
    struct log_sink_key key = { .addr = spec->addr, .size = spec->size, .fd = spec->fd };

    if (!spec->ring && !spec->n_streams) t->sinks[t->n_sinks++] = log_writer_sink(t->writer, &key);
    for (unsigned i = 0; i < spec->n_streams && i < LOG_STREAMS_MOST; i++) {
        const struct log_stream *s = &spec->streams[i];
        key = (struct log_sink_key){ .addr = (const struct sockaddr *)&s->address,
                                     .size = s->size,
                                     .stream = true,
                                     .counted = s->counted,
                                     .connect_ms = s->connect_ms,
                                     .server_ms = s->server_ms };
        t->sinks[t->n_sinks++] = log_writer_sink(t->writer, &key);
    }
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
    t->sample = copy_sample(spec->sample);
    if (spec->ring) t->ring = event_ring_ref(spec->ring);
    atomic_init(&t->refs, 1);
    pthread_mutex_lock(&w->lock);
    find_sinks(t, spec);
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
    for (unsigned i = 0; i < t->n_sinks; i++) log_writer_sink_unref(w, t->sinks[i]);
    pthread_mutex_unlock(&w->lock);
    log_writer_request(w);
    event_ring_unref(t->ring);
    free(t->sample);
    free(t);
}

struct log_counts log_target_counts(const struct log_target *t)
{
    struct log_counts n = { 0, 0 };

    for (unsigned i = 0; i < t->n_sinks; i++) {
        n.written += atomic_load_explicit(&t->sinks[i]->written, memory_order_relaxed);
        n.dropped += atomic_load_explicit(&t->sinks[i]->dropped, memory_order_relaxed);
    }
    return n;
}

/* --- routes --- */

static const struct log_format *format_for(const struct log_target *t, const struct log_route *r)
{
    if (t->format) return t->format;
    return log_format_named(r->host.n ? SLICE("rfc3164") : SLICE("local"));
}

/* How long a text may be that t takes whole, behind the longest header that it may get. */
static size_t text_that_fits(const struct log_target *t, const struct log_route *r)
{
    const struct log_format *f = format_for(t, r);
    struct log_head head = { .time = 0, .priority = 191, .pid = 1 << 22, .tag = r->tag };
    struct log_date date = { 0 };
    char line[LOG_HEADER_MOST];
    size_t n;

    head.host = r->host;
    n = (size_t)(f->head(line, &head, &date) - line) + (f->structured ? 2 : 0);
    return t->length > n + 1 ? t->length - n - 1 : 0;
}

struct log_route *log_route_new(struct log_writer *w, struct log_target *const *targets, unsigned n,
                                struct slice tag, struct slice host)
{
    size_t size = offsetof(struct log_route, targets) + n * sizeof(struct log_target *);
    struct log_route *r = mem_zero(size + tag.n + host.n);
    char *text = (char *)r + size;

    r->level = -1;
    r->writer = w;
    r->n = n;
    r->fits = LOG_LINE_MOST;
    r->tag = slice_of(text, tag.n);
    r->host = slice_of(slice_put(text, tag), host.n);
    slice_put(text + tag.n, host);
    for (unsigned i = 0; i < n; i++) {
        size_t fits = text_that_fits(targets[i], r);

        r->targets[i] = log_target_ref(targets[i]);
        if (targets[i]->level > r->level) r->level = targets[i]->level;
        if (targets[i]->length > r->length) r->length = targets[i]->length;
        if (fits < r->fits) r->fits = fits;
        if (format_for(targets[i], r)->structured) r->structured = true;
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

/* For a ring, or to be sent by TCP. */
static bool is_event(const struct log_target *t)
{
    return t->ring || t->sinks[0]->stream;
}

/* Lines are as long as HAProxy's: header and text are at most `len` bytes in a datagram, one less
 * elsewhere, and the text alone is one less as well; in a ring, and by TCP, both may be `len`.
 * Returns the line's length. */
static size_t make_line(struct log_writer *w, const struct log_target *t,
                        const struct log_record *m, const struct log_head *head, char *line)
{
    const struct log_format *format = format_for(t, m->route);
    struct slice text = slice_of(m->text + m->structured, m->length - m->structured);
    bool event = is_event(t);
    bool whole = event || t->sinks[0]->kind == LOG_SINK_DATAGRAMS;
    size_t most = whole ? t->length : t->length - 1;
    struct slice data = SLICE("-");
    char *p = format->head(line, head, &w->date), *end = line + most;

    if (p > end) p = end;
    if (format->structured) {
        if (m->structured) data = slice_of(m->text, m->structured);
        if (data.n > (size_t)(end - p)) data.n = (size_t)(end - p);
        p = slice_put(p, data);
        if (p < end) *p++ = ' ';
    }
    if (!event && text.n >= t->length) text.n = t->length - 1;
    if (text.n > (size_t)(end - p)) text.n = (size_t)(end - p);
    return (size_t)(slice_put(p, text) - line);
}

/* Room in a sink for the longest line that the record may become, with what stands around it. */
static size_t line_room(const struct log_target *t, const struct log_record *m)
{
    size_t text = m->length < t->length ? m->length : t->length;

    return LOG_HEADER_MOST + text + 3;
}

/* To a socket, pipe or terminal: the line is made in its place. */
static void put_line(struct log_writer *w, struct log_target *t, const struct log_record *m,
                     const struct log_head *head)
{
    struct log_sink *s = t->sinks[0];
    char *line = log_sink_begin(s, line_room(t, m));
    size_t n;

    if (!line) return;
    n = make_line(w, t, m, head, line);
    line[n] = '\n';
    log_sink_commit(s, n + 1);
    log_writer_mark(w, s);
}

/* One line over a connection. */
static void put_framed(struct log_writer *w, struct log_sink *s, struct slice line)
{
    enum { FRAME_MOST = 24 };
    char *p = log_sink_begin(s, line.n + FRAME_MOST), *at = p;

    if (!p) return;
    if (s->counted) {
        at = slice_put_u64(at, line.n);
        *at++ = ' ';
    }
    at = slice_put(at, line);
    if (!s->counted) *at++ = '\n';
    log_sink_commit(s, (size_t)(at - p));
    log_writer_mark(w, s);
}

/* To a ring and its servers. */
static void put_event(struct log_writer *w, struct log_target *t, const struct log_record *m,
                      const struct log_head *head)
{
    struct slice line;

    if (!w->line) w->line = mem_alloc(LOG_HEADER_MOST + LOG_LINE_MOST + 3);
    line = slice_of(w->line, make_line(w, t, m, head, w->line));
    if (t->ring) event_ring_put(t->ring, line);
    for (unsigned i = 0; i < t->n_sinks; i++) {
        uint64_t before = t->sinks[i]->dropped;
        put_framed(w, t->sinks[i], line);
        if (t->ring && t->sinks[i]->dropped != before) atomic_fetch_add(&t->ring->dropped, 1);
    }
}

/* Is the next line one of those that the target's sample keeps? */
static bool is_sampled(struct log_target *t)
{
    const struct log_sample *s = t->sample;
    bool kept = false;

    if (!s) return true;
    t->sampled = t->sampled % s->size + 1;
    for (unsigned i = 0; i < s->n && !kept; i++)
        kept = t->sampled >= s->ranges[i].low && t->sampled <= s->ranges[i].high;
    return kept;
}

void log_route_deliver(struct log_writer *w, const struct log_record *m)
{
    const struct log_route *r = m->route;
    struct log_head head = { .time = m->time, .pid = w->pid, .tag = r->tag, .host = r->host };

    for (unsigned i = 0; i < r->n; i++) {
        struct log_target *t = r->targets[i];
        int level = m->level > t->min_level ? m->level : t->min_level;
        if (m->level > t->level || !is_sampled(t)) continue;
        head.priority = t->facility * LOG_LEVELS + level;
        if (is_event(t))
            put_event(w, t, m, &head);
        else
            put_line(w, t, m, &head);
    }
}

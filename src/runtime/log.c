/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log_writer.h"

#include "base/memory.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    NAP = 5,         /* milliseconds between two looks at the rings while records come */
    QUIET_TURNS = 2, /* looks in vain before it sleeps */
    STOP_MOST = 1000,
    DONE_EVERY = 64, /* records read before their room goes back to the producer */
    SHARED_RING = 256 * 1024,
    MESSAGE_MOST = 8192,
};

/* Real time: the pretended clock of tests stands still, and these waits must end all the same. */
static uint64_t real_msec(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- sinks --- */

struct log_sink *log_writer_sink(struct log_writer *w, const struct log_sink_key *key)
{
    struct log_sink *s = w->sinks;

    while (s && !log_sink_is(s, key)) s = s->next;
    if (!s) {
        s = log_sink_new(key, &w->sinks_dropped);
        s->connect_ms = key->connect_ms;
        s->server_ms = key->server_ms;
        s->next = w->sinks;
        w->sinks = s;
        if (w->started) log_sink_open(s);
    }
    s->refs++;
    return s;
}

void log_writer_sink_unref(struct log_writer *w, struct log_sink *s)
{
    if (--s->refs == 0) w->unused_sinks = true;
}

void log_writer_mark(struct log_writer *w, struct log_sink *s)
{
    if (s->dirty) return;
    s->dirty = true;
    s->next_dirty = w->dirty;
    w->dirty = s;
}

/* Writes what can be written; the sinks that keep something stay on the list. */
static void flush_sinks(struct log_writer *w)
{
    for (struct log_sink **at = &w->dirty; *at;) {
        struct log_sink *s = *at;
        if (!log_sink_flush(s)) {
            at = &s->next_dirty;
            continue;
        }
        *at = s->next_dirty;
        s->dirty = false;
    }
}

static void unmark(struct log_writer *w, struct log_sink *s)
{
    for (struct log_sink **at = &w->dirty; *at; at = &(*at)->next_dirty) {
        if (*at != s) continue;
        *at = s->next_dirty;
        return;
    }
}

/* Closes the sinks that no target names any more. Under the lock. */
static void free_unused_sinks(struct log_writer *w)
{
    w->unused_sinks = false;
    for (struct log_sink **at = &w->sinks; *at;) {
        struct log_sink *s = *at;
        if (s->refs) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        unmark(w, s);
        log_sink_free(s);
    }
}

static void free_routes(struct log_route *r)
{
    for (struct log_route *next; r; r = next) {
        next = r->next;
        log_route_free(r);
    }
}

/* --- the thread --- */

/* The ring whose next record is the oldest; NULL when all are empty. */
static struct log_ring *oldest(struct log_writer *w)
{
    struct log_ring *best = NULL;

    for (struct log_ring *r = atomic_load(&w->rings); r; r = r->next)
        if (r->next_record && (!best || r->next_record->time < best->next_record->time)) best = r;
    return best;
}

/* Is a record left that was there at the first look? */
static bool any_due(struct log_writer *w)
{
    for (struct log_ring *r = atomic_load(&w->rings); r; r = r->next)
        if (r->next_record && r->read != r->due && r->due - r->read <= r->size) return true;
    return false;
}

/* The rings' records, merged by time, so that what one client did through several workers can be
 * read from top to bottom. The rings are looked at one after the other, and meanwhile more comes:
 * so they are looked at twice. Whatever led to a record that the first look saw is seen by the
 * second at the latest; and when the first look's records are written, the rest waits for the next
 * turn, for something that led to it may not have been seen. */
static unsigned drain(struct log_writer *w)
{
    unsigned n = 0;

    for (struct log_ring *r = atomic_load(&w->rings); r; r = r->next) {
        log_ring_look(r);
        r->due = r->head_seen;
    }
    for (struct log_ring *r = atomic_load(&w->rings); r; r = r->next) {
        log_ring_look(r);
        r->next_record = log_ring_peek(r);
    }
    while (any_due(w)) {
        struct log_ring *r = oldest(w);

        log_route_deliver(w, r->next_record);
        log_ring_read(r);
        if (++r->undone % DONE_EVERY == 0) log_ring_done(r);
        r->next_record = log_ring_peek(r);
        n++;
    }
    for (struct log_ring *r = atomic_load(&w->rings); r; r = r->next) log_ring_done(r);
    return n;
}

/* One turn. What is taken at its top was asked for before the rings are looked at, and so all
 * records that were committed before it was asked for are delivered in this turn: that is why dead
 * routes may be freed and flushes be answered at its end. Returns the number of records. */
static unsigned turn(struct log_writer *w)
{
    struct log_route *dead;
    uint64_t flush;
    unsigned n;

    pthread_mutex_lock(&w->lock);
    dead = w->dead;
    w->dead = NULL;
    flush = w->flush_wanted;
    pthread_mutex_unlock(&w->lock);

    flush_sinks(w); /* of earlier turns */
    n = drain(w);
    flush_sinks(w);
    free_routes(dead);

    pthread_mutex_lock(&w->lock);
    if (w->unused_sinks) free_unused_sinks(w);
    if (w->drain_done != flush || (!w->dirty && w->flush_done != flush)) {
        w->drain_done = flush;
        if (!w->dirty) w->flush_done = flush;
        pthread_cond_broadcast(&w->flushed);
    }
    pthread_mutex_unlock(&w->lock);
    return n;
}

static bool any_ring_filled(struct log_writer *w)
{
    for (struct log_ring *r = atomic_load(&w->rings); r; r = r->next)
        if (log_ring_look(r)) return true;
    return false;
}

/* The bell, and the sinks that are waiting for their receivers. *patience: milliseconds, -1 for
 * ever. */
static unsigned fill_polls(struct log_writer *w, int *patience)
{
    unsigned n = 1;

    for (struct log_sink *s = w->dirty; s; s = s->next_dirty) n++;
    if (n > w->max_polls) {
        w->max_polls = n * 2;
        w->polls = mem_resize(w->polls, w->max_polls * sizeof *w->polls);
    }
    n = 0;
    w->polls[n++] = (struct pollfd){ .fd = w->bell.fd, .events = POLLIN };
    for (struct log_sink *s = w->dirty; s; s = s->next_dirty) {
        int most = log_sink_patience(s);
        w->polls[n++] = (struct pollfd){ .fd = s->fd, .events = POLLOUT };
        if (most >= 0 && (*patience < 0 || most < *patience)) *patience = most;
    }
    return n;
}

/* Waits until there may be something to do. `requests`: as it was when the turn began; the state
 * is stored before it and the rings are looked at once more, see log_commit. */
static void rest(struct log_writer *w, bool sleeping, unsigned requests)
{
    int patience = sleeping ? -1 : NAP;
    unsigned n = fill_polls(w, &patience);
    uint64_t rung;

    atomic_store(&w->bell.state, sleeping ? LOG_ASLEEP : LOG_NAPPING);
    if (atomic_load(&w->requests) == requests && !(sleeping && any_ring_filled(w)))
        poll(w->polls, n, patience);
    atomic_store(&w->bell.state, LOG_AWAKE);
    while (read(w->bell.fd, &rung, sizeof rung) > 0) continue;
}

/* The last turns: until nothing is left, but not for ever. */
static void finish(struct log_writer *w)
{
    uint64_t end = real_msec() + STOP_MOST;

    while ((turn(w) || any_ring_filled(w) || w->dirty) && real_msec() < end)
        if (w->dirty) rest(w, false, atomic_load(&w->requests));
    for (struct log_sink *s = w->dirty; s; s = s->next_dirty) log_sink_drop(s);
    turn(w); /* answers who waits for a flush */
}

static void *log_thread(void *arg)
{
    struct log_writer *w = arg;
    unsigned quiet = 0;

    w->pid = (int)getpid();
    for (;;) {
        unsigned requests = atomic_load(&w->requests);
        bool stopping;

        pthread_mutex_lock(&w->lock);
        stopping = w->stopping;
        pthread_mutex_unlock(&w->lock);
        if (stopping) break;
        quiet = turn(w) ? 0 : quiet + 1;
        rest(w, quiet >= QUIET_TURNS, requests);
    }
    finish(w);
    return NULL;
}

void log_writer_request(struct log_writer *w)
{
    atomic_fetch_add(&w->requests, 1);
    log_bell_ring(&w->bell);
}

/* --- life --- */

struct log_writer *log_writer_new(void)
{
    struct log_writer *w = mem_zero(sizeof *w);
    pthread_condattr_t monotonic;

    w->bell.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->bell.fd < 0) {
        perror("gatehouse: eventfd");
        abort();
    }
    tzset(); /* the time zone's file may be out of reach later */
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->shared_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->flushed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->shared = log_ring_new(w, SHARED_RING);
    w->built_in = event_ring_new(SLICE("buf0"), SLICE("in-memory ring buffer"),
                                 EVENT_RING_BUILT_IN);
    return w;
}

void log_writer_start(struct log_writer *w)
{
    sigset_t all, before;
    int error;

    pthread_mutex_lock(&w->lock);
    w->started = true;
    w->stopping = false;
    for (struct log_sink *s = w->sinks; s; s = s->next) log_sink_open(s);
    pthread_mutex_unlock(&w->lock);

    /* Signals are for other threads; SIGPIPE must not end us when a reader has gone. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&w->thread, NULL, log_thread, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        fprintf(stderr, "gatehouse: cannot start the log thread: %s\n", strerrordesc_np(error));
        abort();
    }
    pthread_setname_np(w->thread, "gatehouse-log");
}

void log_writer_stop(struct log_writer *w)
{
    bool started;

    pthread_mutex_lock(&w->lock);
    started = w->started;
    w->started = false;
    w->stopping = true;
    pthread_mutex_unlock(&w->lock);
    if (!started) return;
    log_writer_request(w);
    pthread_join(w->thread, NULL);
}

void log_writer_free(struct log_writer *w)
{
    struct log_ring *r, *next;

    log_writer_stop(w);
    free_routes(w->dead);
    for (struct log_sink *s = w->sinks, *after; s; s = after) {
        after = s->next;
        log_sink_free(s);
    }
    for (r = atomic_load(&w->rings); r; r = next) {
        next = r->next;
        log_ring_release(r);
        free(r);
    }
    close(w->bell.fd);
    pthread_cond_destroy(&w->flushed);
    pthread_mutex_destroy(&w->shared_lock);
    pthread_mutex_destroy(&w->lock);
    event_ring_unref(w->built_in);
    free(w->line);
    free(w->polls);
    free(w);
}

/* Waits until *reached, of w, has come to what is asked for now. */
static bool wait_for(struct log_writer *w, const uint64_t *reached, unsigned most)
{
    struct timespec end;
    uint64_t ticket;
    bool done;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(most / 1000);
    end.tv_nsec += (long)(most % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&w->lock);
    ticket = ++w->flush_wanted;
    pthread_mutex_unlock(&w->lock);
    log_writer_request(w);
    pthread_mutex_lock(&w->lock);
    while (*reached < ticket && pthread_cond_timedwait(&w->flushed, &w->lock, &end) != ETIMEDOUT)
        continue;
    done = *reached >= ticket;
    pthread_mutex_unlock(&w->lock);
    return done;
}

bool log_flush_wait(struct log_writer *w, unsigned most)
{
    return wait_for(w, &w->flush_done, most);
}

bool log_drain_wait(struct log_writer *w, unsigned most)
{
    return wait_for(w, &w->drain_done, most);
}

/* --- producers --- */

struct log_ring *log_ring_new(struct log_writer *w, size_t bytes)
{
    struct log_ring *r = mem_zero_aligned(sizeof *r);

    log_ring_init(r, bytes, &w->bell);
    r->next = atomic_load(&w->rings);
    while (!atomic_compare_exchange_weak(&w->rings, &r->next, r)) continue;
    return r;
}

void log_message(struct log_writer *w, struct log_route *route, int level, const char *fmt, ...)
{
    va_list ap;
    char *text;
    int n;

    if (!log_route_wants(route, level)) return;
    pthread_mutex_lock(&w->shared_lock);
    text = log_begin(w->shared, MESSAGE_MOST);
    if (text) {
        va_start(ap, fmt);
        n = vsnprintf(text, MESSAGE_MOST, fmt, ap);
        va_end(ap);
        if (n >= MESSAGE_MOST) n = MESSAGE_MOST - 1;
        if (n >= 0) log_commit(w->shared, (size_t)n, route, level, clock_wall_usec());
    }
    pthread_mutex_unlock(&w->shared_lock);
}

struct event_ring *log_built_in_ring(struct log_writer *w)
{
    return w->built_in;
}

uint64_t log_fd_dropped(struct log_writer *w, int fd)
{
    const struct log_sink_key key = { .fd = fd };
    uint64_t n = 0;

    pthread_mutex_lock(&w->lock);
    for (struct log_sink *s = w->sinks; s; s = s->next)
        if (log_sink_is(s, &key)) n += atomic_load_explicit(&s->dropped, memory_order_relaxed);
    pthread_mutex_unlock(&w->lock);
    return n;
}

uint64_t log_dropped(struct log_writer *w)
{
    uint64_t n = atomic_load_explicit(&w->sinks_dropped, memory_order_relaxed);

    for (struct log_ring *r = atomic_load(&w->rings); r; r = r->next) n += log_ring_dropped(r);
    return n;
}

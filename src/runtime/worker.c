/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/worker.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    FREE_BUFFERS = 64,
    TIDY_EVERY_MS = 250,
    KEEP_CHUNKS = 16,
    PIPE_SIZE = 1024 * 1024,
};

static void read_clock(void *arg)
{
    struct worker *w = arg;
    w->now_usec = clock_usec();
    w->now = w->now_usec / 1000;
}

static void deliver_all(struct worker *w)
{
    struct message *m = atomic_exchange_explicit(&w->inbox, NULL, memory_order_acquire);
    struct message *in_order = NULL, *next;

    for (; m; m = next) { /* the inbox is a stack: turn it round */
        next = m->next;
        m->next = in_order;
        in_order = m;
    }
    for (; in_order; in_order = next) {
        next = in_order->next;
        in_order->deliver(in_order, w);
    }
}

/* What the last quarter second did not need goes back to the system, so that a burst is not
 * remembered for ever. An idle worker is not woken for it more than a few times. */
static void tidy(struct timer *t)
{
    struct worker *w = container_of(t, struct worker, tidy);

    arena_cache_trim(&w->arenas, KEEP_CHUNKS);
    if (w->arenas.cold + KEEP_CHUNKS < w->arenas.n)
        timer_set(&w->timers, &w->tidy, w->now + TIDY_EVERY_MS);
}

static void on_wake(struct io *io)
{
    uint64_t count;
    ssize_t n = read(io->fd, &count, sizeof count);

    (void)n; /* EAGAIN: somebody else's wake was enough */
    deliver_all(container_of(io, struct worker, wake));
}

int worker_init(struct worker *w, unsigned id, uint32_t bufsize)
{
    int rc;

    memset(w, 0, sizeof *w);
    w->id = id;
    read_clock(w);
    timers_init(&w->timers, w->now);
    buf_pool_init(&w->bufs, bufsize, FREE_BUFFERS);
    timer_init(&w->tidy, tidy);
    w->wide.buf = mem_alloc(sizeof *w->wide.buf + WORKER_WIDE_SIZE);
    w->wide.buf->size = WORKER_WIDE_SIZE;
    pipes_init(&w->pipes, PIPES_A_WORKER, PIPE_SIZE);
    list_init(&w->holders);
    io_init(&w->wake, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), on_wake);
    if (w->wake.fd < 0) return -errno;
    rc = loop_init(&w->loop);
    return rc ? rc : loop_add_level(&w->loop, &w->wake, false);
}

void worker_release(struct worker *w)
{
    loop_close(&w->loop, &w->wake);
    loop_release(&w->loop);
    buf_pool_release(&w->bufs);
    arena_cache_release(&w->arenas);
    pipes_release(&w->pipes);
    free(w->wide.buf);
    w->wide.buf = NULL;
}

static void bury_dead(struct worker *w)
{
    while (w->graves) {
        struct grave *g = w->graves;
        w->graves = NULL;
        for (struct grave *next; g; g = next) {
            next = g->next;
            g->bury(g, w);
        }
    }
}

static int sleep_limit(struct worker *w)
{
    msec_t t = timers_next(&w->timers, w->now);
    return t > INT_MAX ? -1 : (int)t;
}

void worker_run(struct worker *w)
{
    while (!w->stopping) {
        if (w->before_turn) w->before_turn(w);
        loop_turn(&w->loop, sleep_limit(w), read_clock, w);
        timers_run(&w->timers, w->now);
        counter_add(&w->n_turns, 1);
        if (!timer_is_set(&w->tidy) && w->arenas.cold + KEEP_CHUNKS < w->arenas.n)
            timer_set(&w->timers, &w->tidy, w->now + TIDY_EVERY_MS);
        bury_dead(w);
    }
    deliver_all(w);
    bury_dead(w);
}

static void *thread_main(void *arg)
{
    worker_run(arg);
    return NULL;
}

int worker_start(struct worker *w, const char *name)
{
    int rc = pthread_create(&w->thread, NULL, thread_main, w);
    if (rc == 0) pthread_setname_np(w->thread, name);
    return -rc;
}

void worker_stop(struct worker *w)
{
    w->stopping = true;
}

void worker_send(struct worker *w, struct message *m)
{
    uint64_t one = 1;
    struct message *head = atomic_load_explicit(&w->inbox, memory_order_relaxed);

    do m->next = head;
    while (!atomic_compare_exchange_weak_explicit(&w->inbox, &head, m, memory_order_release,
                                                  memory_order_relaxed));
    if (head == NULL) { /* who finds it empty wakes the worker; the others ride along */
        ssize_t n = write(w->wake.fd, &one, sizeof one);
        (void)n;
    }
}

void worker_bury(struct worker *w, struct grave *g, void (*bury)(struct grave *, struct worker *))
{
    g->bury = bury;
    g->next = w->graves;
    w->graves = g;
}

struct buf *worker_wide(struct worker *w, void *holder, void (*evict)(void *holder))
{
    struct wide *wide = &w->wide;

    if (wide->holder) wide->evict(wide->holder);
    wide->holder = holder;
    wide->evict = evict;
    wide->buf->head = wide->buf->tail = 0;
    wide->buf->next = NULL;
    return wide->buf;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/event_ring.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH = sizeof(uint32_t), SHORT = 240 };

/* ---- life ---- */

static char *copy(struct slice s)
{
    char *p = mem_alloc(s.n + 1);

    *slice_put(p, s) = '\0';
    return p;
}

/* HAProxy's rings hold a byte and a length of one byte or two with each event, ours four: so that
 * `size` means as many events here as there, ours are charged as its, and have more room. */
static size_t charge(size_t n)
{
    return n + (n < SHORT ? 2 : 3);
}

static size_t room_of(const struct event_ring *r)
{
    return r->size * 2; /* events without a byte take four and are charged two */
}

struct event_ring *event_ring_new(struct slice name, struct slice description, size_t size)
{
    struct event_ring *r = mem_zero(sizeof *r);

    r->name = copy(name);
    r->description = copy(description);
    r->size = size;
    pthread_mutex_init(&r->lock, NULL);
    list_init(&r->followers);
    atomic_init(&r->refs, 1);
    return r;
}

struct event_ring *event_ring_ref(struct event_ring *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void event_ring_unref(struct event_ring *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) > 1) return;
    pthread_mutex_destroy(&r->lock);
    free(r->bytes);
    free(r->name);
    free(r->description);
    free(r);
}

/* ---- bytes: positions never wrap, offsets do ---- */

static void bytes_in(struct event_ring *r, uint64_t at, const void *from, size_t n)
{
    size_t room = room_of(r), offset = (size_t)(at % room);
    size_t part = n < room - offset ? n : room - offset;

    memcpy(r->bytes + offset, from, part);
    memcpy(r->bytes, (const char *)from + part, n - part);
}

static void bytes_out(const struct event_ring *r, uint64_t at, void *to, size_t n)
{
    size_t room = room_of(r), offset = (size_t)(at % room);
    size_t part = n < room - offset ? n : room - offset;

    memcpy(to, r->bytes + offset, part);
    memcpy((char *)to + part, r->bytes, n - part);
}

static uint32_t length_at(const struct event_ring *r, uint64_t at)
{
    uint32_t n;

    bytes_out(r, at, &n, LENGTH);
    return n;
}

static void drop_oldest(struct event_ring *r)
{
    uint32_t n = length_at(r, r->first);

    r->first += LENGTH + n;
    r->charged -= charge(n);
}

/* Under the lock. */
static void wake_all(struct event_ring *r)
{
    list_each(l, &r->followers)
    {
        struct event_follower *f = list_entry(l, struct event_follower, link);

        if (!f->waiting || f->sent) continue;
        f->waiting = false;
        f->sent = true;
        worker_send(f->worker, &f->message);
    }
}

void event_ring_put(struct event_ring *r, struct slice text)
{
    uint32_t n;

    while (charge(text.n) > r->size) text.n--; /* not even into an empty one */
    n = (uint32_t)text.n;
    pthread_mutex_lock(&r->lock);
    /* The memory is touched as it is used. */
    if (!r->bytes) r->bytes = mem_alloc(room_of(r));
    while (r->charged + charge(n) > r->size) drop_oldest(r);
    bytes_in(r, r->end, &n, LENGTH);
    bytes_in(r, r->end + LENGTH, text.p, n);
    r->end += LENGTH + n;
    r->charged += charge(n);
    wake_all(r);
    pthread_mutex_unlock(&r->lock);
}

/* ---- reading ---- */

uint64_t event_ring_begin(struct event_ring *r, bool at_end)
{
    uint64_t at;

    pthread_mutex_lock(&r->lock);
    at = at_end ? r->end : r->first;
    pthread_mutex_unlock(&r->lock);
    return at;
}

ssize_t event_ring_read(struct event_ring *r, uint64_t *position, char *to, size_t room)
{
    ssize_t got = -1;

    pthread_mutex_lock(&r->lock);
    if (*position < r->first) *position = r->first;
    if (*position < r->end) {
        size_t n = length_at(r, *position), part = n < room ? n : room;

        bytes_out(r, *position + LENGTH, to, part);
        *position += LENGTH + n;
        got = (ssize_t)part;
    }
    pthread_mutex_unlock(&r->lock);
    return got;
}

/* ---- following ---- */

void event_ring_wait(struct event_ring *r, uint64_t position, struct event_follower *f)
{
    pthread_mutex_lock(&r->lock);
    if (list_empty(&f->link)) list_append(&r->followers, &f->link);
    f->waiting = true;
    if (position < r->end) wake_all(r);
    pthread_mutex_unlock(&r->lock);
}

bool event_ring_forget(struct event_ring *r, struct event_follower *f)
{
    bool sent;

    pthread_mutex_lock(&r->lock);
    list_remove(&f->link);
    f->waiting = false;
    sent = f->sent;
    pthread_mutex_unlock(&r->lock);
    return sent;
}

void event_ring_delivered(struct event_ring *r, struct event_follower *f)
{
    pthread_mutex_lock(&r->lock);
    f->sent = false;
    pthread_mutex_unlock(&r->lock);
}

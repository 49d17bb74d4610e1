/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log_ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* As a length: the bytes up to the end of the ring are not used. */
#define FILLER UINT32_MAX

static struct log_record *record_at(const struct log_ring *r, size_t position)
{
    return (struct log_record *)(r->bytes + (position & (r->size - 1)));
}

void log_ring_init(struct log_ring *r, size_t bytes, struct log_bell *bell)
{
    size_t size = LOG_RING_LEAST;

    while (size < bytes) size *= 2;
    *r = (struct log_ring){ .size = size, .bell = bell };
    /* Not from malloc: pages that no record ever reached must cost nothing. */
    r->bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->bytes == MAP_FAILED) {
        fprintf(stderr, "gatehouse: out of memory (%zu bytes)\n", size);
        abort();
    }
}

void log_ring_release(struct log_ring *r)
{
    munmap(r->bytes, r->size);
    r->bytes = NULL;
}

static void count_drop(struct log_ring *r)
{
    /* Only the producer writes it. */
    uint64_t n = atomic_load_explicit(&r->dropped, memory_order_relaxed);
    atomic_store_explicit(&r->dropped, n + 1, memory_order_relaxed);
}

char *log_begin(struct log_ring *r, size_t most)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    size_t need, to_end, whole;

    /* With this bound an empty ring takes the record wherever its head is. */
    if (most > r->size / 3) {
        count_drop(r);
        return NULL;
    }
    need = log_record_size(most);
    to_end = r->size - (head & (r->size - 1));
    whole = need <= to_end ? need : to_end + need;
    if (head + whole - r->tail_seen > r->size) {
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (head + whole - r->tail_seen > r->size) {
            count_drop(r);
            return NULL;
        }
    }
    if (need > to_end) {
        struct log_record *filler = record_at(r, head);
        filler->size = (uint32_t)to_end;
        filler->length = FILLER;
        head += to_end;
    }
    r->reserved = head;
    return record_at(r, head)->text;
}

void log_ring_wake(struct log_ring *r, int state)
{
    if (state == LOG_NAPPING) {
        /* tail_seen is behind the truth: look again before believing that the ring is filling. */
        size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
        if (head - r->tail_seen <= r->size / 2) return;
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (head - r->tail_seen <= r->size / 2) return;
    }
    log_bell_ring(r->bell);
}

void log_bell_ring(struct log_bell *b)
{
    uint64_t one = 1;

    /* Of several that see it asleep, one makes the call. A full counter (EAGAIN) rings as well. */
    if (atomic_exchange_explicit(&b->state, LOG_AWAKE, memory_order_seq_cst) == LOG_AWAKE) return;
    while (write(b->fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

bool log_ring_look(struct log_ring *r)
{
    r->head_seen = atomic_load_explicit(&r->head, memory_order_seq_cst);
    return r->read != r->head_seen;
}

struct log_record *log_ring_peek(struct log_ring *r)
{
    while (r->read != r->head_seen) {
        struct log_record *m = record_at(r, r->read);
        if (m->length != FILLER) return m;
        r->read += m->size;
    }
    return NULL;
}

struct log_record *log_ring_read(struct log_ring *r)
{
    struct log_record *m = log_ring_peek(r);

    if (m) r->read += m->size;
    return m;
}

void log_ring_done(struct log_ring *r)
{
    atomic_store_explicit(&r->tail, r->read, memory_order_release);
}

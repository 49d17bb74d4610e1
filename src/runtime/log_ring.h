/* SPDX-License-Identifier: Apache-2.0 */
/* A byte ring from one producer to one consumer: how log records get from a worker to the log
 * thread. The producer never waits: it reserves room, writes its text in place, and commits; or it
 * is told that the ring is full, and the record counts as dropped.
 *
 * Positions count bytes since the beginning and never wrap; their low bits are the offset. Records
 * are whole in memory: one that does not fit before the end of the ring is preceded by a filler.
 *
 *   bytes ......... tail ................. head ......... (size)
 *                   | committed records    | room
 *
 * Only the producer writes `head`, only the consumer writes `tail`; each lies on a cache line of
 * its own, and each side remembers the other's last value, so that they share lines only when they
 * must. */
#ifndef GATEHOUSE_RUNTIME_LOG_RING_H
#define GATEHOUSE_RUNTIME_LOG_RING_H

#include "base/clock.h"
#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct log_route;

enum { LOG_RING_DEFAULT = 1 << 20, LOG_RING_LEAST = 4096 };

/* What the log thread is doing, and how to get it to work. It works through the rings, then naps
 * for some milliseconds (so that under load it is never woken by a producer, and writes in
 * batches), and when nothing came in for a while it sleeps. */
enum log_bell_state {
    LOG_AWAKE,   /* it will look at the rings again by itself */
    LOG_NAPPING, /* it will soon; ring only if a ring is filling up */
    LOG_ASLEEP,  /* ring for any record */
};

struct log_bell {
    _Atomic int state;
    int fd; /* an eventfd that the log thread polls */
};

/* Wakes the log thread unless it is awake already. Any thread. */
void log_bell_ring(struct log_bell *b);

/* One record in the ring. */
struct log_record {
    uint32_t size;   /* of the whole record: the next one is this many bytes on */
    uint32_t length; /* of the text */
    struct log_route *route;
    usec_t time;         /* wall clock */
    uint32_t structured; /* so many bytes of the text are RFC 5424's structured data */
    uint8_t level;
    char text[];
};

/* Bytes that a record with so much text takes. */
static inline size_t log_record_size(size_t length)
{
    return (offsetof(struct log_record, text) + length + 7) & ~(size_t)7;
}

struct log_ring {
    /* Set once. */
    char *bytes;
    size_t size; /* a power of two */
    struct log_bell *bell;
    struct log_ring *next; /* the log writer's list */

    /* The producer's. */
    _Alignas(CACHE_LINE) _Atomic size_t head;
    size_t tail_seen;
    size_t reserved; /* where the record begins that log_begin gave out */
    _Atomic uint64_t dropped;

    /* The consumer's. */
    _Alignas(CACHE_LINE) _Atomic size_t tail;
    size_t head_seen;
    size_t read;                    /* what the consumer has read; `tail` follows it in steps */
    size_t due;                     /* what comes before it is to be written in this turn */
    struct log_record *next_record; /* the next to be read: for merging rings by time */
    unsigned undone;                /* records read since log_ring_done */
};

/* bytes: rounded up to a power of two, at least LOG_RING_LEAST. The memory is touched as it is
 * used. */
void log_ring_init(struct log_ring *r, size_t bytes, struct log_bell *bell);
void log_ring_release(struct log_ring *r);

/* --- the producer --- */

/* Room for a text of up to `most` bytes, to be followed by log_commit, or by nothing if there is
 * nothing to say. NULL, and one more dropped, when the ring is full (or `most` over a third of
 * it). */
char *log_begin(struct log_ring *r, size_t most);

void log_ring_wake(struct log_ring *r, int state); /* log_commit's rare path */

/* Hands over the first `used` bytes of what log_begin gave, of which the first `structured` are
 * structured data (RFC 5424) and only for targets whose format has a place for it. `route` must
 * live until the log thread is done with it; log_route_unref sees to that when the caller's
 * reference is dropped after this call. */
static inline void log_commit_structured(struct log_ring *r, size_t structured, size_t used,
                                         struct log_route *route, int level, usec_t wall)
{
    struct log_record *m = (struct log_record *)(r->bytes + (r->reserved & (r->size - 1)));
    int state;

    m->length = (uint32_t)used;
    m->size = (uint32_t)log_record_size(used);
    m->route = route;
    m->time = wall;
    m->structured = (uint32_t)structured;
    m->level = (uint8_t)level;
    /* Either the log thread, about to sleep, sees this record, or we see that it sleeps. It stores
     * the state and then reads the heads; we store the head and then read the state. With
     * sequentially consistent order for these four accesses one of the two must see the other's
     * store; with less, both loads could be done before the stores get out, and the record would
     * lie there until the next one. On x86-64 it costs an xchg. */
    atomic_store_explicit(&r->head, r->reserved + m->size, memory_order_seq_cst);
    state = atomic_load_explicit(&r->bell->state, memory_order_seq_cst);
    if (state != LOG_AWAKE) log_ring_wake(r, state);
}

static inline void log_commit(struct log_ring *r, size_t used, struct log_route *route, int level,
                              usec_t wall)
{
    log_commit_structured(r, 0, used, route, level, wall);
}

/* Records that found no room. Any thread. */
static inline uint64_t log_ring_dropped(const struct log_ring *r)
{
    return atomic_load_explicit(&r->dropped, memory_order_relaxed);
}

/* --- the consumer --- */

/* Looks at what the producer has committed by now; is there something to read? In the same total
 * order as log_commit: the consumer asks once more after it has stored LOG_ASLEEP. */
bool log_ring_look(struct log_ring *r);

/* The one that log_ring_read would give. */
struct log_record *log_ring_peek(struct log_ring *r);

/* The next record of those that the last log_ring_look saw, or NULL: a consumer that goes from
 * ring to ring is not held by a busy one. Readable until log_ring_done. */
struct log_record *log_ring_read(struct log_ring *r);

/* Gives the room of all that was read back to the producer. */
void log_ring_done(struct log_ring *r);

#endif

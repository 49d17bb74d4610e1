/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers of one size, from a free list that one worker owns. Whoever holds bytes holds a
 * buffer; whoever holds none gives it back, so that an idle connection costs no buffer.
 *
 *   0 ........ head ........ tail ........ size
 *              | filled      | room        |        */
#ifndef GATEHOUSE_BASE_BUFFER_H
#define GATEHOUSE_BASE_BUFFER_H

#include "base/slice.h"

struct buf {
    uint32_t head, tail, size;
    struct buf *next; /* while on the free list; free for the holder else */
    char data[];
};

/* One worker's buffers. Not safe for several threads. */
struct buf_pool {
    struct buf *free;
    uint32_t size;      /* bytes of data in each */
    unsigned n_free;    /* on the free list */
    unsigned most_free; /* what is given back beyond this goes to the system */
    unsigned n_used;    /* handed out: for statistics and leak tests */
};

void buf_pool_init(struct buf_pool *p, uint32_t size, unsigned most_free);
void buf_pool_release(struct buf_pool *p);

/* An empty buffer; never NULL. */
struct buf *buf_get(struct buf_pool *p);

/* An empty buffer of at least that size, for the rare case that one of the pool's won't do. It is
 * given back with buf_put as well. */
struct buf *buf_get_large(struct buf_pool *p, uint32_t size);

/* Gives *b back and sets it to NULL; harmless when it is NULL already. */
void buf_put(struct buf_pool *p, struct buf **b);

static inline size_t buf_filled(const struct buf *b)
{
    return b ? b->tail - b->head : 0;
}
static inline size_t buf_room(const struct buf *b)
{
    return b->size - b->tail;
}
static inline char *buf_at(struct buf *b)
{
    return b->data + b->head;
}
static inline char *buf_end(struct buf *b)
{
    return b->data + b->tail;
}

/* Drops n filled bytes from the front. An emptied buffer starts again at 0. */
static inline void buf_consume(struct buf *b, size_t n)
{
    b->head += (uint32_t)n;
    if (b->head == b->tail) b->head = b->tail = 0;
}

/* Moves what is filled to the front, so that all the room is behind it. */
void buf_compact(struct buf *b);

/* Appends; false, and nothing appended, when there is no room. */
bool buf_append(struct buf *b, struct slice s);

#endif

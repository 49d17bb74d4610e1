/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "base/memory.h"

#include <stdlib.h>

void buf_pool_init(struct buf_pool *p, uint32_t size, unsigned most_free)
{
    *p = (struct buf_pool){ .size = size, .most_free = most_free };
}

void buf_pool_release(struct buf_pool *p)
{
    struct buf *next;

    for (struct buf *b = p->free; b; b = next) {
        next = b->next;
        free(b);
    }
    p->free = NULL;
    p->n_free = 0;
}

static struct buf *buf_new(uint32_t size)
{
    /* The header makes the stride no power of two, so that the first bytes of many buffers spread
     * over the sets of the processor's caches. */
    struct buf *b = mem_alloc(sizeof *b + size);
    b->size = size;
    return b;
}

struct buf *buf_get_large(struct buf_pool *p, uint32_t size)
{
    struct buf *b;

    if (size <= p->size) return buf_get(p);
    p->n_used++;
    b = buf_new(size);
    b->head = b->tail = 0;
    b->next = NULL;
    return b;
}

struct buf *buf_get(struct buf_pool *p)
{
    struct buf *b = p->free;

    p->n_used++;
    if (b) {
        p->free = b->next;
        p->n_free--;
    } else {
        b = buf_new(p->size);
    }
    b->head = b->tail = 0;
    b->next = NULL;
    return b;
}

void buf_put(struct buf_pool *p, struct buf **held)
{
    struct buf *b = *held;

    if (!b) return;
    *held = NULL;
    p->n_used--;
    if (p->n_free >= p->most_free || b->size != p->size) {
        free(b);
        return;
    }
    b->next = p->free;
    p->free = b;
    p->n_free++;
}

void buf_compact(struct buf *b)
{
    if (b->head == 0) return;
    memmove(b->data, b->data + b->head, b->tail - b->head);
    b->tail -= b->head;
    b->head = 0;
}

bool buf_append(struct buf *b, struct slice s)
{
    if (buf_room(b) < s.n) return false;
    slice_put(buf_end(b), s);
    b->tail += (uint32_t)s.n;
    return true;
}

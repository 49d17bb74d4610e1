/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEADER = (sizeof(struct arena_chunk) + 15) / 16 * 16 };

void arena_init(struct arena *a, struct arena_cache *cache)
{
    *a = (struct arena){ .cache = cache };
}

static struct arena_chunk *chunk_get(struct arena_cache *c, size_t size)
{
    struct arena_chunk *k;

    if (c && c->chunks && size == ARENA_CHUNK) {
        k = c->chunks;
        c->chunks = k->next;
        c->n--;
        return k;
    }
    k = mem_alloc(size);
    k->size = size;
    return k;
}

static void chunk_put(struct arena_cache *c, struct arena_chunk *k)
{
    if (!c || k->size != ARENA_CHUNK || c->n >= c->most) {
        free(k);
        return;
    }
    k->next = c->chunks;
    c->chunks = k;
    c->n++;
}

void arena_release(struct arena *a)
{
    struct arena_chunk *next;

    for (struct arena_chunk *k = a->chunks; k; k = next) {
        next = k->next;
        chunk_put(a->cache, k);
    }
    arena_init(a, a->cache);
}

void arena_cache_release(struct arena_cache *c)
{
    struct arena_chunk *next;

    for (struct arena_chunk *k = c->chunks; k; k = next) {
        next = k->next;
        free(k);
    }
    c->chunks = NULL;
    c->n = 0;
}

void *arena_grow(struct arena *a, size_t n)
{
    size_t size = n + HEADER > ARENA_CHUNK ? n + HEADER : ARENA_CHUNK;
    struct arena_chunk *k = chunk_get(a->cache, size);
    char *p = (char *)k + HEADER;

    a->used += size;
    k->next = a->chunks;
    a->chunks = k;
    if (size > ARENA_CHUNK && a->at) return p; /* a large piece leaves the current chunk as it is */
    a->at = p + n;
    a->end = (char *)k + size;
    return p;
}

void *arena_zero(struct arena *a, size_t n)
{
    return memset(arena_alloc(a, n), 0, n);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.n);
    if (s.n) memcpy(p, s.p, s.n);
    return slice_of(p, s.n);
}

char *arena_str(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.n + 1);
    return slice_copy(s, p, s.n + 1);
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    HEADER = (sizeof(struct arena_chunk) + 15) / 16 * 16,
    SLAB_CHUNKS = 64,
};

void arena_init(struct arena *a, struct arena_cache *cache)
{
    *a = (struct arena){ .cache = cache };
}

/* ---- the cache ---- */

static void cache_push(struct arena_cache *c, struct arena_chunk *k)
{
    if (c->n == c->room) {
        c->room = c->room ? 2 * c->room : SLAB_CHUNKS;
        c->free = mem_resize(c->free, c->room * sizeof *c->free);
    }
    c->free[c->n++] = k;
}

static void cache_grow(struct arena_cache *c)
{
    char *slab = mmap(NULL, SLAB_CHUNKS * ARENA_CHUNK, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (slab == MAP_FAILED) mem_exhausted(SLAB_CHUNKS * ARENA_CHUNK);
    c->slabs = mem_resize(c->slabs, (c->n_slabs + 1) * sizeof *c->slabs);
    c->slabs[c->n_slabs++] = slab;
    for (int i = SLAB_CHUNKS - 1; i >= 0; i--)
        cache_push(c, (struct arena_chunk *)(slab + i * ARENA_CHUNK));
    c->cold = c->n; /* nothing of it has been touched */
}

static struct arena_chunk *cache_pop(struct arena_cache *c)
{
    struct arena_chunk *k;

    if (c->n == 0) cache_grow(c);
    k = c->free[--c->n];
    if (c->n < c->cold) c->cold = c->n;
    if (c->n < c->least) c->least = c->n;
    k->size = ARENA_CHUNK;
    return k;
}

void arena_cache_trim(struct arena_cache *c, unsigned keep)
{
    unsigned surplus = c->least > keep ? c->least - keep : 0;

    for (; c->cold < surplus; c->cold++) madvise(c->free[c->cold], ARENA_CHUNK, MADV_DONTNEED);
    c->least = c->n;
}

void arena_cache_release(struct arena_cache *c)
{
    for (unsigned i = 0; i < c->n_slabs; i++) munmap(c->slabs[i], SLAB_CHUNKS * ARENA_CHUNK);
    free(c->slabs);
    free(c->free);
    *c = (struct arena_cache){ 0 };
}

/* ---- arenas ---- */

static struct arena_chunk *chunk_get(struct arena_cache *c, size_t size)
{
    struct arena_chunk *k;

    if (c && size == ARENA_CHUNK) return cache_pop(c);
    k = mem_alloc(size);
    k->size = size;
    return k;
}

static void chunk_put(struct arena_cache *c, struct arena_chunk *k)
{
    if (c && k->size == ARENA_CHUNK)
        cache_push(c, k);
    else
        free(k);
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

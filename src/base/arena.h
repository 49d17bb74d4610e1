/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: memory that is handed out piece by piece and freed at once. A request has one, a
 * snapshot (the checked configuration) has one.
 *
 * Chunks of the standard size come from and go back to a cache when the arena has one; a worker
 * keeps such a cache, so that a request costs no malloc. Neither is safe for several threads. */
#ifndef GATEHOUSE_BASE_ARENA_H
#define GATEHOUSE_BASE_ARENA_H

#include "base/slice.h"

#include <stdarg.h>

enum { ARENA_CHUNK = 4096 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
};

/* Standard chunks that wait for their next arena, the one used last on top. They are carved from
 * slabs, page by page, and stay; arena_cache_trim gives the memory of those that were not needed
 * for a while back to the system. */
struct arena_cache {
    struct arena_chunk **free;
    unsigned n, room;
    unsigned cold;  /* so many at the bottom hold no memory */
    unsigned least; /* the fewest that were free since the last trim */
    void **slabs;
    unsigned n_slabs;
};

struct arena {
    char *at, *end;
    struct arena_chunk *chunks;
    struct arena_cache *cache;
    size_t used; /* bytes of all chunks held: what a limit can look at */
};

/* cache may be NULL. Allocates nothing yet. */
void arena_init(struct arena *a, struct arena_cache *cache);

/* Gives everything back; the arena is as after arena_init. */
void arena_release(struct arena *a);

/* Gives back the memory of the chunks that were free all the time since the last call, but for
 * `keep` of them. */
void arena_cache_trim(struct arena_cache *c, unsigned keep);
void arena_cache_release(struct arena_cache *c);

void *arena_grow(struct arena *a, size_t n); /* arena_alloc's slow path */

/* n bytes, aligned for any object, not zeroed. Never NULL. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
    char *p = a->at;
    n = (n + 15) & ~(size_t)15;
    if ((size_t)(a->end - p) <= n) return arena_grow(a, n); /* nothing asked of nothing, too */
    a->at = p + n;
    return p;
}

void *arena_zero(struct arena *a, size_t n);
struct slice arena_copy(struct arena *a, struct slice s);

/* A C string with the bytes of s. */
char *arena_str(struct arena *a, struct slice s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

#endif

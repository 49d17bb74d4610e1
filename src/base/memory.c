/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mem_exhausted(size_t n)
{
    fprintf(stderr, "gatehouse: out of memory (%zu bytes)\n", n);
    abort();
}

static void *must(void *p, size_t n)
{
    if (!p) mem_exhausted(n);
    return p;
}

void *mem_alloc(size_t n)
{
    return must(malloc(n ? n : 1), n);
}
void *mem_zero(size_t n)
{
    return must(calloc(1, n ? n : 1), n);
}
void *mem_resize(void *p, size_t n)
{
    return must(realloc(p, n ? n : 1), n);
}

void *mem_zero_aligned(size_t n)
{
    size_t whole = (n + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *p = must(aligned_alloc(CACHE_LINE, whole ? whole : CACHE_LINE), n);
    return memset(p, 0, whole);
}

char *mem_strndup(const char *s, size_t n)
{
    char *p = mem_alloc(n + 1);
    if (n) memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that never fails: a gateway that can't get a few bytes has nothing sensible left to do,
 * so these print one line and abort. What traffic can grow is bounded by limits, not by these. */
#ifndef GATEHOUSE_BASE_MEMORY_H
#define GATEHOUSE_BASE_MEMORY_H

#include <stddef.h>
#include <string.h>

#define CACHE_LINE 64

/* The structure that holds `member` at `ptr`. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

void *mem_alloc(size_t n);                              /* like malloc; freed with free() */
void *mem_zero(size_t n);                               /* like calloc(1, n) */
void *mem_resize(void *p, size_t n);                    /* like realloc */
void *mem_zero_aligned(size_t n);                       /* zeroed, on cache lines of its own */
void mem_exhausted(size_t n) __attribute__((noreturn)); /* says so, and aborts */

/* memset to 0, by a call. For objects of some hundred bytes whose size is known compilers choose a
 * string instruction, which takes longer to begin than all of the call does. */
static inline void mem_clear(void *p, size_t n)
{
    __asm__("" : "+r"(n)); /* the size is no longer known */
    memset(p, 0, n);
}

char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/api_text.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_SIZE = 1024 };

void text_release(struct text *t)
{
    free(t->p);
    *t = (struct text){ 0 };
}

void text_sent(struct text *t, size_t n)
{
    t->sent += n;
    if (t->sent == t->n) text_release(t);
}

/* Room for n more bytes and a NUL. */
static char *reserve(struct text *t, size_t n)
{
    if (t->n + n >= t->size) {
        size_t size = t->size ? t->size : FIRST_SIZE;
        while (t->n + n >= size) size *= 2;
        t->p = mem_resize(t->p, size);
        t->size = size;
    }
    return t->p + t->n;
}

void text_add(struct text *t, struct slice s)
{
    slice_put(reserve(t, s.n), s);
    t->n += s.n;
}

void text_char(struct text *t, char c)
{
    *reserve(t, 1) = c;
    t->n++;
}

void text_u64(struct text *t, uint64_t n)
{
    t->n = (size_t)(slice_put_u64(reserve(t, 20), n) - t->p);
}

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    char *to = reserve(t, 0);
    size_t room = t->size - t->n;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(to, room, fmt, ap);
    if (n > 0 && (size_t)n >= room) vsnprintf(reserve(t, (size_t)n), (size_t)n + 1, fmt, again);
    if (n > 0) t->n += (size_t)n;
    va_end(again);
    va_end(ap);
}

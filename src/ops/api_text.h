/* SPDX-License-Identifier: Apache-2.0 */
/* A text that grows at its end: what a command of the Runtime API has said and what has not been
 * sent yet. Whoever fills it looks at text_pending now and then and stops while there is enough, so
 * its size is bounded by that much and one more piece. */
#ifndef GATEHOUSE_OPS_API_TEXT_H
#define GATEHOUSE_OPS_API_TEXT_H

#include "base/slice.h"

struct text {
    char *p;
    size_t n, sent, size; /* p[sent … n) waits */
};

void text_release(struct text *t);

static inline size_t text_pending(const struct text *t)
{
    return t->n - t->sent;
}

/* n bytes have been sent. A text of which nothing waits gives its memory back. */
void text_sent(struct text *t, size_t n);

void text_add(struct text *t, struct slice s);
void text_char(struct text *t, char c);
void text_u64(struct text *t, uint64_t n);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline void text_str(struct text *t, const char *s)
{
    text_add(t, slice_str(s));
}

#endif

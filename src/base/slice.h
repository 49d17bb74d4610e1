/* SPDX-License-Identifier: Apache-2.0 */
/* Slices: bytes that somebody else owns. A slice is passed by value, never ends in NUL, and is
 * valid for as long as its owner says. An empty slice may have a NULL pointer. */
#ifndef GATEHOUSE_BASE_SLICE_H
#define GATEHOUSE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *p;
    size_t n;
};

/* A slice of a string literal; a constant expression, so it may stand in a table. */
#define SLICE_LIT(literal)             \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define SLICE(literal) ((struct slice)SLICE_LIT(literal))

/* For printf: "%.*s", SLICE_ARG(s) */
#define SLICE_ARG(s) (int)(s).n, (s).p

static inline struct slice slice_of(const char *p, size_t n)
{
    return (struct slice){ p, n };
}

static inline struct slice slice_between(const char *from, const char *to)
{
    return (struct slice){ from, (size_t)(to - from) };
}

static inline struct slice slice_str(const char *text)
{
    return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_eq(a, slice_str(text));
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* What is left of s from offset n on (empty beyond the end). */
static inline struct slice slice_from(struct slice s, size_t n)
{
    return n >= s.n ? (struct slice){ s.p ? s.p + s.n : NULL, 0 }
                    : (struct slice){ s.p + n, s.n - n };
}

/* The position of c in s, or -1. */
static inline ptrdiff_t slice_find(struct slice s, char c)
{
    const char *q = s.n ? memchr(s.p, c, s.n) : NULL;
    return q ? q - s.p : -1;
}

/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);

/* s without the bytes of `set` at both ends. */
struct slice slice_trim(struct slice s, const char *set);

/* s without spaces and tabs at both ends: mostly there are none. */
static inline struct slice slice_trim_blanks(struct slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

/* Cuts the part before the first c off *rest and returns it, stepping over c; the whole rest,
 * leaving it empty with a NULL pointer, when there is no c. */
struct slice slice_cut(struct slice *rest, char c);

/* Decimal digits only, the whole slice, no sign. False when empty, not a number, or too large. */
bool slice_to_u64(struct slice s, uint64_t *out);

/* The same, with an optional '-' or '+'. */
bool slice_to_i64(struct slice s, int64_t *out);

/* Edit distance (insert, delete, replace, swap of neighbours), for "did you mean": at most
 * `limit` + 1. */
unsigned slice_distance(struct slice a, struct slice b, unsigned limit);

/* Copies s into buf as a C string, cut to size - 1 bytes; returns buf. */
char *slice_copy(struct slice s, char *buf, size_t size);

/* Writes n in decimal at p (up to 20 bytes, no NUL) and returns the position behind it. */
char *slice_put_u64(char *p, uint64_t n);

/* Copies s to p and returns the position behind it. */
static inline char *slice_put(char *p, struct slice s)
{
    if (s.n) memcpy(p, s.p, s.n);
    return p + s.n;
}

#endif

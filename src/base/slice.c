/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <limits.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

struct slice slice_trim(struct slice s, const char *set)
{
    while (s.n && s.p[0] && strchr(set, s.p[0])) s.p++, s.n--;
    while (s.n && s.p[s.n - 1] && strchr(set, s.p[s.n - 1])) s.n--;
    return s;
}

struct slice slice_cut(struct slice *rest, char c)
{
    ptrdiff_t at = slice_find(*rest, c);
    struct slice head = *rest;

    if (at < 0) {
        *rest = (struct slice){ NULL, 0 };
        return head;
    }
    head.n = (size_t)at;
    *rest = slice_from(*rest, head.n + 1);
    return head;
}

bool slice_to_u64(struct slice s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0) return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(unsigned char)s.p[i] - '0';
        if (d > 9 || v > (UINT64_MAX - d) / 10) return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

bool slice_to_i64(struct slice s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    uint64_t v, limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);

    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) s = slice_from(s, 1);
    if (!slice_to_u64(s, &v) || v > limit) return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

unsigned slice_distance(struct slice a, struct slice b, unsigned limit)
{
    enum { LONGEST = 63 };
    unsigned rows[3][LONGEST + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    if (a.n > LONGEST || b.n > LONGEST) return slice_eq(a, b) ? 0 : limit + 1;
    for (unsigned j = 0; j <= b.n; j++) last[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned *spare = before;
        now[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned cost = a.p[i - 1] != b.p[j - 1];
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                now[j] = min3(now[j], before[j - 2] + 1, UINT_MAX);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n] > limit ? limit + 1 : last[b.n];
}

char *slice_copy(struct slice s, char *buf, size_t size)
{
    size_t n = s.n < size ? s.n : size - 1;

    if (n) memcpy(buf, s.p, n);
    buf[n] = '\0';
    return buf;
}

char *slice_put_u64(char *p, uint64_t n)
{
    char digits[20];
    int i = 20;

    do digits[--i] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    memcpy(p, digits + i, (size_t)(20 - i));
    return p + (20 - i);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The scanners of the HTTP/1 parser: each finds the first byte of a run that does not belong to
 * it. Sixteen bytes at a time where the machine has SSE2, by table elsewhere and at the ends.
 * Internal to src/http. */
#ifndef GATEHOUSE_HTTP_H1_SCAN_H
#define GATEHOUSE_HTTP_H1_SCAN_H

#include "base/slice.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes of a token (RFC 9110 §5.6.2), letters as their lower case; 0 for all others. */
static const uint8_t h1_token_lower[256] = {
    ['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&', ['\''] = '\'', ['*'] = '*',
    ['+'] = '+', ['-'] = '-', ['.'] = '.', ['^'] = '^', ['_'] = '_', ['`'] = '`',   ['|'] = '|',
    ['~'] = '~', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',   ['5'] = '5',
    ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b',   ['c'] = 'c',
    ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',   ['j'] = 'j',
    ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p',   ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w',   ['x'] = 'x',
    ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd',   ['E'] = 'e',
    ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k',   ['L'] = 'l',
    ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',   ['S'] = 's',
    ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',   ['Z'] = 'z',
};

static inline bool h1_is_token(char c)
{
    return h1_token_lower[(uint8_t)c] != 0;
}

/* ASCII letters and digits. */
static inline bool h1_is_letter(char c)
{
    uint8_t low = h1_token_lower[(uint8_t)c];
    return (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
}

static inline bool h1_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A byte of a field value, a reason phrase, a quoted string: HTAB, SP, visible, or 0x80 and up. */
static inline bool h1_is_text(char c)
{
    return ((uint8_t)c >= 0x20 && c != 0x7f) || c == '\t';
}

/* A byte of a request target: visible ASCII, and not the '#' of a fragment, which has no place in
 * one (RFC 9112 §3.2). RFC 3986 has a smaller set; what browsers send beyond it has one reading. */
static inline bool h1_is_target(char c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

static inline char *h1_scan_token(char *p, char *end)
{
    while (p < end && h1_is_token(*p)) p++;
    return p;
}

static inline bool h1_slice_is_token(struct slice s)
{
    if (s.n == 0) return false;
    for (size_t i = 0; i < s.n; i++)
        if (!h1_is_token(s.p[i])) return false;
    return true;
}

/* By table: puts a name into lower case and returns its end. */
static inline char *h1_scan_name_bytes(char *p, const char *end)
{
    for (; p < end; p++) {
        uint8_t low = h1_token_lower[(uint8_t)*p];
        if (!low) break;
        if (*p != (char)low) *p = (char)low;
    }
    return p;
}

static inline char *h1_scan_text_bytes(char *p, const char *end)
{
    while (p < end && h1_is_text(*p)) p++;
    return p;
}

static inline char *h1_scan_target_bytes(char *p, const char *end)
{
    while (p < end && h1_is_target(*p)) p++;
    return p;
}

#ifdef __SSE2__

enum { H1_VECTOR = 16 };

static inline __m128i h1_load(const char *p)
{
    return _mm_loadu_si128((const __m128i_u *)p);
}

/* A bit for each byte that is not text. */
static inline unsigned h1_not_text(__m128i v)
{
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del));
}

/* In each byte: lo < byte < hi, as signed numbers, so that no byte above 0x7f is within. */
static inline __m128i h1_within(__m128i v, char lo, char hi)
{
    return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(lo)),
                         _mm_cmplt_epi8(v, _mm_set1_epi8(hi)));
}

static inline unsigned h1_not_target(__m128i v)
{
    __m128i hash = _mm_cmpeq_epi8(v, _mm_set1_epi8('#'));
    __m128i good = _mm_andnot_si128(hash, h1_within(v, 0x20, 0x7f));
    return ~(unsigned)_mm_movemask_epi8(good) & 0xffff;
}

/* The first byte from p on that `stops` has a bit for; end if there is none. Where less than a
 * vector is left, the last one before end is loaded and what lies before p shifted out; base is how
 * far back may be read. Inlined, so that the pointers cost nothing. */
static inline __attribute__((always_inline)) char *
h1_scan_vectors(char *p, const char *end, const char *base, unsigned (*stops)(__m128i),
                char *(*bytes)(char *, const char *))
{
    unsigned found;

    for (; end - p >= H1_VECTOR; p += H1_VECTOR) {
        found = stops(h1_load(p));
        if (found) return p + __builtin_ctz(found);
    }
    if (end == p || end - base < H1_VECTOR) return bytes(p, end);
    found = stops(h1_load(end - H1_VECTOR)) >> (H1_VECTOR - (end - p));
    return found ? p + __builtin_ctz(found) : p + (end - p);
}

static inline char *h1_scan_text(char *p, const char *end, const char *base)
{
    return h1_scan_vectors(p, end, base, h1_not_text, h1_scan_text_bytes);
}

static inline char *h1_scan_target(char *p, const char *end, const char *base)
{
    return h1_scan_vectors(p, end, base, h1_not_target, h1_scan_target_bytes);
}

/* Lower-cases the n bytes at p of which `upper` marks the capital letters. One store of a vector
 * where the line that begins at p has a vector's length: one that reached into the next line
 * would hold up the loads there. */
static inline void h1_raise(char *p, __m128i v, __m128i upper, unsigned n, bool whole)
{
    static const uint8_t firsts[2 * H1_VECTOR] = { [0 ... H1_VECTOR - 1] = 0x20 };
    unsigned raise = (unsigned)_mm_movemask_epi8(upper) & ((1u << n) - 1);

    if (whole) {
        __m128i flip = _mm_and_si128(upper, h1_load((const char *)firsts + H1_VECTOR - n));
        _mm_storeu_si128((__m128i_u *)p, _mm_or_si128(v, flip));
        return;
    }
    for (; raise; raise &= raise - 1) p[__builtin_ctz(raise)] |= 0x20;
}

/* Puts the name at p into lower case and returns its end; `line_end` is where its line ends, which
 * the name does not reach. Nearly all names are letters, digits and hyphens, and fit a vector. */
static inline char *h1_scan_name(char *p, const char *line_end, const char *end)
{
    while (end - p >= H1_VECTOR) {
        __m128i v = h1_load(p);
        __m128i upper = h1_within(v, 'A' - 1, 'Z' + 1);
        __m128i low = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
        __m128i letter = h1_within(low, 'a' - 1, 'z' + 1);
        __m128i digit = h1_within(v, '0' - 1, '9' + 1);
        __m128i hyphen = _mm_cmpeq_epi8(v, _mm_set1_epi8('-'));
        __m128i plain = _mm_or_si128(_mm_or_si128(letter, digit), hyphen);
        unsigned n = (unsigned)__builtin_ctz(~(unsigned)_mm_movemask_epi8(plain));

        h1_raise(p, v, upper, n, line_end - p >= H1_VECTOR);
        p += n;
        if (n < H1_VECTOR) break;
    }
    return *p == ':' ? p : h1_scan_name_bytes(p, line_end);
}

#else

static inline char *h1_scan_text(char *p, const char *end, const char *base)
{
    (void)base;
    return h1_scan_text_bytes(p, end);
}

static inline char *h1_scan_target(char *p, const char *end, const char *base)
{
    (void)base;
    return h1_scan_target_bytes(p, end);
}

static inline char *h1_scan_name(char *p, const char *line_end, const char *end)
{
    (void)end;
    return h1_scan_name_bytes(p, line_end);
}

#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/regex.h"

#include "base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

/* Bounds of one match. The first counts steps of the search, whatever it is run by; the others hold
 * for the interpreter, which takes over where machine code runs out of its stack. */
enum {
    MATCH_STEPS = 250000,
    MATCH_DEPTH = 10000,
    MATCH_HEAP_KIB = 1024,
    QUICK_STEPS = 100,  /* a search of more … */
    SLOW_COST = 100000, /* … counts for so many bytes */
    NEAR = 64,          /* bytes that a search looks at first; then at twice as many */
    SCRATCH = 1024,     /* what PCRE2 needs for the data of a match, and more */
};

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_context *quick; /* of a REGEX_AGAIN */
};

/* Memory on the stack for the data of one match; the interpreter's frames, when they don't fit,
 * come from malloc. */
struct scratch {
    size_t used;
    _Alignas(16) char room[SCRATCH];
};

static void *scratch_alloc(size_t n, void *data)
{
    struct scratch *s = data;
    size_t at = s->used;

    n = (n + 15) & ~(size_t)15;
    if (n > SCRATCH - at) return malloc(n);
    s->used += n;
    return s->room + at;
}

static void scratch_free(void *p, void *data)
{
    struct scratch *s = data;

    if ((char *)p < s->room || (char *)p >= s->room + SCRATCH) free(p);
}

/* ---- compiling ---- */

static pcre2_match_context *limits_new(uint32_t steps)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);

    if (!limits) mem_exhausted(sizeof(void *));
    pcre2_set_match_limit(limits, steps);
    pcre2_set_depth_limit(limits, MATCH_DEPTH);
    pcre2_set_heap_limit(limits, MATCH_HEAP_KIB);
    return limits;
}

struct regex *regex_new(struct slice pattern, unsigned flags, struct regex_error *err)
{
    uint32_t options = (flags & REGEX_NOCASE ? PCRE2_CASELESS : 0) |
                       (flags & REGEX_NO_GROUPS ? PCRE2_NO_AUTO_CAPTURE : 0);
    bool again = flags & REGEX_AGAIN;
    struct regex *re;
    pcre2_code *code;
    int number;

    code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n, options, &number,
                         &err->at, NULL);
    if (!code) {
        pcre2_get_error_message(number, (PCRE2_UCHAR *)err->text, sizeof err->text);
        return NULL;
    }
    pcre2_jit_compile(code, again
                                ? PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD
                                : PCRE2_JIT_COMPLETE); /* where it can't, the interpreter serves */
    re = mem_alloc(sizeof *re);
    *re = (struct regex){ code, limits_new(MATCH_STEPS), again ? limits_new(QUICK_STEPS) : NULL };
    return re;
}

void regex_free(struct regex *re)
{
    if (!re) return;
    pcre2_match_context_free(re->limits);
    pcre2_match_context_free(re->quick);
    pcre2_code_free(re->code);
    free(re);
}

/* ---- matching ---- */

static int run(const struct regex *re, struct slice subject, uint32_t options,
               pcre2_match_context *limits, pcre2_match_data *md)
{
    PCRE2_SPTR text = (PCRE2_SPTR)(subject.p ? subject.p : "");
    int n = pcre2_match(re->code, text, subject.n, 0, options, md, limits);

    if (n != PCRE2_ERROR_JIT_STACKLIMIT) return n;
    return pcre2_match(re->code, text, subject.n, 0, options | PCRE2_NO_JIT, md, limits);
}

static void groups_take(struct regex_match *m, struct slice subject, unsigned n,
                        const PCRE2_SIZE *at)
{
    *m = (struct regex_match){ .n = n };
    for (unsigned i = 0; i < n; i++) {
        if (at[2 * i] == PCRE2_UNSET || at[2 * i + 1] < at[2 * i]) continue; /* \K may turn it */
        m->group[i] = slice_of(subject.p + at[2 * i], at[2 * i + 1] - at[2 * i]);
    }
}

/* One whose steps were many counts for more. */
static int counted(const struct regex *re, struct slice subject, uint32_t options, size_t *cost,
                   pcre2_match_data *md)
{
    int n = run(re, subject, options, re->quick, md);

    *cost += subject.n;
    if (n != PCRE2_ERROR_MATCHLIMIT) return n;
    *cost += SLOW_COST;
    return run(re, subject, options, re->limits, md);
}

/* The search of a part is that of the whole if it did not want to know what stands behind the part:
 * "partial" says that it did, and what touches the part's end might be longer. */
static int search(const struct regex *re, struct slice subject, uint32_t options, size_t *cost,
                  pcre2_match_data *md)
{
    if (!cost) return run(re, subject, options, re->limits, md);
    for (size_t part = NEAR; part < subject.n; part *= 2) {
        int n = counted(re, slice_of(subject.p, part), options | PCRE2_PARTIAL_HARD, cost, md);
        if (n >= 0 && pcre2_get_ovector_pointer(md)[1] < part) return n;
        if (n < 0 && n != PCRE2_ERROR_NOMATCH && n != PCRE2_ERROR_PARTIAL) return n;
    }
    return counted(re, subject, options, cost, md);
}

static bool match(const struct regex *re, struct slice subject, bool within, struct regex_match *m,
                  size_t *cost)
{
    struct scratch scratch;
    pcre2_general_context *memory;
    pcre2_match_data *md;
    int n;

    scratch.used = 0;
    memory = pcre2_general_context_create(scratch_alloc, scratch_free, &scratch);
    md = memory ? pcre2_match_data_create(m ? REGEX_GROUPS : 1, memory) : NULL;
    if (!md) mem_exhausted(SCRATCH);
    n = search(re, subject, within ? PCRE2_NOTBOL : 0, cost, md);
    if (n >= 0 && m)
        groups_take(m, subject, n ? (unsigned)n : REGEX_GROUPS, pcre2_get_ovector_pointer(md));
    pcre2_match_data_free(md);
    pcre2_general_context_free(memory);
    return n >= 0;
}

bool regex_match(const struct regex *re, struct slice subject, bool within, struct regex_match *m)
{
    return match(re, subject, within, m, NULL);
}

bool regex_match_near(const struct regex *re, struct slice subject, bool within,
                      struct regex_match *m, size_t *cost)
{
    return match(re, subject, within, m, cost);
}

/* ---- replacements ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool hex_byte(struct slice s, char *out)
{
    int high = s.n >= 2 ? hex_digit(s.p[0]) : -1, low = s.n >= 2 ? hex_digit(s.p[1]) : -1;

    if (high < 0 || low < 0) return false;
    *out = (char)(high << 4 | low);
    return true;
}

/* What the escape at the beginning of s stands for; false: it is broken. */
static bool escape_read(struct slice s, const struct regex_match *m, char *byte,
                        struct slice *meant, size_t *length)
{
    if (s.n < 2) return false;
    *meant = slice_of(byte, 1);
    *length = 2;
    *byte = s.p[1];
    if (s.p[1] >= '0' && s.p[1] <= '9') {
        *meant = m ? m->group[s.p[1] - '0'] : (struct slice){ 0 };
        return true;
    }
    if (s.p[1] != 'x') return true;
    *length = 4;
    return hex_byte(slice_from(s, 2), byte);
}

ptrdiff_t regex_replacement(char *out, size_t room, struct slice with, const struct regex_match *m)
{
    size_t n = 0, length;
    struct slice meant;
    char byte;

    for (size_t i = 0; i < with.n; i += length) {
        meant = slice_of(with.p + i, 1);
        length = 1;
        if (with.p[i] == '\\' && !escape_read(slice_from(with, i), m, &byte, &meant, &length))
            return -1;
        if (meant.n > room - n) return -1;
        slice_put(out + n, meant);
        n += meant.n;
    }
    return (ptrdiff_t)n;
}

const char *regex_replacement_check(struct slice with)
{
    size_t length;
    struct slice meant;
    char byte;

    for (size_t i = 0; i < with.n; i += length) {
        length = 1;
        if (with.p[i] != '\\') continue;
        if (!escape_read(slice_from(with, i), NULL, &byte, &meant, &length))
            return i + 1 == with.n ? "a backslash at the end stands for nothing"
                                   : "\\x needs two hex digits";
    }
    return NULL;
}

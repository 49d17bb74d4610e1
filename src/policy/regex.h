/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions: PCRE2 (8 bits, compiled to machine code where the machine can), as HAProxy
 * is built on Debian. Bytes, not UTF-8. A regex is immutable and serves any number of threads; a
 * match allocates nothing, and its work is bounded, so that no expression stalls a worker: one that
 * goes beyond the bound matches nothing. The bound is one search's: who searches again and again,
 * as regsub with its flag `g` does, adds up what each of them cost. */
#ifndef GATEHOUSE_POLICY_REGEX_H
#define GATEHOUSE_POLICY_REGEX_H

#include "base/slice.h"

enum {
    REGEX_NOCASE = 1 << 0,
    REGEX_NO_GROUPS = 1 << 1, /* only whether it matches is asked: cheaper */
    REGEX_AGAIN = 1 << 2,     /* for regex_match_near */
};

enum { REGEX_GROUPS = 10 }; /* \0 to \9 */

struct regex;

/* Why a pattern is none. */
struct regex_error {
    char text[128];
    size_t at; /* offset in the pattern */
};

/* NULL and *err: it is none. */
struct regex *regex_new(struct slice pattern, unsigned flags, struct regex_error *err);
void regex_free(struct regex *re);

/* Where groups lie in a subject: those that took no part have length 0 and a NULL pointer. */
struct regex_match {
    struct slice group[REGEX_GROUPS]; /* [0] is the whole */
    unsigned n;                       /* 1 + the highest group that took part */
};

/* The first match in the subject; `within`: the subject does not begin where its line does, so that
 * ^ does not match there (what regsub asks for behind its first match). m may be NULL. */
bool regex_match(const struct regex *re, struct slice subject, bool within, struct regex_match *m);

/* The same of a REGEX_AGAIN, and adds to *cost what it took: about the bytes that had to be looked
 * at to know the answer, which for a match near the beginning are few however long the subject is,
 * and much more for a search of many steps. It is the same for the same regex and subject every
 * time. */
bool regex_match_near(const struct regex *re, struct slice subject, bool within,
                      struct regex_match *m, size_t *cost);

/* Writes `with` to out, where \0 to \9 stand for groups, \xHH for a byte, and a backslash before
 * anything else is dropped: HAProxy's replacements (regsub, replace-header). Returns how many bytes
 * were written, or -1 when `room` was too little. */
ptrdiff_t regex_replacement(char *out, size_t room, struct slice with, const struct regex_match *m);

/* What is wrong with a replacement; NULL: nothing. */
const char *regex_replacement_check(struct slice with);

#endif

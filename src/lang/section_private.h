/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share and others need not see. */
#ifndef GATEHOUSE_LANG_SECTION_PRIVATE_H
#define GATEHOUSE_LANG_SECTION_PRIVATE_H

#include "lang/reload.h"
#include "lang/section.h"

enum {
    KEYWORD_WORDS = 3,     /* words of the longest name */
    KEYWORD_NAME_MAX = 96, /* bytes of it */
};

/* Rows of one name: they differ in where they may stand. */
struct keyword_entry {
    const struct keyword *row;
    struct keyword_entry *next;
};

/* All rows of one `what`. */
struct keyword_set {
    const char *what;
    struct keyword_set *next;
    struct hashmap names; /* name → its struct keyword_entry */
    struct hashmap heads; /* first word, or first two, of longer names → some row */
    bool ambiguous;       /* one name twice for one place */
};

const struct keyword_set *vocabulary_set(const struct vocabulary *v, const char *what);

struct keyword_match {
    const struct keyword *row; /* NULL: none */
    unsigned n;                /* words of its name */
    unsigned elsewhere;        /* without a row: where rows of this name may stand */
    unsigned elsewhere_n;
    bool head; /* without a row: the first word begins longer names */
    bool warn; /* elsewhere rows have KW_ELSEWHERE_WARN */
};

/* Looks up the words at the cursor. in: the section's bits, or 0 in sets of options. */
struct keyword_match keyword_find(const struct keyword_set *set, const struct words *w,
                                  unsigned in);

/* Tries the names of a set that may stand in `in` (0: all). After a head, names' second words. */
void keyword_nearest(const struct keyword_set *set, unsigned in, const char *head,
                     struct nearest *near);

/* The words at the cursor, up to n of them, joined by spaces in buf; how many fitted. */
unsigned words_join(const struct words *w, unsigned n, char *buf, size_t size);

/* One block of .if … .endif. */
struct cond_block {
    struct place at;
    enum { BLOCK_RUNS, BLOCK_WAITS, BLOCK_OVER } state; /* OVER: one branch has run, or none may */
    bool in_else;
};

/* The state of reading one file. */
struct parse {
    struct cfg *cfg;
    struct lexer lexer;
    bool skipping;          /* lines of an unknown section */
    unsigned header_column; /* where the current section's first line began */
    unsigned indent;        /* where its first keyword began, 0 before it */
    struct cond_block blocks[CFG_IF_NESTING];
    unsigned depth;
    unsigned too_deep; /* .if beyond CFG_IF_NESTING, all skipped */
};

/* A line that begins with a dot (".if"). */
void directive_run(struct parse *p, const struct line *line);

/* Are lines skipped because of a condition? */
bool directive_skips(const struct parse *p);

/* At the end of a file: what is still open is reported. */
void directive_finish(struct parse *p);

/* Opens the section of a line; section_close ends the current one. */
void section_open(struct parse *p, const struct section_kind *kind, const struct line *line);
void section_close(struct cfg *cfg);

#endif

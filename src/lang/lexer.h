/* SPDX-License-Identifier: Apache-2.0 */
/* The lexer: the text of a file → lines of words with their places, by HAProxy 2.6's rules (its
 * manual, 2.2 and 2.3).
 *
 * - Words are separated by white space; `#` outside quotes begins a comment, even inside a word.
 *   A CR may end a line. Anywhere else it is an error (HAProxy ignores what follows it).
 * - A backslash outside '' makes `\ `, `\\`, `\#`, `\"`, `\'` that character, `\n`, `\r`, `\t` and
 *   `\xHH` the control character or byte, and `\$` a dollar inside "". Before anything else it
 *   stays, so that `\d` reaches a regex.
 * - "weak quotes" keep spaces, and expand variables: $NAME, ${NAME}, ${NAME-default}, and
 *   ${NAME[*]}, which makes a word of each word of the value. 'strong quotes' keep all.
 * - The pseudo-variables .FILE, .LINE and .SECTION tell where the line stands.
 *
 * An error ends the line: it is reported, and the line is left out. Lines are bounded (LINE_WORDS
 * words, LEXER_LINE_MAX bytes), as is what expansion can grow them to. */
#ifndef GATEHOUSE_LANG_LEXER_H
#define GATEHOUSE_LANG_LEXER_H

#include "lang/diag.h"
#include "lang/environment.h"

enum {
    LINE_WORDS = 64,
    LEXER_LINE_MAX = 1 << 20, /* bytes of a line, before and after expansion */
};

struct word {
    struct slice text; /* in the arena; a NUL follows, so text.p serves as a C string */
    struct place at;   /* what it was written as, quotes included */
    bool quoted;       /* some part of it was quoted or escaped */
    bool expanded;     /* some part of it came from a variable */
};

struct line {
    struct word *words;
    unsigned n;
    struct place at; /* from the first word to the last */
};

struct lexer {
    struct arena *arena; /* where words live */
    struct diag *diag;
    const struct environment *env;
    const struct source *source;
    const char *section; /* for .SECTION; "" before the first */
    bool one_line;       /* the text is one line without end, and '#' is no comment: -cc */
    size_t offset;       /* of the next line */
    unsigned number;     /* of the line last read */

    /* The line being read. */
    struct {
        char *text; /* words as they come out, a NUL behind each */
        size_t n, room;
        struct word words[LINE_WORDS]; /* text.p is not set yet, text.n is where it starts */
        unsigned n_words;
    } made;
};

void lexer_init(struct lexer *lx, struct arena *a, struct diag *diag, const struct environment *env,
                const struct source *source);
void lexer_release(struct lexer *lx);

/* The next line that has a word; false at the end. Variables that are empty make no words at a
 * line's end (`server s 10.0.0.1 "${OPTIONS[*]}"`), and a line that begins with an empty word is
 * skipped, as in HAProxy. A file whose last line lacks its LF is reported as perhaps truncated. */
bool lexer_next(struct lexer *lx, struct line *line);

#endif

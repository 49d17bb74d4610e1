/* SPDX-License-Identifier: Apache-2.0 */
/* Keyword tables, and what a keyword's parser is given.
 *
 * Whoever has something to configure exports tables of rows: a name, where it may stand, a function
 * that reads the words behind it, and its documentation. registry.c names the tables; the manual,
 * `--dump-keywords` and the look-up are all made from the same rows. This floor knows nothing of
 * what a keyword means. */
#ifndef GATEHOUSE_LANG_KEYWORD_H
#define GATEHOUSE_LANG_KEYWORD_H

#include "lang/lexer.h"
#include "lang/units.h"

struct cfg;
struct section;
struct words;
struct hashmap;

/* The sections a keyword may stand in (keyword.where), and what a kind of section is
 * (section_kind.in). A listen section is a frontend and a backend. */
enum {
    IN_GLOBAL = 1 << 0,
    IN_DEFAULTS = 1 << 1,
    IN_FRONTEND = 1 << 2,
    IN_BACKEND = 1 << 3,
    IN_LISTEN = IN_FRONTEND | IN_BACKEND,
    IN_PROXY = IN_DEFAULTS | IN_LISTEN, /* everywhere but global */
    IN_EGRESS = 1 << 4,
    IN_CONSUMERS = 1 << 5,
    IN_STORE = 1 << 6,
    IN_USERLIST = 1 << 7,
    IN_RESOLVERS = 1 << 8,
    IN_CACHE = 1 << 9,
    IN_PEERS = 1 << 10,
    IN_HTTP_ERRORS = 1 << 11,
    IN_RING = 1 << 12,
};

enum {
    KW_NO_RELOAD = 1 << 0,      /* cannot be changed by a reload (see reload.h) */
    KW_NO_PREFIX = 1 << 1,      /* may be negated by "no" */
    KW_DEFAULT_PREFIX = 1 << 2, /* may be taken back to what the defaults say by "default" */
    KW_OURS = 1 << 3,           /* not a keyword of HAProxy 2.6 */
    KW_OBSOLETE = 1 << 4,       /* accepted, but there is something better: doc says what */
    KW_ELSEWHERE_WARN = 1 << 5, /* in a proxy section where it means nothing it is ignored with a
                                 * warning, as in HAProxy; without this flag that is an error */
};

struct keyword {
    /* "maxconn", "timeout client", "option redispatch": one to three words. The longest name that
     * fits wins. Two rows may share a name when their `where` have no bit in common. */
    const char *name;
    unsigned where; /* IN_…; 0 in tables of options */

    /* Reads the words behind the name; w->at is the first of them. target is the struct section for
     * a keyword of a section, or what the caller of options_parse passes. False: an error was
     * reported. Section keywords that leave words unread are reported by the caller, so there is no
     * need to call words_done. */
    bool (*parse)(struct cfg *cfg, void *target, struct words *w);

    const char *args; /* "<time>", "[<facility> [<level>]]", ""; NULL is "" */
    const char *dflt; /* the default in words, or NULL */
    unsigned flags;   /* KW_… */
    const char *doc;  /* one or a few sentences of Markdown */

    long param;       /* for a parse function that serves several rows: what it likes */
    const void *data; /* the same */
};

/* Tables with the same `what` are one set of names. */
struct keyword_table {
    const char *title; /* heading in the manual: "Timeouts" */
    const char *what;  /* KEYWORDS for keywords of sections; "bind option", "server option", … */
    const struct keyword *rows;
    unsigned n;
};

#define KEYWORDS "keyword"
#define KEYWORD_TABLE(heading, kind, array)                                                        \
    {                                                                                              \
        .title = (heading), .what = (kind), .rows = (array), .n = sizeof(array) / sizeof(*(array)) \
    }

/* ---- words: a cursor over one line ---- */

enum words_prefix { PREFIX_NONE, PREFIX_NO, PREFIX_DEFAULT };

struct words {
    const struct word *w;
    unsigned n, at;                /* at: the next word to read */
    const struct keyword *keyword; /* the row being parsed; messages name it */
    const struct word *name;       /* the (first) word that named it */
    enum words_prefix prefix;      /* "no option …" */
};

void words_init(struct words *w, const struct line *line);

static inline unsigned words_left(const struct words *w)
{
    return w->n - w->at;
}

/* The next word, without or with stepping over it; NULL at the end. */
static inline const struct word *words_peek(const struct words *w)
{
    return w->at < w->n ? &w->w[w->at] : NULL;
}
static inline const struct word *words_next(struct words *w)
{
    return w->at < w->n ? &w->w[w->at++] : NULL;
}

/* The place of the next word, or just behind the last one. */
struct place words_place(const struct words *w);

/* Steps over the next word if it is text. */
bool words_take_if(struct words *w, const char *text);

/* The next word is text; does not step. */
bool words_is(const struct words *w, const char *text);

/* The readers below take one word; when it is missing or wrong they report it and return false,
 * leaving *out alone. */
bool words_need(struct cfg *cfg, struct words *w, const struct word **out);
bool words_text(struct cfg *cfg, struct words *w, struct slice *out);
bool words_str(struct cfg *cfg, struct words *w, const char **out); /* not empty */
bool words_uint(struct cfg *cfg, struct words *w, unsigned *out, unsigned min, unsigned max);
bool words_int(struct cfg *cfg, struct words *w, int *out, int min, int max);
bool words_u64(struct cfg *cfg, struct words *w, uint64_t *out, uint64_t min, uint64_t max);

/* In milliseconds, whatever unit is written; `unit` when there is none. min and max in ms too. */
bool words_time(struct cfg *cfg, struct words *w, unsigned *ms, enum time_unit unit, unsigned min,
                unsigned max);

/* In bytes. */
bool words_size(struct cfg *cfg, struct words *w, uint64_t *out, uint64_t min, uint64_t max);

/* The index of the word among names, which end with NULL. */
bool words_enum(struct cfg *cfg, struct words *w, unsigned *out, const char *const *names);

/* "on" or "off". */
bool words_switch(struct cfg *cfg, struct words *w, bool *out);

/* The line has no more words; one that is left over is reported. */
bool words_done(struct cfg *cfg, struct words *w);

/* ---- messages ---- */

/* All return false. `at` NULL: no place. */
bool cfg_error(struct cfg *cfg, const struct word *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool cfg_warning(struct cfg *cfg, const struct word *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool cfg_notice(struct cfg *cfg, const struct word *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool cfg_error_at(struct cfg *cfg, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool cfg_warning_at(struct cfg *cfg, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* At the next word, or behind the last one. */
bool words_error(struct cfg *cfg, const struct words *w, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the hint under the caret of the last message. */
bool cfg_hint(struct cfg *cfg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- unknown names ---- */

/* Finds the known name that was probably meant. */
struct nearest {
    struct slice word;
    struct slice best; /* empty: none is near enough */
    unsigned distance;
};

void nearest_init(struct nearest *n, struct slice word);
void nearest_try(struct nearest *n, struct slice name);

/* Reports that `word` is not a `what` ("unknown http-request action 'denny'"). Where HAProxy 2.6
 * has a `what` of that name, the message says that Gatehouse does not support it, and what to use
 * instead (absent.h); else near (which may be NULL) supplies the hint. */
bool cfg_error_unknown(struct cfg *cfg, const struct word *word, const char *what,
                       const struct nearest *near);

/* ---- options: the words that follow `bind ADDRESS`, `server NAME ADDRESS`, … ---- */

/* Reads options of the tables whose `what` is given until the line ends, calling each row's parse
 * with target. Goes on behind an option that failed where it can; false if any did. */
bool options_parse(struct cfg *cfg, const char *what, void *target, struct words *w);

/* The row of `what` with the longest name that the next words begin with, or NULL; w is moved
 * behind the name, and w->keyword and w->name set, when there is one. */
const struct keyword *keyword_match(const struct cfg *cfg, const char *what, struct words *w);

/* The first row that breaks a rule of this file (a name of one to three words, a parse function, a
 * doc, where set if and only if what is KEYWORDS, no name twice for one place), or NULL; *why says
 * which. tables ends with NULL. */
const struct keyword *keywords_check(const struct keyword_table *const *tables, const char **why);

#endif

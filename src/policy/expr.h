/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: a fetch and the converters behind it ("req.hdr(host),lower,field(1,:)"), compiled
 * once into an array of steps with the casts between them. Evaluating one allocates from the
 * context's arena only. HAProxy's manual, 7.3. */
#ifndef GATEHOUSE_POLICY_EXPR_H
#define GATEHOUSE_POLICY_EXPR_H

#include "policy/context.h"
#include "policy/policy_cfg.h"

/* Gives the value, or false when there is none. For a row with FETCH_MANY, when out->each is set:
 * sets out->more when it may have another, and out->at and out->within to find it by; called again
 * with the same sample it goes on behind (all three are 0 at first). */
typedef bool fetch_fn(struct context *c, const struct arg *args, struct sample *out);

/* Replaces the value of *s by another (bytes go to new memory); false: no value. Must leave more,
 * at and within alone. */
typedef bool converter_fn(struct context *c, const struct arg *args, struct sample *s);

/* Looks at the arguments when they are compiled: may replace them by what is faster. Names that are
 * resolved late are still texts. Called even when no argument was given, unless the row takes none;
 * what it puts into the ARG_END of a row without param is there when the row is called. False: an
 * error was reported (arg_error). May be NULL. */
typedef bool args_check_fn(struct policy_cfg *pc, struct arg *args);

enum {
    FETCH_MANY = 1 << 0,    /* may have several values */
    FETCH_OURS = 1 << 1,    /* not in HAProxy 2.6 */
    FETCH_DERIVED = 1 << 2, /* as an ACL, "name_beg" and its kin exist */
    FETCH_COUNTS = 1 << 3,  /* of a converter, too: what was counted before; `explain` can't know */
};

/* A fetch is a row. What HAProxy calls derivatives ("hdr_beg", "path_dom": an ACL's fetch with its
 * match) are no rows: condition.c makes them of a fetch with FETCH_DERIVED and the match table. */
struct fetch {
    const char *name;
    struct arg_spec args;
    uint8_t type; /* enum sample_type of its values; SAMPLE_ANY: known only when it is called */
    uint8_t need; /* enum policy_need */
    uint8_t flags;
    fetch_fn *get;
    const char *doc;
    args_check_fn *check;
    intptr_t param; /* for a function that serves several rows: args_param */
};

struct converter {
    const char *name;
    struct arg_spec args;
    /* enum sample_type. The input comes as `in`, or as what is the same bytes: a row that takes BIN
     * may get STR (and STR a BOOL as SINT), and must not change the type unless it changes what the
     * value is: HAProxy prints `str(a),bytes(0)` as text for that reason. out SAMPLE_ANY: any. */
    uint8_t in, out;
    converter_fn *convert;
    const char *doc;
    args_check_fn *check;
    intptr_t param;
    uint8_t flags;
};

/* The end of every args array carries its row's param. */
static inline intptr_t args_param(const struct arg *args)
{
    while (args->type != ARG_END) args++;
    return (intptr_t)args->sint;
}

struct fetch_table {
    const char *title; /* in the manual */
    const struct fetch *rows;
    unsigned n;
};

struct converter_table {
    const char *title;
    const struct converter *rows;
    unsigned n;
};

#define FETCH_TABLE(heading, array)                                              \
    {                                                                            \
        .title = (heading), .rows = (array), .n = sizeof(array) / sizeof(*array) \
    }
#define CONVERTER_TABLE FETCH_TABLE

struct expr_step; /* one converter, with the cast before it */

struct expr {
    const struct fetch *fetch;
    const struct arg *args;
    const struct expr_step *steps;
    uint8_t n_steps;
    uint8_t type;      /* of the result; SAMPLE_ANY: known only when it is evaluated */
    bool counts;       /* a row has FETCH_COUNTS */
    struct slice text; /* as written: for explain */
    struct place at;
};

/* Compiles what *rest begins with, up to the end of the word or the first character that can't
 * belong to an expression (a blank, `]`), and steps behind it. `at` is the word that *rest is a
 * part of. A fetch whose need is not met at pc->scope.place is an error, as in HAProxy, unless
 * `lenient` (conditions warn instead, and never match). NULL: an error was reported. */
const struct expr *expr_parse(struct policy_cfg *pc, const struct word *at, struct slice *rest,
                              bool lenient);

/* The next word, whole; and, as HAProxy has it, the words behind it that name converters
 * ("str(a) upper lower"). */
const struct expr *expr_parse_words(struct policy_cfg *pc, struct words *w);

/* Fetch, then convert; *out is as expr_next wants it. */
bool expr_run(const struct expr *e, struct context *c, struct sample *out);

/* The first value (out->more tells of others); false: none. */
bool expr_eval(const struct expr *e, struct context *c, struct sample *out);

/* The value behind one that had `more`; and the first of all, one by one, in a sample that is all
 * zero but for `each` (and `bare`). */
static inline bool expr_next(const struct expr *e, struct context *c, struct sample *out)
{
    out->more = false;
    if (e->n_steps || c->trace) return expr_run(e, c, out);
    return e->fetch->get(c, e->args, out); /* as most are */
}

/* The first value as a `type`. Strings of it last as long as the arena. */
bool expr_eval_as(const struct expr *e, struct context *c, enum sample_type type,
                  struct sample *out);

/* As a string, whatever it is; for formats, headers, keys. */
bool expr_string(const struct expr *e, struct context *c, struct slice *out);

#endif

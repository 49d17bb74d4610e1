/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics: what is wrong with a configuration, collected while it is read and printed at the
 * end, so that one run tells all. A message looks like this:
 *
 *     gatehouse.cfg:14:18: error: unknown http-request action 'denny'
 *        14 |     http-request denny unless { req.hdr(api-key) -m found }
 *           |                  ^^^^^ did you mean 'deny'?
 *
 * A `struct diag` owns all that it will print (copies of texts and source lines), so it may outlive
 * the configuration. One thread at a time. */
#ifndef GATEHOUSE_LANG_DIAG_H
#define GATEHOUSE_LANG_DIAG_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdio.h>

/* A text that words come from: a file, or an argument of the command line. */
struct source {
    const char *name; /* as the user wrote it: "gatehouse.cfg" */
    struct slice text;
    unsigned order; /* messages of lower ones are printed first */
};

/* Where a word stands. Lines and columns count from 1, columns and widths in bytes. line 0: the
 * source as a whole; source NULL: nowhere. */
struct place {
    const struct source *source;
    unsigned line, column, width;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTICE };

enum { DIAG_MOST = 200 }; /* messages that are kept; the others are only counted */

struct diag_message;

struct diag {
    struct arena arena;
    struct diag_message *first, **last;
    struct diag_message *recent; /* what diag_hint adds to */
    unsigned n, n_errors, n_warnings, n_notices;
};

void diag_init(struct diag *d);
void diag_release(struct diag *d);

/* Each adds one message; `at` may be NULL. They return false, so that what reports an error can end
 * with `return diag_error(…)`. */
bool diag_error(struct diag *d, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool diag_warning(struct diag *d, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool diag_notice(struct diag *d, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool diag_add(struct diag *d, enum diag_level level, const struct place *at, const char *fmt,
              va_list ap);

/* Sets the hint of the message that was added last. Returns false as well. */
bool diag_hint(struct diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints all messages, by file, line and column; those with no place come last. Control bytes of
 * the source are shown as '?'. */
void diag_print(const struct diag *d, FILE *out);

/* "gatehouse.cfg:14", in arena a: the name of a rule that has none. */
const char *place_name(struct arena *a, const struct place *at);

#endif

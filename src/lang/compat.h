/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration uses of HAProxy's that Gatehouse does not have, noted while it is read:
 * cfg->compat, set for `check --compat` only. Whoever reports such a thing as an error also notes
 * it here; with cfg->compat a reader goes on behind an error where it otherwise would give a line
 * up, so that one run tells all. */
#ifndef GATEHOUSE_LANG_COMPAT_H
#define GATEHOUSE_LANG_COMPAT_H

#include "lang/keyword.h"

struct compat_use {
    struct compat_use *next;
    const char *what, *name;
    const char *instead; /* what to use instead; NULL: it comes later */
    struct place at;
};

struct compat {
    struct compat_use *first, **last;
    struct compat_use *line; /* the first of the line that the last one is of */
    unsigned n;
    unsigned n_errors; /* so many of the errors that were reported are about them */
};

void compat_init(struct compat *c);

/* Notes it, once for each place; nothing when nobody asked (cfg->compat is NULL). Its texts are
 * copied, but for what and instead. */
void compat_note(struct cfg *cfg, const struct place *at, const char *what, struct slice name,
                 const char *instead);

/* The same, for what was reported as an error. */
void compat_note_error(struct cfg *cfg, const struct place *at, const char *what, struct slice name,
                       const char *instead);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload cannot change: the lines of keywords marked KW_NO_RELOAD (nbthread, user, …). */
#ifndef GATEHOUSE_LANG_RELOAD_H
#define GATEHOUSE_LANG_RELOAD_H

#include "lang/section.h"

/* One line that used such a keyword. */
struct keyword_use {
    struct keyword_use *next;
    const struct keyword *keyword;
    const char *section; /* its kind and name, for comparison */
    struct words words;
    const char *where; /* "gatehouse.cfg:12" */
};

/* Notes a use of w->keyword in the current section; the driver does this. */
void reload_note(struct cfg *cfg, const struct words *w);

/* A copy of a run's uses in an arena (the snapshot's), for the comparison with the next run. The
 * copies have no places. */
struct keyword_use *reload_keep(const struct cfg *cfg, struct arena *a);

/* Reports an error at each such line that is new or differs, and for each that is gone. True when
 * nothing changed. */
bool reload_check(struct cfg *fresh, const struct keyword_use *old);

#endif

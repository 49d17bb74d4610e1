/* SPDX-License-Identifier: Apache-2.0 */
/* What HAProxy 2.6 has: every keyword, option, fetch, converter and action that it knows, by kind,
 * so that one which Gatehouse lacks is refused by its name and not taken for a slip of the pen. A
 * name that Gatehouse has wins: nothing is taken off here when a row comes. */
#ifndef GATEHOUSE_LANG_ABSENT_H
#define GATEHOUSE_LANG_ABSENT_H

#include "base/slice.h"

#include <stdio.h>

/* Does HAProxy 2.6 have a `what` of that name ("keyword", "section", "bind option", "server
 * option", "fetch", "converter", "http-request action", …)? *instead is what to use instead, or
 * NULL. */
bool absent_find(const char *what, struct slice name, const char **instead);

/* "what<TAB>name" lines: gatehouse --dump-absent. */
void absent_dump(FILE *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP dates (RFC 9110 §5.6.7): seconds since 1970, UTC. Pure functions, no locale, no time zone
 * files; a worker that writes a date per answer formats it once a second and keeps it. */
#ifndef GATEHOUSE_HTTP_DATE_H
#define GATEHOUSE_HTTP_DATE_H

#include "base/slice.h"

enum { HTTP_DATE_LENGTH = 29 };

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT" (no NUL) and returns the position behind it. Dates beyond
 * the years 0 to 9999 are cut to them. */
char *http_date_put(char *p, int64_t seconds);

/* Reads that form and the two obsolete ones ("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6
 * 08:49:37 1994"). A year of two digits that would lie more than 50 years after `now` is of the
 * century before. The name of the day must be one, but need not be the right one; a leap second is
 * read as the second after. */
bool http_date_parse(struct slice s, int64_t now, int64_t *seconds);

#endif

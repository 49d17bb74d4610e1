/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a message's fields as HAProxy counts them: each line whole, or taken apart at its
 * commas. Commas within quoted strings don't part, and empty elements count (http_list_next skips
 * them). HAProxy's manual, 7.3.6: req.hdr and req.fhdr. */
#ifndef GATEHOUSE_POLICY_FIELDS_H
#define GATEHOUSE_POLICY_FIELDS_H

#include "policy/context.h"

/* Which message a fetch looks at; rows carry it in their param. */
enum field_side {
    SIDE_REQUEST = 0,
    SIDE_RESPONSE = 1,
    SIDE_HERE = 2, /* the one being handled, by the context's phase: hdr, cookie */
    SIDE_MASK = 3,
};

/* The message, or NULL when there is none (yet). */
const struct http_msg *field_message(const struct context *c, intptr_t side);

/* Makes a head that has just come what its rules see, as in HAProxy. To be called once, before the
 * first rule:
 * - `close` and `keep-alive` stand in the model (keep_alive) and no longer in Connection, nor does
 *   a Connection that had nothing else;
 * - a repeated Content-Length is gone;
 * - a request's target in absolute form has no port that is its scheme's own, nor has Host then;
 *   the Host of a CONNECT has neither 80 nor 443.
 * What is new lies in the arena. */
void fields_settle(struct http_msg *m, struct arena *a);

/* A walk over values. Set msg, name (in lower case; empty: all fields) and split; at and within
 * start at 0, and are all that must be kept to go on later. */
struct field_walk {
    const struct http_msg *msg;
    struct slice name;
    bool split;      /* at commas */
    uint32_t at;     /* the field to look at next … */
    uint32_t within; /* … and the offset in its value where the next element begins */
    uint32_t from;   /* of the value given last: the field it stands in */
};

/* The next value, without blanks at its ends; false at the end. */
bool field_next(struct field_walk *w, struct slice *value);

enum { FIELD_HISTORY = 10 }; /* so far back from the last value one can count */

/* The n-th value from the first (1) or from the last (-1, at most -FIELD_HISTORY). */
bool field_nth(struct field_walk *w, int64_t n, struct slice *value);

/* The name as messages have it. In arena a. */
struct slice field_lower(struct arena *a, struct slice name);

/* A number as HAProxy reads it from a header: what digits, perhaps behind a '-', s begins with. */
int64_t field_number(struct slice s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: parts of a request and of its answer that are kept for logs and later rules. A frontend
 * declares slots (`capture request header`, `declare capture`); a rule `capture … len N` makes one
 * of its own. Manual: "capture request header". */
#ifndef GATEHOUSE_GATEWAY_CAPTURE_H
#define GATEHOUSE_GATEWAY_CAPTURE_H

#include "policy/expr.h"

struct request;
struct cfg;
struct proxy_conf;

enum { CAPTURES_MOST = 128 }; /* slots of each kind in one frontend */

/* One slot. */
struct capture_slot {
    struct capture_slot *next;
    struct slice name; /* the field's, in lower case; empty: rules fill it */
    unsigned len;
    unsigned index; /* 0, 1, … in the order of declaration */
};

/* A frontend's slots of one kind; part of a snapshot. */
struct capture_slots {
    struct capture_slot *first, **last;
    unsigned n;
};

/* `capture cookie NAME len N`; part of a snapshot. */
struct cookie_capture {
    struct slice start; /* how the cookie begins, written "name=value" */
    unsigned len;       /* what is kept of it at most, its name included */
    struct place at;
};

/* The slots' values in one request, in its arena; made when the first one is kept. A slice with a
 * NULL pointer: nothing was. */
struct capture_list {
    unsigned n_request, n_response;
    struct slice *request, *response;
    struct slice cookie[2]; /* `capture cookie`: the client's, the server's */
};

/* What the field slots keep: the last occurrence of each field. */
void capture_fields(struct request *r, bool response);

/* What `capture cookie` keeps: the first cookie of the message, of each once only. When rules have
 * been run, for what they make of a message counts. */
void capture_cookie(struct request *r, bool response);

/* Keeps a value, cut to the slot's length; false: there is no such slot. */
bool capture_keep(struct context *c, bool response, unsigned index, struct slice value);

/* When a frontend is read whole, slots below its rules too: each `capture … id` has its slot.
 * False: errors were reported. A backend's rules run behind any frontend's, so they are not asked.
 */
bool capture_rules_check(struct cfg *cfg, const struct proxy_conf *p);

/* When all is read: `tune.http.cookielen` limits what is kept of a cookie. */
void capture_cookie_limit(struct cfg *cfg, const struct proxy_conf *p);

/* The slot's value; false: there is none. */
bool capture_get(const struct context *c, bool response, unsigned index, struct slice *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a request for statistics asks for, behind the URI: "/stats;csv;up;scope=web"; and what the
 * form of the page sends. Management manual: section 9; manual: "stats uri", "stats admin". */
#ifndef GATEHOUSE_OPS_STATS_QUERY_H
#define GATEHOUSE_OPS_STATS_QUERY_H

#include "base/arena.h"
#include "base/slice.h"

enum stats_what { STATS_PAGE, STATS_CSV, STATS_TYPED, STATS_JSON, STATS_SCHEMA };

/* How an action ended, as `;st=` tells the page. */
enum stats_result {
    RESULT_NONE, /* nothing has changed */
    RESULT_DONE,
    RESULT_PART, /* some servers are unknown */
    RESULT_ERRP, /* the parameters are no good */
    RESULT_EXCD, /* more than a buffer takes */
    RESULT_DENY, /* not for this client */
    RESULT_UNKN,
    RESULT_NOT_ASKED, /* no `;st=` */
};

enum { STATS_SCOPE_MAX = 20 };

struct stats_query {
    enum stats_what what;
    bool up, no_maint, no_refresh;
    enum stats_result result;
    char scope[STATS_SCOPE_MAX + 1]; /* "": none */
};

/* `rest`: path and query behind the URI's prefix. */
void stats_query_parse(struct slice rest, struct stats_query *q);

/* "DONE" */
const char *stats_result_code(enum stats_result r);

/* What the page's form sends (application/x-www-form-urlencoded): s=SERVER…, action=…, b=BACKEND.
 */
struct stats_form {
    struct slice action, backend; /* with a NUL behind; p NULL: not there */
    struct slice *servers;
    unsigned n_servers;
};

/* Into the arena. What can't be read is left out. */
void stats_form_parse(struct slice body, struct arena *a, struct stats_form *f);

#endif

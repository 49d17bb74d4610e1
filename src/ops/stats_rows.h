/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the rows of statistics: each proxy's frontend, its servers, its backend; and the
 * forms in which programs read a row. Management manual: sections 9.1 to 9.3. */
#ifndef GATEHOUSE_OPS_STATS_ROWS_H
#define GATEHOUSE_OPS_STATS_ROWS_H

#include "ops/stats.h"

/* Set view and what is wanted; the rest is the walk's own, zero at first. */
struct stat_rows {
    struct stat_view view;
    int iid, types, sid;         /* of a proxy; of stat_type; of a server; -1: all */
    bool up, no_maint;           /* leave servers out: not up, in maintenance */
    struct slice scope;          /* proxies with this in their names, in any case; empty: all */
    const struct proxy_conf *of; /* whose `stats scope` lines hold; NULL: nobody's */
    unsigned proxy, part;        /* the next row */
};

/* The next row, added up; false: there is none. */
bool stat_rows_next(struct stat_rows *rows, struct stat_row *row);

/* Is the proxy wanted at all? */
bool stat_rows_wants(const struct stat_rows *rows, const struct proxy_conf *p);

enum stat_form { FORM_CSV, FORM_TYPED, FORM_JSON };

/* Words of options that a typed row may have. */
struct stat_style {
    enum stat_form form;
    bool descriptions; /* behind each value of a typed row */
};

void stat_put_begin(struct text *t, const struct stat_style *style);
void stat_put_row(struct text *t, const struct stat_style *style, struct stat_row *row, bool first);
void stat_put_end(struct text *t, const struct stat_style *style);

#endif

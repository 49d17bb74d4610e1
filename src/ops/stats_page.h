/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics page: what stands above the tables, the tables of proxies, and what is below them.
 * Each function adds a part of some kilobytes. Everything is read on a worker, from counters and
 * the request's snapshot. */
#ifndef GATEHOUSE_OPS_STATS_PAGE_H
#define GATEHOUSE_OPS_STATS_PAGE_H

#include "gateway/rule_lists.h"
#include "gateway/stats_conf.h"
#include "ops/stats_query.h"
#include "ops/stats_rows.h"

struct stats_page {
    struct text *out;
    const struct stats_conf *conf;
    const struct stats_query *query;
    const struct proxy_conf *of; /* whose statistics these are */
    struct gate *gate;           /* the worker's */
    struct stat_rows rows;
    const struct proxy_conf *open; /* whose table has begun; NULL */
    bool admin;                    /* there is a form */
    struct rule_walk walk;         /* below the tables: rules … */
    unsigned table;                /* … and stick tables, by their proxies */
    bool listed;                   /* a list of these has begun */
};

/* Up to the first table. */
void stats_page_head(struct stats_page *p);

/* The next row, with what goes before it and behind the last. False: there are no more. */
bool stats_page_row(struct stats_page *p);

/* The next rule that ended requests; the next stick table. False: all were told. */
bool stats_page_rules(struct stats_page *p);
bool stats_page_tables(struct stats_page *p);

void stats_page_end(struct stats_page *p);

/* The page's URI with these options: ";up" and ";norefresh" as given, and its scope. */
void stats_page_uri(struct text *t, const struct stats_page *p, bool up, bool no_refresh);

#endif

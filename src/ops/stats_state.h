/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that tell states of servers and backends. What checks
 * found is in ops/stats_checks.h. */
#ifndef GATEHOUSE_OPS_STATS_STATE_H
#define GATEHOUSE_OPS_STATS_STATE_H

#include "ops/stats.h"

/* Values of columns (struct stat_column.value); `param` means nothing unless it is said. Those of
 * servers and backends: */
struct stat_value stat_status(struct stat_row *r, unsigned param);
struct stat_value stat_weight(struct stat_row *r, unsigned param);
struct stat_value stat_act(struct stat_row *r, unsigned param);
struct stat_value stat_bck(struct stat_row *r, unsigned param);
struct stat_value stat_chkdown(struct stat_row *r, unsigned param);
struct stat_value stat_lastchg(struct stat_row *r, unsigned param);
struct stat_value stat_downtime(struct stat_row *r, unsigned param);

/* Of servers: */
struct stat_value stat_chkfail(struct stat_row *r, unsigned param);
struct stat_value stat_tracked(struct stat_row *r, unsigned param);

#endif

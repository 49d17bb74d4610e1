/* SPDX-License-Identifier: Apache-2.0 */
/* What statistics tell of a server's health check: values for the table of columns. Nothing
 * (STAT_NONE) for a server that is not checked now. */
#ifndef GATEHOUSE_OPS_STATS_CHECKS_H
#define GATEHOUSE_OPS_STATS_CHECKS_H

#include "ops/stats.h"

struct stat_value stat_check_status(struct stat_row *r, unsigned param); /* "* " while it runs */
struct stat_value stat_check_code(struct stat_row *r, unsigned param);
struct stat_value stat_check_duration(struct stat_row *r, unsigned param);
struct stat_value stat_check_text(struct stat_row *r, unsigned param);
struct stat_value stat_check_words(struct stat_row *r, unsigned param);

/* param: where in struct server_probe the number is. */
struct stat_value stat_check_number(struct stat_row *r, unsigned param);

struct stat_value stat_hanafail(struct stat_row *r, unsigned param);

#endif

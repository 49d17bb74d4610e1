/* SPDX-License-Identifier: Apache-2.0 */
/* The files of web/, embedded when the program is built (tools/embed). */
#ifndef GATEHOUSE_OPS_WEB_ASSETS_H
#define GATEHOUSE_OPS_WEB_ASSETS_H

extern const char web_api_schema[];   /* web/api-schema.json */
extern const char web_stats_css[];    /* web/stats.css */
extern const char web_stats_schema[]; /* web/stats-schema.json */

#endif

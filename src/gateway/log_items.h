/* SPDX-License-Identifier: Apache-2.0 */
/* What log formats are made of, and the formats themselves. */
#ifndef GATEHOUSE_GATEWAY_LOG_ITEMS_H
#define GATEHOUSE_GATEWAY_LOG_ITEMS_H

#include "policy/expr.h"
#include "policy/format.h"

struct request;

extern const struct format_item_table log_items;
extern const struct fetch_table id_fetches;

/* The request's unique id, made by its frontend's unique-id-format when first asked for; empty: it
 * has none. */
struct slice request_unique_id(struct request *r);

#endif

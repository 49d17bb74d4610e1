/* SPDX-License-Identifier: Apache-2.0 */
/* What the form of the statistics page asks for, done by the control thread, which alone changes
 * servers. A message goes there and comes back to the worker, whether its request is still there or
 * not. */
#ifndef GATEHOUSE_OPS_STATS_CHANGE_H
#define GATEHOUSE_OPS_STATS_CHANGE_H

#include "gateway/request.h"
#include "ops/stats_query.h"

struct stats_change;

/* Sends it. The request is woken when it is back. */
struct stats_change *stats_change_begin(struct request *r, const struct stats_form *form);

/* False: it is not back yet. */
bool stats_change_done(const struct stats_change *c, enum stats_result *result);

/* The request is over: nobody waits for it any more. */
void stats_change_leave(struct stats_change *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Health checks as part of a configuration: what `global` says of them, checking what servers say,
 * and handing all of it to the checker (upstream/check.h). Control thread. */
#ifndef GATEHOUSE_GATEWAY_HEALTH_H
#define GATEHOUSE_GATEWAY_HEALTH_H

#include "gateway/build.h"

extern const struct keyword_table health_keywords;

/* Part of build_compile, for a backend whose servers are resolved: makes its script. False: errors
 * were reported. */
bool health_compile(struct build *b, struct cfg *cfg, struct proxy_conf *p);

/* The snapshot is the one in use from now on; its servers were adopted. Part of engine_swap. */
void health_adopt(struct engine *e, struct snapshot *fresh);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a scrape asks for: "/metrics?scope=server&scope=backend&no-maint". */
#ifndef GATEHOUSE_OPS_PROMETHEUS_QUERY_H
#define GATEHOUSE_OPS_PROMETHEUS_QUERY_H

#include "base/slice.h"

/* What metrics are about; a set. */
enum {
    SCOPE_PROCESS = 1 << 0, /* "global" */
    SCOPE_FRONTEND = 1 << 1,
    SCOPE_LISTENER = 1 << 2, /* HAProxy's, which counts them with `option socket-stats` only */
    SCOPE_BACKEND = 1 << 3,
    SCOPE_SERVER = 1 << 4,
    SCOPE_TABLE = 1 << 5, /* "sticktable" */
    SCOPE_RULE = 1 << 6,  /* ours: "rule" */
    SCOPES_ALL = (1 << 7) - 1,
};

struct prometheus_query {
    unsigned scopes;
    bool no_maint; /* no servers that are in maintenance */
};

/* `target`: with a path and a query, or without one. False: it can't be read, or names a scope that
 * there is not. Names that mean nothing are passed over, as in HAProxy. */
bool prometheus_query_parse(struct slice target, struct prometheus_query *q);

#endif

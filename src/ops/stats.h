/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of frontends, backends and servers: a table of columns, each a name and a function
 * that reads a value from the counters, and rows to apply it to. The first STAT_COLUMNS are
 * HAProxy 2.6's, in its order and meanings. Management manual: section 9.1.
 *
 * Reads the floors below and changes nothing there. Control thread. */
#ifndef GATEHOUSE_OPS_STATS_H
#define GATEHOUSE_OPS_STATS_H

#include "gateway/engine.h"
#include "ops/stats_value.h"

enum { STAT_COLUMNS = 103 };

/* What a row is about; also the mask of `show stat`. */
enum stat_type { STAT_FRONTEND = 1, STAT_BACKEND = 2, STAT_SERVER = 4 };

/* What holds for all rows of one dump. */
struct stat_view {
    const struct engine *engine;
    const struct snapshot *snapshot;
    msec_t now;
    bool secrets;       /* the reader may see addresses and algorithms */
    bool hides_servers; /* some servers are left out: a backend's status tells how many are up */
};

enum { STAT_COUNTERS = offsetof(struct counters, session_rate) / sizeof(counter_t) };

struct stat_rate {
    uint32_t now, max;
};

/* The counters of a row, of all workers. */
struct stat_sums {
    uint64_t counts[STAT_COUNTERS]; /* in the order of struct counters */
    struct stat_rate session_rate, request_rate, connection_rate;
    uint32_t last_session_s; /* 0: there was none */
    struct average_values times;
};

/* Where a counter of that name is in `counts`. */
#define STAT_COUNTER(field) (offsetof(struct counters, field) / sizeof(counter_t))

/* Adds up n blocks; `now`: of the control thread. */
void stat_sum(struct stat_sums *sums, const struct counters_block *blocks, unsigned n, msec_t now);

struct stat_row {
    const struct stat_view *view;
    enum stat_type type;
    const struct proxy_conf *proxy;
    const struct server_conf *server; /* NULL but for STAT_SERVER */
    struct stat_sums sums;
    char text[256]; /* for values that must be composed */
};

struct stat_column {
    const char *name;
    unsigned types;   /* of rows that have it; others show nothing */
    const char *tags; /* stats_value.h; what a backend has instead may follow */
    struct stat_value (*value)(struct stat_row *, unsigned param);
    unsigned param;
    const char *doc;
};

extern const struct stat_column stat_columns[STAT_COLUMNS];

/* Adds up what the row shows. `server` NULL: `type` tells which side of the proxy. */
void stat_row_init(struct stat_row *row, const struct stat_view *view, enum stat_type type,
                   const struct proxy_conf *proxy, const struct server_conf *server);

/* One column of such a row, for who wants no other: the counters that it does not read are not
 * added up. `row` is room for it, as long as the value is used. */
struct stat_value stat_row_one(struct stat_row *row, const struct stat_view *view,
                               enum stat_type type, const struct proxy_conf *proxy,
                               const struct server_conf *server, unsigned column);

/* What a column looks at: one counter (*counter says which), what is added up, or neither. */
enum stat_source { STAT_OF_COUNTER, STAT_OF_SUMS, STAT_OF_STATE };
enum stat_source stat_column_source(const struct stat_column *c, unsigned *counter);

/* STAT_NONE where the row has no such column. *tags: those that hold for it. */
struct stat_value stat_row_value(struct stat_row *row, unsigned column, const char **tags);

/* ---- what several columns, and others, ask ---- */

bool stat_server_is_up(const struct server_conf *s);

#endif

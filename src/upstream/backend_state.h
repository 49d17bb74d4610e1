/* SPDX-License-Identifier: Apache-2.0 */
/* What can be used of a backend now: how many servers, and whose turn it is. Remade by the control
 * thread whenever one of its servers changes; read by anybody.
 *
 * Backup servers have turns only while no active server can be used; then the first of them that
 * can, or with `option allbackups` all that can.
 *
 * An algorithm prepares what it needs of a configuration's servers with the weights in the file. As
 * long as those hold, all workers use that, which is part of the snapshot. Once some server has
 * another share, its control thread prepares another one, which hangs here; what it replaces is
 * freed when all workers have ended their turn. */
#ifndef GATEHOUSE_UPSTREAM_BACKEND_STATE_H
#define GATEHOUSE_UPSTREAM_BACKEND_STATE_H

#include "base/clock.h"
#include "base/counter.h"

#include <stdbool.h>

struct backend_conf;
struct balance;
struct keeper;

struct backend_turns;

struct backend_state {
    atomic_uint active, backup; /* servers that can be used */
    atomic_uint weight;         /* of those that have turns */
    _Atomic usec_t changed;     /* wall clock: when the first could be used, or none any more */
    _Atomic uint64_t down_s;    /* seconds without any, up to `changed` */
    counter_t downs;            /* [chkdown] */
    _Atomic(struct backend_turns *) turns; /* NULL: as the configuration has it */

    const struct backend_conf *conf; /* the control thread's: of the current configuration */
};

/* Configuration thread: be is part of the configuration that is used from now on, and its servers
 * were adopted (server_state.h). */
void backend_adopt(struct keeper *k, const struct backend_conf *be);

/* It is gone. */
void backend_abandon(struct keeper *k, const struct backend_conf *be);

/* A server of it has changed: counts again, and makes turns anew. True: that was the last one that
 * could be used. */
bool backend_recount(struct keeper *k, const struct backend_conf *be);

/* Can any server be used? Those without any servers pass for it. */
bool backend_is_up(const struct backend_conf *be);

/* Seconds without one, up to now. */
uint64_t backend_down_time(const struct backend_conf *be, usec_t wall);

/* How many servers can be used as things are: all active ones, or the first backup, or with `option
 * allbackups` all backups. */
unsigned backend_count_usable(const struct backend_conf *be);

#endif

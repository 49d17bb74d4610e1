/* SPDX-License-Identifier: Apache-2.0 */
/* The limits that the system keeps for the process: descriptors and memory. Control thread. */
#ifndef GATEHOUSE_OPS_LIMITS_H
#define GATEHOUSE_OPS_LIMITS_H

#include "gateway/build.h"

/* At start, before anything is opened: as many descriptors as the hard limit allows. */
void limits_raise(void);

/* Applies `ulimit-n` and `fd-hard-limit` (not on a reload), settles `maxconn` and `maxpipes` where
 * they are not given, and sees to it that there are descriptors enough. `own`: how many the process
 * needs for itself; `memory_mb`: -m, 0: not given. False: an error was reported. */
bool limits_settle(struct cfg *cfg, struct global_conf *g, unsigned own, unsigned memory_mb,
                   bool reload);

/* -m: the process's address space, in megabytes. 0, or a negative errno. */
int limits_memory(unsigned megabytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the process gives up once everything is opened: its root directory, its user and groups, the
 * way back. Manual: "chroot", "user", "group", "insecure-setuid-wanted", "set-dumpable". */
#ifndef GATEHOUSE_OPS_PRIVILEGES_H
#define GATEHOUSE_OPS_PRIVILEGES_H

#include "gateway/snapshot.h"

/* False when the system refuses: *what says what ("chroot /x"), errno why. Some may be given up
 * already then; the process should end. */
bool privileges_drop(const struct global_conf *g, const char **what);

#endif

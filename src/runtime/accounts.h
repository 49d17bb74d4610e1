/* SPDX-License-Identifier: Apache-2.0 */
/* The users and groups of this machine, by name. Control thread: the system's database may be
 * slow. */
#ifndef GATEHOUSE_RUNTIME_ACCOUNTS_H
#define GATEHOUSE_RUNTIME_ACCOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

/* False when there is none of that name. */
bool account_user(const char *name, uid_t *uid);
bool account_group(const char *name, gid_t *gid);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/accounts.h"

#include "base/memory.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

enum { ENTRY_LEAST = 1024, ENTRY_MOST = 1 << 20 }; /* a group's entry lists its members */

bool account_user(const char *name, uid_t *uid)
{
    struct passwd entry, *found = NULL;
    int error = ERANGE;

    for (size_t room = ENTRY_LEAST; error == ERANGE && room <= ENTRY_MOST; room *= 4) {
        char *text = mem_alloc(room);
        error = getpwnam_r(name, &entry, text, room, &found);
        free(text);
    }
    if (!found) return false;
    *uid = entry.pw_uid;
    return true;
}

bool account_group(const char *name, gid_t *gid)
{
    struct group entry, *found = NULL;
    int error = ERANGE;

    for (size_t room = ENTRY_LEAST; error == ERANGE && room <= ENTRY_MOST; room *= 4) {
        char *text = mem_alloc(room);
        error = getgrnam_r(name, &entry, text, room, &found);
        free(text);
    }
    if (!found) return false;
    *gid = entry.gr_gid;
    return true;
}

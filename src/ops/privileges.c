/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/privileges.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static bool change_root(const char *path)
{
    return chroot(path) == 0 && chdir("/") == 0;
}

/* Whoever we become, the groups of who started us are not theirs. Only root can, and needs to. */
static bool leave_groups(void)
{
    return geteuid() != 0 || setgroups(0, NULL) == 0;
}

static void allow_dumps(void)
{
    struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

    setrlimit(RLIMIT_FSIZE, &all);
    setrlimit(RLIMIT_CORE, &all);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

bool privileges_drop(const struct global_conf *g, const char **what)
{
    *what = "chroot";
    if (g->chroot && !change_root(g->chroot)) return false;
    *what = "group";
    if ((g->uid || g->gid) && !leave_groups()) return false;
    if (g->gid && setgid(g->gid) < 0) return false;
    *what = "user";
    if (g->uid && setuid(g->uid) < 0) return false;
    *what = "insecure-setuid-wanted";
    if (!g->insecure_setuid && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return false;
    if (g->set_dumpable) allow_dumps();
    return true;
}

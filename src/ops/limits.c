/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/limits.h"

#include <errno.h>
#include <sys/resource.h>

enum {
    MAXCONN_MOST = 1000000, /* that is chosen without being asked for */
    MAXCONN_LEAST = 10,
    BYTES_A_CONNECTION = 8192, /* besides two buffers */
    MEMORY_OWN_MB = 64,
};

/* The soft limit. */
static uint64_t descriptors(void)
{
    struct rlimit r;

    return getrlimit(RLIMIT_NOFILE, &r) < 0 ? 1024 : (uint64_t)r.rlim_cur;
}

/* Sets the soft limit, and the hard one where it is lower. */
static bool set_descriptors(uint64_t n)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) < 0) return false;
    r.rlim_cur = (rlim_t)n;
    if (r.rlim_max < r.rlim_cur) r.rlim_max = r.rlim_cur;
    return setrlimit(RLIMIT_NOFILE, &r) == 0;
}

void limits_raise(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) < 0) return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

/* What can't be had is an error, or with `no strict-limits` a warning. Returns whether to go on. */
static bool missed(struct cfg *cfg, const struct global_conf *g, const struct word *at,
                   const char *what, uint64_t n)
{
    const char *fmt = "%s: %llu descriptors can't be had: the limit is %llu (see 'ulimit -Hn')";

    if (g->lenient_limits)
        return !cfg_warning(cfg, at, fmt, what, (unsigned long long)n,
                            (unsigned long long)descriptors());
    return cfg_error(cfg, at, fmt, what, (unsigned long long)n, (unsigned long long)descriptors());
}

static bool apply(struct cfg *cfg, const struct global_conf *g)
{
    if (g->ulimit_n)
        return set_descriptors(g->ulimit_n) || missed(cfg, g, NULL, "ulimit-n", g->ulimit_n);
    if (g->fd_hard_limit && descriptors() > g->fd_hard_limit) set_descriptors(g->fd_hard_limit);
    return true;
}

/* Each client connection may need one to a server. */
static unsigned by_descriptors(unsigned own)
{
    uint64_t n = descriptors();

    if (n < own + 2 * MAXCONN_LEAST) return MAXCONN_LEAST;
    n = (n - own) / 2;
    return n > MAXCONN_MOST ? MAXCONN_MOST : (unsigned)n;
}

static unsigned by_memory(const struct global_conf *g, unsigned megabytes)
{
    uint64_t bytes, n;

    if (megabytes < MEMORY_OWN_MB) return MAXCONN_LEAST;
    bytes = (uint64_t)(megabytes - MEMORY_OWN_MB) << 20;
    n = bytes / (2 * (uint64_t)g->bufsize + BYTES_A_CONNECTION);
    return n > MAXCONN_MOST ? MAXCONN_MOST : n < MAXCONN_LEAST ? MAXCONN_LEAST : (unsigned)n;
}

static void choose_maxconn(struct global_conf *g, unsigned own, unsigned megabytes)
{
    unsigned memory = megabytes ? by_memory(g, megabytes) : MAXCONN_MOST;

    g->maxconn = by_descriptors(own);
    if (memory < g->maxconn) g->maxconn = memory;
}

/* Clients alone have to find room. That each of them has a server connection at the same time is
 * what the limit should allow, but few configurations come to that. */
static bool suffice(struct cfg *cfg, const struct global_conf *g, unsigned own)
{
    uint64_t clients = (uint64_t)g->maxconn + own, wanted = 2 * (uint64_t)g->maxconn + own;
    const struct word *at = g->maxconn_at.at.line ? &g->maxconn_at : NULL;

    if (descriptors() >= wanted) return true;
    if (!g->ulimit_n && !g->fd_hard_limit && set_descriptors(wanted)) return true;
    if (descriptors() < clients) return missed(cfg, g, at, "maxconn", clients);
    return !cfg_notice(cfg, at,
                       "the limit of descriptors, %llu, is less than the %llu that it takes when "
                       "each of %u clients needs a server connection",
                       (unsigned long long)descriptors(), (unsigned long long)wanted, g->maxconn);
}

bool limits_settle(struct cfg *cfg, struct global_conf *g, unsigned own, unsigned memory_mb,
                   bool reload)
{
    if (!reload && !apply(cfg, g)) return false;
    if (g->maxconn) return suffice(cfg, g, own);
    choose_maxconn(g, own, memory_mb);
    return true;
}

int limits_memory(unsigned megabytes)
{
    struct rlimit r = { .rlim_cur = (rlim_t)megabytes << 20, .rlim_max = (rlim_t)megabytes << 20 };

    return setrlimit(RLIMIT_AS, &r) == 0 ? 0 : -errno;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/limits.h"
#include "runtime/pipe.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

enum {
    MAXCONN_MOST = 1000000, /* that is chosen without being asked for */
    MAXCONN_LEAST = 10,
    BYTES_A_CONNECTION = 8192, /* besides two buffers */
    MEMORY_OWN_MB = 64,
    PIPES_PART = 8, /* the pipes that nobody asked for take this part of what is left at the most */
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

/* Where the configuration does not say how many pipes there may be: as many for each thread as a
 * part of what the limit leaves beside others allows. */
static void choose_pipes(struct global_conf *g, uint64_t others)
{
    uint64_t limit = descriptors(), left = limit > others ? limit - others : 0;
    uint64_t n = left / PIPES_PART / 2 / g->nbthread;

    if (!g->maxpipes_given)
        g->maxpipes = g->nbthread * (n < PIPES_A_WORKER ? (unsigned)n : PIPES_A_WORKER);
}

static uint64_t for_pipes(const struct global_conf *g)
{
    return g->no_splice ? 0 : 2 * (uint64_t)g->maxpipes;
}

/* Each client connection may need one to a server. Pipes are not worth all of them: who asks for so
 * many gets what is left. */
static unsigned by_descriptors(const struct global_conf *g, unsigned own)
{
    uint64_t n = descriptors();

    if (n < own + 2 * MAXCONN_LEAST) return MAXCONN_LEAST;
    n -= own;
    if (for_pipes(g) + 2 * MAXCONN_LEAST < n) n -= for_pipes(g);
    n /= 2;
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

    choose_pipes(g, own);
    g->maxconn = by_descriptors(g, own);
    if (memory < g->maxconn) g->maxconn = memory;
}

/* Clients alone have to find room. That each of them has a server connection at the same time is
 * what the limit should allow, but few configurations come to that. */
static bool suffice(struct cfg *cfg, const struct global_conf *g, unsigned own)
{
    uint64_t pipes = g->no_splice        ? 0
                     : g->maxpipes_given ? g->maxpipes
                                         : (uint64_t)PIPES_A_WORKER * g->nbthread;
    uint64_t clients = (uint64_t)g->maxconn + own;
    uint64_t wanted = clients + g->maxconn + 2 * pipes;
    const struct word *at = g->maxconn_at.at.line ? &g->maxconn_at : NULL;

    if (descriptors() >= wanted) return true;
    if (!g->ulimit_n && !g->fd_hard_limit && set_descriptors(wanted)) return true;
    if (descriptors() < clients) return missed(cfg, g, at, "maxconn", clients);
    return !cfg_notice(cfg, at,
                       "the limit of descriptors, %llu, is less than the %llu that it takes when "
                       "each of %u clients needs a server connection, and for pipes",
                       (unsigned long long)descriptors(), (unsigned long long)wanted, g->maxconn);
}

bool limits_settle(struct cfg *cfg, struct global_conf *g, unsigned own, unsigned memory_mb,
                   bool reload)
{
    if (!reload && !apply(cfg, g)) return false;
    if (!g->maxconn) {
        choose_maxconn(g, own, memory_mb);
    } else {
        if (!suffice(cfg, g, own)) return false;
        choose_pipes(g, (uint64_t)own + g->maxconn);
    }
    g->descriptors = descriptors() < UINT_MAX ? (unsigned)descriptors() : UINT_MAX;
    g->own_descriptors = own;
    return true;
}

int limits_memory(unsigned megabytes)
{
    struct rlimit r = { .rlim_cur = (rlim_t)megabytes << 20, .rlim_max = (rlim_t)megabytes << 20 };

    return setrlimit(RLIMIT_AS, &r) == 0 ? 0 : -errno;
}

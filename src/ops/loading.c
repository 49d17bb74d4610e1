/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/loading.h"
#include "runtime/resources.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

/* ---- what was built in, under the names that HAProxy gives it ---- */

static const struct {
    const char *name;
    bool built;
} features[] = {
    { "EPOLL", true },    { "THREAD", true }, { "GETADDRINFO", true }, { "ACCEPT4", true },
    { "OPENSSL", false }, { "PCRE2", false }, { "LUA", false },        { "SYSTEMD", true },
};

bool feature_built(void *user, struct slice name)
{
    (void)user;
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        if (slice_is(name, features[i].name)) return features[i].built;
    return false;
}

void features_print(FILE *out)
{
    fputs("Feature list :", out);
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        fprintf(out, " %c%s", features[i].built ? '+' : '-', features[i].name);
    fputc('\n', out);
}

/* ---- reading files ---- */

static char *read_file(const char *path, size_t *n, void *user)
{
    struct resource_error err = { 0 };
    char *text = resource_read_file(path, *n, n, &err);

    (void)user;
    if (!text) errno = -err.code;
    return text;
}

static char **list_directory(const char *path, void *user)
{
    struct resource_error err;
    size_t n;
    char **names;

    (void)user;
    if (!resource_is_directory(path)) return NULL;
    names = resource_list_directory(path, &n, &err);
    if (!names) return mem_zero(sizeof *names);
    names = mem_resize(names, (n + 1) * sizeof *names);
    names[n] = NULL;
    return names;
}

static const struct cfg_reader reader = { read_file, list_directory, NULL };

/* ---- limits that follow from the machine ---- */

static unsigned usable_cpus(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (unsigned)n : 1;
}

/* Each client connection may need one to a server; some descriptors are the process's own. */
static unsigned maxconn_by_descriptors(void)
{
    enum { OWN = 100, MOST = 1000000 };
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY) return MOST;
    return r.rlim_cur > OWN + 20
               ? (unsigned)((r.rlim_cur - OWN) / 2 > MOST ? MOST : (r.rlim_cur - OWN) / 2)
               : 10;
}

static void settle_globals(const struct command_line *o, struct engine *e, struct snapshot *s)
{
    struct global_conf *g = &s->global;

    if (!g->nbthread) g->nbthread = usable_cpus();
    if (!e->n_workers) e->n_workers = g->nbthread;
    if (o->maxconn) g->maxconn = o->maxconn;
    if (!g->maxconn) g->maxconn = maxconn_by_descriptors();
    if (o->pidfile) g->pidfile = o->pidfile;
    for (unsigned i = 0; i < s->n_proxies; i++)
        if (s->proxies[i]->fe && !s->proxies[i]->fe->maxconn)
            s->proxies[i]->fe->maxconn = o->proxy_maxconn;
}

static unsigned count_binds(const struct snapshot *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct proxy_conf *p = s->proxies[i];
        for (const struct bind_conf *b = p->fe && !p->disabled ? p->fe->binds : NULL; b;
             b = b->next)
            n++;
    }
    return n;
}

/* ---- all of it ---- */

static bool is_defined(void *user, struct slice name)
{
    return environment_get(user, name) != NULL;
}

struct snapshot *load_configuration(const struct command_line *o, const struct vocabulary *words,
                                    struct engine *e, const struct snapshot *before, bool open,
                                    unsigned *listeners)
{
    struct snapshot *s = snapshot_new();
    struct build b = { .engine = e, .snapshot = s, .before = before };
    struct diag diag;
    struct cfg cfg;
    bool ok;

    diag_init(&diag);
    cfg_init(&cfg, &s->arena, &diag, words);
    cfg.user = &b;
    cfg.diagnostics = o->diagnostics;
    cfg.world =
        (struct cond_world){ .defined = is_defined, .feature = feature_built, .user = &cfg.env };
    ok = cfg_parse(&cfg, o->files, o->n_files, &reader);
    if (before) ok &= reload_check(&cfg, before->fixed);
    settle_globals(o, e, s);
    ok &= build_compile(&b, &cfg, open && ok);
    if (ok && o->warnings_are_errors && diag.n_warnings)
        ok = diag_error(&diag, NULL, "a warning is an error here (-dW)");
    *listeners = count_binds(s);
    if (!o->quiet || !ok) diag_print(&diag, stderr);
    cfg_release(&cfg);
    diag_release(&diag);
    if (ok) return s;
    snapshot_free(s);
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/loading.h"
#include "ops/limits.h"
#include "runtime/resources.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what was built in, under the names that HAProxy gives it ---- */

static const struct {
    const char *name;
    bool built;
} features[] = {
    { "ACCEPT4", true },       { "CPU_AFFINITY", false }, { "EPOLL", true },
    { "GETADDRINFO", true },   { "LIBCRYPT", false },     { "LINUX_SPLICE", true },
    { "LINUX_TPROXY", false }, { "LUA", false },          { "NS", false },
    { "OPENSSL", false },      { "PCRE2", true },         { "PCRE2_JIT", true },
    { "PRCTL", true },         { "PROMEX", true },        { "QUIC", false },
    { "SLZ", false },          { "SYSTEMD", true },       { "TFO", true },
    { "THREAD", true },        { "TPROXY", false },       { "ZLIB", false },
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

/* ---- what the machine and the command line add ---- */

static unsigned usable_cpus(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > THREADS_MOST ? THREADS_MOST : (unsigned)n;
}

static void set_variables(const struct command_line *o, struct environment *env)
{
    char host[256];

    if (gethostname(host, sizeof host) < 0) host[0] = '\0';
    host[sizeof host - 1] = '\0';
    environment_set(env, SLICE("HAPROXY_LOCALPEER"),
                    slice_str(o->local_peer ? o->local_peer : host));
    environment_set(env, SLICE("HAPROXY_STARTUP_VERSION"), SLICE(HAPROXY_VERSION));
    if (o->master_worker) environment_set(env, SLICE("HAPROXY_MWORKER"), SLICE("1"));
}

/* The command line wins. */
static void settle_globals(const struct loading *l, struct build *b)
{
    const struct command_line *o = l->options;
    struct snapshot *s = b->snapshot;
    struct global_conf *g = &s->global;

    if (!g->nbthread) g->nbthread = usable_cpus();
    b->n_workers = l->before ? l->engine->n_workers : g->nbthread;
    if (o->maxconn) {
        g->maxconn = o->maxconn;
        g->maxconn_at = (struct word){ 0 };
    }
    if (o->pidfile) g->pidfile = o->pidfile;
    g->no_splice |= o->no_splice;
    g->no_reuseport |= o->no_reuseport;
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

static unsigned count_logs(const struct log_line *lines)
{
    unsigned n = 0;

    for (; lines; lines = lines->next) n++;
    return n;
}

/* Descriptors that are neither connections nor pipes: the standard ones, the control thread's, and
 * some for files and lookups; logs; the Runtime API's sockets and clients; each worker's loop,
 * inbox and listening sockets. */
static unsigned own_descriptors(const struct snapshot *s, unsigned n_workers, unsigned binds)
{
    enum { FIXED = 24, A_WORKER = 3, API_CLIENTS = 10, API_MANY = 1000 };
    const struct global_conf *g = &s->global;
    unsigned n = FIXED + n_workers * (A_WORKER + binds) + count_logs(g->log_lines);

    for (unsigned i = 0; i < s->n_proxies; i++) {
        const struct log_line *lines = s->proxies[i]->log_lines;
        /* Those of the same defaults are the same. */
        if (i == 0 || lines != s->proxies[i - 1]->log_lines) n += count_logs(lines);
    }
    for (const struct api_bind *b = g->api_binds; b; b = b->next) n++;
    if (!g->api_maxconn) return n + API_CLIENTS;
    return n + (g->api_maxconn < API_MANY ? g->api_maxconn : API_MANY);
}

/* ---- messages ---- */

/* The lines of a printed diagnosis that say what is wrong, without what is shown below them. */
static char *error_lines(const struct diag *diag)
{
    char *text = NULL, *kept;
    size_t size = 0, n = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out) return NULL;
    diag_print(diag, out);
    fclose(out);
    kept = mem_alloc(size + 1);
    for (struct slice rest = slice_of(text, size); rest.n;) {
        struct slice line = slice_cut(&rest, '\n');
        if (!memmem(line.p, line.n, ": error: ", 9) && !slice_starts(line, SLICE("error: ")))
            continue;
        n = (size_t)(slice_put(kept + n, line) - kept);
        kept[n++] = '\n';
    }
    kept[n] = '\0';
    free(text);
    return kept;
}

static void report(struct loading *l, const struct build *b, struct diag *diag)
{
    const struct command_line *o = l->options;
    const struct global_conf *g = &b->snapshot->global;

    l->quiet = (o->quiet || g->quiet) && !o->verbose;
    l->n_warnings = diag->n_warnings;
    if ((o->warnings_are_errors || g->zero_warning) && diag->n_warnings && !diag->n_errors)
        diag_error(diag, NULL, "a warning is an error here (%s)",
                   o->warnings_are_errors ? "-dW" : "zero-warning");
    l->n_errors = diag->n_errors;
    if (l->compat) {
        l->compat_print(l);
        return;
    }
    if (!l->quiet || diag->n_errors) diag_print(diag, stderr);
    if (diag->n_errors) l->errors = error_lines(diag);
}

/* ---- all of it ---- */

static bool is_defined(void *user, struct slice name)
{
    return environment_get(user, name) != NULL;
}

static bool build(struct loading *l, struct build *b, struct cfg *cfg)
{
    const struct command_line *o = l->options;
    bool ok = cfg_parse(cfg, o->files, o->n_files, &reader);

    if (l->before && ok) ok = reload_check(cfg, l->before->fixed); /* all of it was read */
    settle_globals(l, b);
    l->n_listeners = count_binds(b->snapshot);
    ok &= build_compile(b, cfg);
    if (!l->open || !ok) return ok;
    return limits_settle(cfg, &b->snapshot->global,
                         own_descriptors(b->snapshot, b->n_workers, l->n_listeners), o->memory_mb,
                         l->before != NULL) &&
           build_open(b, cfg);
}

static void begin(struct cfg *cfg, struct arena *a, struct diag *diag, const struct command_line *o,
                  const struct vocabulary *words)
{
    diag_init(diag);
    cfg_init(cfg, a, diag, words);
    cfg->diagnostics = o->diagnostics;
    cfg->world =
        (struct cond_world){ .defined = is_defined, .feature = feature_built, .user = &cfg->env };
    set_variables(o, &cfg->env);
}

/* Where expressions find what they name. */
static void begin_policy(const struct loading *l, struct build *b, struct cfg *cfg)
{
    b->policy = (struct policy_cfg){ .cfg = cfg,
                                     .rows = l->words->policy,
                                     .objects = &l->engine->objects,
                                     .var_names = l->engine->var_names,
                                     .resolve = build_resolve };
    cfg->policy = &b->policy;
}

struct snapshot *load_configuration(struct loading *l)
{
    const struct command_line *o = l->options;
    struct build b = { .engine = l->engine,
                       .snapshot = snapshot_new(),
                       .before = l->before,
                       .local_peer = o->local_peer,
                       .ignore_unresolved = o->ignore_unresolved,
                       .take_over = o->n_old_pids && !l->before,
                       .address_taken = l->address_taken,
                       .user = l->user };
    struct diag diag;
    struct cfg cfg;
    bool ok;

    begin(&cfg, &b.snapshot->arena, &diag, o, l->words);
    cfg.user = &b;
    cfg.compat = l->compat;
    begin_policy(l, &b, &cfg);
    ok = build(l, &b, &cfg);
    b.snapshot->environment = environment_list(&cfg.env, &b.snapshot->arena);
    report(l, &b, &diag);
    ok &= diag.n_errors == 0;
    b.snapshot->kept = b.policy.kept;
    cfg_release(&cfg);
    diag_release(&diag);
    if (ok) return b.snapshot;
    snapshot_free(b.snapshot);
    return NULL;
}

int evaluate_condition(const struct command_line *o, const struct vocabulary *words)
{
    struct arena a;
    struct diag diag;
    struct cfg cfg;
    enum cond_result r;

    arena_init(&a, NULL);
    begin(&cfg, &a, &diag, o, words);
    r = cfg_condition(&cfg, o->condition);
    diag_print(&diag, stderr);
    cfg_release(&cfg);
    diag_release(&diag);
    arena_release(&a);
    return r == COND_TRUE ? 0 : r == COND_FALSE ? 1 : 2;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of `global` about the process: its limits, its identity, its place in the system. */
#include "gateway/build.h"
#include "runtime/accounts.h"

#include <limits.h>

enum { DESCRIPTORS_MOST = 1 << 30 };

static struct global_conf *global(void *target)
{
    return ((struct section *)target)->data;
}

bool keyword_again(struct cfg *cfg, struct words *w, bool given)
{
    if (!given) return false;
    cfg_notice(cfg, w->name, "'%s' was said before; the first one holds", w->keyword->name);
    w->at = w->n;
    return true;
}

/* ---- for several rows: param is where in the struct it goes ---- */

static void *field(void *target, const struct words *w)
{
    return (char *)global(target) + w->keyword->param;
}

static bool parse_flag(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg;
    *(bool *)field(target, w) = w->prefix == PREFIX_NONE;
    return true;
}

static bool parse_once_text(struct cfg *cfg, void *target, struct words *w)
{
    const char **text = field(target, w);
    return keyword_again(cfg, w, *text != NULL) || words_str(cfg, w, text);
}

static bool parse_once_number(struct cfg *cfg, void *target, struct words *w)
{
    unsigned *n = field(target, w);
    return keyword_again(cfg, w, *n != 0) || words_uint(cfg, w, n, 1, DESCRIPTORS_MOST);
}

/* ---- limits ---- */

static bool parse_maxconn(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);

    if (keyword_again(cfg, w, g->maxconn != 0)) return true;
    if (words_left(w)) g->maxconn_at = *words_peek(w);
    return words_uint(cfg, w, &g->maxconn, 0, INT_MAX);
}

static bool parse_nbthread(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->nbthread, 1, THREADS_MOST);
}

static bool parse_thread_groups(struct cfg *cfg, void *target, struct words *w)
{
    unsigned one;

    (void)target;
    return words_uint(cfg, w, &one, 1, 1);
}

static bool parse_strict_limits(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg;
    global(target)->lenient_limits = w->prefix == PREFIX_NO;
    return true;
}

static bool parse_connection_rate(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);

    return keyword_again(cfg, w, g->connection_rate != 0) ||
           words_uint(cfg, w, &g->connection_rate, 0, INT_MAX);
}

static bool parse_session_rate(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);

    return keyword_again(cfg, w, g->session_rate != 0) ||
           words_uint(cfg, w, &g->session_rate, 0, INT_MAX);
}

static const struct keyword limit_rows[] = {
    { "maxconnrate", IN_GLOBAL, parse_connection_rate, "<number>", "no limit", 0,
      "At most so many connections are accepted in a second, by all threads; more wait in the "
      "system's backlog. `set rate-limit connections global` changes it at run time.",
      0, NULL },
    { "maxsessrate", IN_GLOBAL, parse_session_rate, "<number>", "no limit", 0,
      "The same for sessions: connections that `tcp-request connection` has let pass. `set "
      "rate-limit sessions global` changes it at run time.",
      0, NULL },
    { "maxconn", IN_GLOBAL, parse_maxconn, "<number>", "as the limit of descriptors allows", 0,
      "At most so many client connections at once in the whole process; more wait in the system's "
      "backlog. By default as many as the limit of descriptors (or `fd-hard-limit`) allows when "
      "each of them needs another one to a server: half of what is left of the limit, at most "
      "1,000,000, without two for each of the pipes for splicing (`maxpipes`), and without those "
      "that the process needs for itself: for listening sockets, threads, logs and the Runtime "
      "API. With `-m` also no more than fit into that memory. `-n` on the command line wins.",
      0, NULL },
    { "nbthread", IN_GLOBAL, parse_nbthread, "<1 to 64>", "the CPUs that the process may use",
      KW_NO_RELOAD, "The number of worker threads.", 0, NULL },
    { "thread-groups", IN_GLOBAL, parse_thread_groups, "1", "1", 0, "All threads are one group.", 0,
      NULL },
    { "ulimit-n", IN_GLOBAL, parse_once_number, "<number>", "the hard limit", KW_NO_RELOAD,
      "The process's limit of descriptors. Not needed: the soft limit is raised to the hard one, "
      "and the hard one, where that is allowed, to what `maxconn` needs.",
      offsetof(struct global_conf, ulimit_n), NULL },
    { "fd-hard-limit", IN_GLOBAL, parse_once_number, "<number>", "none", KW_NO_RELOAD,
      "An upper bound to the limit of descriptors: where the system would allow more, `maxconn` is "
      "computed from this.",
      offsetof(struct global_conf, fd_hard_limit), NULL },
    { "strict-limits", IN_GLOBAL, parse_strict_limits, "", "on", KW_NO_PREFIX,
      "Where the limits of the system can't be set as configured, the start (or a reload) fails; "
      "with `no strict-limits` there is a warning. A limit of descriptors that does for the "
      "clients "
      "of `maxconn`, but not for a server connection for each of them, only gets a warning, "
      "unlike in HAProxy.",
      0, NULL },
};

const struct keyword_table limit_keywords = KEYWORD_TABLE("Limits of the process", KEYWORDS,
                                                          limit_rows);

/* ---- who we are ---- */

static bool parse_user(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);
    const struct word *at;

    if (keyword_again(cfg, w, g->has_uid)) return true;
    if (!words_need(cfg, w, &at)) return false;
    g->has_uid = true;
    return account_user(at->text.p, &g->uid) ||
           cfg_error(cfg, at, "there is no user '%s'", at->text.p);
}

static bool parse_group(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);
    const struct word *at;

    if (keyword_again(cfg, w, g->has_gid)) return true;
    if (!words_need(cfg, w, &at)) return false;
    g->has_gid = true;
    return account_group(at->text.p, &g->gid) ||
           cfg_error(cfg, at, "there is no group '%s'", at->text.p);
}

static bool parse_uid(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);

    if (keyword_again(cfg, w, g->has_uid)) return true;
    g->has_uid = true;
    return words_uint(cfg, w, &g->uid, 0, INT_MAX);
}

static bool parse_gid(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);

    if (keyword_again(cfg, w, g->has_gid)) return true;
    g->has_gid = true;
    return words_uint(cfg, w, &g->gid, 0, INT_MAX);
}

static bool parse_node(struct cfg *cfg, void *target, struct words *w)
{
    const struct word *at = words_peek(w);
    struct global_conf *g = global(target);

    if (!words_str(cfg, w, &g->node)) return false;
    for (const char *c = g->node; *c; c++)
        if (!((*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') ||
              strchr("-_.", *c)))
            return cfg_error(cfg, at, "'%c' can't stand in the name of a node", *c);
    return true;
}

bool words_sentence(struct cfg *cfg, struct words *w, const char **out)
{
    size_t n = 0;
    char *text, *at;

    for (unsigned i = w->at; i < w->n; i++) n += w->w[i].text.n + 1;
    if (n < 2) return words_error(cfg, w, "'%s' needs a text", w->keyword->name);
    *out = text = at = arena_alloc(cfg->arena, n);
    for (; w->at < w->n; w->at++) {
        if (at > text) *at++ = ' ';
        at = slice_put(at, w->w[w->at].text);
    }
    *at = '\0';
    return true;
}

static bool parse_description(struct cfg *cfg, void *target, struct words *w)
{
    return words_sentence(cfg, w, &global(target)->description);
}

static bool parse_localpeer(struct cfg *cfg, void *target, struct words *w)
{
    const char *name;

    (void)target;
    if (!words_str(cfg, w, &name)) return false;
    if (build_of(cfg)->local_peer)
        cfg_warning(cfg, w->name, "'localpeer' is ignored: the command line has -L");
    else
        environment_set(&cfg->env, SLICE("HAPROXY_LOCALPEER"), slice_str(name));
    return true;
}

static const struct keyword identity_rows[] = {
    { "user", IN_GLOBAL, parse_user, "<name>", "stay who we are", KW_NO_RELOAD,
      "Becomes this user once sockets are bound, logs are opened and the pid file is written. "
      "Needs to be started as root. What a reload binds or opens later, this user has to be "
      "allowed to: a port below 1024 that is new, for example, takes a restart.",
      0, NULL },
    { "group", IN_GLOBAL, parse_group, "<name>", "stay in ours", KW_NO_RELOAD,
      "Becomes this group, and gives up supplementary groups.", 0, NULL },
    { "uid", IN_GLOBAL, parse_uid, "<number>", NULL, KW_NO_RELOAD,
      "The same as `user`, by number. 0 changes nothing.", 0, NULL },
    { "gid", IN_GLOBAL, parse_gid, "<number>", NULL, KW_NO_RELOAD,
      "The same as `group`, by number. 0 changes nothing.", 0, NULL },
    { "chroot", IN_GLOBAL, parse_once_text, "<directory>", "none", KW_NO_RELOAD,
      "Once everything is bound and opened, this directory becomes the root of the process's file "
      "system. It should be empty, and nobody should be able to write to it. Needs to be started "
      "as root, and `user` besides. A reload looks for the configuration *in* that directory: "
      "where it isn't there, under the same path, the reload fails and says so, and a change takes "
      "a restart. The same holds for whatever the configuration names by path, and for resolving "
      "host names.",
      offsetof(struct global_conf, chroot), NULL },
    { "insecure-setuid-wanted", IN_GLOBAL, parse_flag, "", "off", KW_NO_PREFIX | KW_NO_RELOAD,
      "The process may gain privileges by running a set-user-ID program. Otherwise it locks itself "
      "out from that for good (Linux's `no_new_privs`).",
      offsetof(struct global_conf, insecure_setuid), NULL },
    { "set-dumpable", IN_GLOBAL, parse_flag, "", "off", KW_NO_PREFIX | KW_NO_RELOAD,
      "Tries to have a core file written should the process crash, also after `user` or `group`.",
      offsetof(struct global_conf, set_dumpable), NULL },
    { "node", IN_GLOBAL, parse_node, "<name>", "the host's name", 0,
      "The name of this instance, which `show info` and statistics show: letters, digits, `-`, `_` "
      "and `.`.",
      0, NULL },
    { "description", IN_GLOBAL, parse_description, "<text>", "none", 0,
      "A text about this instance, which `show info` and statistics show.", 0, NULL },
    { "localpeer", IN_GLOBAL, parse_localpeer, "<name>", "the host's name", 0,
      "The name of this instance among peers: the variable `HAPROXY_LOCALPEER`. `-L` on the "
      "command line wins. There are no peers yet.",
      0, NULL },
};

const struct keyword_table identity_keywords = KEYWORD_TABLE("The process and its privileges",
                                                             KEYWORDS, identity_rows);

/* ---- running ---- */

static bool parse_master_worker(struct cfg *cfg, void *target, struct words *w)
{
    (void)target;
    words_take_if(w, "no-exit-on-failure");
    environment_set(&cfg->env, SLICE("HAPROXY_MWORKER"), SLICE("1"));
    return true;
}

static bool parse_hard_stop_after(struct cfg *cfg, void *target, struct words *w)
{
    global(target)->hard_stop_after_given = true;
    return words_time(cfg, w, &global(target)->hard_stop_after_ms, UNIT_MS, 0, INT_MAX);
}

static bool parse_grace(struct cfg *cfg, void *target, struct words *w)
{
    return words_time(cfg, w, &global(target)->grace_ms, UNIT_MS, 0, INT_MAX);
}

static bool parse_nothing(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg, (void)target, (void)w;
    return true;
}

static const struct keyword process_rows[] = {
    { "daemon", IN_GLOBAL, parse_flag, "", "off", KW_NO_RELOAD,
      "Goes into the background, as `-D` does: the program that was started ends when the one in "
      "the background is ready, or has failed, with its status. `-db`, `-d` and `-Ws` on the "
      "command line win.",
      offsetof(struct global_conf, daemon), NULL },
    { "master-worker", IN_GLOBAL, parse_master_worker, "[no-exit-on-failure]", "off", 0,
      "Accepted for HAProxy's users, as `-W`: one process is master and worker, takes the signals "
      "of a master, and reloads without a second process. Sets `HAPROXY_MWORKER` to 1.",
      0, NULL },
    { "pidfile", IN_GLOBAL, parse_once_text, "<path>", "none", KW_NO_RELOAD,
      "The process's number is written to this file, and the file removed at the end. `-p` on the "
      "command line wins.",
      offsetof(struct global_conf, pidfile), NULL },
    { "hard-stop-after", IN_GLOBAL, parse_hard_stop_after, "<time>", "30s for SIGTERM, else none",
      0,
      "How long a stop waits for connections to end (behind `grace`); then they are closed. 0: as "
      "long as it takes.",
      0, NULL },
    { "grace", IN_GLOBAL, parse_grace, "<time>", "0", 0,
      "How long a stop (SIGUSR1, and here SIGTERM too) goes on accepting connections before it "
      "begins, so that whoever watches us can take notice.",
      0, NULL },
    { "quiet", IN_GLOBAL, parse_flag, "", "off", 0,
      "Only errors are printed at start, as with `-q`; no warnings or notices.",
      offsetof(struct global_conf, quiet), NULL },
    { "zero-warning", IN_GLOBAL, parse_flag, "", "off", 0,
      "A warning about the configuration is an error, as with `-dW`.",
      offsetof(struct global_conf, zero_warning), NULL },
    { "expose-experimental-directives", IN_GLOBAL, parse_nothing, "", NULL, 0,
      "Allows what is experimental; at present nothing is.", 0, NULL },
};

const struct keyword_table process_keywords = KEYWORD_TABLE("Running", KEYWORDS, process_rows);

/* ---- environment variables ---- */

static bool parse_setenv(struct cfg *cfg, void *target, struct words *w)
{
    const struct word *name, *value;

    (void)target;
    if (!words_need(cfg, w, &name) || !words_need(cfg, w, &value)) return false;
    if (name->text.n == 0 || slice_find(name->text, '=') >= 0)
        return cfg_error(cfg, name, "'%s' is no name for a variable", name->text.p);
    if (!w->keyword->param || !environment_get(&cfg->env, name->text))
        environment_set(&cfg->env, name->text, value->text);
    return true;
}

static bool parse_unsetenv(struct cfg *cfg, void *target, struct words *w)
{
    const struct word *name;

    (void)target;
    if (!words_left(w)) return words_need(cfg, w, &name);
    while ((name = words_next(w)) != NULL) environment_unset(&cfg->env, name->text);
    return true;
}

static bool parse_resetenv(struct cfg *cfg, void *target, struct words *w)
{
    unsigned n = words_left(w);
    struct slice *keep = arena_alloc(cfg->arena, (n + 1) * sizeof *keep);

    (void)target;
    for (unsigned i = 0; i < n; i++) keep[i] = words_next(w)->text;
    environment_reset(&cfg->env, keep, n);
    return true;
}

static const struct keyword environment_rows[] = {
    { "setenv", IN_GLOBAL, parse_setenv, "<name> <value>", NULL, 0,
      "Sets an environment variable for the lines that follow, in place of the value that it has.",
      false, NULL },
    { "presetenv", IN_GLOBAL, parse_setenv, "<name> <value>", NULL, 0,
      "Sets an environment variable, unless there is one of that name.", true, NULL },
    { "unsetenv", IN_GLOBAL, parse_unsetenv, "<name>…", NULL, 0, "Removes these variables.", 0,
      NULL },
    { "resetenv", IN_GLOBAL, parse_resetenv, "[<name>…]", NULL, 0,
      "Removes all variables but these.", 0, NULL },
};

const struct keyword_table environment_keywords = KEYWORD_TABLE("Environment variables", KEYWORDS,
                                                                environment_rows);

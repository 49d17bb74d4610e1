/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/command_line.h"
#include "base/memory.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>

/* The arguments that are still to be read. */
struct arguments {
    char **at;
    const char *flag;
};

struct flag {
    const char *name, *args, *doc;
    bool (*parse)(struct command_line *, struct arguments *);
    int param;
};

static bool needs(const struct arguments *a, const char *what)
{
    fprintf(stderr, "gatehouse: %s needs %s\n", a->flag, what);
    return false;
}

static bool take_text(struct arguments *a, const char **out)
{
    if (!*a->at) return needs(a, "an argument");
    *out = *a->at++;
    return true;
}

static bool take_number(struct arguments *a, unsigned *out)
{
    uint64_t v;

    if (!*a->at || !slice_to_u64(slice_str(*a->at), &v) || v > 0x7fffffff)
        return needs(a, "a whole number");
    *out = (unsigned)v;
    a->at++;
    return true;
}

static bool add_file(struct command_line *o, struct arguments *a)
{
    do {
        if (!*a->at) return needs(a, "a file or a directory");
        o->files = mem_resize(o->files, (o->n_files + 1) * sizeof *o->files);
        o->files[o->n_files++] = *a->at++;
    } while (*a->at && **a->at != '-' && strcmp(a->flag, "--") == 0);
    return true;
}

static const struct flag *find_flag(const char *name);
static bool parse_file(struct command_line *o, struct arguments *a)
{
    return add_file(o, a);
}

static bool parse_rest_files(struct command_line *o, struct arguments *a)
{
    while (*a->at)
        if (!add_file(o, a)) return false;
    return true;
}

static bool parse_action(struct command_line *o, struct arguments *a)
{
    o->action = (enum command_line_action)find_flag(a->flag)->param;
    return true;
}

static bool parse_condition(struct command_line *o, struct arguments *a)
{
    o->action = ACTION_CONDITION;
    return take_text(a, &o->condition);
}

static bool parse_switch(struct command_line *o, struct arguments *a)
{
    *(bool *)((char *)o + find_flag(a->flag)->param) = true;
    return true;
}

static bool parse_text(struct command_line *o, struct arguments *a)
{
    return take_text(a, (const char **)((char *)o + find_flag(a->flag)->param));
}

static bool parse_number(struct command_line *o, struct arguments *a)
{
    return take_number(a, (unsigned *)((char *)o + find_flag(a->flag)->param));
}

static bool parse_nothing(struct command_line *o, struct arguments *a)
{
    (void)o, (void)a;
    return true;
}

static bool parse_old(struct command_line *o, struct arguments *a)
{
    uint64_t pid;

    o->old_terminate = find_flag(a->flag)->param;
    while (*a->at && slice_to_u64(slice_str(*a->at), &pid) && pid > 1 && pid < 0x7fffffff) {
        o->old_pids = mem_resize(o->old_pids, (o->n_old_pids + 1) * sizeof *o->old_pids);
        o->old_pids[o->n_old_pids++] = (int)pid;
        a->at++;
    }
    return true;
}

static bool refuse(struct command_line *o, struct arguments *a)
{
    (void)o;
    fprintf(stderr, "gatehouse: HAProxy's flag '%s' is not supported by Gatehouse yet\n", a->flag);
    return false;
}

#define AT(field) (int)offsetof(struct command_line, field)

static const struct flag flags[] = {
    { "-f", "FILE|DIR", "read this file, or the *.cfg of this directory (may be repeated)",
      parse_file, 0 },
    { "-c", "", "check the configuration and exit: 0 when it is valid", parse_action,
      ACTION_CHECK },
    { "-v", "", "print the version", parse_action, ACTION_VERSION },
    { "-vv", "", "print the version and what was built in", parse_action, ACTION_BUILT },
    { "-h", "", "print this", parse_action, ACTION_HELP },
    { "--help", "", "print this", parse_action, ACTION_HELP },
    { "-cc", "CONDITION", "evaluate a condition of the configuration language and exit",
      parse_condition, 0 },
    { "-V", "", "say more", parse_switch, AT(verbose) },
    { "-q", "", "say nothing but errors", parse_switch, AT(quiet) },
    { "-D", "", "go into the background", parse_switch, AT(daemon) },
    { "-d", "", "stay in the foreground and say more", parse_switch, AT(debug) },
    { "-db", "", "stay in the foreground", parse_switch, AT(foreground) },
    { "-W", "", "master-worker: one process does both here", parse_nothing, 0 },
    { "-Ws", "", "the same, and tell systemd when ready", parse_switch, AT(notify_ready) },
    { "-p", "FILE", "write the process's number to this file", parse_text, AT(pidfile) },
    { "-C", "DIR", "change to this directory first", parse_text, AT(directory) },
    { "-L", "NAME", "the local peer's name", parse_text, AT(local_peer) },
    { "-n", "NUMBER", "the process's maxconn", parse_number, AT(maxconn) },
    { "-N", "NUMBER", "the frontends' maxconn where they have none", parse_number,
      AT(proxy_maxconn) },
    { "-m", "MEGABYTES", "limit the memory", parse_number, AT(memory_mb) },
    { "-dW", "", "a warning is an error", parse_switch, AT(warnings_are_errors) },
    { "-dD", "", "print what .diag says", parse_switch, AT(diagnostics) },
    { "-dr", "", "accepted: servers whose names can't be resolved start without an address",
      parse_switch, AT(ignore_unresolved) },
    { "-dV", "", "accepted: verify none on servers' certificates by default", parse_nothing, 0 },
    { "-dM", "", "nothing (kept for HAProxy's users)", parse_nothing, 0 },
    { "-de", "", "nothing (kept for HAProxy's users)", parse_nothing, 0 },
    { "-dp", "", "nothing (kept for HAProxy's users)", parse_nothing, 0 },
    { "-dS", "", "do not use splice", parse_nothing, 0 },
    { "-dG", "", "nothing (kept for HAProxy's users)", parse_nothing, 0 },
    { "-dR", "", "do not use SO_REUSEPORT", parse_nothing, 0 },
    { "-dL", "", "accepted", parse_nothing, 0 },
    { "-sf", "[PID…]", "ask these processes to finish once we are ready", parse_old, false },
    { "-st", "[PID…]", "ask these processes to end once we are ready", parse_old, true },
    { "-S", "…", "not supported yet", refuse, 0 },
    { "-x", "…", "not supported yet", refuse, 0 },
    { "--dump-keywords", "", "print every keyword, a line each", parse_action,
      ACTION_DUMP_KEYWORDS },
    { "--dump-absent", "", "print HAProxy 2.6's names that are refused by name", parse_action,
      ACTION_DUMP_ABSENT },
    { "--dump-manual", "", "print the manual's reference part", parse_action, ACTION_DUMP_MANUAL },
    { "--", "FILE…", "configuration files follow", parse_rest_files, 0 },
};

static const struct flag *find_flag(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (strcmp(flags[i].name, name) == 0) return &flags[i];
    return NULL;
}

bool command_line_parse(struct command_line *o, int argc, char **argv)
{
    struct arguments a = { .at = argv + 1 };

    (void)argc;
    *o = (struct command_line){ .action = ACTION_RUN };
    while (*a.at) {
        const struct flag *f = find_flag(*a.at);

        /* -dK and what may follow it only choose what HAProxy dumps */
        if (!f && strncmp(*a.at, "-dK", 3) == 0) {
            o->action = ACTION_DUMP_KEYWORDS;
            a.at++;
            continue;
        }
        if (!f) {
            fprintf(stderr, "gatehouse: unknown argument '%s'; -h lists what there is\n", *a.at);
            return false;
        }
        a.flag = *a.at++;
        if (!f->parse(o, &a)) return false;
    }
    return true;
}

void command_line_release(struct command_line *o)
{
    free(o->files);
    free(o->old_pids);
}

void command_line_usage(const char *program)
{
    printf("Usage: %s -f FILE|DIR [FLAG…]\n\n", program);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", flags[i].name, flags[i].args);
        printf("  %-20s %s\n", left, flags[i].doc);
    }
}

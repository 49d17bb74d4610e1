/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/command_line.h"
#include "base/memory.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>

struct flag;
struct command;

/* The arguments that are still to be read, and the one that is being read. */
struct arguments {
    char **at;
    const char *flag;
    const struct flag *row;
    const struct command *command; /* NULL: none */
};

/* A flag without args is left out of the usage. */
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

static bool take_into(struct arguments *a, const char ***list, unsigned *n)
{
    const char *text;

    if (!take_text(a, &text)) return false;
    *list = mem_resize(*list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = text;
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
    if (!*a->at) return needs(a, "a file or a directory");
    return take_into(a, &o->files, &o->n_files);
}

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
    o->action = (enum command_line_action)a->row->param;
    return true;
}

static bool parse_condition(struct command_line *o, struct arguments *a)
{
    o->action = ACTION_CONDITION;
    return take_text(a, &o->condition);
}

static bool parse_switch(struct command_line *o, struct arguments *a)
{
    *(bool *)((char *)o + a->row->param) = true;
    return true;
}

static bool parse_verbose(struct command_line *o, struct arguments *a)
{
    o->verbose = a->row->param;
    o->quiet = !o->verbose;
    return true;
}

static bool parse_master_worker(struct command_line *o, struct arguments *a)
{
    o->master_worker = true;
    o->notify_ready |= a->row->param;
    return true;
}

static bool parse_text(struct command_line *o, struct arguments *a)
{
    return take_text(a, (const char **)((char *)o + a->row->param));
}

static bool parse_number(struct command_line *o, struct arguments *a)
{
    return take_number(a, (unsigned *)((char *)o + a->row->param));
}

static bool parse_field(struct command_line *o, struct arguments *a)
{
    return take_into(a, &o->explain.fields, &o->explain.n_fields);
}

static bool parse_nothing(struct command_line *o, struct arguments *a)
{
    (void)o, (void)a;
    return true;
}

/* What follows up to the next flag. */
static bool parse_old(struct command_line *o, struct arguments *a)
{
    uint64_t pid;

    o->old_terminate = a->row->param;
    for (; *a->at && **a->at != '-'; a->at++) {
        if (!slice_to_u64(slice_str(*a->at), &pid) || pid < 2 || pid > 0x7fffffff)
            return needs(a, "numbers of processes");
        o->old_pids = mem_resize(o->old_pids, (o->n_old_pids + 1) * sizeof *o->old_pids);
        o->old_pids[o->n_old_pids++] = (int)pid;
    }
    return true;
}

static bool parse_classes(struct command_line *o, struct arguments *a)
{
    (void)a;
    o->dump_classes = "help";
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
    { "--", "FILE|DIR…", "read all of these", parse_rest_files, 0 },
    { "-c", "", "check the configuration and exit: 0 when it is valid", parse_action,
      ACTION_CHECK },
    { "-cc", "CONDITION", "evaluate a condition as of '.if' and exit: 0 true, 1 false, 2 error",
      parse_condition, 0 },
    { "-v", "", "print the version and exit", parse_action, ACTION_VERSION },
    { "-vv", "", "print the version and what was built in, and exit", parse_action, ACTION_BUILT },
    { "-h", "", "print this and exit (also --help)", parse_action, ACTION_HELP },
    { "--help", NULL, NULL, parse_action, ACTION_HELP },
    { "-V", "", "say more (takes -q back)", parse_verbose, true },
    { "-q", "", "say nothing but errors", parse_verbose, false },
    { "-D", "", "go into the background; return when ready", parse_switch, AT(daemon) },
    { "-db", "", "stay in the foreground", parse_switch, AT(foreground) },
    { "-d", "", "stay in the foreground and say more", parse_switch, AT(debug) },
    { "-W", "", "master-worker mode: one process is both", parse_master_worker, false },
    { "-Ws", "", "the same, and tell systemd how we are", parse_master_worker, true },
    { "-p", "FILE", "write the process's number to this file", parse_text, AT(pidfile) },
    { "-C", "DIR", "change to this directory first", parse_text, AT(directory) },
    { "-L", "NAME", "the local peer's name, HAPROXY_LOCALPEER (the host's)", parse_text,
      AT(local_peer) },
    { "-n", "NUMBER", "the process's maxconn", parse_number, AT(maxconn) },
    { "-N", "NUMBER", "the maxconn of frontends that have none", parse_number, AT(proxy_maxconn) },
    { "-m", "MEGABYTES", "limit the memory", parse_number, AT(memory_mb) },
    { "-sf", "[PID…]", "ask these processes to finish (SIGUSR1) once we have taken over", parse_old,
      false },
    { "-st", "[PID…]", "ask these processes to end (SIGTERM) once we have taken over", parse_old,
      true },
    { "-dW", "", "a warning is an error", parse_switch, AT(warnings_are_errors) },
    { "-dD", "", "print what .diag says", parse_switch, AT(diagnostics) },
    { "-dr", "", "servers whose names can't be resolved start without an address", parse_switch,
      AT(ignore_unresolved) },
    { "-dR", "", "do not use SO_REUSEPORT", parse_switch, AT(no_reuseport) },
    { "-dS", "", "do not use splice", parse_switch, AT(no_splice) },
    { "-dL", "", "print the shared libraries in use", parse_switch, AT(dump_libraries) },
    { "-dK", "[CLASS[,…]]", "print the keywords of these classes (-dKhelp lists them)",
      parse_classes, 0 },
    { "-dM", "[…]", "nothing: for HAProxy's users", parse_nothing, 0 },
    { "-dV", "", "do not verify servers' certificates (there is no TLS yet)", parse_nothing, 0 },
    { "-dG", "", "nothing: names are always resolved by getaddrinfo", parse_nothing, 0 },
    { "-de", "", "nothing: epoll is always used", parse_nothing, 0 },
    { "-dp", "", "nothing: epoll is always used", parse_nothing, 0 },
    { "-S", NULL, NULL, refuse, 0 },
    { "-x", NULL, NULL, refuse, 0 },
    { "--dump-keywords", "", "print every keyword, a line each", parse_action,
      ACTION_DUMP_KEYWORDS },
    { "--dump-absent", "", "print HAProxy 2.6's names that are refused by name", parse_action,
      ACTION_DUMP_ABSENT },
    { "--dump-manual", "", "print the manual's reference part", parse_action, ACTION_DUMP_MANUAL },
};

/* ---- commands: a first word that is no flag ---- */

static const struct flag check_flags[] = {
    { "--compat", "",
      "list what the files use of HAProxy's that Gatehouse does not have; exit: 0 "
      "nothing, 1 something",
      parse_action, ACTION_COMPAT },
};

static const struct flag explain_flags[] = {
    { "-X", "METHOD", "the request's method (GET; POST with -d)", parse_text, AT(explain.method) },
    { "-H", "FIELD", "a header field, 'name: value' (may be repeated)", parse_field, 0 },
    { "-d", "BODY", "the request's body", parse_text, AT(explain.body) },
    { "--src", "ADDRESS", "from where it comes (127.0.0.1)", parse_text, AT(explain.src) },
    { "--frontend", "NAME", "where it comes in, if the URL's port does not say", parse_text,
      AT(explain.frontend) },
    { "--json", "", "for programs", parse_switch, AT(explain.json) },
};

static bool take_url(struct command_line *o, struct arguments *a)
{
    if (!o->explain.url) return take_text(a, &o->explain.url);
    fprintf(stderr, "gatehouse explain: one URL, not '%s' as well\n", *a->at);
    return false;
}

/* Their flags come before those that all share. */
static const struct command {
    const char *name, *args, *doc;
    enum command_line_action action;
    const struct flag *flags;
    size_t n_flags;
    bool (*other)(struct command_line *, struct arguments *); /* a word that is no flag */
} commands[] = {
    { "check", "[FLAG…] FILE|DIR…", "check these files, as -c does", ACTION_CHECK, check_flags,
      ARRAY_LEN(check_flags), add_file },
    { "explain", "-f FILE [FLAG…] URL", "tell what the rules would make of a request",
      ACTION_EXPLAIN, explain_flags, ARRAY_LEN(explain_flags), take_url },
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static const struct flag *find_in(const struct flag *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0) return &rows[i];
    return NULL;
}

static const struct flag *find_flag(const struct command *c, const char *name)
{
    const struct flag *own = c ? find_in(c->flags, c->n_flags, name) : NULL;

    return own ? own : find_in(flags, ARRAY_LEN(flags), name);
}

/* Flags with something attached to them. */
static bool parse_attached(struct command_line *o, const char *arg)
{
    if (strncmp(arg, "-dK", 3) == 0 && arg[3])
        o->dump_classes = arg + 3;
    else if (strncmp(arg, "-dM", 3) != 0)
        return false;
    return true;
}

static bool unknown(const char *arg)
{
    fprintf(stderr, "gatehouse: unknown argument '%s'\n\n", arg);
    command_line_usage(stderr);
    return false;
}

bool command_line_parse(struct command_line *o, int argc, char **argv)
{
    struct arguments a = { .at = argc ? argv + 1 : argv };

    *o = (struct command_line){ .action = ACTION_RUN };
    if (*a.at) a.command = find_command(*a.at);
    if (a.command) {
        o->action = a.command->action;
        a.at++;
    }
    while (*a.at) {
        const struct flag *f = find_flag(a.command, *a.at);

        a.flag = *a.at;
        a.row = f;
        if (!f && a.command && **a.at != '-') {
            if (!a.command->other(o, &a)) return false;
            continue;
        }
        if (!f && !parse_attached(o, a.flag)) return unknown(a.flag);
        a.at++;
        if (f && !f->parse(o, &a)) return false;
    }
    return true;
}

void command_line_release(struct command_line *o)
{
    free(o->files);
    free(o->old_pids);
    free(o->explain.fields);
}

/* Columns of a text in UTF-8. */
static int width(const char *text)
{
    int n = 0;

    for (; *text; text++) n += (*text & 0xc0) != 0x80;
    return n;
}

static void print_flags(FILE *out, const struct flag *rows, size_t n)
{
    enum { LEFT = 20 };

    for (size_t i = 0; i < n; i++) {
        const struct flag *f = &rows[i];
        const char *glue = f->args && *f->args && *f->args != '[' ? " " : "";

        if (!f->args) continue;
        fprintf(out, "  %s%s%s%*s %s\n", f->name, glue, f->args,
                LEFT - width(f->name) - width(glue) - width(f->args), "", f->doc);
    }
}

void command_line_usage(FILE *out)
{
    fputs("Usage: gatehouse -f FILE|DIR [FLAG…]\n\n", out);
    print_flags(out, flags, ARRAY_LEN(flags));
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        const struct command *c = &commands[i];

        fprintf(out, "\n       gatehouse %s %s: %s\n\n", c->name, c->args, c->doc);
        print_flags(out, c->flags, c->n_flags);
    }
}

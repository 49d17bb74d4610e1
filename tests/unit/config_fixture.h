/* SPDX-License-Identifier: Apache-2.0 */
/* A small vocabulary whose parse functions note what they are given, and a way to run texts and
 * files through it. For tests of the configuration language. */
#ifndef GATEHOUSE_TESTS_CONFIG_FIXTURE_H
#define GATEHOUSE_TESTS_CONFIG_FIXTURE_H

#include "base/memory.h"
#include "lang/section.h"

#include <errno.h>
#include <stdlib.h>

/* ---- a vocabulary ---- */

/* What the sections of these tests become: notes of what happened, in cfg->user. */
struct notes {
    char text[4096];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static inline void note(struct cfg *cfg, const char *fmt, ...)
{
    struct notes *notes = cfg->user;
    va_list ap;

    va_start(ap, fmt);
    notes->n += (size_t)vsnprintf(notes->text + notes->n, sizeof(notes->text) - notes->n, fmt, ap);
    va_end(ap);
    assert_true(notes->n < sizeof(notes->text));
}

/* Takes all words. */
static inline bool parse_words(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;
    const struct word *word;

    note(cfg, "%s/%s: %s%s", s->kind->name, s->name,
         w->prefix == PREFIX_NO        ? "no "
         : w->prefix == PREFIX_DEFAULT ? "default "
                                       : "",
         w->keyword->name);
    while ((word = words_next(w))) note(cfg, " <%s>", word->text.p);
    note(cfg, "\n");
    return true;
}

static inline bool parse_number(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;
    unsigned v;

    if (!words_uint(cfg, w, &v, 1, 1000)) return false;
    note(cfg, "%s/%s: %s %u\n", s->kind->name, s->name, w->keyword->name, v);
    return true;
}

static inline bool parse_time(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;
    unsigned ms;

    if (!words_time(cfg, w, &ms, UNIT_MS, 0, TIME_MS_MAX)) return false;
    note(cfg, "%s/%s: %s %u\n", s->kind->name, s->name, w->keyword->name, ms);
    return true;
}

static inline bool parse_mode(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const MODES[] = { "tcp", "http", NULL };
    const struct section *s = target;
    unsigned mode;

    if (!words_enum(cfg, w, &mode, MODES)) return false;
    note(cfg, "%s/%s: mode %u\n", s->kind->name, s->name, mode);
    return true;
}

static inline bool parse_option(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;

    note(cfg, "%s/%s: %s%s\n", s->kind->name, s->name, w->prefix == PREFIX_NO ? "no " : "",
         w->keyword->name);
    return true;
}

static inline bool parse_server(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;
    const char *name, *address;

    if (!words_str(cfg, w, &name) || !words_str(cfg, w, &address)) return false;
    note(cfg, "%s/%s: server %s %s", s->kind->name, s->name, name, address);
    if (!options_parse(cfg, "server option", target, w)) return false;
    note(cfg, "\n");
    return true;
}

static inline bool option_flag(struct cfg *cfg, void *target, struct words *w)
{
    (void)target;
    note(cfg, " +%s", w->keyword->name);
    return true;
}

static inline bool option_number(struct cfg *cfg, void *target, struct words *w)
{
    unsigned v;

    (void)target;
    if (!words_uint(cfg, w, &v, 0, 256)) return false;
    note(cfg, " %s=%u", w->keyword->name, v);
    return true;
}

static inline bool parse_setenv(struct cfg *cfg, void *target, struct words *w)
{
    struct slice name, value;

    (void)target;
    if (!words_text(cfg, w, &name) || !words_text(cfg, w, &value)) return false;
    environment_set(&cfg->env, name, value);
    return true;
}

static const struct keyword GLOBAL_ROWS[] = {
    { "maxconn", IN_GLOBAL, parse_number, "<number>", "100", 0, "Connections.", 0, NULL },
    { "nbthread", IN_GLOBAL, parse_number, "<number>", NULL, KW_NO_RELOAD, "Threads.", 0, NULL },
    { "setenv", IN_GLOBAL, parse_setenv, "<name> <value>", NULL, 0, "Sets.", 0, NULL },
    { "stats socket", IN_GLOBAL, parse_words, "<path>", NULL, KW_NO_RELOAD, "API.", 0, NULL },
    { "log", IN_GLOBAL | IN_PROXY, parse_words, "<address>", NULL, KW_NO_PREFIX, "Logs.", 0, NULL },
};

static const struct keyword PROXY_ROWS[] = {
    { "maxconn", IN_DEFAULTS | IN_FRONTEND, parse_number, "<number>", NULL, 0, "Own.", 0, NULL },
    { "mode", IN_PROXY, parse_mode, "http|tcp", "tcp", 0, "Mode.", 0, NULL },
    { "bind", IN_FRONTEND, parse_words, "<address>", NULL, KW_ELSEWHERE_WARN, "Binds.", 0, NULL },
    { "server", IN_BACKEND, parse_server, "<name> <address>", NULL, 0, "Server.", 0, NULL },
    { "timeout client", IN_DEFAULTS | IN_FRONTEND, parse_time, "<time>", NULL, 0, "T.", 0, NULL },
    { "timeout connect", IN_DEFAULTS | IN_BACKEND, parse_time, "<time>", NULL, 0, "T.", 0, NULL },
    { "option redispatch", IN_DEFAULTS | IN_BACKEND, parse_option, "", NULL,
      KW_NO_PREFIX | KW_DEFAULT_PREFIX, "R.", 0, NULL },
    { "option httplog", IN_DEFAULTS | IN_FRONTEND, parse_option, "", NULL, 0, "L.", 0, NULL },
    { "stats http-request", IN_LISTEN, parse_words, "<action>", NULL, 0, "S.", 0, NULL },
    { "stats", IN_LISTEN, parse_words, "", NULL, 0, "S.", 0, NULL },
};

static const struct keyword SERVER_ROWS[] = {
    { "check", 0, option_flag, NULL, NULL, 0, "Checks.", 0, NULL },
    { "weight", 0, option_number, "<number>", "1", 0, "Weighs.", 0, NULL },
    { "backup", 0, option_flag, NULL, NULL, 0, "Spare.", 0, NULL },
};

static const struct keyword_table GLOBAL_TABLE = KEYWORD_TABLE("Global", KEYWORDS, GLOBAL_ROWS);
static const struct keyword_table PROXY_TABLE = KEYWORD_TABLE("Proxies", KEYWORDS, PROXY_ROWS);
static const struct keyword_table SERVER_TABLE = KEYWORD_TABLE("Servers", "server option",
                                                               SERVER_ROWS);

static inline bool begin(struct cfg *cfg, struct section *s, struct words *w)
{
    note(cfg, "{%s/%s", s->kind->name, s->name);
    if (s->from) note(cfg, " from %s", s->from->name);
    note(cfg, "\n");
    if (words_take_if(w, "refuse")) return words_error(cfg, w, "refused");
    s->data = s;
    return true;
}

static inline bool end(struct cfg *cfg, struct section *s)
{
    note(cfg, "%s/%s}\n", s->kind->name, s->name);
    return true;
}

static const struct section_kind GLOBAL = { "global",     IN_GLOBAL,     SECTION_UNNAMED,
                                            SECTION_ONCE, begin,         end,
                                            "",           "The process." };
static const struct section_kind DEFAULTS = { "defaults",       IN_DEFAULTS, SECTION_MAY_NAME,
                                              SECTION_DEFAULTS, begin,       end,
                                              "[<name>]",       "D." };
static const struct section_kind FRONTEND = { "frontend", IN_FRONTEND, SECTION_NAMED, SECTION_FROM,
                                              begin,      end,         "<name>",      "F." };
static const struct section_kind BACKEND = { "backend", IN_BACKEND, SECTION_NAMED, SECTION_FROM,
                                             begin,     end,        "<name>",      "B." };
static const struct section_kind LISTEN = { "listen", IN_LISTEN, SECTION_NAMED, SECTION_FROM,
                                            begin,    end,       "<name>",      "L." };

static const struct keyword_table *const TABLES[] = { &GLOBAL_TABLE, &PROXY_TABLE, &SERVER_TABLE,
                                                      NULL };
static const struct section_kind *const KINDS[] = { &GLOBAL,  &DEFAULTS, &FRONTEND,
                                                    &BACKEND, &LISTEN,   NULL };

/* ---- running it ---- */

struct run {
    struct arena arena;
    struct diag diag;
    struct vocabulary vocabulary;
    struct cfg cfg;
    struct notes notes;
    char messages[16384];
    bool valid;
};

struct file {
    const char *path, *text;
};

static inline char *read_file(const char *path, size_t *n, void *user)
{
    for (const struct file *f = user; f->path; f++) {
        if (strcmp(f->path, path) != 0) continue;
        *n = strlen(f->text);
        return mem_strndup(f->text, *n);
    }
    errno = ENOENT;
    return NULL;
}

/* "etc" is a directory of what begins with "etc/"; "empty" has nothing. */
static inline char **list_dir(const char *path, void *user)
{
    char **names;
    unsigned n = 0;

    if (strcmp(path, "etc") != 0 && strcmp(path, "empty") != 0) return NULL;
    names = mem_zero(16 * sizeof(char *));
    for (const struct file *f = user; f->path; f++)
        if (strncmp(f->path, path, strlen(path)) == 0)
            names[n++] = mem_strdup(f->path + strlen(path) + 1);
    return names;
}

static inline bool has_feature(void *user, struct slice name)
{
    (void)user;
    return slice_is(name, "OPENSSL");
}

static inline void run_start(struct run *r)
{
    memset(r, 0, sizeof(*r));
    arena_init(&r->arena, NULL);
    diag_init(&r->diag);
    vocabulary_init(&r->vocabulary, TABLES, KINDS);
    cfg_init(&r->cfg, &r->arena, &r->diag, &r->vocabulary);
    r->cfg.user = &r->notes;
    r->cfg.world.feature = has_feature;
}

static inline void run_messages(struct run *r)
{
    FILE *out = fmemopen(r->messages, sizeof(r->messages), "w");

    diag_print(&r->diag, out);
    fclose(out);
}

static inline void run_files(struct run *r, const struct file *files, const char *const *paths,
                             unsigned n)
{
    const struct cfg_reader reader = { read_file, list_dir, (void *)files };

    run_start(r);
    r->valid = cfg_parse(&r->cfg, paths, n, &reader);
    assert_int_equal(r->valid, r->diag.n_errors == 0);
    run_messages(r);
}

static inline void run_text(struct run *r, const char *text)
{
    const struct file files[] = { { "t.cfg", text }, { NULL, NULL } };
    const char *path = "t.cfg";

    run_files(r, files, &path, 1);
}

static inline void run_end(struct run *r)
{
    cfg_release(&r->cfg);
    vocabulary_release(&r->vocabulary);
    diag_release(&r->diag);
    arena_release(&r->arena);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Keyword tables, sections and the driver, with a small vocabulary of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "lang/absent.h"
#include "lang/manual.h"
#include "lang/reload.h"
#include "lang/section.h"

#include <errno.h>
#include <stdlib.h>

/* ---- a vocabulary ---- */

/* What the sections of these tests become: notes of what happened, in cfg->user. */
struct notes {
    char text[4096];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void note(struct cfg *cfg, const char *fmt, ...)
{
    struct notes *notes = cfg->user;
    va_list ap;

    va_start(ap, fmt);
    notes->n += (size_t)vsnprintf(notes->text + notes->n, sizeof(notes->text) - notes->n, fmt, ap);
    va_end(ap);
    assert_true(notes->n < sizeof(notes->text));
}

/* Takes all words. */
static bool parse_words(struct cfg *cfg, void *target, struct words *w)
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

static bool parse_number(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;
    unsigned v;

    if (!words_uint(cfg, w, &v, 1, 1000)) return false;
    note(cfg, "%s/%s: %s %u\n", s->kind->name, s->name, w->keyword->name, v);
    return true;
}

static bool parse_time(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;
    unsigned ms;

    if (!words_time(cfg, w, &ms, UNIT_MS, 0, TIME_MS_MAX)) return false;
    note(cfg, "%s/%s: %s %u\n", s->kind->name, s->name, w->keyword->name, ms);
    return true;
}

static bool parse_mode(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const MODES[] = { "tcp", "http", NULL };
    const struct section *s = target;
    unsigned mode;

    if (!words_enum(cfg, w, &mode, MODES)) return false;
    note(cfg, "%s/%s: mode %u\n", s->kind->name, s->name, mode);
    return true;
}

static bool parse_option(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;

    note(cfg, "%s/%s: %s%s\n", s->kind->name, s->name, w->prefix == PREFIX_NO ? "no " : "",
         w->keyword->name);
    return true;
}

static bool parse_server(struct cfg *cfg, void *target, struct words *w)
{
    const struct section *s = target;
    const char *name, *address;

    if (!words_str(cfg, w, &name) || !words_str(cfg, w, &address)) return false;
    note(cfg, "%s/%s: server %s %s", s->kind->name, s->name, name, address);
    if (!options_parse(cfg, "server option", target, w)) return false;
    note(cfg, "\n");
    return true;
}

static bool option_flag(struct cfg *cfg, void *target, struct words *w)
{
    (void)target;
    note(cfg, " +%s", w->keyword->name);
    return true;
}

static bool option_number(struct cfg *cfg, void *target, struct words *w)
{
    unsigned v;

    (void)target;
    if (!words_uint(cfg, w, &v, 0, 256)) return false;
    note(cfg, " %s=%u", w->keyword->name, v);
    return true;
}

static bool parse_setenv(struct cfg *cfg, void *target, struct words *w)
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

static bool begin(struct cfg *cfg, struct section *s, struct words *w)
{
    note(cfg, "{%s/%s", s->kind->name, s->name);
    if (s->from) note(cfg, " from %s", s->from->name);
    note(cfg, "\n");
    if (words_take_if(w, "refuse")) return words_error(cfg, w, "refused");
    s->data = s;
    return true;
}

static bool end(struct cfg *cfg, struct section *s)
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

static char *read_file(const char *path, size_t *n, void *user)
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
static char **list_dir(const char *path, void *user)
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

static bool has_feature(void *user, struct slice name)
{
    (void)user;
    return slice_is(name, "OPENSSL");
}

static void run_start(struct run *r)
{
    memset(r, 0, sizeof(*r));
    arena_init(&r->arena, NULL);
    diag_init(&r->diag);
    vocabulary_init(&r->vocabulary, TABLES, KINDS);
    cfg_init(&r->cfg, &r->arena, &r->diag, &r->vocabulary);
    r->cfg.user = &r->notes;
    r->cfg.world.feature = has_feature;
}

static void run_messages(struct run *r)
{
    FILE *out = fmemopen(r->messages, sizeof(r->messages), "w");

    diag_print(&r->diag, out);
    fclose(out);
}

static void run_files(struct run *r, const struct file *files, const char *const *paths, unsigned n)
{
    const struct cfg_reader reader = { read_file, list_dir, (void *)files };

    run_start(r);
    r->valid = cfg_parse(&r->cfg, paths, n, &reader);
    assert_int_equal(r->valid, r->diag.n_errors == 0);
    run_messages(r);
}

static void run_text(struct run *r, const char *text)
{
    const struct file files[] = { { "t.cfg", text }, { NULL, NULL } };
    const char *path = "t.cfg";

    run_files(r, files, &path, 1);
}

static void run_end(struct run *r)
{
    cfg_release(&r->cfg);
    vocabulary_release(&r->vocabulary);
    diag_release(&r->diag);
    arena_release(&r->arena);
}

/* ---- what is read ---- */

static void sound_file(void **state)
{
    static const char TEXT[] = "global\n"
                               "  maxconn 10\n"
                               "  stats socket /a level admin\n"
                               "defaults\n"
                               "  mode http\n"
                               "  timeout client 30s\n"
                               "  no log\n"
                               "frontend f\n"
                               "  bind :80 :81 # two\n"
                               "  maxconn 20\n"
                               "  option httplog\n"
                               "backend b\n"
                               "  no option redispatch\n"
                               "  default option redispatch\n"
                               "  server s 10.0.0.1 check weight 3 \"$NOPE\"\n"
                               "listen l\n"
                               "  stats\n"
                               "  stats http-request deny\n"
                               "  stats uri /s\n";
    static struct run r;

    (void)state;
    run_text(&r, TEXT);
    assert_string_equal(r.messages, "");
    assert_true(r.valid);
    assert_string_equal(r.notes.text, "{global/\n"
                                      "global/: maxconn 10\n"
                                      "global/: stats socket </a> <level> <admin>\n"
                                      "{defaults/\n"
                                      "defaults/: mode 1\n"
                                      "defaults/: timeout client 30000\n"
                                      "defaults/: no log\n"
                                      "defaults/}\n"
                                      "{frontend/f from \n"
                                      "frontend/f: bind <:80> <:81>\n"
                                      "frontend/f: maxconn 20\n"
                                      "frontend/f: option httplog\n"
                                      "frontend/f}\n"
                                      "{backend/b from \n"
                                      "backend/b: no option redispatch\n"
                                      "backend/b: option redispatch\n"
                                      "backend/b: server s 10.0.0.1 +check weight=3\n"
                                      "backend/b}\n"
                                      "{listen/l from \n"
                                      "listen/l: stats\n"
                                      "listen/l: stats http-request <deny>\n"
                                      "listen/l: stats <uri> </s>\n"
                                      "listen/l}\n"
                                      "global/}\n");
    assert_int_equal(r.cfg.n_sections, 5);
    assert_ptr_equal(cfg_section(&r.cfg, IN_BACKEND, SLICE("l")),
                     cfg_section(&r.cfg, IN_FRONTEND, SLICE("l")));
    assert_null(cfg_section(&r.cfg, IN_BACKEND, SLICE("f")));
    run_end(&r);
}

/* Seven errors, seven messages, one run; in the form of docs. */
static void seven_errors(void **state)
{
    static const char TEXT[] = "global\n"
                               "    maxcon 10\n"
                               "\n"
                               "frontend f\n"
                               "    mode htp\n"
                               "    timeout clent 1s\n"
                               "    maxconn 2000\n"
                               "\n"
                               "backend b\n"
                               "\ttimeout connect 1x\n"
                               "    server s 10.0.0.1 chekc weight 3\n"
                               "    server \"s\n";
    static struct run r;

    (void)state;
    run_text(&r, TEXT);
    assert_int_equal(r.diag.n_errors, 7);
    assert_string_equal(r.messages,
                        "t.cfg:2:5: error: unknown keyword 'maxcon' in a global section\n"
                        "    2 |     maxcon 10\n"
                        "      |     ^^^^^^ did you mean 'maxconn'?\n"
                        "t.cfg:5:10: error: 'mode' can't be 'htp': it is tcp or http\n"
                        "    5 |     mode htp\n"
                        "      |          ^^^ did you mean 'http'?\n"
                        "t.cfg:6:13: error: unknown timeout 'clent'\n"
                        "    6 |     timeout clent 1s\n"
                        "      |             ^^^^^ did you mean 'client'?\n"
                        "t.cfg:7:13: error: 'maxconn' must be between 1 and 1000, not 2000\n"
                        "    7 |     maxconn 2000\n"
                        "      |             ^^^^\n"
                        "t.cfg:10:18: error: 'timeout connect' needs a time, not '1x'\n"
                        "   10 | \ttimeout connect 1x\n"
                        "      | \t                ^^ a whole number, then us, ms, s, m, h or d\n"
                        "t.cfg:11:23: error: unknown server option 'chekc'\n"
                        "   11 |     server s 10.0.0.1 chekc weight 3\n"
                        "      |                       ^^^^^ did you mean 'check'?\n"
                        "t.cfg:12:12: error: unmatched quote\n"
                        "   12 |     server \"s\n"
                        "      |            ^\n");
    run_end(&r);
}

/* One faulty text each: how the first message begins, how many there are, and part of a hint. */
static const struct {
    const char *text, *message, *hint;
    unsigned errors, warnings;
} FAULTS[] = {
    /* keywords */
    { "global\n foo\n", "t.cfg:2:2: error: unknown keyword 'foo' in a global section", NULL, 1, 0 },
    { "global\n mode http\n", "t.cfg:2:2: error: 'mode' can't stand in a global section",
      "it belongs in defaults, frontend, backend and listen", 1, 0 },
    { "backend b\n bind :1\n", "t.cfg:2:2: warning: 'bind' is ignored in a backend section",
      "it belongs in frontend and listen", 0, 1 },
    { "global\n bind :1\n", "t.cfg:2:2: error: 'bind' can't stand in a global section", NULL, 1,
      0 },
    { "frontend f\n server s a\n", "t.cfg:2:2: error: 'server' can't stand in a frontend", NULL, 1,
      0 },
    { "frontend f\n timeout connect 1\n",
      "t.cfg:2:2: error: 'timeout connect' can't stand in a frontend", "defaults, backend and", 1,
      0 },
    { "frontend f\n timeout\n", "t.cfg:2:9: error: 'timeout' needs another word", NULL, 1, 0 },
    { "frontend f\n option foo\n", "t.cfg:2:9: error: unknown option 'foo'", NULL, 1, 0 },
    { "frontend f\n timout client 1\n", "t.cfg:2:2: error: unknown keyword 'timout'",
      "did you mean 'timeout'?", 1, 0 },
    { "global\n maxconn\n", "t.cfg:2:9: error: 'maxconn' needs more words: 'maxconn <number>'",
      NULL, 1, 0 },
    { "global\n maxconn x\n", "t.cfg:2:10: error: 'maxconn' needs a whole number, not 'x'", NULL, 1,
      0 },
    { "global\n maxconn 1 2\n", "t.cfg:2:12: error: unexpected '2' behind 'maxconn'", NULL, 1, 0 },
    { "backend b\n server s \"\"\n", "t.cfg:2:11: error: 'server' can't take an empty word", NULL,
      1, 0 },
    { "backend b\n server s a weight x check foo\n",
      "t.cfg:2:20: error: 'weight' needs a whole number", NULL, 2, 0 },
    { "backend b\n server s a foo bar baz check qux\n",
      "t.cfg:2:13: error: unknown server option 'foo'", NULL, 2, 0 },
    /* HAProxy's */
    { "backend b\n filter spoe engine x\n",
      "t.cfg:2:2: error: HAProxy keyword 'filter spoe' is not supported by Gatehouse", NULL, 1, 0 },
    { "global\n grace 3s\n",
      "t.cfg:2:2: error: HAProxy keyword 'grace' is not supported by Gatehouse",
      "use 'hard-stop-after'", 1, 0 },
    { "backend b\n option spop-check\n",
      "t.cfg:2:2: error: HAProxy keyword 'option spop-check' is not supported", NULL, 1, 0 },
    { "backend b\n timeout tarpit 1s\n",
      "t.cfg:2:2: error: HAProxy keyword 'timeout tarpit' is not supported", NULL, 1, 0 },
    { "backend b\n server s a sni x check\n",
      "t.cfg:2:13: error: HAProxy server option 'sni' is not supported", NULL, 1, 0 },
    { "global\npeers p\n peer a b\nbackend b\n foo\n",
      "t.cfg:2:1: error: HAProxy section 'peers' is not supported by Gatehouse", NULL, 2, 0 },
    { "[scope]\n", "t.cfg:1:1: error: HAProxy's scopes", NULL, 1, 0 },
    /* prefixes */
    { "backend b\n no\n", "t.cfg:2:4: error: 'no' needs a keyword", NULL, 1, 0 },
    { "backend b\n no mode http\n", "t.cfg:2:2: error: 'no' can't stand before 'mode'", NULL, 1,
      0 },
    { "frontend b\n no option httplog\n",
      "t.cfg:2:2: error: 'no' can't stand before 'option httplog'", NULL, 1, 0 },
    { "backend b\n default log\n", "t.cfg:2:2: error: 'default' can't stand before 'log'", NULL, 1,
      0 },
    { "backend b\n no foo\n", "t.cfg:2:5: error: unknown keyword 'foo'", NULL, 1, 0 },
    /* sections */
    { "maxconn 3\nglobal\n", "t.cfg:1:1: error: keyword 'maxconn' stands before any section", NULL,
      1, 0 },
    { "globl\n  maxconn 3\n  foo\nbackend b\n", "t.cfg:1:1: error: unknown section 'globl'",
      "did you mean 'global'?", 1, 0 },
    { "foo\n a\n b\nbackend b\n", "t.cfg:1:1: error: unknown section 'foo'", NULL, 1, 0 },
    { "global\n  maxconn 3\nfronted f\n  bind :1\n  foo\nbackend b\n",
      "t.cfg:3:1: error: unknown section 'fronted'", "did you mean 'frontend'?", 1, 0 },
    { "global\n  maxconn 3\nzoo f\n  bind :1\nbackend b\n",
      "t.cfg:3:1: error: unknown section 'zoo'", NULL, 1, 0 },
    { "global\nmaxconn 3\nfronted f\nbind :1\nfoo\n", "t.cfg:3:1: error: unknown section 'fronted'",
      "did you mean 'frontend'?", 1, 0 },
    { "global\nmaxconn 3\nzoo f\nmaxcon 4\n", "t.cfg:3:1: error: unknown keyword 'zoo'", NULL, 2,
      0 },
    { "global\n  nbthread 3\nmaxcon 4\n", "t.cfg:3:1: error: unknown keyword 'maxcon'", NULL, 1,
      0 },
    { "backend\n  foo\n", "t.cfg:1:8: error: a backend needs a name: 'backend <name>'", NULL, 2,
      0 },
    { "backend a/b\n", "t.cfg:1:9: error: '/' can't stand in the name of a backend", "letters, d",
      1, 0 },
    { "backend a b\n", "t.cfg:1:11: error: unexpected 'b' behind 'backend'", NULL, 1, 0 },
    { "global x\n", "t.cfg:1:8: error: unexpected 'x' behind 'global'", NULL, 1, 0 },
    { "global\nglobal x\n", "t.cfg:2:8: error: unexpected 'x' behind 'global'", NULL, 1, 0 },
    { "backend a\nbackend a\n", "t.cfg:2:9: error: backend 'a' has the name of a backend",
      "first defined at t.cfg:1", 1, 0 },
    { "frontend a\nlisten a\n", "t.cfg:2:8: error: listen 'a' has the name of a frontend", NULL, 1,
      0 },
    { "backend a from x\n", "t.cfg:1:16: error: there is no defaults section 'x'", NULL, 1, 0 },
    { "defaults xyz\nbackend a from xyy\n", "t.cfg:2:16: error: there is no defaults section 'xyy'",
      "did you mean 'xyz'?", 1, 0 },
    { "backend a from\n", "t.cfg:1:15: error: 'from' needs the name", NULL, 1, 0 },
    { "defaults x from x\n", "t.cfg:1:17: error: there is no defaults section 'x'", NULL, 1, 0 },
    { "defaults x\ndefaults x\nbackend a from x\n",
      "t.cfg:3:16: error: two defaults sections are called 'x'", "at t.cfg:1 and t.cfg:2", 1, 0 },
    { "backend a refuse\n foo\n", "t.cfg:1:17: error: refused", NULL, 1, 0 },
    { "defaults a refuse\nbackend b from a\n", "t.cfg:1:18: error: refused", NULL, 1, 0 },
    /* directives */
    { ".if 1\n", "t.cfg:1:1: error: '.if' without '.endif'", NULL, 1, 0 },
    { ".endif\n", "t.cfg:1:1: error: '.endif' without '.if'", NULL, 1, 0 },
    { ".else\n", "t.cfg:1:1: error: '.else' without '.if'", NULL, 1, 0 },
    { ".elif 1\n", "t.cfg:1:1: error: '.elif' without '.if'", NULL, 1, 0 },
    { ".if 0\n.else\n.else\n.endif\n", "t.cfg:3:1: error: '.else' behind '.else'", NULL, 1, 0 },
    { ".if 0\n.else\n.elif 1\n.endif\n", "t.cfg:3:1: error: '.elif' behind '.else'", NULL, 1, 0 },
    { ".if 1\n.else x\n.endif y\n", "t.cfg:2:7: error: unexpected 'x' behind '.else'", NULL, 2, 0 },
    { ".iff 1\n", "t.cfg:1:1: error: unknown directive '.iff'", "did you mean '.if'?", 1, 0 },
    { ".if fature(X)\nfoo\n.else\nfoo\n.endif\n", "t.cfg:1:5: error: unknown predicate 'fature'",
      "did you mean 'feature'?", 1, 0 },
    { ".if 1 && streq(a,b\n.endif\n", "t.cfg:1:15: error: unmatched parenthesis", NULL, 1, 0 },
    { ".if 1 && \"x\"\n.endif\n", "t.cfg:1:10: error: unknown predicate 'x'", NULL, 1, 0 },
    { ".if 0\n  foo \"$1\"\n.endif\n", "t.cfg:2:8: error: a variable's name", NULL, 1, 0 },
    { ".notice a b\n", "t.cfg:1:11: error: unexpected 'b' behind the message", "needs quotes", 1,
      0 },
    { ".alert \"a b\"\n", "t.cfg:1:1: error: a b", NULL, 1, 0 },
    { ".warning \"a b\"\n", "t.cfg:1:1: warning: a b", NULL, 0, 1 },
    { ".notice \"a b\"\n", "t.cfg:1:1: notice: a b", NULL, 0, 0 },
    { ".diag a\n.if 0\n.alert x\n.foo\n.endif\n", "", NULL, 0, 0 },
};

static void faults(void **state)
{
    static struct run r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        run_text(&r, FAULTS[i].text);
        if (strncmp(r.messages, FAULTS[i].message, strlen(FAULTS[i].message)) != 0 ||
            r.diag.n_errors != FAULTS[i].errors || r.diag.n_warnings != FAULTS[i].warnings ||
            (FAULTS[i].hint && !strstr(r.messages, FAULTS[i].hint)))
            fail_msg("%s: %u errors, %u warnings\n%s", FAULTS[i].text, r.diag.n_errors,
                     r.diag.n_warnings, r.messages);
        run_end(&r);
    }
}

/* Texts without a fault, and what they are read as (openings only). */
static void sections(void **state)
{
    static const struct {
        const char *text, *notes;
    } CASES[] = {
        { "global\nglobal\n", "{global/\nglobal/}\n" },
        { "global\n maxconn 1\nbackend b\nglobal\n nbthread 2\n",
          "{global/\nglobal/: maxconn 1\n{backend/b\nbackend/b}\nglobal/: nbthread 2\nglobal/}\n" },
        { "frontend a\nbackend a\n", "{frontend/a\nfrontend/a}\n{backend/a\nbackend/a}\n" },
        { "frontend from\n", "{frontend/from\nfrontend/from}\n" },
        { "defaults from\n", "{defaults/from\ndefaults/from}\n" },
        { "defaults from\nbackend b from from\n",
          "{defaults/from\ndefaults/from}\n{backend/b from from\nbackend/b}\n" },
        { "defaults x\ndefaults y from x\nbackend a\nbackend b from x\nbackend c\n",
          "{defaults/x\ndefaults/x}\n{defaults/y from x\ndefaults/y}\n{backend/a from y\n"
          "backend/a}\n{backend/b from x\nbackend/b}\n{backend/c from y\nbackend/c}\n" },
        { "defaults x\ndefaults x\nbackend a\n",
          "{defaults/x\ndefaults/x}\n{defaults/x\ndefaults/x}\n{backend/a from x\nbackend/a}\n" },
        { "defaults x\ndefaults from x\n",
          "{defaults/x\ndefaults/x}\n{defaults/ from x\ndefaults/}\n" },
        { "defaults a:b-c_d.e\n", "{defaults/a:b-c_d.e\ndefaults/a:b-c_d.e}\n" },
        { "   backend b\nlog a\n", "{backend/b\nbackend/b: log <a>\nbackend/b}\n" },
        { ".if 0\nbackend a\n.elif 1\nbackend b\n.elif foo(\nbackend c\n.else\nbackend d\n.endif\n",
          "{backend/b\nbackend/b}\n" },
        { ".if 0\n.if 1\nbackend a\n.else\nbackend b\n.endif\n.else\nbackend c\n.endif\n",
          "{backend/c\nbackend/c}\n" },
        { ".if feature(OPENSSL) && !defined(NOPE)\nbackend a\n.endif\n",
          "{backend/a\nbackend/a}\n" },
        { "global\n setenv X yes\n.if streq(\"$X\",yes)\n setenv Y \"${X}2\"\n log "
          "\"$Y$.SECTION\"\n"
          ".endif\n",
          "{global/\nglobal/: log <yes2global>\nglobal/}\n" },
        { "backend api\n log \"$.SECTION $.LINE\"\n",
          "{backend/api\nbackend/api: log <api 2>\nbackend/api}\n" },
        { ".if\nbackend a\n.endif\n.if \"$NOPE\"\nbackend b\n.endif\n", "" },
    };
    static struct run r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        run_text(&r, CASES[i].text);
        if (!r.valid) fail_msg("%s: %s", CASES[i].text, r.messages);
        assert_string_equal(r.notes.text, CASES[i].notes);
        run_end(&r);
    }
}

static void files_and_directories(void **state)
{
    static const struct file FILES[] = {
        { "a.cfg", "global\n maxconn 1\ndefaults d\n" },
        { "b.cfg", "maxconn 2\n" },
        { "c.cfg", ".if 1\n" },
        { "etc/20.cfg", "backend b20 from d\n" },
        { "etc/10.cfg", "backend b10\n foo\n" },
        { "etc/.hidden.cfg", "foo\n" },
        { "etc/10.conf", "foo\n" },
        { NULL, NULL },
    };
    static const char *const PATHS[] = { "a.cfg", "etc", "b.cfg", "nope.cfg", "empty", "c.cfg" };
    static struct run r;

    (void)state;
    run_files(&r, FILES, PATHS, ARRAY_LEN(PATHS));
    assert_string_equal(r.notes.text, "{global/\nglobal/: maxconn 1\n{defaults/d\ndefaults/d}\n"
                                      "{backend/b10 from d\nbackend/b10}\n"
                                      "{backend/b20 from d\nbackend/b20}\nglobal/}\n");
    assert_string_equal(r.messages,
                        "etc/10.cfg:2:2: error: unknown keyword 'foo' in a backend section\n"
                        "    2 |  foo\n"
                        "      |  ^^^\n"
                        "b.cfg:1:1: error: keyword 'maxconn' stands before any section\n"
                        "    1 | maxconn 2\n"
                        "      | ^^^^^^^\n"
                        "nope.cfg: error: can't read this file: No such file or directory\n"
                        "empty: error: there is no file '*.cfg' in this directory\n"
                        "c.cfg:1:1: error: '.if' without '.endif' in this file\n"
                        "    1 | .if 1\n"
                        "      | ^^^\n");
    assert_int_equal(r.cfg.n_files, 5);
    assert_string_equal(r.cfg.files[1], "etc/10.cfg");
    run_end(&r);
}

/* Many errors are cut, but counted. */
static void bounded_messages(void **state)
{
    static char text[16 + 1000 * 5];
    static struct run r;
    const char *end;

    (void)state;
    strcpy(text, "global\n");
    for (int i = 0; i < 1000; i++) strcat(text, " foo\n");
    run_text(&r, text);
    assert_int_equal(r.diag.n_errors, 1000);
    assert_int_equal(r.diag.n, DIAG_MOST);
    run_end(&r);

    run_start(&r);
    for (int i = 0; i < DIAG_MOST + 7; i++) diag_error(&r.diag, NULL, "x");
    run_messages(&r);
    end = "error: x\n... and 7 more\n";
    assert_string_equal(r.messages + strlen(r.messages) - strlen(end), end);
    run_end(&r);
}

static void nesting(void **state)
{
    static char text[32 * (CFG_IF_NESTING + 8)];
    static struct run r;

    (void)state;
    for (int depth = CFG_IF_NESTING; depth <= CFG_IF_NESTING + 2; depth += 2) {
        text[0] = '\0';
        for (int i = 0; i < depth; i++) strcat(text, ".if 1\n");
        strcat(text, "backend deep\n");
        for (int i = 0; i < depth; i++) strcat(text, ".endif\n");
        strcat(text, "backend b\n");
        run_text(&r, text);
        assert_int_equal(r.diag.n_errors, depth > CFG_IF_NESTING ? 1 : 0);
        assert_int_equal(r.cfg.n_sections, depth > CFG_IF_NESTING ? 1 : 2);
        run_end(&r);
    }
}

/* Long lines are shown around the place; what could speak to a terminal is not shown. */
static void long_and_odd_lines(void **state)
{
    static char filler[401], text[1024];
    static struct run r;

    (void)state;
    memset(filler, 'x', 400);
    snprintf(text, sizeof(text), "global\n log %s \"$1\" %s\n", filler, filler);
    run_text(&r, text);
    snprintf(text, sizeof(text),
             "t.cfg:2:408: error: a variable's name begins with a letter or '_' ('\\$' is a "
             "dollar)\n    2 | ...%.77s \"$1\" %.77s\n      |    %79s^^\n",
             filler, filler, "");
    if (strcmp(r.messages, text) != 0) fail_msg("%s\n%s", r.messages, text);
    run_end(&r);

    run_text(&r, "global\n foo\033[31m\xc3\xa9 a\n log \xc3\xa9\xc3\xa9 \"$1\"\n");
    assert_string_equal(r.messages,
                        "t.cfg:2:2: error: unknown keyword 'foo?[31m\xc3\xa9' in a global section\n"
                        "    2 |  foo?[31m\xc3\xa9 a\n"
                        "      |  ^^^^^^^^^\n"
                        "t.cfg:3:12: error: a variable's name begins with a letter or '_' ('\\$' "
                        "is a dollar)\n"
                        "    3 |  log \xc3\xa9\xc3\xa9 \"$1\"\n"
                        "      |          ^^\n");
    run_end(&r);
}

static void conditions(void **state)
{
    static const struct {
        const char *text;
        enum cond_result result;
    } CASES[] = {
        { "", COND_FALSE },
        { "1", COND_TRUE },
        { "feature(OPENSSL) && !defined(NOPE)", COND_TRUE },
        { "streq(\"$GATEHOUSE_X\",x)", COND_TRUE },
        { "streq(\\\"a,b\\\",\\\"a,b\\\")", COND_TRUE },
        { "streq(a  b,a b)", COND_TRUE },
        { "\"1", COND_ERROR },
        { "1 # x", COND_ERROR },
        { "foo", COND_ERROR },
    };
    static struct run r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        run_start(&r);
        environment_set(&r.cfg.env, SLICE("GATEHOUSE_X"), SLICE("x"));
        assert_int_equal(cfg_condition(&r.cfg, CASES[i].text), CASES[i].result);
        assert_int_equal(r.diag.n_errors, CASES[i].result == COND_ERROR);
        run_end(&r);
    }
    run_start(&r);
    cfg_condition(&r.cfg, "1 || foo");
    run_messages(&r);
    assert_string_equal(r.messages, "-cc:1:6: error: unknown predicate 'foo'\n"
                                    "    1 | 1 || foo\n"
                                    "      |      ^^^\n");
    run_end(&r);
}

static void reloads(void **state)
{
    static const char OLD[] = "global\n nbthread 2\n stats socket /a\n maxconn 1\n";
    static const struct {
        const char *text, *message;
        unsigned errors;
    } CASES[] = {
        { "global\n maxconn 7\n stats socket /a # x\n nbthread \"2\"\n", "", 0 },
        { "global\n nbthread 3\n stats socket /a\n",
          "t.cfg:2:2: error: a reload can't change 'nbthread'", 1 },
        { "global\n stats socket /a\n", "error: a reload can't take 'nbthread' away (it was at t.c",
          1 },
        { "global\n nbthread 2\n stats socket /a\n stats socket /b\n",
          "t.cfg:4:2: error: a reload can't change 'stats socket'", 1 },
    };
    static struct run old, fresh;
    struct keyword_use *kept;
    struct arena a;

    (void)state;
    arena_init(&a, NULL);
    run_text(&old, OLD);
    kept = reload_keep(&old.cfg, &a);
    run_end(&old);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        run_text(&fresh, CASES[i].text);
        assert_true(fresh.valid);
        assert_int_equal(reload_check(&fresh.cfg, kept), CASES[i].errors == 0);
        run_messages(&fresh);
        assert_int_equal(fresh.diag.n_errors, CASES[i].errors);
        if (strncmp(fresh.messages, CASES[i].message, strlen(CASES[i].message)) != 0)
            fail_msg("%s: %s", CASES[i].text, fresh.messages);
        run_end(&fresh);
    }
    arena_release(&a);
}

/* ---- tables ---- */

static void rules_of_rows(void **state)
{
    static const struct {
        struct keyword rows[2];
        const char *what;
        bool sound;
    } CASES[] = {
        { { { "a b c", 0, parse_words, 0, 0, 0, "d", 0, 0 },
            { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 } },
          "x option",
          true },
        { { { "a", IN_GLOBAL, parse_words, 0, 0, 0, "d", 0, 0 },
            { "a", IN_PROXY, parse_words, 0, 0, 0, "d", 0, 0 } },
          KEYWORDS,
          true },
        { { { "a", IN_FRONTEND, parse_words, 0, 0, 0, "d", 0, 0 },
            { "a", IN_PROXY, parse_words, 0, 0, 0, "d", 0, 0 } },
          KEYWORDS,
          false },
        { { { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 },
            { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 } },
          "x option",
          false },
        { { { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 },
            { "b", 0, parse_words, 0, 0, 0, "", 0, 0 } },
          "x option",
          false },
        { { { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 }, { "b", 0, NULL, 0, 0, 0, "d", 0, 0 } },
          "x option",
          false },
        { { { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 },
            { "b", IN_GLOBAL, parse_words, 0, 0, 0, "d", 0, 0 } },
          "x option",
          false },
        { { { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 },
            { "a b c d", 0, parse_words, 0, 0, 0, "d", 0, 0 } },
          "x option",
          false },
        { { { "a", 0, parse_words, 0, 0, 0, "d", 0, 0 },
            { "a  b", 0, parse_words, 0, 0, 0, "d", 0, 0 } },
          "x option",
          false },
    };
    const char *why = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const struct keyword_table table = { "t", CASES[i].what, CASES[i].rows, 2 };
        const struct keyword_table *const tables[] = { &table, NULL };
        assert_int_equal(keywords_check(tables, &why) == NULL, CASES[i].sound);
        assert_true(CASES[i].sound || why);
    }
    assert_null(keywords_check(TABLES, &why));
}

static void manual_and_dump(void **state)
{
    static char text[32768];
    static struct run r;
    FILE *out;

    (void)state;
    run_start(&r);
    out = fmemopen(text, sizeof(text), "w");
    manual_print(out, &r.vocabulary);
    fclose(out);
    assert_non_null(strstr(text, "### Global\n\n"
                                 "#### `maxconn <number>`\n\n"
                                 "In: global · Default: 100\n\n"
                                 "Connections.\n\n"
                                 "#### `nbthread <number>`\n\n"
                                 "In: global · a reload can't change it\n\n"
                                 "Threads.\n\n"));
    assert_non_null(strstr(text, "### Servers\n\n#### `check`\n\nChecks.\n\n"));
    assert_non_null(strstr(text, "#### `backend <name>`\n\nB.\n\n"));
    out = fmemopen(text, sizeof(text), "w");
    keywords_dump(out, &r.vocabulary);
    fclose(out);
    assert_non_null(strstr(text, "section\tlisten\t-\t-\n"));
    assert_non_null(strstr(text, "keyword\tnbthread\tglobal\tno-reload\n"));
    assert_non_null(strstr(text, "keyword\ttimeout connect\tdefaults,backend,listen\t-\n"));
    assert_non_null(strstr(text, "keyword\toption redispatch\tdefaults,backend,listen\tno,def"));
    assert_non_null(strstr(text, "server option\tweight\t-\t-\n"));
    run_end(&r);
}

static void absent_names(void **state)
{
    static const struct {
        const char *what, *name;
        bool found;
    } CASES[] = {
        { "keyword", "filter spoe", true },
        { "keyword", "filter", true },
        { "keyword", "option httpchk", true },
        { "keyword", "httpchk", false },
        { "keyword", "zero-warning", true },
        { "keyword", "51degrees-cache-size", true },
        { "keyword", "", false },
        { "section", "peers", true },
        { "bind option", "crt", true },
        { "server option", "sni", true },
        { "fetch", "req.hdr", true },
        { "fetch", "req.hdr(x)", true },
        { "fetch", "base32+src", true },
        { "converter", "regsub", true },
        { "http-request action", "deny", true },
        { "http-request action", "set-var(txn.x)", true },
        { "http-request action", "track-sc0", true },
        { "tcp-request content action", "switch-mode", true },
        { "balance algorithm", "roundrobin", true },
        { "no such kind", "deny", false },
        { "fetch", "nope", false },
    };
    const char *instead;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        if (absent_find(CASES[i].what, slice_str(CASES[i].name), &instead) != CASES[i].found)
            fail_msg("%s %s", CASES[i].what, CASES[i].name);
    assert_true(absent_find("keyword", SLICE("grace"), &instead));
    assert_string_equal(instead, "use 'hard-stop-after'");
}

static void nearest_names(void **state)
{
    static const struct {
        const char *word, *nearest;
    } CASES[] = {
        { "denny", "deny" },     { "DENY", "deny" },         { "dney", "deny" }, { "foo", "" },
        { "redir", "redirect" }, { "ridirekt", "redirect" }, { "x", "" },        { "al", "" },
        { "allowed", "allow" },
    };
    static const char *const NAMES[] = { "allow", "deny", "redirect", "return", NULL };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct nearest near;
        nearest_init(&near, slice_str(CASES[i].word));
        for (const char *const *n = NAMES; *n; n++) nearest_try(&near, slice_str(*n));
        if (!slice_is(near.best, CASES[i].nearest))
            fail_msg("%s: %.*s", CASES[i].word, SLICE_ARG(near.best));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_file),
        cmocka_unit_test(seven_errors),
        cmocka_unit_test(faults),
        cmocka_unit_test(sections),
        cmocka_unit_test(files_and_directories),
        cmocka_unit_test(bounded_messages),
        cmocka_unit_test(nesting),
        cmocka_unit_test(long_and_odd_lines),
        cmocka_unit_test(conditions),
        cmocka_unit_test(reloads),
        cmocka_unit_test(rules_of_rows),
        cmocka_unit_test(manual_and_dump),
        cmocka_unit_test(absent_names),
        cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keyword tables: finding rows, readers, every kind of message, the manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_fixture.h"
#include "lang/absent.h"
#include "lang/manual.h"

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

/* ---- readers ---- */

static bool read_int(struct cfg *cfg, struct words *w)
{
    int v = 0;
    return words_int(cfg, w, &v, -5, 5) && v == -3;
}
static bool read_u64(struct cfg *cfg, struct words *w)
{
    uint64_t v = 0;
    return words_u64(cfg, w, &v, 1, UINT64_MAX) && v == 18446744073709551615u;
}
static bool read_size(struct cfg *cfg, struct words *w)
{
    uint64_t v = 0;
    return words_size(cfg, w, &v, 1024, 65536) && v == 16384;
}
static bool read_time(struct cfg *cfg, struct words *w)
{
    unsigned v = 0;
    return words_time(cfg, w, &v, UNIT_S, 1000, 60000) && v == 10000;
}
static bool read_switch(struct cfg *cfg, struct words *w)
{
    bool v = false;
    return words_switch(cfg, w, &v) && v;
}
static bool read_text(struct cfg *cfg, struct words *w)
{
    struct slice v;
    return words_text(cfg, w, &v) && slice_is(v, "");
}

/* Each reader, what it takes and what it says of anything else. */
static void readers(void **state)
{
    static const struct {
        bool (*read)(struct cfg *cfg, struct words *w);
        const char *text, *message; /* NULL: it is taken */
    } CASES[] = {
        { read_int, "-3", NULL },
        { read_int, "6", "'x' must be between -5 and 5, not 6" },
        { read_int, "-99999999999999999999", "'x' needs a whole number, not '-9999" },
        { read_u64, "18446744073709551615", NULL },
        { read_u64, "0", "'x' must be between 1 and 18446744073709551615, not 0" },
        { read_u64, "-1", "'x' needs a whole number, not '-1'" },
        { read_size, "16k", NULL },
        { read_size, "16kb", "'x' needs a size, not '16kb'" },
        { read_size, "1023", "'x' must be between 1024 and 65536, not 1023" },
        { read_size, "99999999999g", "'x': 99999999999g is too large" },
        { read_time, "10", NULL },
        { read_time, "10000ms", NULL },
        { read_time, "2m", "'x' must be between 1s and 1m, not 2m" },
        { read_time, "25d", "'x': 25d is too long" },
        { read_time, "", "'x' needs a time, not ''" },
        { read_switch, "on", NULL },
        { read_switch, "yes", "'x' can't be 'yes': it is off or on" },
        { read_text, "", NULL },
    };
    static struct run r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct word word[2] = { { .text = SLICE("x") }, { .text = slice_str(CASES[i].text) } };
        struct words w = { .w = word, .n = 2, .at = 1 };
        run_start(&r);
        assert_int_equal(CASES[i].read(&r.cfg, &w), CASES[i].message == NULL);
        assert_int_equal(w.at, 2);
        run_messages(&r);
        if (CASES[i].message && !strstr(r.messages, CASES[i].message)) fail_msg("%s", r.messages);
        assert_false(CASES[i].read(&r.cfg, &w));
        run_messages(&r);
        assert_non_null(strstr(r.messages, "'x' needs another word"));
        run_end(&r);
    }
}

/* ---- tables ---- */

static void rules_of_rows(void **state)
{
    static const char OPTION[] = "x option";
    static const struct {
        const char *what;
        bool sound;
        struct keyword rows[2];
    } CASES[] = {
#define ROW(name, where, parse, doc) { name, where, parse, NULL, NULL, 0, doc, 0, NULL }
        { OPTION, true, { ROW("a b c", 0, parse_words, "d"), ROW("a", 0, parse_words, "d") } },
        { OPTION, false, { ROW("a", 0, parse_words, "d"), ROW("a", 0, parse_words, "d") } },
        { OPTION, false, { ROW("a", 0, parse_words, "d"), ROW("b", 0, parse_words, "") } },
        { OPTION, false, { ROW("a", 0, parse_words, "d"), ROW("b", 0, NULL, "d") } },
        { OPTION, false, { ROW("a", 0, parse_words, "d"), ROW("b", 1, parse_words, "d") } },
        { OPTION, false, { ROW("a", 0, parse_words, "d"), ROW("a b c d", 0, parse_words, "d") } },
        { OPTION, false, { ROW("a", 0, parse_words, "d"), ROW("a  b", 0, parse_words, "d") } },
        { KEYWORDS, true, { ROW("a", 1, parse_words, "d"), ROW("a", 14, parse_words, "d") } },
        { KEYWORDS, false, { ROW("a", 4, parse_words, "d"), ROW("a", 14, parse_words, "d") } },
        { KEYWORDS, false, { ROW("a", 1, parse_words, "d"), ROW("b", 0, parse_words, "d") } },
#undef ROW
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
        cmocka_unit_test(sound_file),    cmocka_unit_test(seven_errors),
        cmocka_unit_test(faults),        cmocka_unit_test(readers),
        cmocka_unit_test(rules_of_rows), cmocka_unit_test(manual_and_dump),
        cmocka_unit_test(absent_names),  cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

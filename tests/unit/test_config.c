/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: sections, files, conditional blocks, messages, what a reload can't change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_fixture.h"
#include "lang/reload.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections),
        cmocka_unit_test(files_and_directories),
        cmocka_unit_test(bounded_messages),
        cmocka_unit_test(nesting),
        cmocka_unit_test(long_and_odd_lines),
        cmocka_unit_test(conditions),
        cmocka_unit_test(reloads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/command_line.h"
#include "base/memory.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

enum { ARGS_MOST = 32 };

/* Splits at blanks. The caller frees *text. */
static bool parse(struct command_line *o, const char *line, char **text)
{
    char *argv[ARGS_MOST] = { (char *)"gatehouse" };
    int argc = 1;

    *text = mem_strdup(line);
    for (char *save, *word = strtok_r(*text, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    return command_line_parse(o, argc, argv);
}

static bool is_good(const char *line, struct command_line *o)
{
    char *text;
    bool ok = parse(o, line, &text);

    command_line_release(o);
    free(text);
    return ok;
}

static void files(void **state)
{
    struct command_line o;
    char *text;

    (void)state;
    assert_true(parse(&o, "-f a -db -f b -q -- c d", &text));
    assert_int_equal(o.n_files, 4);
    assert_string_equal(o.files[0], "a");
    assert_string_equal(o.files[1], "b");
    assert_string_equal(o.files[3], "d");
    assert_true(o.foreground);
    assert_true(o.quiet);
    command_line_release(&o);
    free(text);
}

static void numbers(void **state)
{
    struct command_line o;

    (void)state;
    assert_true(is_good("-n 10 -N 20 -m 30", &o));
    assert_int_equal(o.maxconn, 10);
    assert_int_equal(o.proxy_maxconn, 20);
    assert_int_equal(o.memory_mb, 30);
}

static void actions(void **state)
{
    static const struct {
        const char *line;
        enum command_line_action action;
    } rows[] = {
        { "-f x", ACTION_RUN },
        { "-c -f x", ACTION_CHECK },
        { "-f x -c", ACTION_CHECK },
        { "-v", ACTION_VERSION },
        { "-vv", ACTION_BUILT },
        { "-h", ACTION_HELP },
        { "--help", ACTION_HELP },
        { "-cc 1", ACTION_CONDITION },
        { "--dump-keywords", ACTION_DUMP_KEYWORDS },
    };
    struct command_line o;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(is_good(rows[i].line, &o));
        assert_int_equal(o.action, rows[i].action);
    }
}

static void old_processes(void **state)
{
    struct command_line o;
    char *text;

    (void)state;
    assert_true(parse(&o, "-sf 12 345 -f x", &text));
    assert_int_equal(o.n_old_pids, 2);
    assert_int_equal(o.old_pids[1], 345);
    assert_false(o.old_terminate);
    assert_int_equal(o.n_files, 1);
    command_line_release(&o);
    free(text);
    assert_true(is_good("-st 12", &o));
    assert_true(o.old_terminate);
    assert_true(is_good("-f x -sf", &o)); /* as `-sf $(cat pid)` is when there is none */
    assert_int_equal(o.n_old_pids, 0);
}

static void switches(void **state)
{
    struct command_line o;

    (void)state;
    assert_true(is_good("-D -V -dW -dD -dr -dS -dR -dL -dKcfg -Ws -L me -C / -p pid", &o));
    assert_true(o.daemon && o.verbose && o.warnings_are_errors && o.diagnostics);
    assert_true(o.ignore_unresolved && o.no_splice && o.no_reuseport && o.dump_libraries);
    assert_true(o.master_worker && o.notify_ready);
    assert_true(is_good("-W", &o));
    assert_true(o.master_worker && !o.notify_ready);
    assert_true(is_good("-q -V", &o));
    assert_true(o.verbose && !o.quiet);
    assert_true(is_good("-d -dM -dM0x50 -de -dp -dG -dV -db", &o));
    assert_true(o.debug && o.foreground);
}

static void bad_ones(void **state)
{
    static const char *const lines[] = {
        "-zz",     "x.cfg", "-f",     "-n",       "-n x",  "-n -1", "-m 99999999999", "-L",
        "-p",      "-C",    "-cc",    "-sf abc",  "-sf 1", "-st 0", "-S 127.0.0.1:1", "-x /tmp/x",
        "-fx.cfg", "-dz",   "--nope", "-sf 12 x",
    };
    struct command_line o;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (is_good(lines[i], &o)) fail_msg("'%s' is taken", lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),         cmocka_unit_test(numbers),  cmocka_unit_test(actions),
        cmocka_unit_test(old_processes), cmocka_unit_test(switches), cmocka_unit_test(bad_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

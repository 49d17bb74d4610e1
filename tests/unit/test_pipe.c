/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

enum { SIZE = 128 * 1024 };

static struct pipes pipes;

static int set_up(void **state)
{
    (void)state;
    pipes_init(&pipes, 2, SIZE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pipes_release(&pipes);
    return pipes.n_open == 0 ? 0 : -1;
}

static bool is_open(int fd)
{
    char byte;
    return read(fd, &byte, 0) == 0;
}

static void an_empty_one_is_kept(void **state)
{
    struct pipe *a = pipe_get(&pipes), *same = a;

    (void)state;
    assert_non_null(a);
    assert_true(a->size >= 64 * 1024);
    assert_int_equal(a->held, 0);
    pipe_put(&pipes, &a);
    assert_null(a);
    assert_ptr_equal(pipe_get(&pipes), same);
    assert_int_equal(pipes.n_open, 1);
    pipe_put(&pipes, &same);
}

static void no_more_than_allowed(void **state)
{
    struct pipe *a = pipe_get(&pipes), *b = pipe_get(&pipes), *none = NULL;

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_null(pipe_get(&pipes));
    pipe_put(&pipes, &none);
    pipe_put(&pipes, &b);
    b = pipe_get(&pipes);
    assert_non_null(b);
    pipe_put(&pipes, &a);
    pipe_put(&pipes, &b);
    assert_int_equal(pipes.n_open, 2);
}

static void with_bytes_in_it_it_is_closed(void **state)
{
    struct pipe *a = pipe_get(&pipes);
    int from = a->from, to = a->to;

    (void)state;
    assert_int_equal(write(to, "left", 4), 4);
    a->held = 4;
    pipe_put(&pipes, &a);
    assert_int_equal(pipes.n_open, 0);
    assert_false(is_open(from));
    assert_null(pipes.idle);
}

static void none_where_splice_is_off(void **state)
{
    (void)state;
    pipes.most = 0;
    assert_null(pipe_get(&pipes));
    assert_int_equal(pipes.n_open, 0);
}

static void larger_than_the_system_gives(void **state)
{
    struct pipe *a;

    (void)state;
    pipes.size = 1u << 31; /* more than anybody gets: halved until it is granted */
    a = pipe_get(&pipes);
    assert_non_null(a);
    assert_true(a->size >= 64 * 1024);
    pipe_put(&pipes, &a);
}

/* Asking in vain costs calls: once refused, the system is left alone for some time. */
static void goes_without_when_refused(void **state)
{
    struct rlimit before, none;
    struct pipe *a = NULL;
    int top = dup(0);

    (void)state;
    close(top);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)top;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_null(pipe_get(&pipes));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_null(pipe_get(&pipes));
    assert_int_equal(pipes.n_open, 0);
    for (int i = 0; i < 10000 && !a; i++) a = pipe_get(&pipes);
    assert_non_null(a);
    pipe_put(&pipes, &a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_one_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_than_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_bytes_in_it_it_is_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(none_where_splice_is_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(larger_than_the_system_gives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_without_when_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

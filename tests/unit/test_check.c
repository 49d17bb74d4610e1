/* SPDX-License-Identifier: Apache-2.0 */
/* When checks are made, and what their verdicts do to a server: on the virtual clock, with a real
 * socket on the loopback. */
#include "upstream/check.h"
#include "upstream/keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { INTER = 1000, FAST = 300, DOWN = 500, RISE = 2, FALL = 3, START_MS = 5000 };

static struct objects all;
static struct arena arena;
static struct worker control;
static struct log_writer *logs;
static struct keeper keeper;
static struct checker checker;
static struct proxy_conf proxy;
static struct backend_conf be;
static struct server_conf conf, *list[1];
static msec_t now;
static int listener = -1;
static uint16_t port;

/* ---- time ---- */

static void stop_now(struct timer *t)
{
    (void)t;
    worker_stop(&control);
}

/* One turn of the control thread, at the time that is pretended. */
static void turn(void)
{
    struct timer stop;

    timer_init(&stop, stop_now);
    control.stopping = false;
    timer_set(&control.timers, &stop, now);
    worker_run(&control);
    timer_cancel(&control.timers, &stop);
}

static void at(msec_t ms)
{
    now = ms;
    clock_pretend(ms * 1000, 1700000000000000ull + ms * 1000);
    turn();
}

static bool in_progress(void)
{
    return atomic_load(&conf.state->st.check.flags) & PROBE_IN_PROGRESS;
}

/* Until what was begun has ended: the kernel takes its own time. */
static void settle(void)
{
    for (int i = 0; i < 4000 && in_progress(); i++) {
        turn();
        usleep(500);
    }
    assert_false(in_progress());
}

/* ---- the server ---- */

static void serve(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int on = 1;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listener, 64), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &n), 0);
    port = ntohs(a.sin_port);
}

static void leave(void)
{
    close(listener);
    listener = -1;
}

/* How many connections came since the last call. */
static unsigned came(void)
{
    unsigned n = 0;

    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0 || errno == ECONNABORTED; n++)
        if (fd >= 0) close(fd);
    return n;
}

static void adopt(void)
{
    server_adopt(&keeper, &conf);
    server_follow(conf.state);
    backend_adopt(&keeper, &be);
    checker_begin(&checker);
    check_adopt(&checker, &conf);
    checker_end(&checker);
}

static int set_up(void **state)
{
    static struct check_spec spec;

    (void)state;
    clock_pretend(START_MS * 1000, 1700000000000000ull);
    now = START_MS;
    objects_init(&all);
    arena_init(&arena, NULL);
    assert_int_equal(worker_init(&control, 0, 16384), 0);
    logs = log_writer_new();
    keeper_init(&keeper, &control, logs);
    checker_init(&checker, &control);
    checker.bufsize = 16384;
    port = 0;
    serve();
    memset(&proxy, 0, sizeof proxy);
    proxy.name = "be";
    proxy.be = &be;
    proxy.state = proxy_get(&all, "be", 1);
    be = (struct backend_conf){ .proxy = &proxy, .servers = list, .n_servers = 1 };
    conf = (struct server_conf){
        .name = "s",
        .address_as_written = "127.0.0.1",
        .weight = 1,
        .backend = &be,
        .check = true,
        .rise = RISE,
        .fall = FALL,
        .checking = { .inter_ms = INTER, .fast_ms = FAST, .down_ms = DOWN, .error_limit = 2 }
    };
    conf.address.in = (struct sockaddr_in){ .sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    conf.state = server_get(&all, "be", "s", &proxy.state->object, proxy.state->queue, 1);
    list[0] = &conf;
    be.algorithm = &balance_roundrobin;
    be.balance = backend_prepare(&be, &arena);
    be.script = check_script_make(&spec, "node", &arena);
    adopt();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    checker_stop(&checker);
    turn();
    server_abandon(conf.state);
    backend_abandon(&keeper, &be);
    object_unref(&conf.state->object);
    object_unref(&proxy.state->object);
    keeper_release(&keeper);
    log_writer_free(logs);
    worker_release(&control);
    assert_int_equal(all.by_name.n, 0);
    objects_release(&all);
    arena_release(&arena);
    if (listener >= 0) leave();
    return 0;
}

/* ---- tests ---- */

static struct probe_report report(void)
{
    return probe_report_get(conf.state, &conf.state->st.check);
}

static unsigned health(void)
{
    return server_health(&conf.state->st.check);
}

static bool is_up(void)
{
    return server_op(&conf.state->st) == SERVER_RUNNING;
}

static void first_check_comes_at_once_and_counts_fully(void **state)
{
    (void)state;
    assert_int_equal(report().status, CHECK_INI);
    assert_int_equal(health(), RISE);
    turn();
    settle();
    assert_int_equal(came(), 1);
    assert_int_equal(report().status, CHECK_L4OK);
    assert_int_equal(report().result, CHECK_RESULT_PASSED);
    assert_int_equal(health(), RISE + FALL - 1);
    at(START_MS + INTER - 1);
    assert_int_equal(came(), 0);
    at(START_MS + INTER);
    settle();
    assert_int_equal(came(), 1);
}

static void falls_fast_and_rises_slowly(void **state)
{
    msec_t t = START_MS;

    (void)state;
    turn();
    settle();
    leave();
    at(t += INTER);
    settle();
    assert_int_equal(report().status, CHECK_L4CON);
    assert_string_equal(report().text, "Connection refused");
    assert_int_equal(health(), RISE + FALL - 2);
    at(t += FAST);
    settle();
    assert_true(is_up());
    at(t + FAST - 1);
    assert_int_equal(health(), RISE);
    at(t += FAST);
    settle();
    assert_false(is_up());
    assert_int_equal(health(), 0);
    assert_int_equal(counter_get(&conf.state->st.failed_checks), FALL);

    serve();
    at(t + DOWN - 1);
    assert_int_equal(came(), 0);
    at(t += DOWN);
    settle();
    assert_int_equal(health(), 1);
    assert_false(is_up());
    at(t += FAST);
    settle();
    assert_true(is_up());
    assert_int_equal(health(), RISE + FALL - 1);
}

static void a_new_configuration_keeps_the_schedule(void **state)
{
    (void)state;
    turn();
    settle();
    came();
    at(START_MS + INTER / 2);
    adopt();
    turn();
    assert_int_equal(came(), 0);
    assert_int_equal(report().status, CHECK_L4OK);
    at(START_MS + INTER);
    settle();
    assert_int_equal(came(), 1);

    conf.checking.inter_ms = 100; /* shorter: holds at once */
    adopt();
    at(START_MS + INTER + 100);
    settle();
    assert_int_equal(came(), 1);

    checker_begin(&checker); /* not asked for any more */
    checker_end(&checker);
    at(START_MS + 5 * INTER);
    assert_int_equal(came(), 0);
    assert_null(conf.state->check);
}

static void errors_in_traffic_take_health(void **state)
{
    (void)state;
    turn();
    settle();
    conf.checking.observe = OBSERVE_LAYER7;
    conf.checking.observed = true;
    server_observe(&conf, OBSERVED_BAD_STATUS, &control);
    server_observe(&conf, OBSERVED_ANSWER, &control);
    server_observe(&conf, OBSERVED_BAD_STATUS, &control);
    turn();
    assert_int_equal(health(), RISE + FALL - 1);
    server_observe(&conf, OBSERVED_TIMEOUT, &control);
    turn();
    assert_int_equal(health(), RISE + FALL - 2);
    assert_int_equal(report().status, CHECK_HANA);
    assert_string_equal(report().text,
                        "Detected 2 consecutive errors, last one was: Read timeout (http)");
    assert_int_equal(counter_get(&conf.state->hanafail), 1);
    came();
    at(now + FAST); /* and the next check is soon */
    settle();
    assert_int_equal(came(), 1);
    assert_int_equal(health(), RISE + FALL - 1);

    conf.checking.on_error = ON_ERROR_MARK_DOWN;
    server_observe(&conf, OBSERVED_NOT_CONNECTED, &control);
    server_observe(&conf, OBSERVED_NOT_CONNECTED, &control);
    turn();
    assert_false(is_up());
}

static void a_lowered_error_limit_holds_at_once(void **state)
{
    (void)state;
    turn();
    settle();
    conf.checking.observe = OBSERVE_LAYER7;
    conf.checking.observed = true;
    conf.checking.error_limit = 5;
    for (int i = 0; i < 3; i++) server_observe(&conf, OBSERVED_TIMEOUT, &control);
    conf.checking.error_limit = 2;
    server_observe(&conf, OBSERVED_TIMEOUT, &control);
    turn();
    assert_int_equal(counter_get(&conf.state->hanafail), 1);
    assert_int_equal(health(), RISE + FALL - 2);
}

/* send, expect "x", send, expect "y" */
static const struct check_script *a_dialogue(void)
{
    static struct check_step steps[4];
    static struct check_spec spec;

    memset(steps, 0, sizeof steps);
    memset(&spec, 0, sizeof spec);
    for (unsigned i = 0; i < 4; i++) {
        steps[i].next = i < 3 ? &steps[i + 1] : NULL;
        steps[i].number = i + 1;
        steps[i].kind = i % 2 ? STEP_EXPECT : STEP_SEND;
        if (i % 2)
            steps[i].expect = (struct check_expect){ .kind = EXPECT_STRING,
                                                     .text = i == 1 ? SLICE("x") : SLICE("y"),
                                                     .min_recv = -1 };
        else
            steps[i].send.bytes = SLICE("go on");
    }
    spec.kind = CHECK_TCP;
    spec.tcp.first = steps;
    return check_script_make(&spec, "node", &arena);
}

static void a_run_keeps_the_buffer_that_it_began_with(void **state)
{
    enum { LONG = 20000 };
    static char no_y[LONG];
    int peer;

    (void)state;
    memset(no_y, 'n', sizeof no_y);
    be.script = a_dialogue();
    turn();
    peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    for (int i = 0; i < 3; i++) turn();
    checker.bufsize = 65536; /* tune.bufsize of a new configuration */
    assert_int_equal(write(peer, "x", 1), 1);
    for (int i = 0; i < 3; i++) turn();
    assert_null(strstr(report().text, "did not match"));
    assert_int_equal(write(peer, no_y, sizeof no_y), LONG);
    for (int i = 0; i < 20; i++) turn();
    assert_int_equal(report().status, CHECK_L7RSP);
    assert_string_equal(report().text, "TCPCHK did not match content 'y' at step 4");
    close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_check_comes_at_once_and_counts_fully, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(falls_fast_and_rises_slowly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_configuration_keeps_the_schedule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_in_traffic_take_health, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lowered_error_limit_holds_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_keeps_the_buffer_that_it_began_with, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

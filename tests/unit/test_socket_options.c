/* SPDX-License-Identifier: Apache-2.0 */
#include "net/socket_options.h"
#include "base/memory.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static int get(int fd, int level, int option)
{
    int v = -1;
    socklen_t size = sizeof v;

    assert_return_code(getsockopt(fd, level, option, &v, &size), errno);
    return v;
}

static int tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static const struct socket_options ALL = {
    .rcvbuf = 20000,
    .sndbuf = 30000,
    .mss = 1000,
    .user_timeout = 5000,
    .keep_count = 3,
    .keep_idle = 11,
    .keep_interval = 7,
    .keepalive = true,
};

static void set_and_take_back(void **state)
{
    static const struct socket_options none;
    int fd = tcp_socket();

    (void)state;
    assert_null(socket_options_set(fd, &ALL, NULL));
    assert_int_equal(get(fd, SOL_SOCKET, SO_RCVBUF), 40000); /* the kernel doubles it */
    assert_int_equal(get(fd, SOL_SOCKET, SO_SNDBUF), 60000);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 5000);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPIDLE), 11);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    assert_int_equal(get(fd, SOL_SOCKET, SO_KEEPALIVE), 1);

    assert_null(socket_options_set(fd, &none, &ALL));
    assert_int_equal(get(fd, SOL_SOCKET, SO_RCVBUF), 40000); /* it can't be given back */
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPCNT), 9);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPIDLE), 7200);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPINTVL), 75);
    assert_int_equal(get(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    close(fd);
}

static void of_listeners(void **state)
{
    const struct socket_options o = { .defer_accept = true, .fast_open = true };
    int fd = tcp_socket();

    (void)state;
    assert_return_code(listen(fd, 5), errno);
    assert_null(socket_options_set(fd, &o, NULL));
    assert_true(get(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) >= 60);
    assert_true(get(fd, IPPROTO_TCP, TCP_FASTOPEN) > 0);
    close(fd);
}

static void what_is_the_same_is_left_alone(void **state)
{
    struct socket_options o = ALL;
    int fd = tcp_socket(), other = 17;

    (void)state;
    assert_null(socket_options_set(fd, &o, NULL));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &other, sizeof other);
    o.keep_count = 4;
    assert_null(socket_options_set(fd, &o, &ALL));
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
    assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPIDLE), 17);
    close(fd);
}

static void the_system_may_refuse(void **state)
{
    const struct socket_options small = { .mss = 1 }, tcp = { .user_timeout = 1 };
    int fd = tcp_socket(), local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_string_equal(socket_options_set(fd, &small, NULL), "TCP_MAXSEG");
    assert_int_equal(errno, EINVAL);
    assert_string_equal(socket_options_set(local, &tcp, NULL), "TCP_USER_TIMEOUT");
    close(fd);
    close(local);
}

static void comparison(void **state)
{
    struct socket_options a = ALL;

    (void)state;
    assert_true(socket_options_same(&a, &ALL));
    a.keepalive = false;
    assert_false(socket_options_same(&a, &ALL));
    a = ALL;
    a.late_ack = true;
    assert_false(socket_options_same(&a, &ALL));
    a = ALL;
    a.mss++;
    assert_false(socket_options_same(&a, &ALL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_and_take_back),
        cmocka_unit_test(of_listeners),
        cmocka_unit_test(what_is_the_same_is_left_alone),
        cmocka_unit_test(the_system_may_refuse),
        cmocka_unit_test(comparison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/notify.h"
#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

/* A service manager's socket; `name` as in NOTIFY_SOCKET. */
static int manager(const char *name)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    size_t n = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(at.sun_path, name, n);
    if (name[0] == '@') at.sun_path[0] = '\0';
    n += offsetof(struct sockaddr_un, sun_path) + (name[0] == '/');
    assert_return_code(bind(fd, (struct sockaddr *)&at, (socklen_t)n), errno);
    return fd;
}

static void assert_message(int fd, const char *expected)
{
    char text[1024];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);

    assert_return_code(n, errno);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static void assert_silence(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
}

static void talk(const char *name)
{
    struct notify n;
    char expected[128];
    int fd = manager(name);

    assert_true(notify_open(&n, name));
    assert_silence(fd);
    notify_ready(&n, "all is well");
    snprintf(expected, sizeof expected, "READY=1\nSTATUS=all is well\nMAINPID=%d\n", (int)getpid());
    assert_message(fd, expected);
    clock_pretend(1234567, 1);
    notify_reloading(&n);
    clock_pretend(0, 0);
    assert_message(fd, "RELOADING=1\nSTATUS=Reading the configuration\nMONOTONIC_USEC=1234567\n");
    notify_stopping(&n);
    assert_message(fd, "STOPPING=1\nSTATUS=Waiting for connections to end\n");
    notify_close(&n);
    assert_int_equal(n.fd, -1);
    close(fd);
}

static void a_path(void **state)
{
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "/tmp/test_notify.%d", (int)getpid());
    talk(name);
    unlink(name);
}

static void an_abstract_name(void **state)
{
    char name[64];

    (void)state;
    snprintf(name, sizeof name, "@test_notify.%d", (int)getpid());
    talk(name);
}

static void nobody_to_tell(void **state)
{
    static const char *const names[] = { NULL, "", "/", "@", "relative", "vsock:2:3" };
    struct notify n;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(notify_open(&n, names[i]));
        assert_int_equal(n.fd, -1);
        notify_ready(&n, "nobody hears");
        notify_close(&n);
    }
}

static void nobody_there(void **state)
{
    struct notify n;
    char name[64];
    int fd;

    (void)state;
    snprintf(name, sizeof name, "@test_notify.gone.%d", (int)getpid());
    assert_false(notify_open(&n, name));
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(n.fd, -1);
    fd = manager(name); /* one that leaves while we talk */
    assert_true(notify_open(&n, name));
    close(fd);
    notify_ready(&n, "nobody hears");
    notify_close(&n);
}

static void what_is_too_long_is_cut(void **state)
{
    struct notify n;
    char name[64], status[2000], got[4000];
    int fd;

    (void)state;
    snprintf(name, sizeof name, "@test_notify.long.%d", (int)getpid());
    fd = manager(name);
    memset(status, 'x', sizeof status - 1);
    status[sizeof status - 1] = '\0';
    assert_true(notify_open(&n, name));
    notify_ready(&n, status);
    assert_int_equal(recv(fd, got, sizeof got, 0), 511);
    assert_memory_equal(got, "READY=1\n", 8);
    notify_close(&n);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path),
        cmocka_unit_test(an_abstract_name),
        cmocka_unit_test(nobody_to_tell),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

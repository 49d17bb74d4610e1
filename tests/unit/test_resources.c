/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resources.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

/* All tests run in a directory of their own. */
static char home[] = "/tmp/test_resources.XXXXXX";

static int enter(void **state)
{
    (void)state;
    umask(022);
    return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(home) == 0 ? 0 : -1; /* fails when a test left something */
}

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

static bool is_ours(int fd)
{
    return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static bool is_nonblocking(int fd)
{
    return fcntl(fd, F_GETFL) & O_NONBLOCK;
}

/* --- files --- */

static void reading_files(void **state)
{
    struct resource_error err = { 0 };
    size_t n = 99;
    char *text;
    int fd;
    (void)state;

    put_file("a", "hello\n");
    fd = resource_open_read("a", &err);
    assert_true(fd >= 0 && is_ours(fd));
    close(fd);
    text = resource_read_file("a", 6, &n, &err);
    assert_string_equal(text, "hello\n");
    assert_int_equal(n, 6);
    free(text);

    assert_null(resource_read_file("a", 5, &n, &err));
    assert_int_equal(err.code, -EFBIG);
    assert_string_equal(err.text, "cannot read 'a': File too large");
    assert_null(resource_read_file("b", 5, &n, &err));
    assert_int_equal(err.code, -ENOENT);
    assert_string_equal(err.text, "cannot open 'b': No such file or directory");
    assert_null(resource_read_file(".", 5, &n, &err));
    assert_int_equal(err.code, -EISDIR);
    assert_int_equal(resource_open_read("b", NULL), -ENOENT);

    put_file("a", "");
    text = resource_read_file("a", 0, &n, &err);
    assert_string_equal(text, "");
    assert_int_equal(n, 0);
    free(text);
    assert_int_equal(resource_remove("a", &err), 0);
    assert_int_equal(resource_remove("a", &err), 0);
    assert_int_equal(resource_remove(".", &err), -EISDIR);
}

static void reading_a_large_file_and_a_pipe(void **state)
{
    enum { N = 3 * 65536 + 17 };
    char *big = mem_alloc(N + 1), *text, path[40];
    size_t n;
    int p[2];
    (void)state;

    memset(big, 'x', N);
    big[N] = '\0';
    put_file("big", big);
    text = resource_read_file("big", 1 << 20, &n, NULL);
    assert_int_equal(n, N);
    assert_memory_equal(text, big, N + 1);
    free(text);
    free(big);
    assert_int_equal(unlink("big"), 0);

    assert_int_equal(pipe(p), 0);
    assert_int_equal(write(p[1], "piped", 5), 5);
    close(p[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", p[0]);
    text = resource_read_file(path, 100, &n, NULL);
    assert_string_equal(text, "piped");
    free(text);
    close(p[0]);
}

static void directories(void **state)
{
    static const char *const files[] = { "d/b", "d/a", "d/.hidden", "d/B", "d/aa" };
    static const char *const expected[] = { "B", "a", "aa", "b" };
    struct resource_error err = { 0 };
    size_t n = 0;
    char **names;
    (void)state;

    mkdir("d", 0755);
    names = resource_list_directory("d", &n, &err);
    assert_non_null(names);
    assert_int_equal(n, 0);
    resource_free_names(names, n);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) put_file(files[i], "");
    names = resource_list_directory("d", &n, &err);
    assert_int_equal(n, ARRAY_LEN(expected));
    for (size_t i = 0; i < n; i++) assert_string_equal(names[i], expected[i]);
    resource_free_names(names, n);
    assert_true(resource_is_directory("d"));
    assert_false(resource_is_directory("d/a"));
    assert_false(resource_is_directory("e"));
    assert_null(resource_list_directory("e", &n, &err));
    assert_int_equal(err.code, -ENOENT);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) unlink(files[i]);
    assert_int_equal(rmdir("d"), 0);
}

static void pid_file(void **state)
{
    struct resource_error err;
    char expected[20], *text;
    size_t n;
    (void)state;

    put_file("pid", "something much longer that was there before\n");
    assert_int_equal(resource_pidfile("pid", &err), 0);
    snprintf(expected, sizeof expected, "%d\n", (int)getpid());
    text = resource_read_file("pid", 100, &n, NULL);
    assert_string_equal(text, expected);
    free(text);
    unlink("pid");
    assert_int_equal(resource_pidfile("no/where", &err), -ENOENT);
    assert_int_equal(resource_pidfile("/dev/full", &err), -ENOSPC);
}

/* --- sockets --- */

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons(port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int listen_v4(uint16_t port, bool reuseport, struct resource_error *err)
{
    struct sockaddr_in a = loopback(port);
    struct resource_listen l = { .addr = (struct sockaddr *)&a,
                                 .size = sizeof a,
                                 .reuseport = reuseport };
    return resource_listen(&l, err);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t size = sizeof a;
    getsockname(fd, (struct sockaddr *)&a, &size);
    return ntohs(a.sin_port);
}

static bool connects(const void *addr, socklen_t size)
{
    int fd = socket(((const struct sockaddr *)addr)->sa_family, SOCK_STREAM, 0);
    bool ok = connect(fd, addr, size) == 0;
    close(fd);
    return ok;
}

static void tcp_ports(void **state)
{
    struct resource_error err = { 0 };
    char expected[80];
    int a = listen_v4(0, true, &err), b, c;
    struct sockaddr_in addr = loopback(port_of(a));
    (void)state;

    assert_true(a >= 0 && is_ours(a) && is_nonblocking(a));
    assert_true(connects(&addr, sizeof addr));
    b = listen_v4(port_of(a), true, &err);
    assert_true(b >= 0);
    c = listen_v4(port_of(a), false, &err);
    assert_int_equal(c, -EADDRINUSE);
    assert_int_equal(err.code, -EADDRINUSE);
    snprintf(expected, sizeof expected, "cannot bind to 127.0.0.1:%u: Address already in use",
             port_of(a));
    assert_string_equal(err.text, expected);
    close(a);
    close(b);
}

static void ipv6_and_v4(void **state)
{
    static const struct {
        bool v6only, v4v6, takes_v4;
    } cases[] = { { true, false, false }, { false, true, true } };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
        struct resource_listen l = { .addr = (struct sockaddr *)&a,
                                     .size = sizeof a,
                                     .v6only = cases[i].v6only,
                                     .v4v6 = cases[i].v4v6 };
        int fd = resource_listen(&l, NULL);
        if (fd == -EAFNOSUPPORT) skip();
        assert_true(fd >= 0);
        struct sockaddr_in v4 = loopback(port_of(fd));
        assert_int_equal(connects(&v4, sizeof v4), cases[i].takes_v4);
        close(fd);
    }
}

static void bad_addresses(void **state)
{
    struct sockaddr_in a = loopback(0);
    struct resource_listen l = { .addr = (struct sockaddr *)&a,
                                 .size = sizeof a,
                                 .interface = "no-such-if0" };
    struct resource_error err;
    (void)state;

    assert_true(resource_listen(&l, &err) < 0);
    assert_non_null(strstr(err.text, "no-such-if0"));
    l.interface = NULL;
    l.size = 4;
    assert_int_equal(resource_listen(&l, &err), -EAFNOSUPPORT);
    l.size = sizeof a;
    a.sin_addr.s_addr = inet_addr("192.0.2.1"); /* not an address of this machine */
    assert_int_equal(resource_listen(&l, &err), -EADDRNOTAVAIL);
    assert_int_equal(resource_datagram((struct sockaddr *)&a, 4, &err), -EAFNOSUPPORT);
}

static struct resource_listen unix_listen(struct sockaddr_un *a, const char *path)
{
    *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
    strcpy(a->sun_path, path);
    return (struct resource_listen){ .addr = (struct sockaddr *)a, .size = sizeof *a };
}

static void unix_paths(void **state)
{
    struct sockaddr_un a;
    struct resource_listen l = unix_listen(&a, "sock");
    struct resource_error err = { 0 };
    struct stat st;
    int first, second;
    (void)state;

    l.mode = 0600;
    l.set_uid = l.set_gid = true;
    l.uid = geteuid();
    l.gid = getegid();
    first = resource_listen(&l, &err);
    assert_true(first >= 0 && is_ours(first) && is_nonblocking(first));
    assert_int_equal(stat("sock", &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(connects(&a, sizeof a));

    /* A stale one is replaced, and so is one that still listens (the old process of a reload). */
    close(first);
    assert_false(connects(&a, sizeof a));
    l.mode = 0;
    first = resource_listen(&l, &err);
    second = resource_listen(&l, &err);
    assert_true(first >= 0 && second >= 0);
    close(first);
    assert_true(connects(&a, sizeof a));
    stat("sock", &st);
    assert_int_equal(st.st_mode & 07777, 0755);
    close(second);
    assert_int_equal(resource_remove("sock", NULL), 0);
    assert_int_equal(access("sock", F_OK), -1);
}

static void unix_paths_that_fail(void **state)
{
    struct sockaddr_un a;
    struct resource_listen l = unix_listen(&a, "file");
    struct resource_error err = { 0 };
    (void)state;

    put_file("file", "precious");
    assert_int_equal(resource_listen(&l, &err), -ENOTSOCK);
    assert_int_equal(access("file", F_OK), 0);
    unlink("file");
    l = unix_listen(&a, "no/where");
    assert_int_equal(resource_listen(&l, &err), -ENOENT);
    assert_string_equal(err.text, "cannot bind to 'no/where': No such file or directory");
    memset(a.sun_path, 'x', sizeof a.sun_path);
    assert_int_equal(resource_listen(&l, &err), -ENAMETOOLONG);
    l = unix_listen(&a, "sock"); /* nothing of it may stay when the owner can't be set */
    l.set_uid = true;
    l.uid = 12345;
    if (geteuid() != 0) {
        assert_int_equal(resource_listen(&l, &err), -EPERM);
    } else {
        struct stat st;
        int fd = resource_listen(&l, &err);
        stat("sock", &st);
        assert_int_equal(st.st_uid, 12345);
        close(fd);
        unlink("sock");
    }
}

static void abstract_names(void **state)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int n = sprintf(a.sun_path + 1, "test_resources.%d", (int)getpid());
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    struct resource_listen l = { .addr = (struct sockaddr *)&a, .size = size };
    struct resource_error err;
    int fd = resource_listen(&l, &err);
    (void)state;

    assert_true(fd >= 0);
    assert_true(connects(&a, size));
    assert_int_equal(resource_listen(&l, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "abns@test_resources."));
    close(fd);
}

static void inherited_sockets(void **state)
{
    struct sockaddr_in a = loopback(0);
    struct resource_error err;
    int own = listen_v4(0, false, NULL), p[2], fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;

    assert_false(resource_is_inherited(own));
    assert_int_equal(resource_inherited(own, 0, &err), -EBADF);
    assert_int_equal(resource_inherited(fd, 0, &err), -EINVAL); /* not bound */
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_true(resource_is_inherited(fd));
    assert_int_equal(resource_inherited(fd, 0, &err), fd); /* bound, does not listen yet */
    assert_true(is_nonblocking(fd));
    a = loopback(port_of(fd));
    assert_true(connects(&a, sizeof a));
    assert_int_equal(resource_inherited(fd, 0, &err), fd); /* again, with the next reload */
    close(fd);
    assert_int_equal(resource_inherited(fd, 0, &err), -EBADF);
    assert_non_null(strstr(err.text, "not open"));
    close(own);

    assert_int_equal(pipe(p), 0);
    assert_int_equal(resource_inherited(p[0], 0, &err), -ENOTSOCK);
    close(p[0]);
    close(p[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    assert_int_equal(resource_inherited(p[0], 0, &err), -EINVAL); /* a connection */
    close(p[0]);
    close(p[1]);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(resource_inherited(fd, 0, &err), -EPROTOTYPE);
    close(fd);
}

static void datagrams_and_pipes(void **state)
{
    struct sockaddr_un a;
    struct sockaddr_in v4 = loopback(9);
    struct resource_error err;
    int fd, receiver = socket(AF_UNIX, SOCK_DGRAM, 0), p[2];
    (void)state;

    unix_listen(&a, "log");
    assert_int_equal(resource_datagram((struct sockaddr *)&a, sizeof a, &err), -ENOENT);
    assert_string_equal(err.text, "cannot connect to 'log': No such file or directory");
    assert_int_equal(bind(receiver, (struct sockaddr *)&a, sizeof a), 0);
    fd = resource_datagram((struct sockaddr *)&a, sizeof a, &err);
    assert_true(fd >= 0 && is_ours(fd) && is_nonblocking(fd));
    assert_int_equal(send(fd, "x", 1, 0), 1);
    close(fd);
    close(receiver);
    unlink("log");
    fd = resource_datagram((struct sockaddr *)&v4, sizeof v4, &err);
    assert_true(fd >= 0 && is_ours(fd));
    close(fd);

    assert_int_equal(pipe(p), 0);
    fd = resource_reopen(p[1], &err);
    assert_true(fd >= 0 && is_ours(fd) && is_nonblocking(fd));
    assert_false(is_nonblocking(p[1]));
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    close(p[0]);
    close(p[1]);
    assert_int_equal(resource_reopen(p[1], &err), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_files),
        cmocka_unit_test(reading_a_large_file_and_a_pipe),
        cmocka_unit_test(directories),
        cmocka_unit_test(pid_file),
        cmocka_unit_test(tcp_ports),
        cmocka_unit_test(ipv6_and_v4),
        cmocka_unit_test(bad_addresses),
        cmocka_unit_test(unix_paths),
        cmocka_unit_test(unix_paths_that_fail),
        cmocka_unit_test(abstract_names),
        cmocka_unit_test(inherited_sockets),
        cmocka_unit_test(datagrams_and_pipes),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static bool admit(struct listener *l, struct worker *w)
{
    (void)l, (void)w;
    return true;
}

static int accepted_fd;

static void accepted(struct listener *l, struct worker *w, int fd, const union address *from)
{
    (void)l, (void)w, (void)from;
    accepted_fd = fd;
}

static const struct listener_events events = { .admit = admit, .accepted = accepted };

static struct objects all;

static int begin(void **state)
{
    (void)state;
    objects_init(&all);
    return 0;
}

/* Every listener must be gone. */
static int end(void **state)
{
    unsigned left = all.by_name.n;

    (void)state;
    objects_release(&all);
    return left ? -1 : 0;
}

static struct listener_spec spec_of(const char *text, uint16_t port)
{
    struct listener_spec spec = { .inherited_fd = -1 };
    struct address_spec a;

    assert_null(address_parse(slice_str(text), &a));
    assert_true(address_numeric(&a, port ? port : a.port, &spec.address));
    return spec;
}

static uint16_t free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_return_code(bind(fd, (struct sockaddr *)&a, size), errno);
    assert_return_code(getsockname(fd, (struct sockaddr *)&a, &size), errno);
    close(fd);
    return ntohs(a.sin_port);
}

static struct listener *open_listener(const struct listener_spec *spec, unsigned n,
                                      struct resource_error *err)
{
    return listener_open(&all, spec, n, &events, NULL, err);
}

/* 0, or the errno of connecting. */
static int connect_to(const union address *a)
{
    int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = connect(fd, &a->sa, address_length(&a->sa)) == 0 ? 0 : errno;

    close(fd);
    return rc;
}

static void a_socket_for_each_worker(void **state)
{
    struct listener_spec spec = spec_of("127.0.0.1:1", free_port());
    struct resource_error err;
    struct listener *l = open_listener(&spec, 3, &err);

    (void)state;
    assert_non_null(l);
    assert_int_equal(l->shared_fd, -1);
    assert_true(l->sockets[0].io.fd != l->sockets[2].io.fd);
    assert_int_equal(connect_to(&spec.address), 0);
    object_unref(&l->object);
    assert_int_equal(connect_to(&spec.address), ECONNREFUSED);
}

static void one_socket_for_all(void **state)
{
    struct listener_spec spec = spec_of("127.0.0.1:1", free_port());
    struct resource_error err;
    struct listener *l;

    (void)state;
    spec.one_socket = true;
    l = open_listener(&spec, 3, &err);
    assert_non_null(l);
    assert_true(l->shared_fd >= 0);
    assert_int_equal(l->sockets[2].io.fd, l->shared_fd);
    object_unref(&l->object);
    assert_int_equal(connect_to(&spec.address), ECONNREFUSED);
}

static void a_port_in_use(void **state)
{
    struct listener_spec spec = spec_of("127.0.0.1:1", free_port());
    struct resource_error err;
    struct listener *l = open_listener(&spec, 1, &err), *beside;

    (void)state;
    assert_non_null(l);
    assert_null(open_listener(&spec, 1, &err));
    assert_int_equal(err.code, -EADDRINUSE);
    assert_non_null(strstr(err.text, "127.0.0.1"));
    object_forget(&l->object);
    spec.take_over = true; /* it shares it, whatever the number of workers */
    beside = open_listener(&spec, 1, &err);
    assert_non_null(beside);
    object_unref(&l->object);
    assert_int_equal(connect_to(&spec.address), 0);
    object_unref(&beside->object);
}

static void a_path_that_is_still_ours_is_removed(void **state)
{
    char name[64];
    struct listener_spec spec;
    struct resource_error err;
    struct listener *l, *successor;

    (void)state;
    snprintf(name, sizeof name, "/tmp/test_listener.%d", (int)getpid());
    spec = spec_of(name, 0);
    l = open_listener(&spec, 2, &err);
    assert_non_null(l);
    object_unref(&l->object);
    assert_int_equal(access(name, F_OK), -1);

    l = open_listener(&spec, 2, &err);
    object_forget(&l->object);
    successor = open_listener(&spec, 2, &err); /* as another process would */
    object_unref(&l->object);
    assert_int_equal(connect_to(&spec.address), 0);
    object_unref(&successor->object);
    assert_int_equal(access(name, F_OK), -1);
}

/* The last worker that stops closes the socket, though somebody still refers to the listener. */
static void stopping_closes(void **state)
{
    char name[64];
    struct listener_spec spec;
    struct resource_error err;
    struct worker workers[2];
    struct listener *l;

    (void)state;
    snprintf(name, sizeof name, "/tmp/test_listener.stop.%d", (int)getpid());
    spec = spec_of(name, 0);
    l = open_listener(&spec, 2, &err);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(worker_init(&workers[i], i, 4096), 0);
        listener_start(l, &workers[i]);
    }
    listener_stop(l, &workers[0]);
    assert_int_equal(connect_to(&spec.address), 0);
    listener_stop(l, &workers[1]);
    assert_int_equal(connect_to(&spec.address), ENOENT);
    object_unref(&l->object);
    for (unsigned i = 0; i < 2; i++) worker_release(&workers[i]);
}

static int keepalive_of(int fd)
{
    int v = -1;
    socklen_t size = sizeof v;
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, &size);
    return v;
}

static void accepted_sockets_have_the_options(void **state)
{
    struct listener_spec spec = spec_of("127.0.0.1:1", free_port());
    struct resource_error err;
    struct worker w;
    struct listener *l;
    int on = 0, peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof on;

    (void)state;
    spec.socket.keepalive = true;
    l = open_listener(&spec, 1, &err);
    assert_int_equal(worker_init(&w, 0, 4096), 0);
    listener_start(l, &w);
    assert_return_code(connect(peer, &spec.address.sa, address_length(&spec.address.sa)), errno);
    accepted_fd = -1;
    l->sockets[0].io.on_event(&l->sockets[0].io);
    assert_true(accepted_fd >= 0);
    assert_int_equal(keepalive_of(accepted_fd), 1);
    getsockopt(accepted_fd, IPPROTO_TCP, TCP_NODELAY, &on, &size);
    assert_int_equal(on, 1);
    close(accepted_fd);
    close(peer);
    listener_stop(l, &w);
    object_unref(&l->object);
    worker_release(&w);
}

static void tuning(void **state)
{
    struct listener_spec spec = spec_of("127.0.0.1:1", free_port()), other = spec;
    struct resource_error err;
    struct listener *l = open_listener(&spec, 2, &err);

    (void)state;
    other.socket.keepalive = true;
    other.options.backlog = 7;
    assert_true(listener_tune(l, &other, true, &err));
    assert_int_equal(keepalive_of(l->sockets[1].io.fd), 0); /* it was only asked */
    assert_true(listener_tune(l, &other, false, &err));
    assert_int_equal(keepalive_of(l->sockets[0].io.fd), 1);
    assert_int_equal(keepalive_of(l->sockets[1].io.fd), 1);
    assert_true(listener_tune(l, &spec, false, &err));
    assert_int_equal(keepalive_of(l->sockets[1].io.fd), 0);

    other = spec;
    other.options.transparent = true;
    assert_false(listener_tune(l, &other, true, &err));
    assert_non_null(strstr(err.text, "'transparent'"));
    object_unref(&l->object);
}

static void tuning_a_path(void **state)
{
    char name[64];
    struct listener_spec spec;
    struct resource_error err;
    struct listener *l;
    struct stat st;

    (void)state;
    snprintf(name, sizeof name, "/tmp/test_listener.mode.%d", (int)getpid());
    spec = spec_of(name, 0);
    spec.options.mode = 0600;
    l = open_listener(&spec, 1, &err);
    spec.options.mode = 0640;
    assert_true(listener_tune(l, &spec, false, &err));
    assert_return_code(stat(name, &st), errno);
    assert_int_equal(st.st_mode & 0777, 0640);
    object_unref(&l->object);
}

static void what_the_system_refuses(void **state)
{
    struct listener_spec spec = spec_of("127.0.0.1:1", free_port());
    struct resource_error err;

    (void)state;
    spec.socket.mss = 1;
    assert_null(open_listener(&spec, 2, &err));
    assert_non_null(strstr(err.text, "TCP_MAXSEG"));
    assert_int_equal(connect_to(&spec.address), ECONNREFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_socket_for_each_worker, begin, end),
        cmocka_unit_test_setup_teardown(one_socket_for_all, begin, end),
        cmocka_unit_test_setup_teardown(a_port_in_use, begin, end),
        cmocka_unit_test_setup_teardown(a_path_that_is_still_ours_is_removed, begin, end),
        cmocka_unit_test_setup_teardown(stopping_closes, begin, end),
        cmocka_unit_test_setup_teardown(accepted_sockets_have_the_options, begin, end),
        cmocka_unit_test_setup_teardown(tuning, begin, end),
        cmocka_unit_test_setup_teardown(tuning_a_path, begin, end),
        cmocka_unit_test_setup_teardown(what_the_system_refuses, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

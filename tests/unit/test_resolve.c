/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resolve.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *text(const struct sockaddr_storage *a, char *buf)
{
    const void *bytes = a->ss_family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
                            : &((const struct sockaddr_in6 *)a)->sin6_addr;
    return inet_ntop(a->ss_family, bytes, buf, INET6_ADDRSTRLEN);
}

/* Only what needs no name server. */
static void addresses_as_text(void **state)
{
    static const struct {
        const char *host;
        int family;
        const char *expected; /* NULL: an error */
    } cases[] = {
        { "192.0.2.7", AF_UNSPEC, "192.0.2.7" },
        { "192.0.2.7", AF_INET, "192.0.2.7" },
        { "192.0.2.7", AF_INET6, NULL },
        { "2001:db8::1", AF_UNSPEC, "2001:db8::1" },
        { "2001:db8::1", AF_INET, NULL },
        { "localhost", AF_INET, "127.0.0.1" },
        { "", AF_UNSPEC, NULL },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sockaddr_storage out[4];
        char buf[INET6_ADDRSTRLEN];
        int n = resolve_name(slice_str(cases[i].host), cases[i].family, out, ARRAY_LEN(out));

        if (!cases[i].expected) {
            assert_true(n < 0);
            assert_true(resolve_error(n)[0] != '\0');
            continue;
        }
        assert_int_equal(n, 1);
        assert_string_equal(text(&out[0], buf), cases[i].expected);
        assert_int_equal(((struct sockaddr_in *)&out[0])->sin_port, 0);
    }
}

static void both_families_ipv4_first(void **state)
{
    struct sockaddr_storage out[8];
    int n = resolve_name(SLICE("localhost"), AF_UNSPEC, out, ARRAY_LEN(out));
    (void)state;

    assert_true(n >= 1);
    assert_int_equal(out[0].ss_family, AF_INET);
    for (int i = 1; i < n; i++) {
        assert_true(out[i].ss_family == AF_INET6 || out[i - 1].ss_family == AF_INET);
        for (int k = 0; k < i; k++) assert_memory_not_equal(&out[i], &out[k], sizeof out[0]);
    }
    assert_int_equal(resolve_name(SLICE("localhost"), AF_UNSPEC, out, 1), 1);
}

static void names_that_are_none(void **state)
{
    char endless[300];
    struct sockaddr_storage out;
    (void)state;

    memset(endless, 'x', sizeof endless);
    assert_true(resolve_name(slice_of(endless, sizeof endless), AF_UNSPEC, &out, 1) < 0);
    assert_true(resolve_name(slice_of("127.0.0.1\0.x", 12), AF_UNSPEC, &out, 1) < 0);
    /* A slice ends where it ends. */
    assert_int_equal(resolve_name(slice_of("127.0.0.123", 9), AF_UNSPEC, &out, 1), 1);
    assert_int_equal(((struct sockaddr_in *)&out)->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_as_text),
        cmocka_unit_test(both_families_ipv4_first),
        cmocka_unit_test(names_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    const char *text;
    enum address_kind kind;
    int family;
    const char *host;
    unsigned port, last;
    bool any;
    char sign;
} good[] = {
    { "*:80", ADDRESS_IP, AF_UNSPEC, "*", 80, 80, true, 0 },
    { ":80", ADDRESS_IP, AF_UNSPEC, "", 80, 80, true, 0 },
    { "127.0.0.1:8000-8009", ADDRESS_IP, AF_UNSPEC, "127.0.0.1", 8000, 8009, false, 0 },
    { "[::1]:443", ADDRESS_IP, AF_INET6, "::1", 443, 443, false, 0 },
    { "::1:443", ADDRESS_IP, AF_INET6, "::1", 443, 443, false, 0 },
    { ":::443", ADDRESS_IP, AF_INET6, "::", 443, 443, false, 0 },
    { "ipv6@:443", ADDRESS_IP, AF_INET6, "", 443, 443, true, 0 },
    { "ipv4@app:8080", ADDRESS_IP, AF_INET, "app", 8080, 8080, false, 0 },
    { "app", ADDRESS_IP, AF_UNSPEC, "app", 0, 0, false, 0 },
    { "app:+10", ADDRESS_IP, AF_UNSPEC, "app", 10, 10, false, '+' },
    { "app:-10", ADDRESS_IP, AF_UNSPEC, "app", 10, 10, false, '-' },
    { "/run/x.sock", ADDRESS_UNIX, AF_UNIX, "/run/x.sock", 0, 0, false, 0 },
    { "unix@/run/x", ADDRESS_UNIX, AF_UNIX, "/run/x", 0, 0, false, 0 },
    { "abns@name", ADDRESS_ABSTRACT, AF_UNIX, "name", 0, 0, false, 0 },
    { "fd@7", ADDRESS_FD, AF_UNSPEC, "", 7, 7, false, 0 },
};

static void good_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct address_spec a;
        const char *wrong = address_parse(slice_str(good[i].text), &a);

        if (wrong) fail_msg("%s: %s", good[i].text, wrong);
        assert_int_equal(a.kind, good[i].kind);
        assert_int_equal(a.family, good[i].family);
        if (a.kind != ADDRESS_FD) assert_true(slice_is(a.host, good[i].host));
        assert_int_equal(a.port, good[i].port);
        if (a.kind == ADDRESS_IP) assert_int_equal(a.last_port, good[i].last);
        assert_int_equal(a.any, good[i].any);
        assert_int_equal(a.port_sign, good[i].sign);
    }
}

static void bad_addresses(void **state)
{
    static const char *const bad[] = { "a:99999", "a:80-79", "a:x",   "a:0-5", "[::1:80",
                                       "[::1]80", "fd@",     "fd@-1", "unix@", "a:80-" };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct address_spec a;
        if (!address_parse(slice_str(bad[i]), &a)) fail_msg("%s was taken", bad[i]);
    }
}

static void numeric_addresses_become_socket_addresses(void **state)
{
    struct address_spec a;
    union address out, same;
    char text[64];

    (void)state;
    assert_null(address_parse(SLICE("192.0.2.1:80"), &a));
    assert_true(address_numeric(&a, 81, &out));
    assert_int_equal(address_port(&out.sa), 81);
    assert_string_equal(address_text(&out.sa, text), "192.0.2.1");
    same = out;
    assert_true(address_equal(&out.sa, &same.sa));
    address_set_port(&same.sa, 82);
    assert_false(address_equal(&out.sa, &same.sa));
    assert_null(address_parse(SLICE("[2001:db8::1]:80"), &a));
    assert_true(address_numeric(&a, 80, &out));
    assert_string_equal(address_text(&out.sa, text), "2001:db8::1");
    assert_null(address_parse(SLICE("app:80"), &a));
    assert_false(address_numeric(&a, 80, &out));
    assert_null(address_parse(SLICE("abns@x"), &a));
    assert_true(address_numeric(&a, 0, &out));
    assert_int_equal(out.un.sun_path[0], 0);
    assert_int_equal(address_length(&out.sa), sizeof(struct sockaddr_un));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses),
        cmocka_unit_test(bad_addresses),
        cmocka_unit_test(numeric_addresses_become_socket_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/accounts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void known(void **state)
{
    uid_t uid = 7;
    gid_t gid = 7;

    (void)state;
    assert_true(account_user("root", &uid));
    assert_int_equal(uid, 0);
    assert_true(account_group("root", &gid));
    assert_int_equal(gid, 0);
}

static void unknown(void **state)
{
    uid_t uid = 7;
    gid_t gid = 7;

    (void)state;
    assert_false(account_user("no such user", &uid));
    assert_false(account_group("no such group", &gid));
    assert_false(account_user("", &uid));
    assert_int_equal(uid, 7);
    assert_int_equal(gid, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

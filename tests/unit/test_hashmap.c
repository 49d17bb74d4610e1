/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hashmap.h"

#include <stdio.h>

static void empty_map(void **state)
{
    struct hashmap m = { 0 };

    (void)state;
    assert_null(hashmap_get(&m, SLICE("a")));
    assert_null(hashmap_remove(&m, SLICE("a")));
    assert_null(hashmap_from(&m, 0));
    hashmap_release(&m);
}

static void put_get_remove(void **state)
{
    struct hashmap m = { 0 };
    int one, two;

    (void)state;
    assert_null(hashmap_put(&m, SLICE("a"), &one));
    assert_null(hashmap_put(&m, SLICE(""), &two));
    assert_ptr_equal(hashmap_get(&m, SLICE("a")), &one);
    assert_ptr_equal(hashmap_get(&m, SLICE("")), &two);
    assert_null(hashmap_get(&m, SLICE("b")));
    assert_ptr_equal(hashmap_put(&m, SLICE("a"), &two), &one);
    assert_ptr_equal(hashmap_get(&m, SLICE("a")), &two);
    assert_int_equal(m.n, 2);
    assert_ptr_equal(hashmap_remove(&m, SLICE("a")), &two);
    assert_null(hashmap_get(&m, SLICE("a")));
    assert_int_equal(m.n, 1);
    hashmap_release(&m);
}

enum { MANY = 5000 };

/* Grows, loses every third, takes them back: order and content hold. */
static void many_names(void **state)
{
    static char names[MANY][16];
    struct hashmap m = { 0 };
    unsigned n = 0, last = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "n%d", i);
        assert_null(hashmap_put(&m, slice_str(names[i]), names[i]));
    }
    for (int i = 0; i < MANY; i += 3)
        assert_ptr_equal(hashmap_remove(&m, slice_str(names[i])), names[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(hashmap_get(&m, slice_str(names[i])), i % 3 ? names[i] : NULL);
    hashmap_each(it, &m)
    {
        unsigned at = (unsigned)((char(*)[16])it->value - names);
        assert_true(n == 0 || at > last);
        last = at;
        n++;
    }
    assert_int_equal(n, m.n);
    for (int i = 0; i < MANY; i += 3) assert_null(hashmap_put(&m, slice_str(names[i]), names[i]));
    assert_int_equal(m.n, MANY);
    hashmap_release(&m);
}

/* A map that only changes, and never grows, stays small. */
static void churn(void **state)
{
    struct hashmap m = { 0 };
    char name[16];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "%d", i);
        hashmap_put(&m, slice_str(name), &m);
        assert_ptr_equal(hashmap_remove(&m, slice_str(name)), &m);
    }
    assert_int_equal(m.n, 0);
    assert_true(m.n_slots <= 32);
    hashmap_release(&m);
}

static void remove_while_walking(void **state)
{
    struct hashmap m = { 0 };
    static const char *const NAMES[] = { "a", "b", "c", "d" };
    unsigned n = 0;

    (void)state;
    for (int i = 0; i < 4; i++) hashmap_put(&m, slice_str(NAMES[i]), &m);
    hashmap_each(it, &m)
    {
        hashmap_remove(&m, it->key);
        n++;
    }
    assert_int_equal(n, 4);
    assert_int_equal(m.n, 0);
    hashmap_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_map),
        cmocka_unit_test(put_get_remove),
        cmocka_unit_test(many_names),
        cmocka_unit_test(churn),
        cmocka_unit_test(remove_while_walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/object.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct thing {
    struct object object;
};

static atomic_uint freed;

static void thing_free(struct object *o)
{
    atomic_fetch_add(&freed, 1);
    free((struct thing *)(void *)o);
}

static struct object *make(struct objects *all, const char *kind, const char *name)
{
    struct thing *t = calloc(1, sizeof *t);
    object_enter(all, &t->object, kind, name, thing_free);
    return &t->object;
}

static void found_by_kind_and_name_until_the_last_reference(void **state)
{
    struct objects all;
    struct object *o, *p;

    (void)state;
    objects_init(&all);
    o = make(&all, "server", "be/a");
    assert_string_equal(o->name, "be/a");
    assert_null(object_find(&all, "proxy", "be/a"));
    p = object_find(&all, "server", "be/a");
    assert_ptr_equal(o, p);
    freed = 0;
    object_unref(o);
    assert_int_equal(freed, 0);
    object_unref(p);
    assert_int_equal(freed, 1);
    assert_null(object_find(&all, "server", "be/a"));
    objects_release(&all);
}

static void count(struct object *o, void *n)
{
    assert_true(atomic_load(&o->refs) >= 2);
    ++*(unsigned *)n;
}

static void each_of_a_kind(void **state)
{
    struct objects all;
    struct object *o[3];
    unsigned n = 0;

    (void)state;
    objects_init(&all);
    o[0] = make(&all, "server", "be/a");
    o[1] = make(&all, "server", "be/b");
    o[2] = make(&all, "proxy", "be");
    objects_each(&all, "server", count, &n);
    assert_int_equal(n, 2);
    for (int i = 0; i < 3; i++) object_unref(o[i]);
    objects_release(&all);
}

/* Finding and letting go at the same time: never a dead object, never two of one name alive. */
static struct objects shared;

static void *find_and_let_go(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        struct object *o = object_find(&shared, "x", "y");
        if (o) object_unref(o);
    }
    return NULL;
}

static void threads_find_and_let_go(void **state)
{
    pthread_t t[3];

    (void)state;
    objects_init(&shared);
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, find_and_let_go, NULL);
    freed = 0;
    for (unsigned i = 0; i < 2000; i++) {
        struct object *o = make(&shared, "x", "y");
        object_unref(o);
        while (atomic_load(&freed) <= i) {
        }
    }
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
    objects_release(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_kind_and_name_until_the_last_reference),
        cmocka_unit_test(each_of_a_kind),
        cmocka_unit_test(threads_find_and_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

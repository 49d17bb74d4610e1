/* SPDX-License-Identifier: Apache-2.0 */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct item {
    char name;
    struct list link;
};

enum { ITEMS = 6 };

static struct item items[ITEMS];

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < ITEMS; i++) {
        items[i].name = (char)('a' + i);
        list_init(&items[i].link);
    }
    return 0;
}

/* The names on l in order, read forwards; the way back must say the same. */
static const char *names(struct list *l)
{
    static char text[ITEMS + 1];
    size_t n = 0;

    list_each(m, l) text[n++] = list_entry(m, struct item, link)->name;
    text[n] = '\0';
    for (struct list *m = l->prev; m != l; m = m->prev)
        assert_int_equal(text[--n], list_entry(m, struct item, link)->name);
    assert_int_equal(n, 0);
    return text;
}

static void push_and_append_are_the_two_ends(void **state)
{
    (void)state;
    struct list l = LIST_INIT(l);

    assert_true(list_empty(&l));
    assert_string_equal(names(&l), "");
    list_append(&l, &items[1].link);
    list_append(&l, &items[2].link);
    list_push(&l, &items[0].link);
    list_insert(&items[1].link, &items[5].link);
    assert_false(list_empty(&l));
    assert_string_equal(names(&l), "abfc");
}

static void removing_twice_is_harmless(void **state)
{
    (void)state;
    struct list l = LIST_INIT(l);

    for (int i = 0; i < 3; i++) list_append(&l, &items[i].link);
    list_remove(&items[1].link);
    assert_true(list_empty(&items[1].link));
    list_remove(&items[1].link);
    assert_string_equal(names(&l), "ac");
}

static void pop_takes_the_first(void **state)
{
    (void)state;
    struct list l = LIST_INIT(l);

    assert_null(list_pop(&l));
    for (int i = 0; i < 2; i++) list_append(&l, &items[i].link);
    assert_ptr_equal(list_pop(&l), &items[0].link);
    assert_true(list_empty(&items[0].link));
    assert_ptr_equal(list_pop(&l), &items[1].link);
    assert_null(list_pop(&l));
}

static void splice_moves_all_to_the_end(void **state)
{
    (void)state;
    struct list to = LIST_INIT(to), from = LIST_INIT(from);

    list_splice(&to, &from);
    assert_string_equal(names(&to), "");
    for (int i = 0; i < 2; i++) list_append(&to, &items[i].link);
    list_splice(&to, &from);
    assert_string_equal(names(&to), "ab");
    for (int i = 2; i < 5; i++) list_append(&from, &items[i].link);
    list_splice(&to, &from);
    assert_string_equal(names(&to), "abcde");
    assert_true(list_empty(&from));
    list_splice(&from, &to); /* into an empty list */
    assert_string_equal(names(&from), "abcde");
}

static void the_current_member_may_go(void **state)
{
    (void)state;
    struct list l = LIST_INIT(l), odd = LIST_INIT(odd);

    for (int i = 0; i < ITEMS; i++) list_append(&l, &items[i].link);
    list_each(m, &l)
    {
        if ((list_entry(m, struct item, link)->name - 'a') % 2 == 0) continue;
        list_remove(m);
        list_append(&odd, m);
    }
    assert_string_equal(names(&l), "ace");
    assert_string_equal(names(&odd), "bdf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(push_and_append_are_the_two_ends, setup),
        cmocka_unit_test_setup(removing_twice_is_harmless, setup),
        cmocka_unit_test_setup(pop_takes_the_first, setup),
        cmocka_unit_test_setup(splice_moves_all_to_the_end, setup),
        cmocka_unit_test_setup(the_current_member_may_go, setup),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}

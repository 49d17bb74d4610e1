/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { SIZE = 64 };

static int pool_open(void **state)
{
    static struct buf_pool pool;

    buf_pool_init(&pool, SIZE, 2);
    *state = &pool;
    return 0;
}

static int pool_close(void **state)
{
    struct buf_pool *pool = *state;

    buf_pool_release(pool);
    return pool->n_used || pool->n_free || pool->free;
}

static struct slice filled(struct buf *b)
{
    return slice_of(buf_at(b), buf_filled(b));
}

static void a_buffer_starts_empty(void **state)
{
    struct buf *b = buf_get(*state);

    assert_int_equal(b->size, SIZE);
    assert_int_equal(buf_filled(b), 0);
    assert_int_equal(buf_room(b), SIZE);
    assert_int_equal(buf_filled(NULL), 0);
    buf_put(*state, &b);
    assert_null(b);
    buf_put(*state, &b); /* harmless */
}

static void the_last_one_back_is_the_first_one_out(void **state)
{
    struct buf_pool *pool = *state;
    struct buf *a = buf_get(pool), *b = buf_get(pool), *last = b;

    assert_int_equal(pool->n_used, 2);
    assert_true(buf_append(b, SLICE("left over")));
    buf_put(pool, &a);
    buf_put(pool, &b);
    assert_int_equal(pool->n_used, 0);
    assert_int_equal(pool->n_free, 2);
    b = buf_get(pool);
    assert_ptr_equal(b, last);
    assert_int_equal(buf_filled(b), 0); /* and it is empty again */
    buf_put(pool, &b);
}

static void the_pool_keeps_no_more_than_its_bound(void **state)
{
    struct buf_pool *pool = *state;
    struct buf *held[5];

    for (int i = 0; i < 5; i++) held[i] = buf_get(pool);
    for (int i = 0; i < 5; i++) buf_put(pool, &held[i]);
    assert_int_equal(pool->n_free, 2);
}

static void appending_is_whole_or_not_at_all(void **state)
{
    struct buf *b = buf_get(*state);
    char text[SIZE + 1];

    memset(text, 'x', sizeof text);
    assert_false(buf_append(b, slice_of(text, SIZE + 1)));
    assert_int_equal(buf_filled(b), 0);
    assert_true(buf_append(b, slice_of(text, SIZE)));
    assert_int_equal(buf_room(b), 0);
    assert_true(buf_append(b, slice_of(NULL, 0)));
    assert_false(buf_append(b, SLICE("y")));
    assert_int_equal(buf_filled(b), SIZE);
    buf_put(*state, &b);
}

static void consuming_and_compacting_keep_the_rest(void **state)
{
    struct buf *b = buf_get(*state);

    assert_true(buf_append(b, SLICE("GET / HTTP/1.1")));
    buf_consume(b, 4);
    assert_true(slice_is(filled(b), "/ HTTP/1.1"));
    assert_int_equal(buf_room(b), SIZE - 14); /* what was consumed is not room yet */
    buf_compact(b);
    assert_true(slice_is(filled(b), "/ HTTP/1.1"));
    assert_int_equal(buf_room(b), SIZE - 10);
    buf_compact(b);
    assert_true(slice_is(filled(b), "/ HTTP/1.1"));
    buf_consume(b, 10);
    assert_int_equal(buf_room(b), SIZE); /* emptied: it starts again by itself */
    buf_put(*state, &b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_buffer_starts_empty, pool_open, pool_close),
        cmocka_unit_test_setup_teardown(the_last_one_back_is_the_first_one_out, pool_open,
                                        pool_close),
        cmocka_unit_test_setup_teardown(the_pool_keeps_no_more_than_its_bound, pool_open,
                                        pool_close),
        cmocka_unit_test_setup_teardown(appending_is_whole_or_not_at_all, pool_open, pool_close),
        cmocka_unit_test_setup_teardown(consuming_and_compacting_keep_the_rest, pool_open,
                                        pool_close),
    };
    return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}

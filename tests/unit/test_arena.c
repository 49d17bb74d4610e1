/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <cmocka.h>

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 7, 15, 16, 17, 100, 1000 };
    unsigned char *pieces[64 * ARRAY_LEN(sizes)];
    struct arena a;

    arena_init(&a, NULL);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        size_t n = sizes[i % ARRAY_LEN(sizes)];
        pieces[i] = arena_alloc(&a, n);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 0xff), n);
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
        for (size_t k = 0; k < sizes[i % ARRAY_LEN(sizes)]; k++)
            assert_int_equal(pieces[i][k], i & 0xff);
    arena_release(&a);
}

static void an_unused_arena_holds_nothing(void **state)
{
    (void)state;
    struct arena a;

    arena_init(&a, NULL);
    assert_int_equal(a.used, 0);
    arena_release(&a);
    arena_release(&a);
    assert_int_equal(a.used, 0);
}

/* A large piece has a chunk of its own; small ones go on where they were. */
static void large_pieces_leave_the_current_chunk(void **state)
{
    (void)state;
    struct arena a;

    arena_init(&a, NULL);
    char *before = arena_alloc(&a, 16);
    size_t used = a.used;
    char *large = arena_alloc(&a, 3 * ARENA_CHUNK);
    memset(large, 'x', 3 * ARENA_CHUNK);
    assert_true(a.used >= used + 3 * ARENA_CHUNK);
    assert_ptr_equal(arena_alloc(&a, 16), before + 16);
    arena_release(&a);

    /* also as the first one of all */
    memset(arena_alloc(&a, 2 * ARENA_CHUNK), 'y', 2 * ARENA_CHUNK);
    memset(arena_alloc(&a, 100), 'z', 100);
    arena_release(&a);
}

/* Fills n standard chunks with bytes and gives them back to the cache. */
static void use_chunks(struct arena_cache *cache, int n)
{
    struct arena a;

    arena_init(&a, cache);
    for (int i = 0; i < n; i++) memset(arena_alloc(&a, ARENA_CHUNK - 64), 'x', ARENA_CHUNK - 64);
    arena_release(&a);
}

static void a_cache_hands_out_the_chunk_used_last(void **state)
{
    (void)state;
    struct arena_cache cache = { 0 };
    struct arena a;

    use_chunks(&cache, 5);
    unsigned n = cache.n;
    struct arena_chunk *top = cache.free[n - 1];
    arena_init(&a, &cache);
    arena_alloc(&a, 10 * ARENA_CHUNK); /* too large for a chunk: the cache has no part in it */
    assert_int_equal(cache.n, n);
    arena_alloc(&a, 1);
    assert_int_equal(cache.n, n - 1);
    assert_ptr_equal(a.chunks, top);
    arena_release(&a);
    assert_int_equal(cache.n, n);
    assert_ptr_equal(cache.free[n - 1], top);
    use_chunks(&cache, 200); /* more than there ever were at once */
    assert_true(cache.n >= 200);
    arena_cache_release(&cache);
    assert_int_equal(cache.n, 0);
    use_chunks(&cache, 1); /* and it can start again */
    arena_cache_release(&cache);
}

/* The chunks that hold a byte of use_chunks. */
static int warm_chunks(const struct arena_cache *cache)
{
    int n = 0;

    for (unsigned i = 0; i < cache->n; i++)
        n += ((const char *)cache->free[i])[ARENA_CHUNK / 2] == 'x';
    return n;
}

static void trimming_gives_back_what_was_not_needed(void **state)
{
    (void)state;
    struct arena_cache cache = { 0 };

    use_chunks(&cache, 40);
    assert_int_equal(warm_chunks(&cache), 40);
    arena_cache_trim(&cache, 8); /* all 40 were needed just now */
    assert_int_equal(warm_chunks(&cache), 40);
    use_chunks(&cache, 10);
    arena_cache_trim(&cache, 8); /* 10 were, and 8 more are kept */
    assert_int_equal(warm_chunks(&cache), 18);
    arena_cache_trim(&cache, 8);
    assert_int_equal(warm_chunks(&cache), 8);
    arena_cache_trim(&cache, 8);
    assert_int_equal(warm_chunks(&cache), 8);
    use_chunks(&cache, 40); /* what was given back can be used again */
    assert_int_equal(warm_chunks(&cache), 40);
    arena_cache_release(&cache);
}

static void copies_are_the_arenas_own(void **state)
{
    (void)state;
    char text[] = "key";
    struct arena a;

    arena_init(&a, NULL);
    struct slice copy = arena_copy(&a, slice_str(text));
    char *string = arena_str(&a, slice_str(text));
    text[0] = 'K';
    assert_true(slice_is(copy, "key"));
    assert_string_equal(string, "key");
    assert_string_equal(arena_str(&a, slice_of(NULL, 0)), "");
    assert_int_equal(arena_copy(&a, slice_of(NULL, 0)).n, 0);

    unsigned char *zero = arena_zero(&a, 500);
    for (int i = 0; i < 500; i++) assert_int_equal(zero[i], 0);
    arena_release(&a);
}

static void printing_measures_first(void **state)
{
    (void)state;
    struct arena a;

    arena_init(&a, NULL);
    assert_string_equal(arena_printf(&a, "%s:%d", "cfg", 14), "cfg:14");
    assert_string_equal(arena_printf(&a, "%s", ""), "");
    char *wide = arena_printf(&a, "%*d", 2 * ARENA_CHUNK, 7);
    assert_int_equal(strlen(wide), 2 * ARENA_CHUNK);
    assert_int_equal(wide[2 * ARENA_CHUNK - 1], '7');
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(an_unused_arena_holds_nothing),
        cmocka_unit_test(large_pieces_leave_the_current_chunk),
        cmocka_unit_test(a_cache_hands_out_the_chunk_used_last),
        cmocka_unit_test(trimming_gives_back_what_was_not_needed),
        cmocka_unit_test(copies_are_the_arenas_own),
        cmocka_unit_test(printing_measures_first),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}

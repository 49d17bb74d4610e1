/* SPDX-License-Identifier: Apache-2.0 */
/* W3C Trace Context §3.2 and §4.3: which values of `traceparent` count. */
#include "gateway/trace_context.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void valid(void **state)
{
    static const struct {
        const char *value;
        bool sampled;
    } cases[] = {
        { "00-" ID "-" PARENT "-01", true },  { "00-" ID "-" PARENT "-00", false },
        { "00-" ID "-" PARENT "-03", true },  { "00-" ID "-" PARENT "-fe", false },
        { "01-" ID "-" PARENT "-01", true },  { "cc-" ID "-" PARENT "-01-what comes later", true },
        { "fe-" ID "-" PARENT "-01-", true },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct trace_context t = { 0 };

        assert_true(trace_context_read(slice_str(cases[i].value), &t));
        assert_memory_equal(t.id, ID, TRACE_ID);
        assert_memory_equal(t.parent, PARENT, TRACE_SPAN);
        assert_true(t.has_parent);
        assert_int_equal(t.sampled, cases[i].sampled);
    }
}

static void invalid(void **state)
{
    static const char *const cases[] = {
        "",
        "00",
        "00-" ID "-" PARENT,
        "00-" ID "-" PARENT "-",
        "00-" ID "-" PARENT "-0",
        "00-" ID "-" PARENT "-0x",
        "00-" ID "-" PARENT "-01-",
        "00-" ID "-" PARENT "-011",
        "00-" ID "-" PARENT "-01 ",
        " 00-" ID "-" PARENT "-01",
        "ff-" ID "-" PARENT "-01",
        "0g-" ID "-" PARENT "-01",
        "cc-" ID "-" PARENT "-01.more",
        "00-4BF92f3577b34da6a3ce929d0e0e4736-" PARENT "-01",
        "00-00000000000000000000000000000000-" PARENT "-01",
        "00-" ID "-0000000000000000-01",
        "00_" ID "-" PARENT "-01",
        "00-" ID "_" PARENT "-01",
        "00-" ID "-" PARENT "_01",
    };
    struct trace_context t;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_false(trace_context_read(slice_str(cases[i]), &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),
        cmocka_unit_test(invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

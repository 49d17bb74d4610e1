/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "gateway/pump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* A source that follows a script: 'd' a part of ten bytes, 'w' nothing now, 'l' the last part, 'c'
 * cut, 'b' broken. */
struct script {
    struct body_source source;
    const char *at;
    uint64_t ahead;
    bool stopped;
};

static enum body_pull pull(struct body_source *s, struct body_part *part)
{
    struct script *c = container_of(s, struct script, source);

    *part = (struct body_part){ .data = SLICE("0123456789") };
    switch (*c->at ? *c->at++ : 'w') {
    case 'd': return BODY_PART;
    case 'l': part->last = true; return BODY_PART;
    case 'c': return BODY_CUT;
    case 'b': return BODY_BROKEN;
    }
    return BODY_WAIT;
}

static uint64_t ahead(const struct body_source *s)
{
    return ((const struct script *)(const void *)s)->ahead;
}

static void stop_source(struct body_source *s)
{
    container_of(s, struct script, source)->stopped = true;
}

static const struct body_source_ops source_ops = { .pull = pull,
                                                   .ahead = ahead,
                                                   .stop = stop_source };

/* A sink that counts, and answers by a script too: 'r' ready, 'b' blocked, 'x' broken, 'n' refused.
 */
struct drain {
    struct body_sink sink;
    const char *answers;
    unsigned pushes, bytes;
    bool last, stopped;
};

static enum body_push push(struct body_sink *s, const struct body_part *part)
{
    struct drain *d = container_of(s, struct drain, sink);

    d->pushes++;
    d->bytes += (unsigned)part->data.n;
    d->last |= part->last;
    switch (*d->answers ? *d->answers++ : 'r') {
    case 'b': return SINK_BLOCKED;
    case 'x': return SINK_BROKEN;
    case 'n': return SINK_REFUSED;
    }
    return SINK_READY;
}

static void stop_sink(struct body_sink *s)
{
    container_of(s, struct drain, sink)->stopped = true;
}

static const struct body_sink_ops sink_ops = { .push = push, .stop = stop_sink };

static struct script script;
static struct drain drain;
static struct pump pump;

static void start(const char *source, const char *sink, uint64_t limit)
{
    script = (struct script){ .source = { &source_ops }, .at = source };
    drain = (struct drain){ .sink = { .ops = &sink_ops, .phase = BODY_PHASE_SINK },
                            .answers = sink };
    pump_start(&pump, &script.source, &drain.sink, limit);
}

static void moves_until_the_last_part(void **state)
{
    (void)state;
    start("dwdl", "", UINT64_MAX);
    assert_int_equal(pump_run(&pump), PUMP_RUNNING);
    assert_false(pump.blocked);
    assert_int_equal(drain.bytes, 10);
    assert_int_equal(pump_run(&pump), PUMP_DONE);
    assert_int_equal(drain.bytes, 30);
    assert_true(drain.last);
}

static void a_head_goes_out_before_its_body(void **state)
{
    (void)state;
    start("w", "", UINT64_MAX);
    pump_run(&pump);
    assert_int_equal(drain.pushes, 1);
    assert_int_equal(drain.bytes, 0);
    pump_run(&pump);
    assert_int_equal(drain.pushes, 1); /* but only once */
}

static void never_pulls_while_the_sink_is_blocked(void **state)
{
    (void)state;
    start("dd", "bbr", UINT64_MAX);
    pump_run(&pump);
    assert_true(pump.blocked);
    assert_int_equal(drain.bytes, 10);
    pump_run(&pump); /* asked, and still blocked */
    assert_int_equal(drain.bytes, 10);
    pump_run(&pump);
    assert_int_equal(drain.bytes, 20);
}

static void is_done_only_when_the_sink_has_let_go(void **state)
{
    (void)state;
    start("l", "b", UINT64_MAX);
    assert_int_equal(pump_run(&pump), PUMP_RUNNING);
    assert_int_equal(pump_run(&pump), PUMP_DONE);
}

static void stops_for_its_budget(void **state)
{
    (void)state;
    start("ddddddddl", "", UINT64_MAX);
    assert_int_equal(pump_run(&pump), PUMP_RUNNING);
    assert_true(pump.tired);
    assert_true(drain.bytes < 90);
    while (pump_run(&pump) == PUMP_RUNNING) assert_true(pump.tired);
    assert_int_equal(drain.bytes, 90);
}

static void ends_for_each_fault(void **state)
{
    (void)state;
    start("dc", "", UINT64_MAX);
    assert_int_equal(pump_run(&pump), PUMP_CUT);
    start("db", "", UINT64_MAX);
    assert_int_equal(pump_run(&pump), PUMP_BROKEN);
    start("d", "x", UINT64_MAX);
    assert_int_equal(pump_run(&pump), PUMP_SINK_GONE);
    start("d", "n", UINT64_MAX);
    assert_int_equal(pump_run(&pump), PUMP_REFUSED);
}

static void refuses_what_is_over_the_limit(void **state)
{
    (void)state;
    start("dl", "", 20);
    assert_int_equal(pump_run(&pump), PUMP_DONE);
    start("dl", "", 19);
    assert_int_equal(pump_run(&pump), PUMP_REFUSED);
    assert_int_equal(drain.bytes, 10);
    start("w", "", 19); /* announced is enough */
    script.ahead = 20;
    assert_int_equal(pump_run(&pump), PUMP_REFUSED);
    assert_int_equal(drain.pushes, 0);
}

static void stopping_tells_both_ends_once(void **state)
{
    (void)state;
    start("w", "", UINT64_MAX);
    pump_run(&pump);
    pump_stop(&pump);
    assert_true(script.stopped && drain.stopped);
    script.stopped = false;
    pump_stop(&pump);
    assert_false(script.stopped);
}

/* Filters stand in the order of their phases, however they came. */
static void filters_are_ordered_by_phase(void **state)
{
    struct body_sink sink = { .phase = BODY_PHASE_SINK }, encode = { .phase = BODY_PHASE_ENCODE },
                     first = { .phase = BODY_PHASE_TRANSFORM },
                     second = { .phase = BODY_PHASE_TRANSFORM }, *chain = &sink;

    (void)state;
    body_filter_add(&chain, &encode);
    body_filter_add(&chain, &first);
    body_filter_add(&chain, &second);
    assert_ptr_equal(chain, &first);
    assert_ptr_equal(first.next, &second);
    assert_ptr_equal(second.next, &encode);
    assert_ptr_equal(encode.next, &sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_until_the_last_part),
        cmocka_unit_test(a_head_goes_out_before_its_body),
        cmocka_unit_test(never_pulls_while_the_sink_is_blocked),
        cmocka_unit_test(is_done_only_when_the_sink_has_let_go),
        cmocka_unit_test(stops_for_its_budget),
        cmocka_unit_test(ends_for_each_fault),
        cmocka_unit_test(refuses_what_is_over_the_limit),
        cmocka_unit_test(stopping_tells_both_ends_once),
        cmocka_unit_test(filters_are_ordered_by_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

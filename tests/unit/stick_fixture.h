/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for tests: made by hand, their keys short strings. */
#ifndef GATEHOUSE_TESTS_STICK_FIXTURE_H
#define GATEHOUSE_TESTS_STICK_FIXTURE_H

#include "base/memory.h"
#include "policy/context.h"
#include "policy/stick_table.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { NOW = 1000000 };

static struct objects all;

static inline int setup(void **state)
{
    (void)state;
    objects_init(&all);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    objects_release(&all);
    return 0;
}

/* ---- a table ---- */

static inline struct stick_conf conf_of(enum sample_type type, uint32_t size, uint32_t expire)
{
    struct stick_conf conf = { .name = "t", .type = (uint8_t)type, .size = size, .expire = expire };

    conf.key_size = type == SAMPLE_IPV6 ? 16 : type == SAMPLE_STR || type == SAMPLE_BIN ? 8 : 4;
    for (unsigned d = 0; d < STICK_DATA; d++) conf.data[d].n = 1;
    return conf;
}

static inline void store(struct stick_conf *conf, enum stick_data d, unsigned n, unsigned period)
{
    conf->stored |= UINT32_C(1) << d;
    conf->data[d].n = n;
    conf->data[d].period = period;
}

static inline struct stick_table *begin(struct stick_conf *conf)
{
    bool replaces;

    conf->state = stick_table_get(&all, conf, &replaces);
    stick_table_adopt(&all, conf);
    return conf->state;
}

static inline struct stick_key key_of_sample(struct stick_table *t, struct sample *s)
{
    struct context c = { .worker = NULL };
    struct stick_key key;

    assert_true(stick_key_make(t, s, &c, &key));
    return key;
}

static inline struct stick_entry *look(struct stick_table *t, const char *text, msec_t now)
{
    struct sample s = { .type = SAMPLE_STR, .str = slice_str(text) };
    struct stick_key key = key_of_sample(t, &s);
    struct stick_entry *e = stick_lookup(t, &key, now);

    if (e) stick_unref(t, e);
    return e;
}

/* With a reference. */
static inline struct stick_entry *enter(struct stick_table *t, const char *text, msec_t now)
{
    struct sample s = { .type = SAMPLE_STR, .str = slice_str(text) };
    struct stick_key key = key_of_sample(t, &s);

    return stick_enter(t, &key, now);
}

/* Without one. */
static inline struct stick_entry *put(struct stick_table *t, const char *text, msec_t now)
{
    struct stick_entry *e = enter(t, text, now);

    if (e) stick_unref(t, e);
    return e;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Values of statistics, and the forms in which they are told: plain, CSV, typed, JSON. Management
 * manual: section 9.2.
 *
 * Tags are three letters that tell a reader how values of several processes add up: where a value
 * comes from (Metric, Status, Key, Config, Product), what it is (Age, average, Counter, Duration,
 * Gauge, Limit, Maximum, minimum, Name, Output, Rate, Time), how far it reaches (Cluster, Process,
 * Service, system). */
#ifndef GATEHOUSE_OPS_STATS_VALUE_H
#define GATEHOUSE_OPS_STATS_VALUE_H

#include "ops/api_text.h"

enum stat_kind { STAT_NONE, STAT_U32, STAT_S32, STAT_U64, STAT_FLOAT, STAT_TEXT };

struct stat_value {
    enum stat_kind kind; /* STAT_NONE: there is no such thing here */
    union {
        uint64_t u;
        int64_t s;
        double f;
        const char *text; /* valid until the next value is asked for */
    };
};

static inline struct stat_value stat_none(void)
{
    return (struct stat_value){ .kind = STAT_NONE };
}
static inline struct stat_value stat_u32(uint64_t n)
{
    return (struct stat_value){ .kind = STAT_U32, .u = n > UINT32_MAX ? UINT32_MAX : n };
}
static inline struct stat_value stat_s32(int32_t n)
{
    return (struct stat_value){ .kind = STAT_S32, .s = n };
}
static inline struct stat_value stat_u64(uint64_t n)
{
    return (struct stat_value){ .kind = STAT_U64, .u = n };
}
static inline struct stat_value stat_float(double n)
{
    return (struct stat_value){ .kind = STAT_FLOAT, .f = n };
}
static inline struct stat_value stat_text(const char *text)
{
    return (struct stat_value){ .kind = STAT_TEXT, .text = text };
}

/* "12", "no check"; nothing for STAT_NONE. */
void stat_put(struct text *t, const struct stat_value *v);

/* The same in quotes, with quotes in it doubled, where a comma, quote or line end would be
 * misread. */
void stat_put_csv(struct text *t, const struct stat_value *v);

/* "MGP:u32:12" */
void stat_put_typed(struct text *t, const char *tags, const struct stat_value *v);

/* "field":{…},"processNum":1,"tags":{…},"value":{…} */
void stat_put_json(struct text *t, unsigned position, const char *name, const char *tags,
                   const struct stat_value *v);

#endif

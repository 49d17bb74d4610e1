/* SPDX-License-Identifier: Apache-2.0 */
/* Times and sizes as the configuration writes them: "10s", "1m", "64k". */
#ifndef GATEHOUSE_LANG_UNITS_H
#define GATEHOUSE_LANG_UNITS_H

#include "base/slice.h"

enum time_unit { UNIT_US, UNIT_MS, UNIT_S, UNIT_M, UNIT_H, UNIT_D };

enum { TIME_MS_MAX = INT32_MAX }; /* the longest time, HAProxy's too: 24.8 days */

enum units_error {
    UNITS_OK,
    UNITS_BAD,  /* not a number, or an unknown unit; *bad is the offset of the first wrong byte */
    UNITS_OVER, /* larger than fits */
};

/* A whole number with a unit out of us, ms, s, m, h, d; `unit` where it has none. The result is in
 * milliseconds, rounded up, at most TIME_MS_MAX. */
enum units_error units_time_ms(struct slice s, enum time_unit unit, uint32_t *ms, size_t *bad);

/* The same in microseconds and without that limit. */
enum units_error units_time_us(struct slice s, enum time_unit unit, uint64_t *us, size_t *bad);

/* A whole number with an optional k, m or g (powers of 1024, either case), in bytes. */
enum units_error units_size(struct slice s, uint64_t *bytes, size_t *bad);

/* "8000-8099", or one number, which is both ends; neither end above max, the first not above the
 * second. */
bool units_range(struct slice s, unsigned *low, unsigned *high, unsigned max);

/* Shortest way to write a time (for messages and the manual): "10s", "1500ms". */
char *units_print_ms(uint64_t ms, char buf[24]);

#endif

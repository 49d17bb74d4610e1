/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/units.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    struct slice name;
    uint64_t us;
} TIME_UNITS[] = {
    [UNIT_US] = { SLICE_LIT("us"), 1 },
    [UNIT_MS] = { SLICE_LIT("ms"), 1000 },
    [UNIT_S] = { SLICE_LIT("s"), 1000000 },
    [UNIT_M] = { SLICE_LIT("m"), 60 * 1000000ull },
    [UNIT_H] = { SLICE_LIT("h"), 3600 * 1000000ull },
    [UNIT_D] = { SLICE_LIT("d"), 86400 * 1000000ull },
};

/* The digits that s begins with, and how many there are. False when too large. */
static bool take_number(struct slice s, uint64_t *value, size_t *digits)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') n++;
    *digits = n;
    return n == 0 || slice_to_u64(slice_of(s.p, n), value);
}

enum units_error units_time_us(struct slice s, enum time_unit unit, uint64_t *us, size_t *bad)
{
    uint64_t value = 0;
    size_t digits;
    bool fits = take_number(s, &value, &digits);
    struct slice suffix = slice_from(s, digits);
    int found = suffix.n ? -1 : (int)unit;

    *bad = digits;
    if (digits == 0) return UNITS_BAD;
    for (int i = UNIT_US; i <= UNIT_D && found < 0; i++)
        if (slice_eq(suffix, TIME_UNITS[i].name)) found = i;
    if (found < 0) return UNITS_BAD;
    if (!fits || __builtin_mul_overflow(value, TIME_UNITS[found].us, us)) return UNITS_OVER;
    return UNITS_OK;
}

enum units_error units_time_ms(struct slice s, enum time_unit unit, uint32_t *ms, size_t *bad)
{
    uint64_t us;
    enum units_error e = units_time_us(s, unit, &us, bad);

    if (e != UNITS_OK) return e;
    us = us / 1000 + (us % 1000 != 0);
    if (us > TIME_MS_MAX) return UNITS_OVER;
    *ms = (uint32_t)us;
    return UNITS_OK;
}

enum units_error units_size(struct slice s, uint64_t *bytes, size_t *bad)
{
    uint64_t value = 0;
    size_t digits;
    bool fits = take_number(s, &value, &digits);
    struct slice suffix = slice_from(s, digits);
    unsigned shift = 0;

    *bad = digits;
    if (digits == 0 || suffix.n > 1) return UNITS_BAD;
    if (suffix.n) {
        switch (suffix.p[0] | 0x20) {
        case 'k': shift = 10; break;
        case 'm': shift = 20; break;
        case 'g': shift = 30; break;
        default: return UNITS_BAD;
        }
    }
    if (!fits || __builtin_mul_overflow(value, (uint64_t)1 << shift, bytes)) return UNITS_OVER;
    return UNITS_OK;
}

bool units_range(struct slice s, unsigned *low, unsigned *high, unsigned max)
{
    struct slice first = slice_cut(&s, '-');
    uint64_t from, to;

    if (!slice_to_u64(first, &from)) return false;
    to = from;
    if (s.p && !slice_to_u64(s, &to)) return false;
    if (from > to || to > max) return false;
    *low = (unsigned)from;
    *high = (unsigned)to;
    return true;
}

char *units_print_ms(uint64_t ms, char buf[24])
{
    int unit = UNIT_D;

    if (ms == 0) return strcpy(buf, "0");
    while (unit > UNIT_MS && ms % (TIME_UNITS[unit].us / 1000)) unit--;
    snprintf(buf, 24, "%" PRIu64 "%s", ms / (TIME_UNITS[unit].us / 1000), TIME_UNITS[unit].name.p);
    return buf;
}

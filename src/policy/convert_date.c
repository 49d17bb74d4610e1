/* SPDX-License-Identifier: Apache-2.0 */
/* Converters of dates: numbers of seconds since 1970 to text. */
#include "policy/converters.h"

#include <stdio.h>
#include <time.h>

/* Larger years than this are beyond what HAProxy lets a date be. */
#define SECONDS_MASK ((INT64_C(1) << 55) - 1)

/* http_date's units, as parts of a second. */
enum { PER_S = 1, PER_MS = 1000, PER_US = 1000000 };

/* UTC without the lock that gmtime(3) takes; years beyond 9999 too. Days are counted from March 1st
 * of the year 0, in eras of 400 years, so that leap days come last. */
static void date_of(int64_t seconds, struct tm *out)
{
    enum { DAY = 86400, ERA = 146097, TO_1970 = 719468 };
    static const uint16_t BEFORE[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int64_t days = seconds / DAY - (seconds % DAY < 0), era, year;
    int rest = (int)(seconds - days * DAY), in_era, in_year, in_400, month;
    bool leap;

    era = (days + TO_1970) / ERA - ((days + TO_1970) % ERA < 0);
    in_era = (int)(days + TO_1970 - era * ERA);
    in_400 = (in_era - in_era / 1460 + in_era / 36524 - in_era / (ERA - 1)) / 365;
    in_year = in_era - (365 * in_400 + in_400 / 4 - in_400 / 100);
    month = (5 * in_year + 2) / 153; /* 0 is March */
    year = in_400 + era * 400 + (month >= 10);
    leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    *out = (struct tm){
        .tm_sec = rest % 60,
        .tm_min = rest / 60 % 60,
        .tm_hour = rest / 3600,
        .tm_mday = in_year - (153 * month + 2) / 5 + 1,
        .tm_mon = (month + 2) % 12,
        .tm_year = (int)(year - 1900),
        .tm_wday = (int)(((days + 4) % 7 + 7) % 7), /* 1970 began on a Thursday */
        .tm_zone = "GMT",
    };
    out->tm_yday = BEFORE[out->tm_mon] + out->tm_mday - 1 + (leap && out->tm_mon > 1);
}

/* Overflows wrap around, as in HAProxy. */
static int64_t with_offset(int64_t date, const struct arg *offset)
{
    return offset->given ? (int64_t)((uint64_t)date + (uint64_t)offset->sint) : date;
}

static bool to_http_date(struct context *c, const struct arg *args, struct sample *s)
{
    static const char DAYS[] = "SunMonTueWedThuFriSat",
                      MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { ROOM = 64 };
    int64_t per_second = args_param(args), date = with_offset(s->sint, &args[0]);
    char *out = context_room(c, ROOM), part[24] = "";
    struct tm tm;

    if (!out) return false;
    if (per_second != PER_S) snprintf(part, sizeof part, ".%lld", (long long)(date % per_second));
    date_of(date / per_second & SECONDS_MASK, &tm);
    return sample_str(
        s,
        slice_of(out, (size_t)snprintf(out, ROOM, "%.3s, %02d %.3s %04d %02d:%02d:%02d%s GMT",
                                       DAYS + 3 * tm.tm_wday, tm.tm_mday, MONTHS + 3 * tm.tm_mon,
                                       tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, part)));
}

static bool check_http_date(struct policy_cfg *pc, struct arg *args)
{
    args[2].sint = PER_S;
    if (!args[1].given || slice_is(args[1].str, "s")) return true;
    args[2].sint = slice_is(args[1].str, "ms") ? PER_MS : PER_US;
    if (args[2].sint == PER_MS || slice_is(args[1].str, "us")) return true;
    return arg_error(pc, &args[1], "the unit is one of 's', 'ms' and 'us'");
}

/* args: a format with a NUL behind it, and an offset, which is added at last. */
static bool write_date(struct context *c, const struct arg *args, struct sample *s, bool local)
{
    enum { FIRST = 256 };
    time_t date = with_offset(s->sint & SECONDS_MASK, &args[1]);
    size_t room = FIRST, n;
    struct tm tm;
    char *out;

    if (!local) {
        date_of(date, &tm);
    } else if (!localtime_r(&date, &tm)) {
        return false;
    }
    if (args[0].str.n == 0) return sample_str(s, (struct slice){ 0 });
    out = context_room(c, room);
    n = out ? strftime(out, room, args[0].str.p, &tm) : 0;
    if (n == 0) { /* did it not fit, or is it empty? */
        room = context_most(c);
        out = context_room(c, room);
        n = out ? strftime(out, room, args[0].str.p, &tm) : 0;
    }
    return sample_str(s, slice_of(out, n));
}

static bool to_ltime(struct context *c, const struct arg *args, struct sample *s)
{
    return write_date(c, args, s, true);
}

static bool to_utime(struct context *c, const struct arg *args, struct sample *s)
{
    return write_date(c, args, s, false);
}

static bool check_format(struct policy_cfg *pc, struct arg *args)
{
    args[0].str = slice_of(arena_str(pc->cfg->arena, args[0].str), args[0].str.n);
    return true;
}

static const struct converter ROWS[] = {
    { "http_date", ARGS(0, ARG_SINT, ARG_STR), SAMPLE_SINT, SAMPLE_STR, to_http_date,
      .check = check_http_date,
      .doc = "The date that header fields have (`Sun, 06 Nov 1994 08:49:37 GMT`) of a number of "
             "seconds since 1970, or of milliseconds or microseconds with the unit `ms` or `us`, "
             "whose rest is written behind the seconds. An offset in the same unit is added "
             "before." },
    { "ltime", ARGS(1, ARG_STR, ARG_SINT), SAMPLE_SINT, SAMPLE_STR, to_ltime, .check = check_format,
      .doc =
          "The local date of a number of seconds since 1970, written by a format of strftime(3), "
          "after an offset in seconds was added." },
    { "utime", ARGS(1, ARG_STR, ARG_SINT), SAMPLE_SINT, SAMPLE_STR, to_utime, .check = check_format,
      .doc = "The same in UTC: `date,utime(%Y-%m-%dT%H:%M:%SZ)`." },
};

const struct converter_table date_converters = CONVERTER_TABLE("Dates", ROWS);

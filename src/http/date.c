/* SPDX-License-Identifier: Apache-2.0 */
#include "http/date.h"

enum { DAY = 86400, DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468, YEARS_AHEAD = 50 };

#define FIRST_SECOND (-62167219200) /* of the year 0 */
#define LAST_SECOND 253402300799    /* of the year 9999 */

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct date {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
};

/* Days since 1970 of a date in the Gregorian calendar, and back. Years are counted from March, so
 * that the leap day is a year's last, and in eras of 400 years. */
static int64_t days_of(const struct date *d)
{
    int64_t year = d->year - (d->month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (d->month > 2 ? d->month - 3 : d->month + 9) + 2) / 5 + d->day - 1;

    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - DAYS_TO_1970;
}

static void date_of(int64_t days, struct date *d)
{
    int64_t z = days + DAYS_TO_1970;
    int64_t era = (z >= 0 ? z : z - DAYS_PER_ERA + 1) / DAYS_PER_ERA;
    int64_t day_of_era = z - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / (DAYS_PER_ERA - 1)) /
                          365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    d->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    d->month = (int)(month < 10 ? month + 3 : month - 9);
    d->year = (int)(year_of_era + era * 400 + (d->month <= 2));
}

static char *put_digits(char *p, int n, int width)
{
    for (int i = width; i > 0; n /= 10) p[--i] = (char)('0' + n % 10);
    return p + width;
}

char *http_date_put(char *p, int64_t seconds)
{
    struct date d;
    int64_t days, rest;

    if (seconds < FIRST_SECOND) seconds = FIRST_SECOND;
    if (seconds > LAST_SECOND) seconds = LAST_SECOND;
    days = seconds >= 0 ? seconds / DAY : (seconds - DAY + 1) / DAY;
    rest = seconds - days * DAY;
    date_of(days, &d);
    p = slice_put(p, slice_of(day_names + 3 * (((days + 4) % 7 + 7) % 7), 3));
    p = slice_put(p, SLICE(", "));
    p = put_digits(p, d.day, 2);
    *p++ = ' ';
    p = slice_put(p, slice_of(month_names + 3 * (d.month - 1), 3));
    *p++ = ' ';
    p = put_digits(p, d.year, 4);
    *p++ = ' ';
    p = put_digits(p, (int)(rest / 3600), 2);
    *p++ = ':';
    p = put_digits(p, (int)(rest / 60 % 60), 2);
    *p++ = ':';
    p = put_digits(p, (int)(rest % 60), 2);
    return slice_put(p, SLICE(" GMT"));
}

static bool take(struct slice *s, struct slice text)
{
    if (!slice_starts(*s, text)) return false;
    *s = slice_from(*s, text.n);
    return true;
}

/* Exactly `width` digits. */
static bool take_digits(struct slice *s, unsigned width, int *out)
{
    int v = 0;

    if (s->n < width) return false;
    for (unsigned i = 0; i < width; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') return false;
        v = v * 10 + (s->p[i] - '0');
    }
    *s = slice_from(*s, width);
    *out = v;
    return true;
}

/* The number, from 0, of the three-letter name at the start. Case matters in dates. */
static bool take_name(struct slice *s, const char *names, int *out)
{
    if (s->n < 3) return false;
    for (int i = 0; names[3 * i]; i++) {
        if (memcmp(s->p, names + 3 * i, 3) != 0) continue;
        *s = slice_from(*s, 3);
        *out = i;
        return true;
    }
    return false;
}

static bool take_month(struct slice *s, struct date *d)
{
    if (!take_name(s, month_names, &d->month)) return false;
    d->month++;
    return true;
}

static bool take_time(struct slice *s, struct date *d)
{
    return take_digits(s, 2, &d->hour) && take(s, SLICE(":")) && take_digits(s, 2, &d->minute) &&
           take(s, SLICE(":")) && take_digits(s, 2, &d->second) && d->hour < 24 && d->minute < 60 &&
           d->second <= 60;
}

static bool take_long_day(struct slice *s)
{
    static const struct slice rest[] = { SLICE_LIT("day, "), SLICE_LIT("sday, "),
                                         SLICE_LIT("nesday, "), SLICE_LIT("rsday, "),
                                         SLICE_LIT("urday, ") };

    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (take(s, rest[i])) return true;
    return false;
}

/* The three forms, after the three letters of the day. */
static bool parse_imf(struct slice s, struct date *d)
{
    return take(&s, SLICE(", ")) && take_digits(&s, 2, &d->day) && take(&s, SLICE(" ")) &&
           take_month(&s, d) && take(&s, SLICE(" ")) && take_digits(&s, 4, &d->year) &&
           take(&s, SLICE(" ")) && take_time(&s, d) && take(&s, SLICE(" GMT")) && s.n == 0;
}

static bool parse_rfc850(struct slice s, int64_t now, struct date *d)
{
    struct date today;

    if (!take_long_day(&s) || !take_digits(&s, 2, &d->day) || !take(&s, SLICE("-")) ||
        !take_month(&s, d) || !take(&s, SLICE("-")) || !take_digits(&s, 2, &d->year) ||
        !take(&s, SLICE(" ")) || !take_time(&s, d) || !take(&s, SLICE(" GMT")) || s.n)
        return false;
    date_of(now / DAY, &today);
    d->year += today.year / 100 * 100;
    if (d->year > today.year + YEARS_AHEAD) d->year -= 100;
    return true;
}

static bool parse_asctime(struct slice s, struct date *d)
{
    if (!take(&s, SLICE(" ")) || !take_month(&s, d) || !take(&s, SLICE(" "))) return false;
    if (!take_digits(&s, 2, &d->day) && !(take(&s, SLICE(" ")) && take_digits(&s, 1, &d->day)))
        return false;
    return take(&s, SLICE(" ")) && take_time(&s, d) && take(&s, SLICE(" ")) &&
           take_digits(&s, 4, &d->year) && s.n == 0;
}

static int days_in_month(const struct date *d)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

    return days[d->month - 1] + (d->month == 2 && leap);
}

bool http_date_parse(struct slice s, int64_t now, int64_t *seconds)
{
    struct date d;
    int day;

    if (!take_name(&s, day_names, &day)) return false;
    if (!parse_imf(s, &d) && !parse_rfc850(s, now, &d) && !parse_asctime(s, &d)) return false;
    if (d.day < 1 || d.day > days_in_month(&d)) return false;
    *seconds = days_of(&d) * DAY + d.hour * 3600 + d.minute * 60 + d.second;
    return true;
}

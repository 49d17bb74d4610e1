/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/html.h"
#include "base/memory.h"

static const char *entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void html_text(struct text *t, struct slice s)
{
    size_t from = 0;

    for (size_t i = 0; i < s.n; i++) {
        const char *e = entity(s.p[i]);
        if (!e) continue;
        text_add(t, slice_of(s.p + from, i - from));
        text_str(t, e);
        from = i + 1;
    }
    text_add(t, slice_from(s, from));
}

void html_url(struct text *t, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c))
            text_printf(t, "%%%02X", c);
        else
            html_text(t, slice_of(s.p + i, 1));
    }
}

void html_number(struct text *t, uint64_t n)
{
    char digits[24];
    size_t len = (size_t)(slice_put_u64(digits, n) - digits);

    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) text_str(t, "\u2009");
        text_char(t, digits[i]);
    }
}

void html_bytes(struct text *t, uint64_t n)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
    double v = (double)n;
    unsigned unit = 0;

    for (; v >= 999.5 && unit + 1 < ARRAY_LEN(units); unit++) v /= 1000;
    text_printf(t, unit && v < 99.95 ? "%.1f\u2009%s" : "%.0f\u2009%s", v, units[unit]);
}

void html_age(struct text *t, uint64_t s)
{
    enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

    if (s >= DAY)
        text_printf(t, "%ud%uh", (unsigned)(s / DAY), (unsigned)(s % DAY / HOUR));
    else if (s >= HOUR)
        text_printf(t, "%uh%um", (unsigned)(s / HOUR), (unsigned)(s % HOUR / MINUTE));
    else if (s >= MINUTE)
        text_printf(t, "%um%us", (unsigned)(s / MINUTE), (unsigned)(s % MINUTE));
    else
        text_printf(t, "%us", (unsigned)s);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log_format.h"

#include "base/memory.h"

#include <stdio.h>
#include <time.h>

enum { HOST_MOST = 255, TAG_MOST = 128 };

static const char *const facility_names[LOG_FACILITIES] = {
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
};

static const char *const level_names[LOG_LEVELS] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

/* --- pieces of headers --- */

static void date_update(struct log_date *d, usec_t time)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t second = (time_t)(time / 1000000);
    struct tm t;
    unsigned zone;

    if (d->text[0] && d->second == second) return;
    d->second = second;
    localtime_r(&second, &t);
    zone = (unsigned)(t.tm_gmtoff < 0 ? -t.tm_gmtoff : t.tm_gmtoff) / 60;
    /* The moduli are there for the compiler, which wants to know that the buffers suffice. */
    snprintf(d->text, sizeof d->text, "%.3s %2u %02u:%02u:%02u", months + 3 * (t.tm_mon % 12),
             (unsigned)t.tm_mday % 32, (unsigned)t.tm_hour % 24, (unsigned)t.tm_min % 60,
             (unsigned)t.tm_sec % 61);
    snprintf(d->iso, sizeof d->iso, "%04u-%02u-%02uT%02u:%02u:%02u",
             (unsigned)(t.tm_year + 1900) % 10000, (unsigned)(t.tm_mon + 1) % 13,
             (unsigned)t.tm_mday % 32, (unsigned)t.tm_hour % 24, (unsigned)t.tm_min % 60,
             (unsigned)t.tm_sec % 61);
    snprintf(d->zone, sizeof d->zone, "%c%02u:%02u", t.tm_gmtoff < 0 ? '-' : '+', zone / 60 % 24,
             zone % 60);
}

static char *put(char *p, const char *text)
{
    return slice_put(p, slice_str(text));
}

static char *put_cut(char *p, struct slice s, size_t most)
{
    if (s.n > most) s.n = most;
    return slice_put(p, s);
}

static char *put_priority(char *p, int priority)
{
    *p++ = '<';
    p = slice_put_u64(p, (uint64_t)priority);
    *p++ = '>';
    return p;
}

/* "2026-11-04T07:49:15.012345+00:00 " */
static char *put_iso(char *p, const struct log_head *h, struct log_date *d)
{
    unsigned micro = (unsigned)(h->time % 1000000);

    date_update(d, h->time);
    p = put(p, d->iso);
    *p++ = '.';
    for (unsigned unit = 100000; unit; unit /= 10) *p++ = (char)('0' + micro / unit % 10);
    p = put(p, d->zone);
    *p++ = ' ';
    return p;
}

/* "gatehouse[4711]: " */
static char *put_tag(char *p, const struct log_head *h)
{
    p = put_cut(p, h->tag, TAG_MOST);
    *p++ = '[';
    p = slice_put_u64(p, (uint64_t)h->pid);
    return put(p, "]: ");
}

static char *put_date(char *p, const struct log_head *h, struct log_date *d)
{
    p = put_priority(p, h->priority);
    date_update(d, h->time);
    p = put(p, d->text);
    *p++ = ' ';
    return p;
}

/* --- the rows' functions --- */

static char *head_local(char *p, const struct log_head *h, struct log_date *d)
{
    return put_tag(put_date(p, h, d), h);
}

static char *head_rfc3164(char *p, const struct log_head *h, struct log_date *d)
{
    p = put_date(p, h, d);
    p = put_cut(p, h->host.n ? h->host : SLICE("localhost"), HOST_MOST);
    *p++ = ' ';
    return put_tag(p, h);
}

static char *head_rfc5424(char *p, const struct log_head *h, struct log_date *d)
{
    p = put(put_priority(p, h->priority), "1 ");
    p = put_iso(p, h, d);
    p = put_cut(p, h->host.n ? h->host : SLICE("-"), HOST_MOST);
    *p++ = ' ';
    p = put_cut(p, h->tag.n ? h->tag : SLICE("-"), 48); /* APP-NAME, RFC 5424 §6 */
    *p++ = ' ';
    p = slice_put_u64(p, (uint64_t)h->pid);
    return put(p, " - ");
}

static char *head_priority(char *p, const struct log_head *h, struct log_date *d)
{
    (void)d;
    return put_priority(p, h->priority);
}

static char *head_short(char *p, const struct log_head *h, struct log_date *d)
{
    (void)d;
    return put_priority(p, h->priority % LOG_LEVELS);
}

static char *head_timed(char *p, const struct log_head *h, struct log_date *d)
{
    return put_iso(put_priority(p, h->priority % LOG_LEVELS), h, d);
}

static char *head_raw(char *p, const struct log_head *h, struct log_date *d)
{
    (void)h;
    (void)d;
    return p;
}

static const struct log_format formats[] = {
    { "local", "syslog as RFC 3164 has it, without a host name", head_local, false },
    { "rfc3164", "syslog as RFC 3164 has it, with log-send-hostname's name, else `localhost`",
      head_rfc3164, false },
    { "rfc5424", "syslog as RFC 5424 has it, with what `log-format-sd` says", head_rfc5424, true },
    { "priority", "facility and level in angle brackets", head_priority, false },
    { "short", "the level in angle brackets, as journald reads it", head_short, false },
    { "timed", "the level in angle brackets and an ISO date", head_timed, false },
    { "iso", "an ISO date", put_iso, false },
    { "raw", "the message alone", head_raw, false },
};

/* --- names --- */

const struct log_format *log_formats(unsigned *n)
{
    *n = ARRAY_LEN(formats);
    return formats;
}

const struct log_format *log_format_named(struct slice name)
{
    for (unsigned i = 0; i < ARRAY_LEN(formats); i++)
        if (slice_is(name, formats[i].name)) return &formats[i];
    return NULL;
}

static int named(const char *const *names, int n, struct slice name)
{
    for (int i = 0; i < n; i++)
        if (slice_is(name, names[i])) return i;
    return -1;
}

const char *const *log_facility_names(void)
{
    return facility_names;
}
const char *const *log_level_names(void)
{
    return level_names;
}
int log_facility_named(struct slice name)
{
    return named(facility_names, LOG_FACILITIES, name);
}
int log_level_named(struct slice name)
{
    return named(level_names, LOG_LEVELS, name);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before a message in a log line: HAProxy's `format` argument, as a table of rows, and
 * the names of facilities and levels. Levels are syslog's: 0 (emerg) to 7 (debug), the constants
 * of <syslog.h>; facilities are numbers from 0 to 23, not shifted. */
#ifndef GATEHOUSE_RUNTIME_LOG_FORMAT_H
#define GATEHOUSE_RUNTIME_LOG_FORMAT_H

#include "base/clock.h"
#include "base/slice.h"

#include <stdbool.h>
#include <syslog.h>

enum {
    LOG_FACILITIES = 24,
    LOG_LEVELS = 8,
    LOG_PORT = 514,      /* of a UDP address without one */
    LOG_LINE = 1024,     /* `len` when it isn't given … */
    LOG_LINE_LEAST = 80, /* … and its bounds */
    LOG_LINE_MOST = 65535,
    LOG_HEADER_MOST = 512, /* bytes of the longest header; tag and host are cut to fit */
};

/* What a header is made from. */
struct log_head {
    usec_t time;  /* wall clock, microseconds since 1970 */
    int priority; /* facility * 8 + level */
    int pid;
    struct slice tag;  /* log-tag */
    struct slice host; /* log-send-hostname; empty: not asked for */
};

/* The last second that was put into text: lines come in bunches. Zeroed at first; one a thread. */
struct log_date {
    int64_t second;
    char text[16]; /* "Nov  4 07:49:15", local time, as RFC 3164 has it */
    char iso[20];  /* "2026-11-04T07:49:15" */
    char zone[7];  /* "+00:00" */
};

struct log_format {
    const char *name;
    const char *documentation;
    /* Writes the header at p, at most LOG_HEADER_MOST bytes, and returns the position behind it. */
    char *(*head)(char *p, const struct log_head *h, struct log_date *d);
    bool structured; /* RFC 5424's structured data, or "-", and a blank stand behind the header */
};

/* The rows, and how many. Row 0 is the default, `local`. */
const struct log_format *log_formats(unsigned *n);

/* The row of that name; NULL if there is none. */
const struct log_format *log_format_named(struct slice name);

/* The names, in the order of their numbers: LOG_FACILITIES and LOG_LEVELS of them. */
const char *const *log_facility_names(void);
const char *const *log_level_names(void);

/* The number of a name, or -1. */
int log_facility_named(struct slice name);
int log_level_named(struct slice name);

#endif

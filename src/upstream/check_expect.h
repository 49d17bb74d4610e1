/* SPDX-License-Identifier: Apache-2.0 */
/* What a health check expects of an answer, and whether an answer meets it. No I/O. Manual:
 * "http-check expect", "tcp-check expect". */
#ifndef GATEHOUSE_UPSTREAM_CHECK_EXPECT_H
#define GATEHOUSE_UPSTREAM_CHECK_EXPECT_H

#include "policy/format.h"
#include "policy/regex.h"
#include "upstream/check_response.h"
#include "upstream/check_status.h"

enum expect_kind {
    EXPECT_STRING,
    EXPECT_REGEX,
    EXPECT_STRING_FORMAT,
    EXPECT_BINARY, /* TCP only, as the next two */
    EXPECT_BINARY_REGEX,
    EXPECT_BINARY_FORMAT,
    EXPECT_STATUS, /* HTTP only, as all behind it */
    EXPECT_STATUS_REGEX,
    EXPECT_FIELD,      /* hdr: each element of a list by itself */
    EXPECT_FULL_FIELD, /* fhdr */
};

enum text_match { TEXT_EXACT, TEXT_BEGIN, TEXT_END, TEXT_WITHIN, TEXT_REGEX };

/* A field's name or value. */
struct text_pattern {
    bool given;
    enum text_match how;
    struct slice text;
    const struct format *format; /* NULL: text */
    const struct regex *regex;
};

struct status_range {
    unsigned from, to;
};

struct check_expect {
    enum expect_kind kind;
    bool inverse;
    int min_recv;                                    /* -1: not given */
    uint8_t ok_status, error_status, timeout_status; /* enum check_status; 0: the default */
    const struct format *on_success, *on_error;      /* NULL: the usual words */
    const struct expr *code;                         /* status-code */
    struct slice text;                               /* string, binary, and what regexes say */
    const struct format *format;
    const struct regex *regex;
    const struct status_range *ranges;
    unsigned n_ranges;
    struct text_pattern name, value;
};

enum check_verdict { VERDICT_WAIT, VERDICT_PASSED, VERDICT_FAILED };

enum { CHECK_TEXT = 128 }; /* of a report, with its NUL */

/* What was found: for the report. */
struct check_finding {
    uint8_t status; /* enum check_status */
    int code;
    char text[CHECK_TEXT];
};

/* Does the answer so far meet what is expected? *out is set unless more must come first. `step`:
 * its number, and `comment` what was written for it, for the words of a failure. c: for formats and
 * expressions. */
enum check_verdict check_expect_judge(const struct check_expect *e, struct check_response *r,
                                      struct context *c, unsigned step, struct slice comment,
                                      struct check_finding *out);

/* The bytes that an even number of hexadecimal digits stands for; false: they are none. */
bool check_hex_bytes(struct slice hex, struct arena *a, struct slice *out);

/* Appends to a C string of CHECK_TEXT bytes; what does not fit is cut. */
void check_text_add(char text[CHECK_TEXT], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif

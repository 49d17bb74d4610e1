/* SPDX-License-Identifier: Apache-2.0 */
/* How a health check may end: HAProxy's codes, words and numbers. Management manual, 9.1:
 * "check_status"; numbers as in `show servers state`. */
#ifndef GATEHOUSE_UPSTREAM_CHECK_STATUS_H
#define GATEHOUSE_UPSTREAM_CHECK_STATUS_H

#include "base/slice.h"

enum check_status {
    CHECK_UNKNOWN = 0,
    CHECK_INI = 1,  /* nothing was found yet */
    CHECK_HANA = 4, /* traffic told (`observe`), not a check */
    CHECK_SOCKERR,
    CHECK_L4OK,
    CHECK_L4TOUT,
    CHECK_L4CON,
    CHECK_L6OK,
    CHECK_L6TOUT,
    CHECK_L6RSP,
    CHECK_L7TOUT,
    CHECK_L7RSP,
    CHECK_L7OK = 15,
    CHECK_L7OKC,
    CHECK_L7STS,
    CHECK_STATUSES,
};

/* What it means for the server; HAProxy's numbers. */
enum check_result {
    CHECK_RESULT_UNKNOWN,
    CHECK_RESULT_NEUTRAL,
    CHECK_RESULT_FAILED,
    CHECK_RESULT_PASSED,
    CHECK_RESULT_RESERVED, /* passed, but the server asks for no new traffic */
};

/* "L7STS", "Layer7 wrong status". For a number that is none: those of CHECK_UNKNOWN. */
const char *check_status_code(unsigned status);
const char *check_status_words(unsigned status);

enum check_result check_status_result(unsigned status);

/* Does the code of the protocol go with it? ("L7STS/503") */
static inline bool check_status_has_code(unsigned status)
{
    return status >= CHECK_L7OK;
}

/* The status of that code; CHECK_UNKNOWN: there is none. */
enum check_status check_status_find(struct slice code);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/check_status.h"

static const struct {
    const char *code, *words;
    enum check_result result;
} STATUSES[CHECK_STATUSES] = {
    [CHECK_UNKNOWN] = { "UNK", "Unknown", CHECK_RESULT_UNKNOWN },
    [CHECK_INI] = { "INI", "Initializing", CHECK_RESULT_UNKNOWN },
    [CHECK_HANA] = { "HANA", "Health analyze", CHECK_RESULT_FAILED },
    [CHECK_SOCKERR] = { "SOCKERR", "Socket error", CHECK_RESULT_FAILED },
    [CHECK_L4OK] = { "L4OK", "Layer4 check passed", CHECK_RESULT_PASSED },
    [CHECK_L4TOUT] = { "L4TOUT", "Layer4 timeout", CHECK_RESULT_FAILED },
    [CHECK_L4CON] = { "L4CON", "Layer4 connection problem", CHECK_RESULT_FAILED },
    [CHECK_L6OK] = { "L6OK", "Layer6 check passed", CHECK_RESULT_PASSED },
    [CHECK_L6TOUT] = { "L6TOUT", "Layer6 timeout", CHECK_RESULT_FAILED },
    [CHECK_L6RSP] = { "L6RSP", "Layer6 invalid response", CHECK_RESULT_FAILED },
    [CHECK_L7TOUT] = { "L7TOUT", "Layer7 timeout", CHECK_RESULT_FAILED },
    [CHECK_L7RSP] = { "L7RSP", "Layer7 invalid response", CHECK_RESULT_FAILED },
    [CHECK_L7OK] = { "L7OK", "Layer7 check passed", CHECK_RESULT_PASSED },
    [CHECK_L7OKC] = { "L7OKC", "Layer7 check conditionally passed", CHECK_RESULT_RESERVED },
    [CHECK_L7STS] = { "L7STS", "Layer7 wrong status", CHECK_RESULT_FAILED },
};

static unsigned known(unsigned status)
{
    return status < CHECK_STATUSES && STATUSES[status].code ? status : CHECK_UNKNOWN;
}

const char *check_status_code(unsigned status)
{
    return STATUSES[known(status)].code;
}

const char *check_status_words(unsigned status)
{
    return STATUSES[known(status)].words;
}

enum check_result check_status_result(unsigned status)
{
    return STATUSES[known(status)].result;
}

enum check_status check_status_find(struct slice code)
{
    for (unsigned i = CHECK_INI; i < CHECK_STATUSES; i++)
        if (STATUSES[i].code && slice_is(code, STATUSES[i].code)) return i;
    return CHECK_UNKNOWN;
}

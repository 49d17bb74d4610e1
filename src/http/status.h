/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes: their reason phrases, and the answers that the gateway itself gives. */
#ifndef GATEHOUSE_HTTP_STATUS_H
#define GATEHOUSE_HTTP_STATUS_H

#include "http/message.h"

/* The words for a status that a rule sets or returns: HAProxy's, which differ from RFC 9110's here
 * and there ("Request Time-out"); for unknown codes a word for their class. Constant, never
 * empty. */
struct slice http_status_reason(unsigned status);

enum { HTTP_ERROR_FIELDS = 3 };

/* An answer of the gateway's own: the bytes that HAProxy 2.6 sends where it has that answer, the
 * same form in our words for 411, 414, 417, 431 and 505. The start line's reason is not always
 * http_status_reason's. */
struct http_error_reply {
    uint16_t status;
    struct slice reason;
    struct http_field fields[HTTP_ERROR_FIELDS]; /* content-length, cache-control, content-type */
    struct slice body;                           /* HTML */
};

/* The answer for a status; that for 500 when there is none. */
const struct http_error_reply *http_error_reply(unsigned status);

/* Makes *msg that answer's head, its length set: the field list is a copy in the arena, open to
 * additions. The framing is HTTP_LENGTH; whoever answers a HEAD writes no body. */
void http_error_msg(const struct http_error_reply *reply, struct http_msg *msg, struct arena *a);

#endif

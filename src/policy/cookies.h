/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies of a message, for who wants more than a fetch gives. */
#ifndef GATEHOUSE_POLICY_COOKIES_H
#define GATEHOUSE_POLICY_COOKIES_H

#include "http/message.h"

/* The first cookie that begins with `start` when it is written "name=value", without the blanks
 * that may stand around each: of all cookies that a request brings, or of all that a response sets.
 * *out is in the message, or in the arena where there were blanks. False: there is none. */
bool cookie_first(const struct http_msg *m, bool response, struct slice start, struct arena *a,
                  struct slice *out);

#endif

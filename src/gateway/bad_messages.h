/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what an invalid head looked like, for `show errors` (upstream/bad_message.h): called where
 * it is refused, before its bytes are dropped. */
#ifndef GATEHOUSE_GATEWAY_BAD_MESSAGES_H
#define GATEHOUSE_GATEWAY_BAD_MESSAGES_H

#include "gateway/request.h"

void bad_request_keep(struct session *s, const struct bind_conf *bind, const struct h1_conn *h,
                      const struct h1_error *err);

/* The answer that r's server gave. */
void bad_response_keep(struct request *r, const struct h1_error *err);

#endif

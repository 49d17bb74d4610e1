/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of a request read and decided, for `option jsonlog decisions`: a listener of its
 * context (policy/trace.h) that keeps a bounded record in the request's arena. Values of secrets
 * (gateway/secrets.h) are never in it. */
#ifndef GATEHOUSE_GATEWAY_DECISIONS_H
#define GATEHOUSE_GATEWAY_DECISIONS_H

#include "base/json_text.h"

struct request;
struct trace;

/* A new record, which listens. */
struct trace *decisions_new(struct request *r);

/* `"decisions":{…}`, a member of an object. */
void decisions_write(const struct trace *t, struct json_text *j);

#endif

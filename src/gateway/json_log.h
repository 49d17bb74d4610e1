/* SPDX-License-Identifier: Apache-2.0 */
/* `option jsonlog [decisions]`: a request's line in the log as one JSON object. The manual has the
 * table of its members. */
#ifndef GATEHOUSE_GATEWAY_JSON_LOG_H
#define GATEHOUSE_GATEWAY_JSON_LOG_H

#include "lang/keyword.h"

struct request;

enum {
    JSON_LOG_LINES = 1,     /* proxy_rules.json_log */
    JSON_LOG_DECISIONS = 2, /* … with what rules read and decided */
};

/* Writes the object, which is valid JSON in any case; its length. room: at least JSON_LEAST. */
size_t json_log_write(struct request *r, char *to, size_t room);

extern const struct keyword_table json_log_keywords;

#endif

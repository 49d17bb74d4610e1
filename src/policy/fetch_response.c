/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of a response's first line. */
#include "policy/expr.h"
#include "policy/fields.h"
#include "policy/message_fetches.h"

static bool fetch_status(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->res && sample_sint(out, c->res->status);
}

static const struct fetch rows[] = {
    { "res.ver", ARGS(0, ARG_END), SAMPLE_STR, NEED_RESPONSE, 0, fetch_version,
      "The version of HTTP that the response came in: \"1.0\", \"1.1\".", NULL, SIDE_RESPONSE },
    { "resp_ver", ARGS(0, ARG_END), SAMPLE_STR, NEED_RESPONSE, 0, fetch_version,
      "The same as `res.ver`.", NULL, SIDE_RESPONSE },
    { "status", ARGS(0, ARG_END), SAMPLE_SINT, NEED_RESPONSE_KEPT, 0, fetch_status,
      "The response's status.", NULL, 0 },
};

const struct fetch_table response_fetches = FETCH_TABLE("The response", rows);

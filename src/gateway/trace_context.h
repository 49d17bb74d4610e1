/* SPDX-License-Identifier: Apache-2.0 */
/* `option traceparent`: W3C Trace Context (https://www.w3.org/TR/trace-context/). Each request has
 * a trace's id, taken from its `traceparent` when that is valid, else made; and a span's id of
 * ours, which is made and sent on as the parent of what the server does. */
#ifndef GATEHOUSE_GATEWAY_TRACE_CONTEXT_H
#define GATEHOUSE_GATEWAY_TRACE_CONTEXT_H

#include "policy/expr.h"

struct request;

enum { TRACE_ID = 32, TRACE_SPAN = 16 /* hexadecimal digits, lower case */ };

struct trace_context {
    char id[TRACE_ID];
    char span[TRACE_SPAN];   /* ours */
    char parent[TRACE_SPAN]; /* the client's */
    bool has_parent, sampled;
};

/* A field's value: true, and id, parent and sampled set, when it is valid. */
bool trace_context_read(struct slice value, struct trace_context *out);

/* Sets r->trace_context, and the fields that the server gets. */
void trace_context_begin(struct request *r);

extern const struct fetch_table trace_fetches;

#endif

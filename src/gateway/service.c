/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/service.h"
#include "gateway/rules.h"
#include "http/status.h"

const struct http_service *http_service_find(const struct http_service *const *all,
                                             struct slice name)
{
    for (; all && *all; all++)
        if (slice_is(name, (*all)->name)) return *all;
    return NULL;
}

/* It takes the place of a server, in the times of logs too. */
static void answered(struct request *r)
{
    struct flow_times *at = &r->flow.at;

    at->chosen = at->connected = at->answered = r->gate->worker.now_usec;
}

enum rule_result service_run(struct request *r, const struct http_service *s, const void *conf)
{
    if (!r->service) {
        r->service = s;
        request_count_intercepted(r);
        request_end_as(r, 'L');
    }
    switch (s->start(r, conf)) {
    case SERVICE_ANSWERS: answered(r); return RULE_ANSWERED;
    case SERVICE_WAITS: return RULE_WAIT;
    case SERVICE_CLOSES: return RULE_CLOSE;
    case SERVICE_FAILS: break;
    }
    return RULE_ERROR;
}

void service_release(struct request *r)
{
    if (r->service && r->service->release) r->service->release(r);
    r->service_state = NULL;
}

void service_head(struct request *r, unsigned status)
{
    struct http_field *fields = arena_alloc(&r->arena, SERVICE_FIELDS * sizeof *fields);

    r->res = (struct http_msg){ .status = (uint16_t)status,
                                .reason = http_status_reason(status),
                                .version = HTTP_1_1,
                                .framing = HTTP_CHUNKED,
                                .keep_alive = true,
                                .max_fields = SERVICE_FIELDS,
                                .fields = fields };
}

void service_body(struct request *r, struct body_source *source)
{
    request_own_body(r, SLICE(""));
    if (r->res.framing != HTTP_NO_BODY) r->own_source = source;
}

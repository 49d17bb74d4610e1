/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the gateway's own: HAProxy's bytes for the statuses that it has. */
#include "gateway/reply_spec.h"
#include "gateway/request.h"

enum step request_abort(struct request *r, char cause, char phase)
{
    if (r->ended.cause == '-') r->ended = (struct termination){ cause, phase };
    r->whole = false;
    return FINISH;
}

enum step request_client_left(struct request *r, char phase)
{
    counter_add(&session_counters(r->flow.session)->client_aborts, 1);
    if (r->flow.backend) counter_add(&flow_backend_counters(&r->flow)->client_aborts, 1);
    if (r->flow.server) counter_add(&flow_server_counters(&r->flow)->client_aborts, 1);
    return request_abort(r, 'C', phase);
}

/* After these the client's next bytes can't be trusted, or it is too slow to be waited for. */
static bool must_close(unsigned status)
{
    return status == 400 || status == 408 || status == 413 || status == 414 || status == 431 ||
           status == 501 || status == 505;
}

enum step request_refuse(struct request *r, unsigned status, char cause, char phase)
{
    const struct reply_spec own = { .status = (uint16_t)status, .kind = REPLY_ERRORS };

    if (r->answered) return request_abort(r, cause, phase);
    r->ended = (struct termination){ cause, phase };
    request_drop_server(r);
    if (must_close(status)) r->keep = false;
    if (!reply_make(r, &own)) return request_abort(r, cause, phase);
    return AFTER_RULES;
}

void request_kill(struct request *r)
{
    if (r->finished) return;
    request_abort(r, 'K', '-');
    step_finish(r);
}

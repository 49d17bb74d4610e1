/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the gateway's own: HAProxy's bytes for the statuses that it has. */
#include "gateway/request.h"
#include "http/status.h"

static enum body_pull pull(struct body_source *s, struct body_part *part)
{
    struct own_body *own = container_of(s, struct own_body, source);

    *part = (struct body_part){ .data = own->bytes, .last = true };
    return BODY_PART;
}

static void stop(struct body_source *s)
{
    (void)s;
}

static const struct body_source_ops own_ops = { .pull = pull, .stop = stop };

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
    const struct http_error_reply *reply = http_error_reply(status);

    if (r->answered) return request_abort(r, cause, phase);
    r->ended = (struct termination){ cause, phase };
    request_drop_server(r);
    if (must_close(status)) r->keep = false;
    r->status = (uint16_t)status;
    r->own_answer = true;
    r->tunnel = false;
    http_error_msg(reply, &r->res, &r->arena);
    r->own = (struct own_body){ { &own_ops }, reply->body };
    if (r->req.method == HTTP_HEAD) {
        r->own.bytes = (struct slice){ NULL, 0 };
        r->res.framing = HTTP_NO_BODY;
    }
    return AFTER_RULES;
}

void request_kill(struct request *r)
{
    if (r->finished) return;
    request_abort(r, 'K', '-');
    step_finish(r);
}

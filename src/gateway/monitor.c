/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor-uri`: answers those who only ask whether the gateway is well, before any rule. */
#include "gateway/reply_spec.h"
#include "gateway/rules.h"

/* One that begins with a slash is compared with the path, for in HTTP/2 targets are absolute. */
bool monitor_asked(const struct request *r)
{
    struct slice uri = r->flow.frontend->rules->monitor_uri;

    if (!uri.n) return false;
    return slice_eq(uri.p[0] == '/' ? r->req.path : r->req.target, uri);
}

static bool is_well(struct request *r)
{
    const struct monitor_rule *m = r->flow.frontend->rules->monitor_fail;
    struct context *c;

    if (engine_stopping(r->gate->engine)) return false;
    if (!m) return true;
    c = request_context(r);
    c->place = PLACE_FRONTEND_REQUEST;
    for (; m; m = m->next)
        if (condition_holds(m->cond, c)) return false;
    return true;
}

enum step monitor_answer(struct request *r)
{
    enum { WELL = 200, UNWELL = 503 };
    const struct reply_spec spec = { .status = is_well(r) ? WELL : UNWELL, .kind = REPLY_ERRORS };

    r->unlogged = true;
    r->ended = (struct termination){ 'L', 'R' };
    request_count_intercepted(r);
    return reply_make(r, &spec) ? AFTER_RULES : request_abort(r, 'L', 'R');
}

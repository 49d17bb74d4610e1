/* SPDX-License-Identifier: Apache-2.0 */
/* Running a proxy's rules, step by step of the request. */
#include "gateway/rules.h"
#include "gateway/capture.h"
#include "gateway/reply_spec.h"
#include "gateway/stickiness.h"
#include "policy/fields.h"

#include <assert.h>
#include <string.h>

/* ---- what is kept for a section ---- */

struct proxy_rules *proxy_rules_new(struct arena *a)
{
    struct proxy_rules *p = arena_zero(a, sizeof *p);

    p->acls = acl_set_new(a, NULL);
    p->tcp_connection.kind = RULES_TCP_CONNECTION;
    p->tcp_session.kind = RULES_TCP_SESSION;
    p->request.kind = p->redirects.kind = RULES_HTTP_REQUEST;
    p->response.kind = RULES_HTTP_RESPONSE;
    p->after.kind = RULES_HTTP_AFTER_RESPONSE;
    p->backends_end = &p->backends;
    p->servers_end = &p->servers;
    p->monitor_end = &p->monitor_fail;
    return p;
}

static void copy_rules(struct ruleset *to, const struct ruleset *from, struct arena *a)
{
    for (const struct rule *r = from->first; r; r = r->next) {
        struct rule *copy = arena_alloc(a, sizeof *copy);
        *copy = *r;
        copy->next = NULL;
        if (!to->first) to->last = &to->first;
        *to->last = copy;
        to->last = &copy->next;
        to->n++;
    }
}

void proxy_rules_inherit(struct proxy_rules *to, const struct proxy_rules *from, struct arena *a)
{
    copy_rules(&to->tcp_connection, &from->tcp_connection, a);
    copy_rules(&to->tcp_session, &from->tcp_session, a);
    copy_rules(&to->request, &from->request, a);
    copy_rules(&to->response, &from->response, a);
    copy_rules(&to->after, &from->after, a);
    to->monitor_uri = from->monitor_uri;
    to->forwarded_for = from->forwarded_for;
    to->original_to = from->original_to;
    to->log_format = from->log_format;
    to->error_log_format = from->error_log_format;
    to->log_format_sd = from->log_format_sd;
    to->json_log = from->json_log;
    to->unique_id_format = from->unique_id_format;
    to->unique_id_header = from->unique_id_header;
    to->odd_names = from->odd_names;
    to->stats = from->stats;
    to->stats_inherited = true;
}

/* ---- rules ---- */

/* In logs: R while the request is read and judged, H when its answer is. */
static char phase_of(const struct request *r)
{
    return r->step >= READ_REPLY ? 'H' : 'R';
}

void request_end_as(struct request *r, char cause)
{
    r->ended = (struct termination){ cause, phase_of(r) };
}

void request_count_denied(struct request *r)
{
    struct counters *c = session_counters(r->flow.session);
    bool response = r->step >= READ_REPLY;

    counter_add(response ? &c->denied_resp : &c->denied_req, 1);
    if (!r->flow.backend) return;
    c = flow_backend_counters(&r->flow);
    counter_add(response ? &c->denied_resp : &c->denied_req, 1);
    if (!response || !r->flow.server) return;
    counter_add(&flow_server_counters(&r->flow)->denied_resp, 1);
}

void request_count_intercepted(struct request *r)
{
    if (!r->flow.backend) counter_add(&session_counters(r->flow.session)->intercepted, 1);
}

/* What rules could not rewrite, up to now. */
static void count_failed_rewrites(struct request *r, struct context *c)
{
    struct counters *all[] = {
        session_counters(r->flow.session), r->flow.backend ? flow_backend_counters(&r->flow) : NULL,
        r->flow.server && r->step >= READ_REPLY ? flow_server_counters(&r->flow) : NULL
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]) counter_add(&all[i]->failed_rewrites, c->failed_rewrites);
    c->failed_rewrites = 0;
}

/* A rule could not be carried out. */
static enum step give_up(struct request *r)
{
    counter_add(&session_counters(r->flow.session)->internal_errors, 1);
    if (r->flow.backend) counter_add(&flow_backend_counters(&r->flow)->internal_errors, 1);
    r->rules_failed = true;
    return request_refuse(r, 500, 'P', phase_of(r));
}

static enum step answered(struct request *r)
{
    if (r->step == RESPONSE_RULES) r->flow.at.answered = 0; /* the server's did not get anywhere */
    request_drop_server(r);
    assert(r->step != AFTER_RULES); /* no action that answers may stand there */
    return AFTER_RULES;
}

enum step rules_lead_to(struct request *r, enum rule_result result, enum step next)
{
    switch (result) {
    case RULE_WAIT: return request_wait(r, ON_CLIENT | ON_DEADLINE | ON_PUMP);
    case RULE_NEXT:
    case RULE_STOP: return next;
    case RULE_ANSWERED: return answered(r);
    case RULE_CLOSE: return request_abort(r, 'P', phase_of(r));
    case RULE_INVALID: return request_refuse(r, 400, 'P', phase_of(r));
    case RULE_ERROR: break;
    }
    return give_up(r);
}

enum step rules_run(struct request *r, const struct proxy_conf *p, const struct ruleset *set,
                    enum policy_place place, enum step next)
{
    enum rule_result result;
    struct context *c;

    if (!r->in_rules) {
        r->in_rules = true;
        r->rule = set->first;
    }
    c = request_context(r);
    c->proxy = p;
    c->place = place;
    result = ruleset_run(c, &r->rule);
    if (c->failed_rewrites) count_failed_rewrites(r, c);
    r->in_rules = result == RULE_WAIT;
    return rules_lead_to(r, result, next);
}

/* ---- choices ---- */

static const struct proxy_conf *backend_of_rule(struct request *r, const struct switch_rule *s)
{
    struct slice name;

    if (s->backend) return s->backend;
    name = format_text(s->format, request_context(r), r->pinned->snapshot->global.bufsize);
    return snapshot_backend_of(r->pinned->snapshot, name);
}

const struct proxy_conf *rules_backend(struct request *r)
{
    const struct proxy_rules *rules = r->flow.frontend->rules;
    struct context *c;
    unsigned i;

    if (!rules->n_backends) return NULL;
    c = request_context(r);
    c->proxy = r->flow.frontend;
    c->place = PLACE_USE_BACKEND;
    i = condition_index_first(rules->backend_index, c);
    return i < rules->n_backends ? backend_of_rule(r, rules->backend_rules[i]) : NULL;
}

static const struct server_conf *server_of_rule(struct request *r, const struct server_rule *s)
{
    struct slice name;

    if (s->server) return s->server;
    name = format_text(s->format, request_context(r), r->pinned->snapshot->global.bufsize);
    for (unsigned i = 0; i < r->flow.backend->be->n_servers; i++)
        if (slice_is(name, r->flow.backend->be->servers[i]->name))
            return r->flow.backend->be->servers[i];
    return NULL;
}

const struct server_conf *rules_server(struct request *r)
{
    struct context *c = request_context(r);

    r->server_asked = true;
    c->proxy = r->flow.backend;
    c->place = PLACE_USE_SERVER;
    for (const struct server_rule *s = r->flow.backend->rules->servers; s; s = s->next) {
        const struct server_conf *server;

        if (!condition_holds(s->cond, c)) continue;
        server = server_of_rule(r, s);
        if (server && server_is_up(server)) return server;
    }
    return NULL;
}

/* ---- answers ---- */

/* The rules of both sides, the backend's first. */
static enum step both_sides(struct request *r, size_t offset, bool after, enum step next)
{
    if (!r->in_rules && !r->side) r->rules_failed = false;
    for (; r->side < 2; r->side++) {
        const struct proxy_conf *p = r->side ? r->flow.frontend : r->flow.backend;
        enum policy_place place = after     ? PLACE_AFTER_RESPONSE
                                  : r->side ? PLACE_FRONTEND_RESPONSE
                                            : PLACE_BACKEND_RESPONSE;
        enum step s;

        if (!p || (r->side && p == r->flow.backend)) continue;
        s = rules_step(r, p, (const struct ruleset *)((const char *)p->rules + offset), place,
                       next);
        if (s == STEP_WAIT) return s;
        if (s != next || r->rules_failed || (r->own_answer && !after)) {
            r->side = 0;
            return s;
        }
    }
    r->side = 0;
    return next;
}

enum step rules_of_answer(struct request *r)
{
    enum step s;

    if (!r->in_rules && !r->side) {
        if (r->context.arena) {
            context_begin_response(&r->context);
            fields_settle(&r->res, &r->arena);
        }
        capture_fields(r, true);
        stickiness_note(r);
    }
    s = both_sides(r, offsetof(struct proxy_rules, response), false, AFTER_RULES);
    if (s == AFTER_RULES && !r->own_answer) capture_cookie(r, true);
    return s;
}

/* They are run once: not again for the answer that says that they failed. */
enum step rules_after_answer(struct request *r)
{
    enum step s = AFTER_RULES;
    uint16_t before = r->res.status;

    if (!r->in_rules && !r->side) {
        if (r->after_done) return s;
        if (r->context.arena) context_begin_response(&r->context);
    }
    r->after_done = true;
    s = both_sides(r, offsetof(struct proxy_rules, after), true, AFTER_RULES);
    if (r->res.status != before) r->status = r->res.status;
    return s;
}

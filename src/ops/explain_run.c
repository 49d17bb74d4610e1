/* SPDX-License-Identifier: Apache-2.0 */
/* A real request, by the real steps, on a worker that does not run and over a client that is not
 * there: nothing is sent, and nothing is waited for. */
#include "ops/explain_private.h"

#include "base/memory.h"
#include "gateway/held_body.h"
#include "gateway/service.h"
#include "gateway/stickiness.h"
#include "http/h1.h"
#include "policy/stick_table.h"

#include <stdlib.h>

static struct explain *of_client(const struct client *c)
{
    return container_of(c, struct explain, client);
}

/* ---- a client without a connection ---- */

static enum body_pull pull(struct body_source *source, struct body_part *part)
{
    struct explain *x = container_of(source, struct explain, body_source);

    *part = (struct body_part){ .data = x->body, .last = true };
    return BODY_PART;
}

static void stop_source(struct body_source *source)
{
    (void)source;
}

static enum body_push push(struct body_sink *sink, const struct body_part *part)
{
    (void)sink, (void)part;
    return SINK_READY;
}

static void stop_sink(struct body_sink *sink)
{
    (void)sink;
}

static const struct body_source_ops source_ops = { .pull = pull, .stop = stop_source };
static const struct body_sink_ops sink_ops = { .push = push, .stop = stop_sink };

static struct body_source *client_body(struct client *c)
{
    return &of_client(c)->body_source;
}

static struct body_sink *client_answer(struct client *c)
{
    return &of_client(c)->nowhere;
}

static bool client_reply(struct client *c, const struct http_msg *msg, bool keep)
{
    (void)keep;
    of_client(c)->n_interim += msg->status < 200;
    return true;
}

static enum body_push client_flush(struct client *c)
{
    (void)c;
    return SINK_READY;
}

static bool client_is_not(const struct client *c)
{
    (void)c;
    return false;
}

static void client_deadline(struct client *c, msec_t at)
{
    (void)c, (void)at;
}

static void client_nothing(struct client *c)
{
    (void)c;
}

static void client_bytes(const struct client *c, uint64_t *in, uint64_t *out)
{
    const struct explain *x = of_client(c);

    *in = x->head.n + x->body.n;
    *out = 0;
}

static void client_done(struct client *c, bool whole)
{
    (void)c, (void)whole;
}

static const struct client_ops client_ops = {
    .name = "explain",
    .body = client_body,
    .answer = client_answer,
    .reply = client_reply,
    .flush = client_flush,
    .gone = client_is_not,
    .half_closed = client_is_not,
    .deadline = client_deadline,
    .again = client_nothing,
    .tunnel = client_nothing,
    .shutdown = client_nothing,
    .bytes = client_bytes,
    .done = client_done,
};

/* ---- where it connects to ---- */

/* The bind's address; of one that takes any, the URL's where that is a number, else the loopback
 * address. */
static bool local_address(const struct client_facts *facts, union address *out)
{
    const struct explain *x = container_of(facts->owner, struct explain, session);
    struct address_spec host = { .host = x->host, .family = AF_UNSPEC };
    char text[64];

    *out = x->bind->spec.address;
    if (out->sa.sa_family != AF_INET && out->sa.sa_family != AF_INET6) return false;
    address_text(&out->sa, text);
    if (strcmp(text, "0.0.0.0") != 0 && strcmp(text, "::") != 0) return true;
    if (x->host.n && address_numeric(&host, address_port(&out->sa), out)) return true;
    out->in = (struct sockaddr_in){ .sin_family = AF_INET,
                                    .sin_port = htons(x->port),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    return true;
}

/* ---- setting it up ---- */

static void set_up_gate(struct explain *x)
{
    struct gate *g = &x->engine.gates[0];

    x->pinned.snapshot = x->snapshot;
    g->snapshot = x->snapshot;
    g->pinned = &x->pinned;
    g->trace = &x->story.trace;
}

static void on_nothing(struct conn *c)
{
    (void)c;
}

static void set_up_session(struct explain *x)
{
    struct gate *g = &x->engine.gates[0];
    struct session *s = &x->session;

    x->conn.io.fd = -1;
    x->conn.worker = &g->worker;
    x->conn.on_event = on_nothing;
    s->gate = g;
    s->conn = &x->conn;
    s->frontend = x->frontend->state;
    memcpy(&s->from, &x->from, sizeof s->from);
    session_facts(s, x->bind)->local = local_address;
}

static struct request *new_request(struct explain *x)
{
    const struct global_conf *g = &x->snapshot->global;
    const struct h1_limits limits = { g->bufsize - g->maxrewrite, g->max_headers };
    struct http_msg head = { .fields = x->engine.gates[0].fields, .max_fields = FIELDS_MAX };
    struct request *r;
    struct h1_error err;
    size_t used;

    x->client.ops = &client_ops;
    x->body_source.ops = &source_ops;
    x->nowhere.ops = &sink_ops;
    x->nowhere.phase = BODY_PHASE_SINK;
    r = request_new(&x->client, &x->session, x->bind);
    switch (h1_parse_request((char *)x->head.p, x->head.n, &limits, &head, &used, &err)) {
    case H1_DONE: http_msg_take(&r->req, &head, x->head.p, used, &r->arena); break;
    case H1_MORE: r->bad_status = 400; break;
    case H1_BAD:
        r->bad_status = err.status;
        r->reason = err.reason;
        break;
    }
    if (r->bad_status) r->req.version = HTTP_1_1;
    return r;
}

/* ---- choices, which have no ruleset ---- */

/* The line as it stands in the file. */
static struct slice line_at(const struct place *at)
{
    struct slice rest = at->source->text, line = slice_cut(&rest, '\n');

    for (unsigned i = 1; i < at->line; i++) line = slice_cut(&rest, '\n');
    return slice_trim(line, " \t\r");
}

static struct story_rule *tell_choice(struct explain *x, struct story_part *part,
                                      const struct condition *cond, const struct place *at)
{
    struct story_rule *n = story_rule(&x->story, part, cond);

    n->at = *at;
    n->keyword = "";
    n->text = line_at(at);
    return n;
}

/* What a name that is a format gave; empty: it was not asked. */
static struct slice name_of(struct explain *x, const struct format *f)
{
    struct slice name;

    return x->story.trace.again(&x->story.trace, f, &name) ? name : SLICE("");
}

static const char *chosen_backend(struct explain *x, const struct switch_rule *s)
{
    struct slice name;

    if (s->backend) return arena_printf(&x->story.arena, "chooses %s", s->backend->name);
    name = name_of(x, s->format);
    if (snapshot_backend_of(x->snapshot, name))
        return arena_printf(&x->story.arena, "chooses %.*s", SLICE_ARG(name));
    return arena_printf(&x->story.arena, "gives '%.*s', which is no backend", SLICE_ARG(name));
}

static void tell_backend(struct explain *x)
{
    const struct switch_rule *s = x->frontend->rules->backends;
    struct story_part *part;
    struct story_rule *n;

    if (!s) return;
    part = story_part(
        &x->story, x->frontend, PLACE_USE_BACKEND,
        arena_printf(&x->arena, "frontend %s, choice of a backend", x->frontend->name));
    for (; s; s = s->next) {
        n = tell_choice(x, part, s->cond, &s->at);
        if (!n->holds) continue;
        n->did = slice_str(chosen_backend(x, s));
        break;
    }
    for (s = s ? s->next : NULL; s; s = s->next) part->unreached++;
}

static void tell_server(struct explain *x)
{
    const struct proxy_conf *be = x->request->flow.backend;
    const struct server_rule *s = be ? be->rules->servers : NULL;
    const struct server_conf *got = x->request->flow.server;
    struct story_part *part;
    struct story_rule *n;

    if (!s) return;
    part = story_part(&x->story, be, PLACE_USE_SERVER,
                      arena_printf(&x->arena, "backend %s, choice of a server", be->name));
    for (; s; s = s->next) {
        n = tell_choice(x, part, s->cond, &s->at);
        if (!n->holds) continue;
        x->server_by_rule = got && (s->format ? slice_is(name_of(x, s->format), got->name)
                                              : got == s->server);
        n->did = x->server_by_rule
                     ? slice_str(arena_printf(&x->story.arena, "chooses %s", got->name))
                     : SLICE("this server can't be used");
        if (x->server_by_rule) break;
    }
    for (s = s ? s->next : NULL; s; s = s->next) part->unreached++;
}

static struct slice stick_words(struct explain *x, const struct stick_rule *s)
{
    const char *table = stick_rule_table(s)->name;
    struct context *c = request_context(x->request);
    struct slice key;
    bool found;

    x->story.trace.describing = true;
    found = expr_string(s->key, c, &key);
    x->story.trace.describing = false;
    if (!found) return SLICE("has no key");
    return slice_str(arena_printf(&x->story.arena, "%s '%.*s' in table %s%s",
                                  s->match ? "looks up" : "will note the server under",
                                  SLICE_ARG(key), table,
                                  s->match ? ": who is there is known only at run time" : ""));
}

static void tell_sticks(struct explain *x)
{
    const struct proxy_conf *be = x->request->flow.backend;
    const struct stick_rule *s = be ? be->rules->sticks : NULL;
    struct story_part *part;
    struct story_rule *n;

    if (!s) return;
    part = story_part(&x->story, be, PLACE_USE_SERVER,
                      arena_printf(&x->arena, "backend %s, stickiness", be->name));
    for (; s; s = s->next) {
        n = tell_choice(x, part, s->cond, &s->at);
        if (n->holds) n->did = stick_words(x, s);
    }
}

/* `monitor-uri`: which of its `monitor fail` hold? The first one that does answers. */
static void tell_monitor(struct explain *x)
{
    const struct monitor_rule *m = x->frontend->rules->monitor_fail;
    struct story_part *part;
    struct story_rule *n;

    if (!m || !monitor_asked(x->request)) return;
    part = story_part(
        &x->story, x->frontend, PLACE_FRONTEND_REQUEST,
        arena_printf(&x->story.arena, "frontend %s, monitor fail", x->frontend->name));
    for (; m; m = m->next) {
        n = tell_choice(x, part, m->cond, &m->at);
        if (!n->holds) continue;
        n->did = SLICE("answers 503");
        break;
    }
    for (m = m ? m->next : NULL; m; m = m->next) part->unreached++;
}

/* ---- running ---- */

static step_fn *const steps[N_STEPS] = {
    [READ_HEAD] = step_read_head,           [FRONTEND_RULES] = step_frontend_rules,
    [CHOOSE_BACKEND] = step_choose_backend, [BACKEND_RULES] = step_backend_rules,
    [CHOOSE_SERVER] = step_choose_server,
};

/* A step waits. Its time is over at once; a client has nothing more to say. False: it waits for
 * something else. */
static bool let_time_pass(struct explain *x, unsigned *patience)
{
    struct request *r = x->request;
    struct worker *w = &r->gate->worker;
    struct timer *t = &r->flow.timer;

    if ((*patience)-- == 0) return false;
    if (timer_is_set(t)) {
        if (t->at > w->now) x->held_ms += (unsigned)(t->at - w->now);
        timer_cancel(&w->timers, t);
        r->flow.timed_out = true;
    }
    pump_run(&r->up);
    r->events |= WAKE_CLIENT | WAKE_CLIENT_TIMEOUT | WAKE_TIMER;
    return true;
}

static enum step run_steps(struct explain *x)
{
    struct request *r = x->request;
    enum step next = READ_HEAD;
    unsigned patience = 4;

    while (next >= 0 && steps[next]) {
        r->step = (int8_t)next;
        next = steps[next](r);
        if (next == STEP_WAIT) {
            if (!let_time_pass(x, &patience)) break;
            next = (enum step)r->step;
            continue;
        }
        r->events = 0;
        if (r->step == READ_HEAD) tell_monitor(x);
        if (r->step == CHOOSE_BACKEND) tell_backend(x);
        if (r->step != CHOOSE_SERVER) continue;
        tell_server(x);
        tell_sticks(x);
    }
    x->ended_in = (enum step)r->step;
    return next;
}

static enum explain_end end_of(struct explain *x, enum step next)
{
    struct request *r = x->request;

    switch (next) {
    case CONNECT: rules_add_forward_fields(r); return ENDS_AT_SERVER;
    case AFTER_RULES:
        r->step = AFTER_RULES;
        if (rules_after_answer(r) == FINISH) return ENDS_CLOSED;
        return ENDS_ANSWERED;
    case FINISH: return ENDS_CLOSED;
    default: return ENDS_WAITING;
    }
}

static bool admitted(struct explain *x)
{
    const struct proxy_rules *rules = x->frontend->rules;

    return session_run_rules(&x->session, x->bind, &rules->tcp_connection, PLACE_TCP_CONNECTION) &&
           session_run_rules(&x->session, x->bind, &rules->tcp_session, PLACE_TCP_SESSION);
}

void explain_run(struct explain *x)
{
    set_up_gate(x);
    set_up_session(x);
    if (!admitted(x)) {
        x->end = ENDS_REFUSED;
        return;
    }
    x->request = new_request(x);
    x->end = end_of(x, run_steps(x));
}

/* As step_finish, but nothing is logged or counted. */
void explain_release(struct explain *x)
{
    struct request *r = x->request;
    struct arena a;

    if (r) {
        pump_stop(&r->up);
        request_held_release(r);
        service_release(r);
        flow_release(&r->flow);
        if (r->context.arena) context_end(&r->context);
        snapshot_unpin(r->gate, r->pinned);
        a = r->arena;
        arena_release(&a);
    }
    x->request = NULL;
    session_more_close(&x->session);
    session_more_free(&x->session);
}

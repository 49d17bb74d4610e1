/* SPDX-License-Identifier: Apache-2.0 */
/* Actions that answer a request themselves: deny, tarpit, return, auth. */
#include "gateway/capture.h"
#include "gateway/reply_spec.h"
#include "gateway/request.h"
#include "gateway/rule_actions.h"
#include "gateway/tracking.h"
#include "http/status.h"

static struct request *request_of(struct context *c)
{
    return c->owner;
}

/* ---- deny, tarpit, return ---- */

/* A rule for answers refuses with what a server that failed is answered with. */
static unsigned default_status(const struct rule *r, unsigned kind)
{
    enum { OK = 200, FORBIDDEN = 403, ERROR = 500, BAD_GATEWAY = 502 };

    if (r->action->param) return (unsigned)r->action->param;
    return kind & RULES_HTTP_REQUEST ? FORBIDDEN : BAD_GATEWAY;
}

static bool parse_answer(struct policy_cfg *pc, struct rule *r, struct words *w, unsigned flags)
{
    struct reply_spec *spec = arena_zero(pc->cfg->arena, sizeof *spec);

    r->data = spec;
    return reply_parse(pc, r, w, default_status(r, r->action->where), flags, spec);
}

static bool parse_deny(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    return parse_answer(pc, r, w, REPLY_DENY);
}

static bool parse_return(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    return parse_answer(pc, r, w, 0);
}

static enum rule_result answer(struct request *r, const struct reply_spec *spec)
{
    return reply_make(r, spec) ? RULE_ANSWERED : RULE_CLOSE;
}

static enum rule_result run_deny(struct context *c, const struct rule *rule)
{
    struct request *r = request_of(c);

    request_count_denied(r);
    if (rule->kind == RULES_HTTP_REQUEST) {
        request_track(r, TRACK_REQUEST_ERROR, 1);
        capture_cookie(r, false);
    }
    request_end_as(r, 'P');
    return answer(r, rule->data);
}

static enum rule_result run_return(struct context *c, const struct rule *rule)
{
    struct request *r = request_of(c);

    request_end_as(r, 'L');
    request_count_intercepted(r);
    return answer(r, rule->data);
}

/* Holds the client up for `timeout tarpit`, then answers; who leaves before is let go. */
static enum rule_result run_tarpit(struct context *c, const struct rule *rule)
{
    struct request *r = request_of(c);
    const struct proxy_timeouts *t = request_timeouts(r);
    unsigned pause = t->tarpit ? t->tarpit : t->connect;

    if (!r->held) {
        request_count_denied(r);
        request_track(r, TRACK_REQUEST_ERROR, 1);
        capture_cookie(r, false);
        r->ended = (struct termination){ 'P', 'T' };
        r->flow.at.received = 0;
        r->held = true;
        r->flow.timed_out = false;
        if (pause) timer_set(&c->worker->timers, &r->flow.timer, c->worker->now + pause);
    }
    if (pause && !r->flow.timed_out) {
        if (!r->client->ops->gone(r->client)) return RULE_WAIT;
        request_client_left(r, 'T');
        return RULE_CLOSE;
    }
    r->flow.at.chosen = c->worker->now_usec; /* as in HAProxy it counts as time in a queue */
    return answer(r, rule->data);
}

static struct slice describe_answer(struct context *c, const struct rule *rule)
{
    const struct reply_spec *spec = rule->data;

    return slice_str(arena_printf(c->arena, "answers %u", spec->status));
}

/* ---- auth ---- */

struct auth_spec {
    struct slice realm; /* empty: the proxy's name */
};

static bool parse_auth(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct auth_spec *spec = arena_zero(pc->cfg->arena, sizeof *spec);

    r->data = spec;
    return !words_take_if(w, "realm") || words_text(pc->cfg, w, &spec->realm);
}

void reply_auth_default(struct arena *a, struct rule *rule, struct slice realm)
{
    const struct auth_spec *said = rule->data;
    struct auth_spec *spec = arena_zero(a, sizeof *spec);

    spec->realm = said->realm.n ? said->realm : realm;
    rule->data = spec;
}

enum rule_result reply_auth(struct request *r, struct slice realm)
{
    enum { UNAUTHORIZED = 401 };
    const struct reply_spec own = { .status = UNAUTHORIZED, .kind = REPLY_ERRORS };
    struct slice name = SLICE("www-authenticate");
    char *text;

    request_end_as(r, 'L');
    request_count_intercepted(r);
    request_track(r, TRACK_REQUEST_ERROR, 1);
    if (!reply_make(r, &own)) return RULE_CLOSE;
    text = arena_printf(&r->arena, "Basic realm=\"%.*s\"", SLICE_ARG(realm));
    http_msg_remove_named(&r->res, name);
    http_msg_add(&r->res, &r->arena, name, slice_str(text));
    return RULE_ANSWERED;
}

static enum rule_result run_auth(struct context *c, const struct rule *rule)
{
    const struct auth_spec *spec = rule->data;

    return reply_auth(request_of(c), spec->realm.n ? spec->realm : slice_str(c->proxy->name));
}

static struct slice describe_auth(struct context *c, const struct rule *rule)
{
    (void)c;
    (void)rule;
    return SLICE("answers 401: asks for a name and a password");
}

#define ANSWER_ARGS                                                                          \
    "[ { status | deny_status } <code> ] [content-type <type>] [ default-errorfiles | "      \
    "errorfile <file> | errorfiles <name> | file <file> | lf-file <file> | string <text> | " \
    "lf-string <format> ] [ hdr <name> <format> ]…"
#define RETURN_ARGS                                                                           \
    "[status <code>] [content-type <type>] [ default-errorfiles | errorfile <file> | "        \
    "errorfiles <name> | file <file> | lf-file <file> | string <text> | lf-string <format> ]" \
    " [ hdr <name> <format> ]…"

static const struct action rows[] = {
    { "deny", RULES_HTTP_REQUEST, ACTION_FINAL | ACTION_STOPS, parse_deny, run_deny,
      describe_answer, ANSWER_ARGS,
      "Refuses the request: 403, or the answer that the words describe, as for `return`. Counted "
      "as denied.",
      403 },
    { "deny", RULES_HTTP_RESPONSE, ACTION_FINAL | ACTION_STOPS, parse_deny, run_deny,
      describe_answer, ANSWER_ARGS,
      "Withholds the server's answer: 502, or the answer that the words describe. Counted as "
      "denied.",
      502 },
    { "tarpit", RULES_HTTP_REQUEST, ACTION_FINAL | ACTION_STOPS, parse_deny, run_tarpit,
      describe_answer, ANSWER_ARGS,
      "Keeps the client waiting for `timeout tarpit` (or `timeout connect`), then answers 500, or "
      "as the words say.",
      500 },
    { "return", RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE, ACTION_FINAL | ACTION_STOPS, parse_return,
      run_return, describe_answer, RETURN_ARGS,
      "Answers at once, 200 when no `status` is given. `string`, `lf-string`, `file` and `lf-file` "
      "give the body and need a `content-type`; `lf-…` are formats. `errorfile` names a file with "
      "a whole HTTP response, `errorfiles` a section `http-errors`, `default-errorfiles` the "
      "proxy's own messages. `hdr` adds fields.",
      200 },
    { "auth", RULES_HTTP_REQUEST, ACTION_FINAL | ACTION_STOPS, parse_auth, run_auth, describe_auth,
      "[realm <text>]",
      "Asks the client for a name and a password: 401 with `WWW-Authenticate: Basic`. The realm is "
      "the proxy's name unless it is given.",
      0 },
};

const struct action_table answer_actions = { .title = "Actions that answer",
                                             .rows = rows,
                                             .n = sizeof rows / sizeof *rows };

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/json_log.h"
#include "gateway/decisions.h"
#include "gateway/log_items.h"
#include "gateway/rules.h"
#include "gateway/secrets.h"
#include "gateway/trace_context.h"

#include <time.h>

enum { TARGET_MOST = 4096, TEXT_MOST = 256 };

/* ---- parts ---- */

/* "2026-11-24T14:33:30.445123Z" */
static void put_date(struct json_text *j, const char *name, usec_t wall)
{
    time_t seconds = (time_t)(wall / 1000000);
    char text[40], *p = text;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    p += strftime(p, 24, "%Y-%m-%dT%H:%M:%S.", &tm);
    for (unsigned unit = 100000, micro = (unsigned)(wall % 1000000); unit; unit /= 10)
        *p++ = (char)('0' + micro / unit % 10);
    *p++ = 'Z';
    json_str(j, name, slice_between(text, p), sizeof text);
}

static void put_address(struct json_text *j, const char *name, const char *port_name,
                        const struct sockaddr *sa)
{
    char text[64];

    if (!sa) return;
    json_str(j, name, slice_str(address_text(sa, text)), sizeof text);
    if (sa->sa_family == AF_INET || sa->sa_family == AF_INET6)
        json_i64(j, port_name, address_port(sa));
}

static void put_text(struct json_text *j, const char *name, struct slice s)
{
    if (s.n) json_str(j, name, s, TEXT_MOST);
}

/* Whole milliseconds from one moment to the next; null when the second has not come. */
static void put_between(struct json_text *j, const struct flow_times *t, const char *name,
                        usec_t from, usec_t to)
{
    int64_t since = from > t->began ? (int64_t)((from - t->began) / 1000) : 0;
    int64_t until = to > t->began ? (int64_t)((to - t->began) / 1000) : 0;

    if (to)
        json_i64(j, name, until - since);
    else
        json_null(j, name);
}

static void put_times(const struct request *r, struct json_text *j)
{
    const struct flow_times *t = &r->flow.at;
    usec_t now = r->gate->worker.now_usec;
    bool whole = r->req.method_name.n != 0;

    json_open(j, "ms", '{');
    put_between(j, t, "idle", t->began, t->first_byte);
    put_between(j, t, "request", t->first_byte, whole ? t->received : 0);
    put_between(j, t, "queue", t->received, t->chosen);
    put_between(j, t, "connect", t->chosen, t->connected);
    put_between(j, t, "response", t->connected, t->answered);
    put_between(j, t, "data", t->answered, t->answered ? now : 0);
    put_between(j, t, "active", t->first_byte, now);
    put_between(j, t, "total", t->began, now);
    json_close(j, '}');
}

static void put_request(struct request *r, struct json_text *j)
{
    const struct http_field *host = http_msg_field_named(&r->req, SLICE("host"));
    const struct http_field *agent = http_msg_field_named(&r->req, SLICE("user-agent"));

    if (!r->req.method_name.n || !r->target_was.n) {
        json_bool(j, "bad_request", true);
        put_text(j, "reason", slice_str(r->reason ? r->reason : ""));
        return;
    }
    json_str(j, "method", r->method_was, TEXT_MOST);
    json_str(j, "target", secret_target(&r->arena, r->target_was), TARGET_MOST);
    json_str(j, "version", r->req.version == HTTP_1_0 ? SLICE("HTTP/1.0") : SLICE("HTTP/1.1"),
             TEXT_MOST);
    if (host) json_str(j, "host", host->value, TEXT_MOST);
    if (agent) json_str(j, "user_agent", agent->value, TEXT_MOST);
}

static void put_answer(const struct request *r, struct json_text *j)
{
    const char ended[2] = { r->ended.cause, r->ended.phase };
    uint64_t in, out;

    if (r->status)
        json_i64(j, "status", r->status);
    else
        json_null(j, "status");
    r->client->ops->bytes(r->client, &in, &out);
    json_i64(j, "bytes_in", (int64_t)in);
    json_i64(j, "bytes_out", (int64_t)out);
    json_str(j, "termination", slice_of(ended, 2), TEXT_MOST);
    if (r->reason && r->req.method_name.n) put_text(j, "reason", slice_str(r->reason));
    json_i64(j, "retries", r->flow.retries);
    if (r->flow.redispatched) json_bool(j, "redispatched", true);
}

static void put_trace(const struct trace_context *t, struct json_text *j)
{
    if (!t) return;
    json_str(j, "trace_id", slice_of(t->id, TRACE_ID), TRACE_ID);
    json_str(j, "span_id", slice_of(t->span, TRACE_SPAN), TRACE_SPAN);
    if (t->has_parent) json_str(j, "parent_id", slice_of(t->parent, TRACE_SPAN), TRACE_SPAN);
    json_bool(j, "sampled", t->sampled);
}

static void put_rule(struct json_text *j, const char *member, const struct rule *rule)
{
    if (!rule) return;
    json_open(j, member, '{');
    json_str(j, "name", slice_str(rule->name), TEXT_MOST);
    json_str(j, "action", slice_str(rule->action->name), TEXT_MOST);
    if (rule->at.source) json_str(j, "file", slice_str(rule->at.source->name), TEXT_MOST);
    json_i64(j, "line", rule->at.line);
    json_close(j, '}');
}

/* ---- the line ---- */

size_t json_log_write(struct request *r, char *to, size_t room)
{
    struct context *c = request_context(r);
    const struct flow *f = &r->flow;
    struct json_text j;

    json_begin(&j, to, room);
    put_date(&j, "time", clock_wall_usec() - (clock_usec() - f->at.first_byte));
    json_str(&j, "frontend", slice_str(f->frontend->name), TEXT_MOST);
    if (f->backend) json_str(&j, "backend", slice_str(f->backend->name), TEXT_MOST);
    if (f->server) json_str(&j, "server", slice_str(f->server->name), TEXT_MOST);
    put_address(&j, "client", "client_port", context_src(c));
    put_request(r, &j);
    put_answer(r, &j);
    put_times(r, &j);
    put_text(&j, "id", request_unique_id(r));
    put_trace(r->trace_context, &j);
    put_rule(&j, "rule", c->final_rule);
    put_rule(&j, "reported", c->reported);
    if (r->decisions) decisions_write(r->decisions, &j);
    return json_end(&j);
}

/* ---- the keyword ---- */

static bool parse_jsonlog(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = ((struct section *)target)->data;

    (void)cfg;
    p->rules->json_log = JSON_LOG_LINES;
    if (words_take_if(w, "decisions")) p->rules->json_log = JSON_LOG_DECISIONS;
    return true;
}

static const struct keyword rows[] = {
    { "option jsonlog", IN_DEFAULTS | IN_FRONTEND, parse_jsonlog, "[decisions]", NULL,
      KW_OURS | KW_ELSEWHERE_WARN,
      "A request's line in the log is a JSON object; \"Logs\" has its members. With `decisions` it "
      "also has the rules in the order in which they were looked at, whether they matched, and "
      "what they read, so that the request can be given to `gatehouse explain` later. Values of "
      "secrets are `***`. Lines may have 16384 bytes where `log` says no `len`.",
      0, NULL },
};

const struct keyword_table json_log_keywords = KEYWORD_TABLE("Logs as JSON", KEYWORDS, rows);

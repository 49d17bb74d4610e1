/* SPDX-License-Identifier: Apache-2.0 */
/* Declaring capture slots: keywords of frontends, and the action `capture`. */
#include "gateway/capture.h"
#include "gateway/rule_actions.h"
#include "gateway/rules.h"
#include "policy/field_name.h"

#include <limits.h>

static struct capture_slots *slots_of(struct proxy_conf *p, bool response)
{
    return response ? &p->fe->response_slots : &p->fe->request_slots;
}

/* False: an error was reported. */
static bool add_slot(struct cfg *cfg, struct words *w, struct capture_slots *slots,
                     struct slice name, unsigned len, unsigned *index)
{
    struct capture_slot *s;

    if (slots->n == CAPTURES_MOST)
        return words_error(cfg, w, "a frontend can have at most %u captures of a kind",
                           CAPTURES_MOST);
    s = arena_zero(cfg->arena, sizeof *s);
    *s = (struct capture_slot){ .name = name, .len = len, .index = slots->n };
    if (index) *index = s->index;
    if (!slots->last) slots->last = &slots->first;
    *slots->last = s;
    slots->last = &s->next;
    slots->n++;
    return true;
}

static bool read_len(struct cfg *cfg, struct words *w, unsigned *len)
{
    if (!words_take_if(w, "len")) return words_error(cfg, w, "'len' is expected");
    return words_uint(cfg, w, len, 1, INT_MAX);
}

static bool parse_capture(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = ((struct section *)target)->data;
    struct slice name;
    unsigned len;

    return words_field_name(cfg, w, &name) && read_len(cfg, w, &len) &&
           add_slot(cfg, w, slots_of(p, w->keyword->param), name, len, NULL);
}

/* Of several lines the last one holds, as in HAProxy. */
static bool parse_cookie(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = ((struct section *)target)->data;
    struct cookie_capture *c = arena_zero(cfg->arena, sizeof *c);

    c->at = w->name->at;
    p->fe->cookie = c;
    if (!words_text(cfg, w, &c->start)) return false;
    if (!words_take_if(w, "len")) return words_error(cfg, w, "'len' is expected");
    return words_uint(cfg, w, &c->len, 0, INT_MAX);
}

void capture_cookie_limit(struct cfg *cfg, const struct proxy_conf *p)
{
    struct cookie_capture *c = p->fe ? p->fe->cookie : NULL;
    unsigned most = build_of(cfg)->snapshot->global.cookie_most;

    if (!c || c->len <= most) return;
    cfg_warning_at(cfg, &c->at, "only %u bytes of the cookie are kept ('tune.http.cookielen')",
                   most);
    c->len = most;
}

static bool parse_declare(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = ((struct section *)target)->data;
    bool response = words_is(w, "response");
    unsigned len;

    if (!words_take_if(w, "request") && !words_take_if(w, "response"))
        return words_error(cfg, w, "'request' or 'response' is expected");
    return read_len(cfg, w, &len) && add_slot(cfg, w, slots_of(p, response), SLICE(""), len, NULL);
}

static const struct keyword rows[] = {
    { "capture cookie", IN_FRONTEND, parse_cookie, "<start> len <length>", NULL, KW_ELSEWHERE_WARN,
      "Keeps, for the log's items `%CC` and `%CS`, the first cookie of the request and the first "
      "that the server sets, written `name=value`, that begins with those bytes (`SID=` is exactly "
      "that name); cut to the length, at most `tune.http.cookielen`. What rules have made of the "
      "messages counts. Of several lines the last one holds.",
      0, NULL },
    { "capture request header", IN_FRONTEND, parse_capture, "<name> len <length>", NULL, 0,
      "Keeps the last field of that name in requests, cut to that length, for logs and for "
      "`capture.req.hdr`.",
      0, NULL },
    { "capture response header", IN_FRONTEND, parse_capture, "<name> len <length>", NULL, 0,
      "Keeps the last field of that name in responses, cut to that length, for logs and for "
      "`capture.res.hdr`.",
      1, NULL },
    { "declare capture", IN_FRONTEND, parse_declare, "{ request | response } len <length>", NULL, 0,
      "A capture slot that rules and converters fill.", 0, NULL },
};

const struct keyword_table capture_keywords = KEYWORD_TABLE("Captures", KEYWORDS, rows);

/* ---- the action ---- */

struct capture_rule {
    const struct expr *expr;
    unsigned index;
    bool response;
};

static bool read_slot(struct policy_cfg *pc, struct words *w, struct capture_rule *c)
{
    const struct proxy_conf *p = pc->scope.proxy;
    unsigned len;

    if (words_take_if(w, "id")) return words_uint(pc->cfg, w, &c->index, 0, INT_MAX);
    if (c->response) return words_error(pc->cfg, w, "'id' is expected");
    if (!p || !p->fe || pc->scope.section->kind->in & IN_DEFAULTS)
        return words_error(pc->cfg, w, "'len' makes a slot, which only a frontend has; use 'id'");
    return read_len(pc->cfg, w, &len) &&
           add_slot(pc->cfg, w, slots_of((struct proxy_conf *)p, false), SLICE(""), len, &c->index);
}

static bool parse_rule(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct capture_rule *c = arena_zero(pc->cfg->arena, sizeof *c);

    r->data = c;
    c->response = r->kind == RULES_HTTP_RESPONSE;
    c->expr = expr_parse_words(pc, w);
    return c->expr && read_slot(pc, w, c);
}

static enum rule_result run(struct context *c, const struct rule *rule)
{
    const struct capture_rule *cap = rule->data;
    struct slice value;

    if (expr_string(cap->expr, c, &value)) capture_keep(c, cap->response, cap->index, value);
    return RULE_NEXT;
}

static bool has_slot(struct cfg *cfg, const struct proxy_conf *p, const struct rule *r)
{
    const struct capture_rule *c = r->data;
    const struct capture_slots *slots = c->response ? &p->fe->response_slots
                                                    : &p->fe->request_slots;

    if (c->index < slots->n) return true;
    cfg_error_at(cfg, &r->at, "%s '%s' has no %s capture slot %u ('declare capture' makes them)",
                 p->section->kind->name, p->name, c->response ? "response" : "request", c->index);
    return false;
}

bool capture_rules_check(struct cfg *cfg, const struct proxy_conf *p)
{
    const struct ruleset *const sets[] = { &p->rules->request, &p->rules->response };
    bool ok = true;

    for (unsigned i = 0; i < ARRAY_LEN(sets) && p->fe; i++)
        for (const struct rule *r = sets[i]->first; r; r = r->next)
            if (r->action->run == run) ok &= has_slot(cfg, p, r);
    return ok;
}

static const struct action action_rows[] = {
    { "capture", RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE, 0, parse_rule, run, NULL,
      "<expression> { len <length> | id <slot> }",
      "Keeps the expression's value for logs: in a slot of its own (`len`, in a frontend's "
      "requests), or in one that was declared.",
      0 },
};

const struct action_table capture_actions = { .title = "Captures",
                                              .rows = action_rows,
                                              .n = sizeof action_rows / sizeof *action_rows };

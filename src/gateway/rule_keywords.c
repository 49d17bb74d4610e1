/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords that hold conditions and rules: acl, http-request and its kin, use_backend, use-server,
 * monitor-uri. */
#include "gateway/rule_order.h"
#include "gateway/rules.h"
#include "gateway/rule_lists.h"
#include "gateway/stats_conf.h"

static struct proxy_conf *proxy(void *target)
{
    return ((struct section *)target)->data;
}

/* What stands in this section is read as it is seen at that place: a listen section's requests
 * meet its rules when all that a backend needs is known, too. */
static struct policy_cfg *scope_at(struct cfg *cfg, struct section *s, enum policy_place frontend,
                                   enum policy_place backend)
{
    struct policy_cfg *pc = policy_of(cfg);
    struct proxy_conf *p = s->data;

    pc->scope = (struct policy_scope){
        .section = s,
        .acls = p->rules->acls,
        .proxy = p,
        .place = s->kind->in & IN_BACKEND ? backend : frontend,
    };
    return pc;
}

/* Rules of anonymous defaults would meet every section that follows, which nobody means. */
static bool may_have_rules(struct cfg *cfg, struct words *w, const struct section *s)
{
    if (!(s->kind->in & IN_DEFAULTS) || *s->name) return true;
    cfg_error(cfg, w->name, "rules can't stand in a defaults section without a name");
    return cfg_hint(cfg, "write 'defaults NAME', and 'from NAME' where it shall hold");
}

static bool parse_acl(struct cfg *cfg, void *target, struct words *w)
{
    struct section *s = target;
    struct policy_cfg *pc = scope_at(cfg, s, PLACE_FRONTEND_REQUEST, PLACE_BACKEND_REQUEST);

    return may_have_rules(cfg, w, s) && acl_parse(pc, proxy(s)->rules->acls, w);
}

/* ---- rulesets ---- */

/* keyword.data of the keywords that add a rule. */
struct rules_row {
    unsigned kind;
    size_t set; /* offset in struct proxy_rules */
    enum policy_place frontend, backend;
    enum rule_stage stage; /* N_STAGES: of answers */
};

static bool parse_rule(struct cfg *cfg, void *target, struct words *w)
{
    const struct rules_row *row = w->keyword->data;
    struct section *s = target;
    struct policy_cfg *pc = scope_at(cfg, s, row->frontend, row->backend);
    struct ruleset *set = (struct ruleset *)((char *)proxy(s)->rules + row->set);

    if (!may_have_rules(cfg, w, s) || !rule_parse(pc, set, row->kind, w)) return false;
    if (row->stage != N_STAGES) rule_order_check(cfg, proxy(s)->rules, w, row->stage);
    return true;
}

/* `redirect …` is the action of that name, so its own name is read once more. */
static bool parse_redirect(struct cfg *cfg, void *target, struct words *w)
{
    struct section *s = target;
    struct proxy_rules *rules = proxy(s)->rules;
    struct policy_cfg *pc = scope_at(cfg, s, PLACE_FRONTEND_REQUEST, PLACE_BACKEND_REQUEST);

    w->at--;
    if (!rule_parse(pc, &rules->redirects, RULES_HTTP_REQUEST, w)) return false;
    rule_order_check(cfg, rules, w, STAGE_REDIRECT);
    return true;
}

static const struct rules_row request_rules = { RULES_HTTP_REQUEST,
                                                offsetof(struct proxy_rules, request),
                                                PLACE_FRONTEND_REQUEST, PLACE_BACKEND_REQUEST,
                                                STAGE_HTTP_REQUEST };
static const struct rules_row response_rules = { RULES_HTTP_RESPONSE,
                                                 offsetof(struct proxy_rules, response),
                                                 PLACE_FRONTEND_RESPONSE, PLACE_BACKEND_RESPONSE,
                                                 N_STAGES };
static const struct rules_row after_rules = { RULES_HTTP_AFTER_RESPONSE,
                                              offsetof(struct proxy_rules, after),
                                              PLACE_AFTER_RESPONSE, PLACE_AFTER_RESPONSE,
                                              N_STAGES };
static const struct rules_row connection_rules = { RULES_TCP_CONNECTION,
                                                   offsetof(struct proxy_rules, tcp_connection),
                                                   PLACE_TCP_CONNECTION, PLACE_TCP_CONNECTION,
                                                   STAGE_TCP_CONNECTION };
static const struct rules_row session_rules = { RULES_TCP_SESSION,
                                                offsetof(struct proxy_rules, tcp_session),
                                                PLACE_TCP_SESSION, PLACE_TCP_SESSION,
                                                STAGE_TCP_SESSION };

/* ---- choices ---- */

/* A name with a '%' in it is a format. False: an error was reported. */
static bool parse_name(struct policy_cfg *pc, struct words *w, const struct word **name,
                       const struct format **format)
{
    if (!words_need(pc->cfg, w, name)) return false;
    if (slice_find((*name)->text, '%') < 0) return true;
    *format = format_parse(pc, *name, FORMAT_FOR_HTTP);
    return *format != NULL;
}

static bool parse_use_backend(struct cfg *cfg, void *target, struct words *w)
{
    struct policy_cfg *pc = scope_at(cfg, target, PLACE_USE_BACKEND, PLACE_USE_BACKEND);
    struct proxy_rules *rules = proxy(target)->rules;
    struct switch_rule *s = arena_zero(cfg->arena, sizeof *s);

    s->at = w->name->at;
    if (!parse_name(pc, w, &s->name_at, &s->format) || !condition_parse(pc, w, &s->cond))
        return false;
    *rules->backends_end = s;
    rules->backends_end = (struct switch_rule **)&s->next;
    rule_order_check(cfg, rules, w, STAGE_USE_BACKEND);
    return true;
}

static bool parse_use_server(struct cfg *cfg, void *target, struct words *w)
{
    struct policy_cfg *pc = scope_at(cfg, target, PLACE_USE_SERVER, PLACE_USE_SERVER);
    struct proxy_rules *rules = proxy(target)->rules;
    struct server_rule *s = arena_zero(cfg->arena, sizeof *s);

    s->at = w->name->at;
    if (!parse_name(pc, w, &s->name_at, &s->format)) return false;
    if (!words_left(w))
        return words_error(cfg, w, "'use-server' needs a condition: 'if' or 'unless'");
    if (!condition_parse(pc, w, &s->cond)) return false;
    *rules->servers_end = s;
    rules->servers_end = (struct server_rule **)&s->next;
    rule_order_check(cfg, rules, w, STAGE_USE_SERVER);
    return true;
}

/* ---- monitor ---- */

static bool parse_monitor_uri(struct cfg *cfg, void *target, struct words *w)
{
    return words_text(cfg, w, &proxy(target)->rules->monitor_uri);
}

static bool parse_monitor_fail(struct cfg *cfg, void *target, struct words *w)
{
    struct policy_cfg *pc = scope_at(cfg, target, PLACE_FRONTEND_REQUEST, PLACE_FRONTEND_REQUEST);
    struct proxy_rules *rules = proxy(target)->rules;
    struct monitor_rule *m = arena_zero(cfg->arena, sizeof *m);

    if (!words_left(w)) return words_error(cfg, w, "'monitor fail' needs a condition");
    m->at = w->name->at;
    if (!condition_parse(pc, w, &m->cond)) return false;
    rule_order_check(cfg, rules, w, STAGE_MONITOR);
    *rules->monitor_end = m;
    rules->monitor_end = (struct monitor_rule **)&m->next;
    return true;
}

#define RULES(name, where, row, doc)                                                          \
    {                                                                                         \
        name, where, parse_rule, "<action> [ { if | unless } <condition> ]", NULL, 0, doc, 0, \
            &(row)                                                                            \
    }

static const struct keyword rule_rows[] = {
    { "acl", IN_PROXY, parse_acl, "<name> <criterion> [flags] [operator] [<value>]…", NULL, 0,
      "Names a test: an expression, how it is compared (`-m`), and with what. Several lines of one "
      "name are alternatives. Conditions behind `if` and `unless` are made of such names, of tests "
      "in braces, `!`, and `or` or `||`.",
      0, NULL },
    RULES("http-request", IN_PROXY, request_rules,
          "A rule for requests. A frontend's are run before its backend is chosen, the backend's "
          "after."),
    RULES("http-response", IN_PROXY, response_rules,
          "A rule for the answers of servers. The backend's are run first, then the frontend's."),
    RULES("http-after-response", IN_PROXY, after_rules,
          "A rule for every answer, those of the gateway itself included, just before it is sent."),
    { "redirect", IN_LISTEN, parse_redirect,
      "{ location | prefix | scheme } <to> [<option>…] [ { if | unless } <condition> ]", NULL, 0,
      "The action `redirect` of `http-request`, with two differences: the target is taken as it is "
      "written, not as a format, and all of the section's `http-request` rules are run first.",
      0, NULL },
    RULES("tcp-request connection", IN_DEFAULTS | IN_FRONTEND, connection_rules,
          "A rule for new connections, before a byte is read."),
    RULES("tcp-request session", IN_DEFAULTS | IN_FRONTEND, session_rules,
          "A rule for new connections, when their handshakes are done."),
    { "use_backend", IN_FRONTEND, parse_use_backend, "<backend> [ { if | unless } <condition> ]",
      NULL, 0,
      "Chooses the backend when the condition holds; the first that does counts. The name may be a "
      "format; where there is no backend of the name it gives, `default_backend` serves.",
      0, NULL },
    { "use-server", IN_BACKEND, parse_use_server, "<server> { if | unless } <condition>", NULL, 0,
      "Chooses the server when the condition holds and the server is usable; else it is balanced "
      "as usual.",
      0, NULL },
    { "monitor-uri", IN_DEFAULTS | IN_FRONTEND, parse_monitor_uri, "<uri>", NULL, KW_ELSEWHERE_WARN,
      "Requests for exactly this URI are answered by the gateway: 200, or 503 where a `monitor "
      "fail` condition holds or the gateway is stopping.",
      0, NULL },
    { "monitor fail", IN_FRONTEND, parse_monitor_fail, "{ if | unless } <condition>", NULL,
      KW_ELSEWHERE_WARN, "When the condition holds, `monitor-uri` answers 503.", 0, NULL },
};

const struct keyword_table rule_keywords = KEYWORD_TABLE("Rules and conditions", KEYWORDS,
                                                         rule_rows);

/* ---- names, when all is read ---- */

static bool no_such(struct cfg *cfg, const struct word *at, const char *what)
{
    return cfg_error(cfg, at, "there is no %s '%.*s'", what, SLICE_ARG(at->text));
}

static bool resolve_backend(struct build *b, struct cfg *cfg, struct switch_rule *s)
{
    struct nearest near;

    if (s->format) return true;
    s->backend = snapshot_backend_of(b->snapshot, s->name_at->text);
    if (s->backend) return true;
    nearest_init(&near, s->name_at->text);
    for (unsigned i = 0; i < b->snapshot->n_proxies; i++)
        if (b->snapshot->proxies[i]->be)
            nearest_try(&near, slice_str(b->snapshot->proxies[i]->name));
    no_such(cfg, s->name_at, "backend");
    return near.best.n && cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
}

static bool resolve_server(struct cfg *cfg, const struct proxy_conf *p, struct server_rule *s)
{
    struct nearest near;

    if (s->format) return true;
    nearest_init(&near, s->name_at->text);
    for (unsigned i = 0; i < p->be->n_servers; i++) {
        if (slice_is(s->name_at->text, p->be->servers[i]->name)) s->server = p->be->servers[i];
        nearest_try(&near, slice_str(p->be->servers[i]->name));
    }
    if (s->server) return true;
    no_such(cfg, s->name_at, "server");
    return near.best.n && cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
}

/* The use_backend rules as an array, and an index over their conditions. */
static void index_backends(struct policy_cfg *pc, struct proxy_rules *rules)
{
    const struct condition **conditions;
    unsigned n = 0;

    for (const struct switch_rule *s = rules->backends; s; s = s->next) rules->n_backends++;
    if (!rules->n_backends) return;
    conditions = arena_alloc(pc->cfg->arena, rules->n_backends * sizeof(*conditions));
    rules->backend_rules = arena_alloc(pc->cfg->arena, rules->n_backends * sizeof(*conditions));
    for (const struct switch_rule *s = rules->backends; s; s = s->next, n++) {
        rules->backend_rules[n] = s;
        conditions[n] = s->cond;
    }
    rules->backend_index = condition_index_new(pc, conditions, n);
}

bool proxy_rules_resolve(struct build *b, struct cfg *cfg, struct proxy_conf *p)
{
    bool ok = true;

    capture_cookie_limit(cfg, p);
    for (struct switch_rule *s = p->rules->backends; s; s = (struct switch_rule *)s->next)
        ok &= resolve_backend(b, cfg, s);
    index_backends(&b->policy, p->rules);
    for (struct server_rule *s = p->rules->servers; s && p->be; s = (struct server_rule *)s->next)
        ok &= resolve_server(cfg, p, s);
    ok &= stats_conf_check(b, cfg, p);
    proxy_rules_count(b, p);
    return ok & capture_rules_check(cfg, p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `stats …` in proxies. */
#include "gateway/reply_spec.h"
#include "gateway/service.h"
#include "gateway/stats_conf.h"

#include <limits.h>

#define DEFAULT_URI "/haproxy?stats"
#define DEFAULT_REALM "HAProxy Statistics"

/* The first line of a section of its own begins anew; one of defaults adds to what those have that
 * it is made from. */
static struct stats_conf *stats_of(struct cfg *cfg, void *target, const struct words *w)
{
    struct section *s = target;
    struct proxy_rules *rules = ((struct proxy_conf *)s->data)->rules;
    struct stats_conf *own;

    if (!rules->stats || rules->stats_inherited) {
        own = arena_zero(cfg->arena, sizeof *own);
        own->uri = SLICE(DEFAULT_URI);
        own->realm = SLICE(DEFAULT_REALM);
        own->rules.kind = RULES_HTTP_REQUEST;
        if (rules->stats && s->kind->in & IN_DEFAULTS) *own = *rules->stats;
        rules->stats = own;
        rules->stats_inherited = false;
    }
    rules->stats->at = w->name->at;
    return rules->stats;
}

/* What is left of the line; HAProxy does not look at it. */
static bool skip_rest(struct cfg *cfg, struct words *w)
{
    if (words_left(w))
        cfg_notice(cfg, words_peek(w), "what follows '%s' here is ignored, as HAProxy does",
                   w->keyword->name);
    w->at = w->n;
    return true;
}

static bool parse_flag(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);

    if (w->keyword->param >= 0) *(bool *)((char *)s + w->keyword->param) = true;
    return skip_rest(cfg, w);
}

static bool parse_uri(struct cfg *cfg, void *target, struct words *w)
{
    return words_text(cfg, w, &stats_of(cfg, target, w)->uri) && skip_rest(cfg, w);
}

static bool parse_realm(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);

    s->authenticates = true;
    s->auth_at = w->name->at;
    return words_text(cfg, w, &s->realm) && skip_rest(cfg, w);
}

static bool parse_refresh(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);
    unsigned ms;

    if (!words_time(cfg, w, &ms, UNIT_S, 0, INT_MAX)) return false;
    s->refresh_s = ms / 1000 + (ms % 1000 != 0);
    return skip_rest(cfg, w);
}

static bool parse_auth(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);
    const struct stats_user **end = &s->users;
    struct stats_user *u = arena_zero(cfg->arena, sizeof *u);
    const struct word *at;

    if (!words_need(cfg, w, &at)) return false;
    s->authenticates = true;
    s->auth_at = w->name->at;
    u->password = at->text;
    u->name = slice_cut(&u->password, ':');
    for (; *end; end = (const struct stats_user **)&(*end)->next)
        if (slice_eq((*end)->name, u->name)) {
            cfg_warning(cfg, at, "there is an account '%.*s' already: this one is ignored",
                        SLICE_ARG(u->name));
            return skip_rest(cfg, w);
        }
    *end = u;
    return skip_rest(cfg, w);
}

static bool parse_scope(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);
    struct stats_scope *scope = arena_zero(cfg->arena, sizeof *scope);

    if (!words_text(cfg, w, &scope->name)) return false;
    scope->next = s->scopes;
    s->scopes = scope;
    return skip_rest(cfg, w);
}

static bool is_node_name(const char *name)
{
    for (; *name; name++)
        if (!strchr("-_.:", *name) && !(*name >= '0' && *name <= '9') &&
            !((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z'))
            return false;
    return true;
}

static bool parse_node(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);
    const struct word *at = words_peek(w);

    s->show_node = true;
    s->node = NULL;
    if (!at) return true;
    if (!words_str(cfg, w, &s->node)) return false;
    if (is_node_name(s->node)) return skip_rest(cfg, w);
    cfg_error(cfg, at, "'%s' can't be the name of a node", s->node);
    return cfg_hint(cfg, "letters, digits, '-', '_', '.' and ':' can stand in it");
}

static bool parse_desc(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);

    s->show_desc = true;
    s->desc = NULL;
    if (words_left(w)) return words_sentence(cfg, w, &s->desc);
    if (build_of(cfg)->snapshot->global.description) return true;
    cfg_warning(cfg, w->name, "there is no description to be shown");
    cfg_hint(cfg, "write it here, or 'description' in 'global'");
    return true;
}

/* ---- conditions ---- */

static struct policy_cfg *scope_of(struct cfg *cfg, struct section *s)
{
    struct policy_cfg *pc = policy_of(cfg);
    struct proxy_conf *p = s->data;
    bool backend = s->kind->in & IN_BACKEND;

    pc->scope = (struct policy_scope){
        .section = s,
        .acls = p->rules->acls,
        .proxy = p,
        .place = backend ? PLACE_BACKEND_REQUEST : PLACE_FRONTEND_REQUEST,
    };
    return pc;
}

static bool parse_admin(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);
    const struct stats_admin **end = &s->admin;
    struct stats_admin *admin = arena_zero(cfg->arena, sizeof *admin);

    if (!words_is(w, "if") && !words_is(w, "unless"))
        return words_error(cfg, w, "'stats admin' needs a condition: 'if' or 'unless'");
    if (!condition_parse(scope_of(cfg, target), w, &admin->cond)) return false;
    while (*end) end = (const struct stats_admin **)&(*end)->next;
    *end = admin;
    return true;
}

static bool may_stand(struct cfg *cfg, const struct words *w)
{
    static const char *const actions[] = { "allow", "deny", "auth" };
    const struct word *word = words_peek(w);
    struct nearest near;

    if (!word) return words_error(cfg, w, "an action is missing: allow, deny or auth");
    nearest_init(&near, word->text);
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (slice_is(word->text, actions[i])) return true;
        nearest_try(&near, slice_str(actions[i]));
    }
    cfg_error(cfg, word, "'%s' is no action of 'stats http-request'", word->text.p);
    if (near.best.n) return cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
    return cfg_hint(cfg, "it has allow, deny and auth");
}

static bool parse_rule(struct cfg *cfg, void *target, struct words *w)
{
    struct stats_conf *s = stats_of(cfg, target, w);
    struct rule *rule;

    if (!may_stand(cfg, w) || !rule_parse(scope_of(cfg, target), &s->rules, RULES_HTTP_REQUEST, w))
        return false;
    rule = (struct rule *)((char *)s->rules.last - offsetof(struct rule, next));
    if (strcmp(rule->action->name, "auth") == 0)
        reply_auth_default(cfg->arena, rule, SLICE(DEFAULT_REALM));
    return true;
}

/* ---- the whole ---- */

bool stats_conf_check(struct build *b, struct cfg *cfg, struct proxy_conf *p)
{
    struct stats_conf *s = p->rules->stats;

    (void)b;
    if (!s) return true;
    s->service = http_service_find(cfg->words->services, SLICE("stats"));
    if (p->mode != MODE_HTTP) {
        cfg_warning_at(cfg, &p->section->at, "'stats' in '%s' is ignored: it needs 'mode http'",
                       p->name);
        p->rules->stats = NULL;
        return true;
    }
    if (!s->authenticates || !s->rules.first) return true;
    cfg_error_at(cfg, &s->auth_at, "'stats auth' and 'stats realm' exclude 'stats http-request'");
    return cfg_hint(cfg, "name the realm behind 'stats http-request auth'");
}

#define FLAG(name, field, doc)                                                                     \
    {                                                                                              \
        "stats " name, IN_PROXY, parse_flag, "", NULL, 0, doc, offsetof(struct stats_conf, field), \
            NULL                                                                                   \
    }

static const struct keyword rows[] = {
    { "stats enable", IN_PROXY, parse_flag, "", NULL, 0,
      "Answers requests for statistics: a page for people, and with `;csv`, `;typed` or `;json` "
      "behind the URI the same for programs. Every other `stats` line switches them on, too. One "
      "that stands in a section itself puts away all that its `defaults` say of `stats`.",
      -1, NULL },
    { "stats uri", IN_PROXY, parse_uri, "<prefix>", DEFAULT_URI, 0,
      "GET, HEAD and POST whose path, with its query, begins so are answered with statistics, "
      "behind the proxy's `http-request` rules.",
      0, NULL },
    { "stats refresh", IN_PROXY, parse_refresh, "<time>", "none", 0,
      "Browsers load the page again after that time; in seconds when no unit is given.", 0, NULL },
    { "stats realm", IN_PROXY, parse_realm, "<text>", DEFAULT_REALM, 0,
      "What browsers show when they ask for a name and a password.", 0, NULL },
    { "stats auth", IN_PROXY, parse_auth, "<user>:<password>", "anybody may look", 0,
      "An account, one of several perhaps, without which the answer is 401.", 0, NULL },
    { "stats scope", IN_PROXY, parse_scope, "{ <name> | . }", "all proxies", 0,
      "Only the proxies that are named so are shown; `.` is the one whose statistics these are.", 0,
      NULL },
    { "stats show-node", IN_PROXY, parse_node, "[<name>]", "not shown", 0,
      "The page shows that name, or the one of `node` in `global`, or the machine's.", 0, NULL },
    { "stats show-desc", IN_PROXY, parse_desc, "[<text>]", "not shown", 0,
      "The page shows that text, or that of `description` in `global`.", 0, NULL },
    FLAG("hide-version", hide_version, "The page does not tell the version of Gatehouse."),
    FLAG("show-legends", show_legends,
         "Statistics show addresses, cookies, the algorithm of a backend, and on the page each "
         "proxy's mode and number."),
    FLAG("show-modules", show_modules,
         "Accepted: there are no modules with statistics of their own, so it shows nothing."),
    { "stats admin", IN_LISTEN, parse_admin, "{ if | unless } <condition>", "nobody", 0,
      "For whom that holds the page has a form that puts servers into maintenance, drains them, "
      "and so on. Any of several is enough.",
      0, NULL },
    { "stats http-request", IN_LISTEN, parse_rule,
      "{ allow | deny | auth [realm <realm>] } [ { if | unless } <condition> ]", NULL, 0,
      "Who may see the statistics, rule by rule as with `http-request`. Not together with `stats "
      "auth` or `stats realm`.",
      0, NULL },
};

const struct keyword_table stats_keywords = KEYWORD_TABLE("Statistics", KEYWORDS, rows);

/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords that say how a backend's servers are checked: `option httpchk`, `option tcp-check`,
 * `http-check …`, `tcp-check …`, `option log-health-checks`. */
#include "lang/section.h"
#include "policy/actions.h"
#include "upstream/backend.h"
#include "upstream/check_parse.h"
#include "upstream/keywords.h"

static struct backend_conf *backend(const struct section *s)
{
    struct proxy_conf *p = s->data;
    return p->be;
}

static struct policy_cfg *scope_of(struct cfg *cfg, struct section *s)
{
    struct policy_cfg *pc = policy_of(cfg);

    pc->scope = (struct policy_scope){ .section = s, .proxy = s->data, .place = PLACE_CHECK };
    return pc;
}

/* ---- the rules of a section ---- */

/* A section that says something of its own has nothing of its defaults, as in HAProxy. */
static struct check_rules *own_rules(struct section *s, bool http)
{
    struct check_spec *spec = &backend(s)->checks;
    struct check_rules *rules = http ? &spec->http : &spec->tcp;

    if (rules->owner == s) return rules;
    *rules = (struct check_rules){ .owner = s };
    rules->end = &rules->first;
    return rules;
}

static bool is_silent(const struct check_step *s)
{
    return s->kind == STEP_VAR || s->kind == STEP_COMMENT;
}

/* The first and the last step so far that do something. */
static void ends_of(const struct check_rules *rules, const struct check_step **first,
                    const struct check_step **last)
{
    *first = *last = NULL;
    for (const struct check_step *s = rules->first; s; s = s->next) {
        if (is_silent(s)) continue;
        if (!*first) *first = s;
        *last = s;
    }
}

/* May s stand there? An HTTP check has one request and one answer a connection. */
static bool check_order(struct cfg *cfg, const struct check_rules *rules, bool http,
                        const struct check_step *s, const struct word *at)
{
    const struct check_step *first, *last;

    ends_of(rules, &first, &last);
    if (!first || is_silent(s)) return true;
    if (s->kind == STEP_CONNECT && first->kind != STEP_CONNECT)
        return cfg_error(cfg, at, "where there is a 'connect', the first step must be one");
    if (http && s->kind == STEP_SEND && last->kind != STEP_CONNECT)
        return cfg_error(cfg, at, "a 'connect' is missing before this 'send'");
    if (http && s->kind == STEP_EXPECT && last->kind == STEP_CONNECT)
        return cfg_error(cfg, at, "a 'send' is missing before this 'expect'");
    return true;
}

static bool add_step(struct cfg *cfg, struct section *section, bool http, struct check_step *s,
                     const struct word *at)
{
    struct check_rules *rules = own_rules(section, http);

    if (!check_order(cfg, rules, http, s, at)) return false;
    if (!rules->n++) rules->at = at->at;
    s->number = rules->n;
    *rules->end = s;
    rules->end = &s->next;
    return true;
}

/* ---- http-check and tcp-check: rows whose param is true for http ---- */

static bool parse_connect(struct cfg *cfg, void *target, struct words *w)
{
    struct check_step *s = arena_zero(cfg->arena, sizeof *s);
    const struct word *name = w->name;

    return check_parse_connect(scope_of(cfg, target), s, w) &&
           add_step(cfg, target, w->keyword->param, s, name);
}

static bool parse_expect(struct cfg *cfg, void *target, struct words *w)
{
    struct check_step *s = arena_zero(cfg->arena, sizeof *s);
    const struct word *name = w->name;

    return check_parse_expect(scope_of(cfg, target), s, w, w->keyword->param) &&
           add_step(cfg, target, w->keyword->param, s, name);
}

static bool parse_http_send(struct cfg *cfg, void *target, struct words *w)
{
    struct check_step *s = arena_zero(cfg->arena, sizeof *s);
    const struct word *name = w->name;

    return check_parse_http_send(scope_of(cfg, target), s, w) &&
           add_step(cfg, target, true, s, name);
}

static bool parse_tcp_send(struct cfg *cfg, void *target, struct words *w)
{
    struct check_step *s = arena_zero(cfg->arena, sizeof *s);
    const struct word *name = w->name;

    return check_parse_tcp_send(scope_of(cfg, target), s, w, strchr(w->keyword->name, ' ') + 1) &&
           add_step(cfg, target, false, s, name);
}

static bool parse_comment(struct cfg *cfg, void *target, struct words *w)
{
    struct check_step *s = arena_zero(cfg->arena, sizeof *s);
    const struct word *name = w->name;

    s->kind = STEP_COMMENT;
    return check_parse_comment(scope_of(cfg, target), s, w) &&
           add_step(cfg, target, w->keyword->param, s, name);
}

/* The action that "set-var(name)" names; *inside is what stands in the parentheses. */
static const struct action *find_action(struct slice word, struct slice *inside)
{
    ptrdiff_t open = slice_find(word, '(');
    struct slice name = open < 0 ? word : slice_of(word.p, (size_t)open);

    if (open < 0 || word.p[word.n - 1] != ')') return NULL;
    *inside = slice_of(word.p + open + 1, word.n - (size_t)open - 2);
    for (unsigned i = 0; i < variable_actions.n; i++)
        if (slice_is(name, variable_actions.rows[i].name)) return &variable_actions.rows[i];
    return NULL;
}

static bool unknown_rule(struct cfg *cfg, const struct words *w, const struct word *word)
{
    static const char *const names[] = { "comment",     "connect",        "disable-on-404",
                                         "expect",      "send",           "send-lf",
                                         "send-binary", "send-binary-lf", "send-state",
                                         "set-var(",    "set-var-fmt(",   "unset-var(" };
    struct nearest near;

    nearest_init(&near, word->text);
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) nearest_try(&near, slice_str(names[i]));
    cfg_error(cfg, word, "'%s' can't stand behind '%s'", word->text.p, w->keyword->name);
    return near.best.n ? cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best)) : false;
}

/* set-var(…), set-var-fmt(…), unset-var(…): the actions of those names. */
static bool parse_variable(struct cfg *cfg, void *target, struct words *w)
{
    struct policy_cfg *pc = scope_of(cfg, target);
    struct check_step *s = arena_zero(cfg->arena, sizeof *s);
    struct rule *r = arena_zero(cfg->arena, sizeof *r);
    const struct word *word, *name = w->name;

    if (!words_need(cfg, w, &word)) return false;
    r->action = find_action(word->text, &r->inside);
    if (!r->action) return unknown_rule(cfg, w, word);
    r->at = word->at;
    s->kind = STEP_VAR;
    s->var = r;
    return r->action->parse(pc, r, w) && add_step(cfg, target, w->keyword->param, s, name);
}

static bool parse_flag(struct cfg *cfg, void *target, struct words *w)
{
    struct check_spec *spec = &backend(target)->checks;

    (void)cfg;
    if (w->keyword->param)
        spec->send_state = true;
    else
        spec->disable_on_404 = true;
    return true;
}

/* ---- option httpchk [<method>] <uri> [<version>] ---- */

static bool parse_hidden_field(struct policy_cfg *pc, const struct word *at, struct slice line,
                               struct check_send *send)
{
    struct slice name = slice_cut(&line, ':');
    const struct format *f;
    struct word value = *at;

    line = slice_trim(line, " \t");
    if (!name.n || !line.n) return cfg_error(pc->cfg, at, "a line behind the version is no field");
    value.text = slice_of(arena_str(pc->cfg->arena, line), line.n);
    f = format_parse(pc, &value, FORMAT_FOR_HTTP);
    if (f) check_add_field(send, pc->cfg->arena, name, f);
    return f != NULL;
}

/* "HTTP/1.1\r\nHost: a": the old way to add fields. */
static bool parse_hidden_fields(struct policy_cfg *pc, const struct word *at, struct slice rest,
                                struct check_send *send)
{
    cfg_warning(pc->cfg, at, "fields behind the version are deprecated: use 'http-check send hdr'");
    while (rest.n) {
        struct slice line = slice_trim(slice_cut(&rest, '\n'), "\r \t");
        if (line.n && !parse_hidden_field(pc, at, line, send)) return false;
    }
    return true;
}

static bool parse_httpchk(struct cfg *cfg, void *target, struct words *w)
{
    struct policy_cfg *pc = scope_of(cfg, target);
    struct check_rules *rules = own_rules(target, true);
    struct check_send *send = &rules->request;
    const struct word *last = NULL;
    struct slice words[3] = { { 0 } };
    unsigned n = 0;

    backend(target)->checks.kind = CHECK_HTTP;
    for (; n < 3 && words_left(w); n++) words[n] = (last = words_next(w))->text;
    *send = (struct check_send){ 0 };
    if (n == 1) send->uri = words[0];
    if (n > 1) send->method = words[0], send->uri = words[1];
    if (n < 3) return true;
    send->version = slice_cut(&words[2], '\r');
    if (!words[2].p) send->version = slice_trim(send->version, "\n");
    return !words[2].p || parse_hidden_fields(pc, last, words[2], send);
}

static bool parse_tcp_check(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg, (void)w;
    backend(target)->checks.kind = CHECK_TCP;
    return true;
}

/* ---- after all was read ---- */

void check_rules_used(struct cfg *cfg, const struct proxy_conf *p)
{
    const struct check_spec *spec = &p->be->checks;

    if (spec->http.first && spec->http.owner == p->section && spec->kind != CHECK_HTTP)
        cfg_warning_at(cfg, &spec->http.at,
                       "http-check rules do nothing without 'option httpchk' in %s", p->name);
    if (spec->tcp.first && spec->tcp.owner == p->section && spec->kind != CHECK_TCP)
        cfg_warning_at(cfg, &spec->tcp.at,
                       "tcp-check rules do nothing without 'option tcp-check' in %s", p->name);
}

#define IN_CHECKED (IN_DEFAULTS | IN_BACKEND)
#define ROW(name, parse, args, param, doc)                                       \
    {                                                                            \
        name, IN_CHECKED, parse, args, NULL, KW_ELSEWHERE_WARN, doc, param, NULL \
    }

#define CONNECT_ARGS "[default] [port <port>|<expression>] [addr <ip>] [linger] [comment <text>]"
#define EXPECT_OPTIONS                                                                       \
    "[min-recv <n>] [comment <text>] [ok-status <code>] [error-status <code>] [tout-status " \
    "<code>] [on-success <format>] [on-error <format>] [status-code <expression>] [!] "

static const struct keyword rows[] = {
    ROW("option httpchk", parse_httpchk, "[[<method>] <uri> [<version>]]", 0,
        "Servers are checked by an HTTP request, `OPTIONS / HTTP/1.0` unless said otherwise here "
        "or by `http-check send`. A status of 200 to 399 is good, unless `http-check expect` says "
        "otherwise."),
    ROW("option tcp-check", parse_tcp_check, "", 0,
        "Servers are checked by what the `tcp-check` rules say; without any, by a connection."),
    ROW("http-check connect", parse_connect, CONNECT_ARGS, 1,
        "Opens a connection: to the server's own address and port, its `addr` and `port` for "
        "checks, or those given here. With several, requests go to several ports. `linger`: closes "
        "in an orderly way instead of with a reset."),
    ROW("http-check send", parse_http_send,
        "[meth <method>] [uri <uri>|uri-lf <format>] [ver <version>] [hdr <name> <format>]… [body "
        "<text>|body-lf <format>] [comment <text>]",
        1,
        "What to ask. The first one adds to what `option httpchk` says. `connection: close` is "
        "added to a request of HTTP/1.1, and no `host`."),
    ROW("http-check expect", parse_expect,
        EXPECT_OPTIONS "status <codes>|rstatus <regex>|hdr|fhdr <pattern>|string <text>|rstring "
                       "<regex>|string-lf <format>",
        1,
        "What makes an answer good. `status`: one of a list of codes and ranges; `rstatus`: its "
        "digits match; `hdr name [-m <method>] <name> [value [-m <method>] <value>]`: a field is "
        "there, with that value in one of the elements of its list (`fhdr`: in all of it; methods: "
        "`str`, `beg`, `end`, `sub`, `reg`; `name-lf` and `value-lf` take formats); `string`, "
        "`rstring`: the body holds that. `min-recv`: wait for so many bytes of the body, and judge "
        "by them; without it a body that does not match yet is waited for."),
    ROW("http-check comment", parse_comment, "<text>", 1,
        "Said in reports when the rule that follows fails."),
    ROW("http-check send-state", parse_flag, "", 1,
        "Requests tell the server how it is seen, in `x-haproxy-server-state`."),
    ROW("http-check disable-on-404", parse_flag, "", 0,
        "A server that is up and answers 404 asks for no new traffic: it is stopping (NOLB), and "
        "gets only what is bound to it."),
    ROW("http-check", parse_variable,
        "set-var(<name>[,<condition>…]) <expression> | set-var-fmt(<name>[,<condition>…]) <format> "
        "| unset-var(<name>)",
        1,
        "Sets a variable, or takes its value away. The scope `check` lasts as long as one check."),
    ROW("tcp-check connect", parse_connect, CONNECT_ARGS, 0, "As `http-check connect`."),
    ROW("tcp-check send", parse_tcp_send, "<text> [comment <text>]", 0, "Sends the bytes."),
    ROW("tcp-check send-lf", parse_tcp_send, "<format> [comment <text>]", 0,
        "Sends what the format says."),
    ROW("tcp-check send-binary", parse_tcp_send, "<hexadecimal digits> [comment <text>]", 0,
        "Sends the bytes that the digits stand for."),
    ROW("tcp-check send-binary-lf", parse_tcp_send, "<format> [comment <text>]", 0,
        "Sends the bytes that the digits stand for which the format says."),
    ROW("tcp-check expect", parse_expect,
        EXPECT_OPTIONS "string <text>|rstring <regex>|string-lf <format>|binary <digits>|rbinary "
                       "<regex>|binary-lf <format>",
        0,
        "What must come since the last `connect` or `send`. `binary` and `rbinary` look at the "
        "bytes as hexadecimal digits, in upper case."),
    ROW("tcp-check comment", parse_comment, "<text>", 0, "As `http-check comment`."),
    ROW("tcp-check", parse_variable,
        "set-var(<name>[,<condition>…]) <expression> | set-var-fmt(<name>[,<condition>…]) <format> "
        "| unset-var(<name>)",
        0, "As the same words behind `http-check`."),
};

const struct keyword_table check_keywords = KEYWORD_TABLE("Health checks", KEYWORDS, rows);

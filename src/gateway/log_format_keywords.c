/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords that hold format strings: log-format and its kin, unique-id-format. */
#include "gateway/log_items.h"
#include "gateway/rules.h"
#include "policy/field_name.h"

static struct policy_cfg *scope_at(struct cfg *cfg, struct section *s, enum policy_place place)
{
    struct policy_cfg *pc = policy_of(cfg);
    struct proxy_conf *p = s->data;

    pc->scope =
        (struct policy_scope){ .section = s, .acls = p->rules->acls, .proxy = p, .place = place };
    return pc;
}

/* keyword.param: the offset of the format in struct proxy_rules. */
static bool parse_format(struct cfg *cfg, void *target, struct words *w, enum policy_place place,
                         unsigned flags)
{
    struct section *s = target;
    struct proxy_conf *p = s->data;
    const struct format **to = (const struct format **)((char *)p->rules + w->keyword->param);
    const struct word *text;

    if (!words_need(cfg, w, &text)) return false;
    *to = format_parse(scope_at(cfg, s, place), text, flags);
    return *to != NULL;
}

#define FORMAT_OF(field) offsetof(struct proxy_rules, field)

static bool parse_log_format(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = ((struct section *)target)->data;

    if (w->keyword->param == FORMAT_OF(log_format)) p->rules->json_log = 0;
    return parse_format(cfg, target, w, PLACE_LOG, FORMAT_FOR_LOG);
}

static bool parse_id_format(struct cfg *cfg, void *target, struct words *w)
{
    return parse_format(cfg, target, w, PLACE_FRONTEND_REQUEST, FORMAT_FOR_ID);
}

static bool parse_id_header(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = ((struct section *)target)->data;

    return words_field_name(cfg, w, &p->rules->unique_id_header);
}

#define HTTP_LOG                                                                                   \
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq " \
    "%hr %hs %{+Q}r"
#define CLF_LOG                                                                                 \
    "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc " \
    "%ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl"

#define TCP_LOG "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"

static bool use_format(struct cfg *cfg, void *target, struct words *w, struct slice format)
{
    struct section *s = target;
    struct proxy_conf *p = s->data;
    struct word *text = arena_alloc(cfg->arena, sizeof *text);

    *text = *w->name;
    text->text = format;
    text->quoted = true;
    p->rules->json_log = 0;
    p->rules->log_format = format_parse(scope_at(cfg, s, PLACE_LOG), text, FORMAT_FOR_LOG);
    return p->rules->log_format != NULL;
}

static bool parse_httplog(struct cfg *cfg, void *target, struct words *w)
{
    return use_format(cfg, target, w, words_take_if(w, "clf") ? SLICE(CLF_LOG) : SLICE(HTTP_LOG));
}

static bool parse_tcplog(struct cfg *cfg, void *target, struct words *w)
{
    return use_format(cfg, target, w, SLICE(TCP_LOG));
}

static const struct keyword rows[] = {
    { "log-format", IN_DEFAULTS | IN_FRONTEND, parse_log_format, "<format>", NULL,
      KW_ELSEWHERE_WARN,
      "What a request's line in the log looks like: text, items (`%ci`), and expressions "
      "(`%[…]`). Without it, it says who connected to what.",
      FORMAT_OF(log_format), NULL },
    { "error-log-format", IN_DEFAULTS | IN_FRONTEND, parse_log_format, "<format>",
      "as `log-format`", KW_ELSEWHERE_WARN,
      "The line of what never became a request: a head that is no good, that did not come in time, "
      "or that broke off.",
      FORMAT_OF(error_log_format), NULL },
    { "log-format-sd", IN_DEFAULTS | IN_FRONTEND, parse_log_format, "<format>", "`-`",
      KW_ELSEWHERE_WARN,
      "The structured data of a request's line, as in `[id@1 status=\\\"%ST\\\"]`: for logs in the "
      "format `rfc5424` only, and in front of what `log-format` says.",
      FORMAT_OF(log_format_sd), NULL },
    { "option httplog", IN_DEFAULTS | IN_FRONTEND, parse_httplog, "[clf]", NULL, KW_ELSEWHERE_WARN,
      "HAProxy's line for HTTP requests, or with `clf` that of Apache's common log format with "
      "HAProxy's fields behind it.",
      0, NULL },
    { "option tcplog", IN_DEFAULTS | IN_FRONTEND, parse_tcplog, "", NULL, KW_ELSEWHERE_WARN,
      "HAProxy's line for TCP connections: that of HTTP requests without what is HTTP's.", 0,
      NULL },
    { "unique-id-format", IN_DEFAULTS | IN_FRONTEND, parse_id_format, "<format>", NULL, 0,
      "Gives each request an id, made by this format: `%ID` in logs, the fetch `unique-id`.",
      FORMAT_OF(unique_id_format), NULL },
    { "unique-id-header", IN_PROXY, parse_id_header, "<name>", NULL, 0,
      "Tells servers the request's id in this field; a frontend's business, and without effect in "
      "a "
      "backend.",
      0, NULL },
};

const struct keyword_table log_format_keywords = KEYWORD_TABLE("Formats", KEYWORDS, rows);

/* ---- ids ---- */

struct slice request_unique_id(struct request *r)
{
    const struct proxy_rules *rules = r->flow.frontend->rules;
    struct context *c = request_context(r);

    if (!c->unique_id.p && rules->unique_id_format) {
        c->unique_id = SLICE(""); /* what the format has where it names itself */
        c->unique_id = format_text(rules->unique_id_format, c, r->pinned->snapshot->global.bufsize);
    }
    return c->unique_id;
}

static bool fetch_unique_id(struct context *c, const struct arg *args, struct sample *out)
{
    struct request *r = c->owner;

    (void)args;
    return r && request_unique_id(r).p && sample_str(out, request_unique_id(r));
}

static const struct fetch fetches[] = {
    { "unique-id", ARGS(0, ARG_END), SAMPLE_STR, NEED_FRONTEND, 0, fetch_unique_id,
      "The request's id, made by `unique-id-format` of its frontend when it is first asked for.",
      NULL, 0 },
};

const struct fetch_table id_fetches = FETCH_TABLE("The request's id", fetches);

void rules_add_unique_id(struct request *r)
{
    const struct proxy_rules *rules = r->flow.frontend->rules;

    if (!rules->unique_id_header.n || !rules->unique_id_format) return;
    http_msg_put(&r->req, &r->arena, rules->unique_id_header, request_unique_id(r));
}

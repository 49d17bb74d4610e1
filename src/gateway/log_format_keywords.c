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

static bool parse_log_format(struct cfg *cfg, void *target, struct words *w)
{
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

static bool parse_httplog(struct cfg *cfg, void *target, struct words *w)
{
    struct section *s = target;
    struct proxy_conf *p = s->data;
    struct word text = *w->name;

    text.text = words_take_if(w, "clf") ? SLICE(CLF_LOG) : SLICE(HTTP_LOG);
    text.quoted = true;
    p->rules->log_format = format_parse(
        scope_at(cfg, s, PLACE_LOG),
        memcpy(arena_alloc(cfg->arena, sizeof text), &text, sizeof text), FORMAT_FOR_LOG);
    return p->rules->log_format != NULL;
}

#define FORMAT_OF(field) offsetof(struct proxy_rules, field)

static const struct keyword rows[] = {
    { "log-format", IN_DEFAULTS | IN_FRONTEND, parse_log_format, "<format>", NULL, 0,
      "What a request's line in the log looks like: text, items (`%ci`), and expressions "
      "(`%[…]`).",
      FORMAT_OF(log_format), NULL },
    { "option httplog", IN_DEFAULTS | IN_FRONTEND, parse_httplog, "[clf]", NULL, 0,
      "HAProxy's line for HTTP requests, or with `clf` that of Apache's common log format with "
      "HAProxy's fields behind it.",
      0, NULL },
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

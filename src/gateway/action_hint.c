/* SPDX-License-Identifier: Apache-2.0 */
/* early-hint: fields that the client gets in a 103 before the answer (RFC 8297). */
#include "gateway/request.h"
#include "gateway/rule_actions.h"
#include "policy/actions.h"
#include "policy/field_name.h"

struct hint {
    struct slice name;
    const struct format *value;
};

static bool parse(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct hint *h = arena_zero(pc->cfg->arena, sizeof *h);

    r->data = h;
    if (!words_field_name(pc->cfg, w, &h->name)) return false;
    if (words_peek(w) && !words_peek(w)->text.n)
        return words_error(pc->cfg, w, "the value of '%.*s' can't be empty", SLICE_ARG(h->name));
    return action_format(pc, w, FORMAT_FOR_HTTP, &h->value);
}

static struct http_msg *begin(struct request *r)
{
    struct http_msg *m = arena_zero(&r->arena, sizeof *m);

    m->status = 103;
    m->reason = SLICE("Early Hints");
    m->version = HTTP_1_1;
    return m;
}

/* The rule behind it adds to the same answer, whatever happens before it is run. */
static bool goes_on(const struct rule *rule)
{
    return rule->next && rule->next->action == rule->action && !rule->next->cond;
}

static enum rule_result run(struct context *c, const struct rule *rule)
{
    const struct hint *h = rule->data;
    struct request *r = c->owner;

    if (r->req.version < HTTP_1_1) return RULE_NEXT;
    if (!r->hint) r->hint = begin(r);
    http_msg_add(r->hint, &r->arena, h->name, format_text(h->value, c, context_most(c)));
    if (goes_on(rule)) return RULE_NEXT;
    if (r->client->ops->reply(r->client, r->hint, true))
        r->interim_waits = r->client->ops->flush(r->client) != SINK_READY;
    r->hint = NULL;
    return RULE_NEXT;
}

static struct slice describe(struct context *c, const struct rule *rule)
{
    const struct hint *h = rule->data;
    struct slice value = format_text(h->value, c, context_most(c));

    return slice_str(
        arena_printf(c->arena, "hints %.*s: %.*s", SLICE_ARG(h->name), SLICE_ARG(value)));
}

static const struct action rows[] = {
    { "early-hint", RULES_HTTP_REQUEST, 0, parse, run, describe, "<name> <format>",
      "Sends the client this field in a `103 Early Hints` (RFC 8297) ahead of the answer. Rules "
      "that follow each other without a condition share one such answer. Clients of HTTP/1.0 get "
      "none.",
      0 },
};

const struct action_table hint_actions = ACTION_TABLE("Early hints", rows);

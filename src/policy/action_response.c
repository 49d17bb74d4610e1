/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on the status line of an answer. */
#include "http/status.h"
#include "policy/actions.h"

struct status_rule {
    uint16_t status;
    struct slice reason; /* empty: the status's own */
};

/* <status> [reason <text>] */
static bool parse_status(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct status_rule *s = arena_zero(pc->cfg->arena, sizeof *s);
    const char *reason;
    unsigned status;

    r->data = s;
    if (!words_uint(pc->cfg, w, &status, 100, 999)) return false;
    s->status = (uint16_t)status;
    if (!words_take_if(w, "reason")) return true;
    if (!words_str(pc->cfg, w, &reason)) return false;
    s->reason = slice_str(reason);
    return true;
}

/* Has an answer of that status no body, whatever its fields say (RFC 9110 §6.4.1)? */
static bool bodiless(unsigned status)
{
    return status == 204 || status == 304;
}

/* Where the answer ends goes by its new status: a body that it can't have is not sent, and where
 * the old one had none the new one says that there is none. */
static void reframe(struct http_msg *m, unsigned status, bool head)
{
    if (bodiless(status)) {
        if (m->framing == HTTP_UNTIL_CLOSE) m->keep_alive = false;
        m->framing = HTTP_NO_BODY;
    } else if (bodiless(m->status) && !head) {
        m->framing = HTTP_LENGTH;
        m->content_length = 0;
    }
}

/* An interim answer is not one that ends the exchange, so it can't become one, nor the reverse. */
static enum rule_result run_status(struct context *c, const struct rule *r)
{
    const struct status_rule *s = r->data;
    struct http_msg *m = c->res;

    if (s->status < 200 || m->status < 200) {
        if (s->status != m->status) return rule_failed(c);
    } else {
        reframe(m, s->status, c->req && http_msg_asked(c->req) == HTTP_HEAD);
    }
    m->status = s->status;
    m->reason = s->reason.n ? s->reason : http_status_reason(s->status);
    return RULE_NEXT;
}

static struct slice describe_status(struct context *c, const struct rule *r)
{
    const struct status_rule *s = r->data;

    return action_words(c, "sets the status to %u", s->status);
}

static const struct action ROWS[] = {
    { "set-status", RULES_HTTP_RESPONSE | RULES_HTTP_AFTER_RESPONSE, 0, parse_status, run_status,
      describe_status, "<status> [reason <text>]",
      "Changes the status of the answer, and its reason to the given one or the one that belongs "
      "to "
      "the status. With 204 or 304 a body is not sent. Interim statuses (1xx) can't be given.",
      0 },
};

const struct action_table response_actions = ACTION_TABLE("Actions on the status line", ROWS);

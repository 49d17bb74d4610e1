/* SPDX-License-Identifier: Apache-2.0 */
/* Actions that hold a message up until more of it is there: wait-for-body, wait-for-handshake.
 * HAProxy's manual, 4.2. */
#include "gateway/held_body.h"
#include "gateway/rule_actions.h"

#include <limits.h>

struct wait_spec {
    unsigned time;     /* milliseconds */
    uint64_t at_least; /* bytes; 0: all */
    bool timed;
};

/* True when the next word was one of its own, with its value. */
static bool read_word(struct policy_cfg *pc, struct words *w, struct wait_spec *spec, bool *ok)
{
    if (words_take_if(w, "time")) {
        spec->timed = true;
        *ok = words_time(pc->cfg, w, &spec->time, UNIT_MS, 0, INT_MAX);
    } else if (words_take_if(w, "at-least")) {
        *ok = words_size(pc->cfg, w, &spec->at_least, 0, UINT32_MAX);
    } else {
        return false;
    }
    return *ok;
}

static bool parse_wait(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct wait_spec *spec = arena_zero(pc->cfg->arena, sizeof *spec);
    bool ok = true;

    r->data = spec;
    while (read_word(pc, w, spec, &ok)) continue;
    if (!ok) return false;
    if (spec->timed || !rule_words_end(w)) return true; /* a word that is left is reported */
    return words_error(pc->cfg, w, "'wait-for-body' needs a 'time'");
}

static enum rule_result run_wait(struct context *c, const struct rule *rule)
{
    const struct wait_spec *spec = rule->data;
    bool response = rule->kind == RULES_HTTP_RESPONSE;
    struct request *r = c->owner;
    enum body_wait is;

    if (response && r->client->ops->gone(r->client)) {
        request_client_left(r, 'H');
        return RULE_CLOSE;
    }
    is = request_await_body(r, response, spec->at_least, spec->time);
    if (is == BODY_WAITING) return RULE_WAIT;
    return is == BODY_THERE ? RULE_NEXT : request_body_failed(r, response, is);
}

static struct slice describe_wait(struct context *c, const struct rule *rule)
{
    const struct wait_spec *spec = rule->data;

    return slice_str(
        arena_printf(c->arena, "waits at most %u ms for the body to come", spec->time));
}

static enum rule_result run_handshake(struct context *c, const struct rule *rule)
{
    (void)c;
    (void)rule;
    return RULE_NEXT;
}

static const struct action rows[] = {
    { "wait-for-body", RULES_HTTP_REQUEST | RULES_HTTP_RESPONSE, 0, parse_wait, run_wait,
      describe_wait, "time <time> [at-least <bytes>]",
      "Waits until the body has come, so that later rules see it: all of it, or `at-least` so many "
      "bytes, or as much as a buffer takes (`tune.bufsize` less `tune.maxrewrite`). When that "
      "takes "
      "longer than `time` (0: than `timeout client` or `timeout server` allow), a request gets "
      "408, a server's answer is replaced by 504. A client that waits for `100 Continue` is told "
      "to "
      "go on. The body is passed on as it came, framed as before.",
      0 },
    { "wait-for-handshake", RULES_HTTP_REQUEST, 0, NULL, run_handshake, NULL, "",
      "Waits until the TLS handshake is complete. It always is: early data is not accepted.", 0 },
};

const struct action_table wait_actions = ACTION_TABLE("Actions that wait", rows);

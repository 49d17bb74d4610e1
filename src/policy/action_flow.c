/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on the evaluation of rules itself. HAProxy's manual, 4.2. */
#include "policy/actions.h"

static enum rule_result run_allow(struct context *c, const struct rule *r)
{
    (void)c;
    (void)r;
    return RULE_STOP;
}

static bool parse_strict(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    bool *on = arena_zero(pc->cfg->arena, sizeof *on);
    const struct word *word = words_peek(w);

    r->data = on;
    *on = word && slice_eq_nocase(word->text, SLICE("on"));
    if (!*on && !(word && slice_eq_nocase(word->text, SLICE("off"))))
        return words_switch(pc->cfg, w, on);
    words_next(w);
    return true;
}

static enum rule_result run_strict(struct context *c, const struct rule *r)
{
    const bool *on = r->data;

    c->lax = !*on;
    return RULE_NEXT;
}

static const struct action ROWS[] = {
    { "allow", RULES_HTTP, ACTION_STOPS, NULL, run_allow, NULL, "",
      "Ends this section's rules; those of the backend still run.", 0 },
    { "accept", RULES_TCP_CONNECTION | RULES_TCP_SESSION, ACTION_STOPS, NULL, run_allow, NULL, "",
      "Ends these rules; the connection goes on.", 0 },
    { "strict-mode", RULES_HTTP, 0, parse_strict, run_strict, NULL, "on|off",
      "With `off`, what the rules behind it can't rewrite is passed over; with `on`, as at first, "
      "it "
      "ends the request with a 500.",
      0 },
};

const struct action_table flow_actions = ACTION_TABLE("Actions on the rules themselves", ROWS);

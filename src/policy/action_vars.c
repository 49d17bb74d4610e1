/* SPDX-License-Identifier: Apache-2.0 */
/* Actions on variables: set-var, set-var-fmt, unset-var. HAProxy's manual, 4.2. */
#include "policy/actions.h"

struct var_rule {
    struct var_name var;
    unsigned conditions;         /* VAR_IF_… */
    const struct expr *expr;     /* set-var */
    const struct format *format; /* set-var-fmt */
};

/* "txn.a", which stands in the parentheses of the word before w. */
static bool read_name(struct policy_cfg *pc, struct words *w, struct slice text, struct var_rule *v)
{
    const char *why;
    struct word at;

    if (var_name_parse(pc->var_names, text, &v->var, &why)) return true;
    at = word_part(pc, &w->w[w->at - 1], text);
    return cfg_error(pc->cfg, &at, "invalid variable '%.*s': %s", SLICE_ARG(text), why);
}

static bool read_conditions(struct policy_cfg *pc, struct words *w, struct slice list,
                            struct var_rule *v)
{
    static const char *const NAMES[] = { "ifexists", "ifnotexists", "ifempty", "ifnotempty",
                                         "ifset",    "ifnotset",    "ifgt",    "iflt" };

    while (list.n) {
        struct slice name = slice_cut(&list, ',');
        unsigned condition = var_condition_find(name);
        struct nearest near;
        struct word at;
        if (condition) {
            v->conditions |= condition;
            continue;
        }
        nearest_init(&near, name);
        for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
            nearest_try(&near, slice_str(NAMES[i]));
        at = word_part(pc, &w->w[w->at - 1], name);
        cfg_error(pc->cfg, &at, "unknown condition '%.*s'", SLICE_ARG(name));
        if (near.best.n) cfg_hint(pc->cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
        return false;
    }
    return true;
}

/* (name[,condition…]) */
static bool parse_inside(struct policy_cfg *pc, struct rule *r, struct words *w,
                         struct var_rule **out)
{
    struct var_rule *v = arena_zero(pc->cfg->arena, sizeof *v);
    struct slice rest = r->inside, name = slice_cut(&rest, ',');

    r->data = *out = v;
    return read_name(pc, w, name, v) && read_conditions(pc, w, rest, v);
}

static bool parse_set(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct var_rule *v;

    if (!parse_inside(pc, r, w, &v)) return false;
    if (!words_left(w)) return words_error(pc->cfg, w, "'%s' needs an expression", r->action->name);
    v->expr = expr_parse_words(pc, w);
    return v->expr != NULL;
}

static bool parse_set_format(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct var_rule *v;

    return parse_inside(pc, r, w, &v) && action_format(pc, w, FORMAT_FOR_TEXT, &v->format);
}

static bool parse_unset(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    struct var_rule *v = arena_zero(pc->cfg->arena, sizeof *v);

    r->data = v;
    return read_name(pc, w, r->inside, v);
}

/* Without a value, the variable keeps the one that it has. */
static enum rule_result run_set(struct context *c, const struct rule *r)
{
    const struct var_rule *v = r->data;
    struct sample s = { 0 };

    if (expr_eval(v->expr, c, &s)) var_set(c, &v->var, &s, v->conditions);
    return RULE_NEXT;
}

static enum rule_result run_set_format(struct context *c, const struct rule *r)
{
    const struct var_rule *v = r->data;
    struct sample s = { 0 };

    sample_str(&s, format_text(v->format, c, context_most(c)));
    var_set(c, &v->var, &s, v->conditions);
    return RULE_NEXT;
}

static enum rule_result run_unset(struct context *c, const struct rule *r)
{
    const struct var_rule *v = r->data;

    var_unset(c, &v->var);
    return RULE_NEXT;
}

/* What the variable holds now: the rule was run. */
static struct slice describe(struct context *c, const struct rule *r)
{
    const struct var_rule *v = r->data;
    struct sample s = { 0 };

    if (!v->expr && !v->format) return action_words(c, "unsets %.*s", SLICE_ARG(v->var.text));
    if (!var_get(c, &v->var, &s) || !sample_cast(&s, SAMPLE_STR, c))
        return action_words(c, "leaves %.*s without a value", SLICE_ARG(v->var.text));
    return action_words(c, "%.*s is '%.*s'", SLICE_ARG(v->var.text), SLICE_ARG(s.str));
}

enum { EVERYWHERE = RULES_HTTP | RULES_TCP_CONNECTION | RULES_TCP_SESSION };

static const struct action ROWS[] = {
    { "set-var", EVERYWHERE, ACTION_PAREN, parse_set, run_set, describe,
      "(<name>[,<condition>…]) <expression>",
      "Sets a variable if all conditions hold: `ifexists`, `ifnotexists`, `ifempty`, `ifnotempty`, "
      "`ifset`, `ifnotset`, `ifgt`, `iflt`. An expression without a value changes nothing.",
      0 },
    { "set-var-fmt", EVERYWHERE, ACTION_PAREN, parse_set_format, run_set_format, describe,
      "(<name>[,<condition>…]) <format>", "Sets a variable to the text of a format.", 0 },
    { "unset-var", EVERYWHERE, ACTION_PAREN, parse_unset, run_unset, describe, "(<name>)",
      "Takes a variable's value away.", 0 },
};

const struct action_table variable_actions = ACTION_TABLE("Actions on variables", ROWS);

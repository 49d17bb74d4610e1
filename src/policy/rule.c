/* SPDX-License-Identifier: Apache-2.0 */
/* Reading rules, and running them. */
#include "policy/trace.h"

/* ---- which action ---- */

const char *rules_action_name(unsigned kind)
{
    switch (kind) {
    case RULES_TCP_CONNECTION: return "tcp-request connection action";
    case RULES_TCP_SESSION: return "tcp-request session action";
    case RULES_HTTP_REQUEST: return "http-request action";
    case RULES_HTTP_RESPONSE: return "http-response action";
    default: return "http-after-response action";
    }
}

static const struct action *find(const struct policy_rows *rows, unsigned kind, struct slice name)
{
    for (const struct action_table *const *t = rows->actions; t && *t; t++)
        for (unsigned i = 0; i < (*t)->n; i++)
            if ((*t)->rows[i].where & kind && slice_is(name, (*t)->rows[i].name))
                return &(*t)->rows[i];
    return NULL;
}

static bool unknown_action(struct policy_cfg *pc, unsigned kind, const struct word *word,
                           struct slice name)
{
    struct word at = name.n < word->text.n ? word_part(pc, word, name) : *word;
    struct nearest near;

    nearest_init(&near, name);
    for (const struct action_table *const *t = pc->rows->actions; t && *t; t++)
        for (unsigned i = 0; i < (*t)->n; i++)
            if ((*t)->rows[i].where & kind) nearest_try(&near, slice_str((*t)->rows[i].name));
    return cfg_error_unknown(pc->cfg, &at, rules_action_name(kind), &near);
}

/* "set-var(txn.a)": what stands in the parentheses, which end the word. */
static bool read_inside(struct policy_cfg *pc, struct rule *r, const struct word *word,
                        struct slice name)
{
    struct slice rest = slice_from(word->text, name.n);
    struct word at;

    if (!(r->action->flags & ACTION_PAREN)) {
        if (rest.n == 0) return true;
        at = word_part(pc, word, rest);
        return cfg_error(pc->cfg, &at, "'%s' takes no parentheses", r->action->name);
    }
    if (rest.n == 0 && r->action->flags & ACTION_PAREN_OPTIONAL) return true;
    if (rest.n == 0) {
        cfg_error(pc->cfg, word, "'%s' needs parentheses behind its name", r->action->name);
        return cfg_hint(pc->cfg, "%s%s", r->action->name, r->action->args ? r->action->args : "");
    }
    if (rest.p[rest.n - 1] != ')') {
        at = word_part(pc, word, rest);
        return cfg_error(pc->cfg, &at, "'%s(' has no ')' at the word's end", r->action->name);
    }
    r->inside = slice_of(rest.p + 1, rest.n - 2);
    return true;
}

static bool read_action(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    const struct word *word = words_next(w);
    ptrdiff_t paren;
    struct slice name;

    if (!word) return words_error(pc->cfg, w, "an action is missing");
    paren = slice_find(word->text, '(');
    name = paren < 0 ? word->text : slice_of(word->text.p, (size_t)paren);
    r->action = find(pc->rows, r->kind, name);
    if (!r->action) return unknown_action(pc, r->kind, word, name);
    r->at = word->at;
    return read_inside(pc, r, word, name);
}

/* ---- its words ---- */

bool rule_common(struct policy_cfg *pc, struct rule *r, struct words *w, bool *taken)
{
    const char *name;
    const struct word *word;

    *taken = false;
    if (!(r->action->flags & ACTION_FINAL)) return true;
    if (words_is(w, "report")) {
        words_next(w);
        *taken = r->report = true;
        return true;
    }
    if (!words_is(w, "name")) return true;
    word = words_next(w);
    if (r->name) return cfg_error(pc->cfg, word, "this rule has a name already");
    if (!words_left(w)) return words_error(pc->cfg, w, "'name' needs another word");
    if (!words_str(pc->cfg, w, &name)) return false;
    r->name = name;
    *taken = true;
    return true;
}

static bool read_common(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    bool taken;

    do {
        if (!rule_common(pc, r, w, &taken)) return false;
    } while (taken);
    return true;
}

/* A word that is neither the action's, nor begins a condition. */
static bool left_over(struct policy_cfg *pc, const struct rule *r, struct words *w)
{
    const struct word *word = words_peek(w);
    struct nearest near;

    nearest_init(&near, word->text);
    nearest_try(&near, SLICE("if"));
    nearest_try(&near, SLICE("unless"));
    if (r->action->flags & ACTION_FINAL) {
        nearest_try(&near, SLICE("name"));
        nearest_try(&near, SLICE("report"));
    }
    cfg_error(pc->cfg, word, "unexpected '%s' behind '%s'", word->text.p, r->action->name);
    if (near.best.n) return cfg_hint(pc->cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
    if (r->action->args && *r->action->args && !(r->action->flags & ACTION_PAREN))
        return cfg_hint(pc->cfg, "%s %s", r->action->name, r->action->args);
    return cfg_hint(pc->cfg, "only 'if' or 'unless' and a condition may follow");
}

/* The words from index `from` on, with blanks between them. */
static struct slice join_words(struct arena *a, const struct words *w, unsigned from)
{
    size_t n = 0;
    char *text, *q;

    for (unsigned i = from; i < w->n; i++) n += w->w[i].text.n + 1;
    q = text = arena_alloc(a, n + 1);
    for (unsigned i = from; i < w->n; i++) {
        if (i > from) *q++ = ' ';
        q = slice_put(q, w->w[i].text);
    }
    return slice_between(text, q);
}

/* HAProxy says so for the rule right behind such a one, and not for those that follow. */
static void warn_unreached(struct policy_cfg *pc, const struct ruleset *set, const struct rule *r)
{
    const struct rule *before;

    if (!set->first || !(r->kind & RULES_HTTP)) return;
    before = (const struct rule *)((const char *)set->last - offsetof(struct rule, next));
    if (!(before->action->flags & ACTION_STOPS) || before->cond || before->report) return;
    cfg_warning_at(pc->cfg, &r->at, "this rule is never reached: '%s' before it has no condition",
                   before->action->name);
    cfg_hint(pc->cfg, "see line %u", before->at.line);
}

/* The action's words, during which messages name the action. */
static bool read_words(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    const struct keyword subject = { .name = r->action->name, .args = r->action->args };
    const struct keyword *outer = w->keyword;
    bool fine;

    w->keyword = &subject;
    fine = read_common(pc, r, w) && (!r->action->parse || r->action->parse(pc, r, w)) &&
           read_common(pc, r, w);
    w->keyword = outer;
    return fine;
}

static bool read_rule(struct policy_cfg *pc, struct rule *r, struct words *w)
{
    unsigned from = w->at;

    if (!read_action(pc, r, w) || !read_words(pc, r, w)) return false;
    if (!rule_words_end(w)) return left_over(pc, r, w);
    if (!condition_parse(pc, w, &r->cond)) return false;
    r->text = join_words(pc->cfg->arena, w, from);
    if (!r->name) r->name = place_name(pc->cfg->arena, &r->at);
    return true;
}

/* check --compat: the condition behind an action that is no good. */
static void look_at_rest(struct policy_cfg *pc, struct words *w)
{
    const struct condition *cond;

    while (words_left(w) && !rule_words_end(w)) w->at++;
    condition_parse(pc, w, &cond);
}

bool rule_parse(struct policy_cfg *pc, struct ruleset *set, unsigned kind, struct words *w)
{
    struct rule *r = arena_zero(pc->cfg->arena, sizeof *r);

    r->kind = set->kind = kind;
    if (!read_rule(pc, r, w)) {
        if (pc->cfg->compat) look_at_rest(pc, w);
        w->at = w->n; /* what is left has no meaning */
        return false;
    }
    if (!set->first) set->last = &set->first;
    warn_unreached(pc, set, r);
    *set->last = r;
    set->last = &r->next;
    set->n++;
    return true;
}

/* ---- running ---- */

static void decided(struct context *c, const struct rule *r, enum rule_result result)
{
    if (c->rule_hooks && c->rule_hooks->decided) c->rule_hooks->decided(c, r, result);
}

/* What a rule that would end the request does when it only reports: nothing, but it is told. */
static enum rule_result report(struct context *c, const struct rule *r)
{
    c->reported = r;
    decided(c, r, RULE_NEXT);
    return RULE_NEXT;
}

static inline enum rule_result act(struct context *c, const struct rule *r)
{
    c->waiting = NULL;
    return r->report ? report(c, r) : r->action->run(c, r);
}

static inline bool applies(struct context *c, const struct rule *r)
{
    return c->waiting == r || condition_holds(r->cond, c);
}

static TRACE_ONLY enum rule_result run_traced(struct context *c, const struct rule *r)
{
    bool held = applies(c, r);
    enum rule_result result;

    c->trace->rule(c->trace, c, r, held);
    if (!held) return RULE_NEXT;
    result = act(c, r);
    c->trace->done(c->trace, c, r, result);
    return result;
}

static enum rule_result run(struct context *c, const struct rule *r)
{
    if (c->trace) return run_traced(c, r);
    return applies(c, r) ? act(c, r) : RULE_NEXT;
}

static enum rule_result end(struct context *c, const struct rule *r, enum rule_result result)
{
    c->lax = false;
    c->last_rule = r;
    if (result != RULE_STOP) c->final_rule = r;
    decided(c, r, result);
    return result;
}

enum rule_result ruleset_run(struct context *c, const struct rule **at)
{
    enum rule_result result;

    for (; *at; *at = (*at)->next) {
        result = run(c, *at);
        if (result == RULE_NEXT) continue;
        if (result != RULE_WAIT) return end(c, *at, result);
        c->waiting = *at;
        return RULE_WAIT;
    }
    c->lax = false;
    return RULE_NEXT;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of the whole process: `set-var` in global, and how much memory variables may take. */
#include "gateway/build.h"
#include "policy/format.h"
#include "policy/stick_table.h"

struct global_var {
    struct global_var *next;
    struct var_name name;
    const struct expr *expr;     /* set-var */
    const struct format *format; /* set-var-fmt */
    struct slice text;           /* as written */
};

static bool parse_limit(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = ((struct section *)target)->data;
    uint64_t size;

    if (!words_size(cfg, w, &size, 0, UINT32_MAX)) return false;
    *(uint32_t *)((char *)&g->var_limits + w->keyword->param) = (uint32_t)size;
    return true;
}

static bool read_name(struct policy_cfg *pc, struct words *w, struct global_var *v)
{
    const struct word *at;
    const char *why;

    if (!words_need(pc->cfg, w, &at)) return false;
    if (!var_name_parse(pc->var_names, at->text, &v->name, &why))
        return cfg_error(pc->cfg, at, "invalid variable '%.*s': %s", SLICE_ARG(at->text), why);
    if (v->name.scope == SCOPE_PROC) return true;
    return cfg_error(pc->cfg, at, "only variables of the scope 'proc' are there by now");
}

/* keyword.param: 1 for set-var-fmt. */
static bool parse_set_var(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = ((struct section *)target)->data;
    struct policy_cfg *pc = policy_of(cfg);
    struct global_var *v = arena_zero(cfg->arena, sizeof *v);
    const struct word *value;

    pc->scope = (struct policy_scope){ .section = target, .place = PLACE_CONFIG };
    if (!read_name(pc, w, v)) return false;
    value = words_peek(w);
    if (!value) return words_error(cfg, w, "what it shall be is missing");
    v->text = value->text;
    if (w->keyword->param) {
        words_next(w);
        v->format = format_parse(pc, value, FORMAT_FOR_TEXT);
    } else {
        v->expr = expr_parse_words(pc, w);
    }
    if (!v->format && !v->expr) return false;
    if (!g->variables_end) g->variables_end = &g->variables;
    *g->variables_end = v;
    g->variables_end = &v->next;
    return true;
}

#define LIMIT(scope, field, what)                                                             \
    {                                                                                         \
        "tune.vars." scope "-max-size", IN_GLOBAL, parse_limit, "<size>", "no limit", 0,      \
            "How much memory the variables of " what " may take, those of the scopes within " \
            "included. A value for which there is no room leaves its variable unset.",        \
            offsetof(struct var_limits, field), NULL                                          \
    }

static const struct keyword rows[] = {
    { "set-var", IN_GLOBAL, parse_set_var, "proc.<name> <expression>", NULL, 0,
      "Sets a variable of the process when the configuration is taken over. A reload sets it again "
      "only where the line has changed.",
      0, NULL },
    { "set-var-fmt", IN_GLOBAL, parse_set_var, "proc.<name> <format>", NULL, 0,
      "The same with a format.", 1, NULL },
    LIMIT("global", global, "all scopes"),
    LIMIT("proc", proc, "the process"),
    LIMIT("sess", sess, "a connection"),
    LIMIT("txn", txn, "a request and its answer"),
    LIMIT("reqres", reqres, "a request, or of an answer,"),
};

const struct keyword_table variable_keywords = KEYWORD_TABLE("Variables", KEYWORDS, rows);

/* ---- taking over ---- */

static bool is_new(const struct global_var *v, const struct snapshot *before)
{
    const struct global_var *old = before ? before->global.variables : NULL;

    for (; old; old = old->next)
        if (old->name.id == v->name.id && slice_eq(old->text, v->text)) return false;
    return true;
}

void global_variables_set(struct engine *e, const struct snapshot *is,
                          const struct snapshot *before)
{
    struct arena a;
    struct context c = { .arena = &a,
                         .worker = e->control,
                         .proc = &e->proc_vars,
                         .var_limits = &is->global.var_limits,
                         .place = PLACE_CONFIG };

    arena_init(&a, NULL);
    for (const struct global_var *v = is->global.variables; v; v = v->next) {
        struct sample s = { 0 };

        if (!is_new(v, before)) continue;
        if (v->format)
            sample_str(&s, format_text(v->format, &c, is->global.bufsize));
        else if (!expr_eval(v->expr, &c, &s))
            continue;
        var_set(&c, &v->name, &s, 0);
    }
    stick_recall_end(&c);
    arena_release(&a);
}

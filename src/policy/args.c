/* SPDX-License-Identifier: Apache-2.0 */
/* Reading arguments; args_types.c has what each type of them looks like. */
#include "policy/args.h"

#include "policy/args_private.h"
#include "policy/context.h"
#include "policy/policy_cfg.h"
#include "policy/regex.h"

struct arg_pending {
    struct arg_pending *next;
    struct arg *arg;
    const char *what;
    struct policy_scope scope;
};

/* One run of args_parse. */
struct reader {
    struct policy_cfg *pc;
    const struct word *at;
    const struct arg_spec *spec;
    const char *what;
    struct slice rest;
    unsigned n_types;
};

static bool reader_error(struct reader *r, struct slice part, const char *text)
{
    struct word w = word_part(r->pc, r->at, part);

    cfg_error(r->pc->cfg, &w, "%s %s", r->what, text);
    if (r->n_types)
        cfg_hint(r->pc->cfg, "its arguments are %s", args_describe(r->pc->cfg->arena, r->spec));
    return false;
}

/* ---- one argument ---- */

/* The character that a backslash and c stand for within arguments; 0: the backslash stays. */
static char escaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '\\':
    case ' ':
    case '"':
    case '\'': return c;
    default: return 0;
    }
}

/* Steps to the ',' or ')' that ends the argument, or the end of all, and gives what it says without
 * its quotes. */
static struct slice argument_text(struct reader *r)
{
    char *out = arena_alloc(r->pc->cfg->arena, r->rest.n + 1), *p = out, quote = 0, c;

    for (; r->rest.n; r->rest = slice_from(r->rest, 1)) {
        c = r->rest.p[0];
        if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? 0 : c;
        } else if (c == '\\' && quote != '\'' && r->rest.n > 1) {
            char meant = escaped(r->rest.p[1]);
            *p++ = meant ? meant : c;
            if (meant) r->rest = slice_from(r->rest, 1);
        } else if (!quote && (c == ',' || c == ')')) {
            break;
        } else {
            *p++ = c;
        }
    }
    *p = '\0';
    return slice_between(out, p);
}

void arg_later(struct policy_cfg *pc, struct arg *a, const char *what)
{
    struct arg_pending *p = arena_alloc(pc->cfg->arena, sizeof *p);

    *p = (struct arg_pending){ pc->pending, a, what, pc->scope };
    pc->pending = p;
}

enum outcome { READ, LEFT_OUT, FAILED };

static enum outcome argument_read(struct reader *r, struct arg *a, unsigned position)
{
    const struct arg_kind *kind = &arg_kinds[a->type];
    const char *from = r->rest.p, *why = NULL;
    struct slice text = argument_text(r), raw = slice_between(from, r->rest.p);

    a->at = word_part(r->pc, r->at, raw);
    if (text.n == 0 && !kind->may_be_empty) {
        if (position >= r->spec->needed) return LEFT_OUT;
        cfg_error(r->pc->cfg, &a->at, "argument %u of %s is empty: it must be %s", position + 1,
                  r->what, kind->described);
        return FAILED;
    }
    if (!kind->read(r->pc, a, text, &why)) {
        cfg_error(r->pc->cfg, &a->at, "argument %u of %s must be %s, not '%s'", position + 1,
                  r->what, kind->described, text.p);
        if (why) cfg_hint(r->pc->cfg, "%s", why);
        return FAILED;
    }
    a->given = true;
    if (kind->late) arg_later(r->pc, a, r->what);
    return READ;
}

/* ---- all of them ---- */

static bool close_parenthesis(struct reader *r, unsigned n)
{
    if (r->rest.n && r->rest.p[0] == ')') {
        r->rest = slice_from(r->rest, 1);
        return true;
    }
    if (r->rest.n == 0) return reader_error(r, r->rest, "lacks a ')' behind its arguments");
    if (r->n_types == 0) return reader_error(r, r->rest, "takes no arguments");
    if (n < r->n_types)
        return reader_error(r, r->rest, "can't have a number left out before others");
    return reader_error(r, slice_from(r->rest, 1), "has too many arguments");
}

static bool arguments_read(struct reader *r, struct arg *args, bool open)
{
    unsigned n = 0;
    enum outcome o;

    while (n < r->n_types && (open || r->spec->needed)) {
        o = argument_read(r, &args[n], n);
        if (o == FAILED) return false;
        if (o == LEFT_OUT) break;
        n++;
        if (r->rest.n == 0 || r->rest.p[0] == ')' || n == r->n_types) break;
        r->rest = slice_from(r->rest, 1);
    }
    if (n < r->spec->needed) return reader_error(r, r->rest, "lacks an argument");
    return !open || close_parenthesis(r, n);
}

/* A name that was left out means the proxy where the expression stands: found when all is read. */
static void pend_left_out(struct reader *r, struct arg *args)
{
    for (unsigned i = 0; i < r->n_types; i++)
        if (!args[i].given && arg_kinds[args[i].type].late && args[i].type != ARG_ENV &&
            args[i].type != ARG_OTHER_TABLE)
            arg_later(r->pc, &args[i], r->what);
}

bool args_parse(struct policy_cfg *pc, const struct word *at, struct slice *rest,
                const struct arg_spec *spec, const char *what, struct arg **out)
{
    struct reader r = { pc, at, spec, what, *rest, 0 };
    bool open = rest->n && rest->p[0] == '(';
    struct arg *args;

    while (r.n_types < ARGS_MOST && spec->types[r.n_types] != ARG_END) r.n_types++;
    args = arena_zero(pc->cfg->arena, (r.n_types + 1) * sizeof *args);
    for (unsigned i = 0; i < r.n_types; i++) {
        args[i].type = spec->types[i];
        args[i].at = *at;
    }
    args[r.n_types].at = *at;
    r.rest = open ? slice_from(*rest, 1) : slice_from(*rest, rest->n);
    if (!arguments_read(&r, args, open)) return false;
    pend_left_out(&r, args);
    if (open) *rest = r.rest;
    *out = args;
    return true;
}

const char *args_describe(struct arena *a, const struct arg_spec *spec)
{
    const char *text = "";
    unsigned n = 0;

    for (; n < ARGS_MOST && spec->types[n] != ARG_END; n++)
        text = arena_printf(a, "%s%s%s<%s>", text, n >= spec->needed ? "[" : "", n ? "," : "",
                            arg_kinds[spec->types[n]].name);
    for (unsigned i = spec->needed; i < n; i++) text = arena_printf(a, "%s]", text);
    return n ? arena_printf(a, "(%s)", text) : text;
}

/* ---- what is known only at the end ---- */

/* The variables of the configuration, as it left them. */
static void env_resolve(struct policy_cfg *pc, struct arg *a)
{
    const char *value = environment_get(&pc->cfg->env, a->str);

    a->given = value != NULL;
    a->str = value ? arena_copy(pc->cfg->arena, slice_str(value)) : (struct slice){ 0 };
}

static bool pending_resolve(struct policy_cfg *pc, const struct arg_pending *p)
{
    const struct arg_kind *kind = &arg_kinds[p->arg->type];
    enum arg_type type = (enum arg_type)p->arg->type;
    struct slice name = p->arg->str;
    const void *thing;

    if (p->arg->type == ARG_ENV) {
        env_resolve(pc, p->arg);
        return true;
    }
    if (type == ARG_OTHER_TABLE) type = ARG_TABLE;
    thing = pc->resolve ? pc->resolve(pc, type, &p->scope, name) : NULL;
    if (!thing && name.n == 0)
        return cfg_error(pc->cfg, &p->arg->at, "%s needs the name of a %s here", p->what,
                         kind->name);
    if (!thing)
        return cfg_error(pc->cfg, &p->arg->at, "%s names %s '%.*s', which does not exist", p->what,
                         kind->name, SLICE_ARG(name));
    p->arg->thing = thing;
    return true;
}

bool args_resolve(struct policy_cfg *pc)
{
    bool fine = true;

    for (const struct arg_pending *p = pc->pending; p; p = p->next)
        if (!pending_resolve(pc, p)) fine = false;
    pc->pending = NULL;
    return fine && policy_run_later(pc);
}

/* ---- for checks ---- */

bool arg_error(struct policy_cfg *pc, const struct arg *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    diag_add(pc->cfg->diag, DIAG_ERROR, &a->at.at, fmt, ap);
    va_end(ap);
    return false;
}

static void release_regex(void *re)
{
    regex_free(re);
}

bool arg_regex(struct policy_cfg *pc, struct arg *a, unsigned flags)
{
    struct regex_error err;
    struct regex *re = regex_new(a->str, flags, &err);

    if (!re)
        return arg_error(pc, a, "'%.*s' is no regular expression: %s, at its byte %zu",
                         SLICE_ARG(a->str), err.text, err.at + 1);
    policy_keep(pc, release_regex, re);
    a->regex = re;
    return true;
}

/* ---- when they are used ---- */

bool arg_number(struct context *c, const struct arg *a, int64_t *out)
{
    struct sample s = { 0 };

    if (!a->variable) {
        *out = a->sint;
        return true;
    }
    if (!var_get(c, &a->var, &s) || !sample_cast(&s, SAMPLE_SINT, c)) return false;
    *out = s.sint;
    return true;
}

bool arg_string(struct context *c, const struct arg *a, struct slice *out)
{
    struct sample s = { 0 };

    if (!a->variable) {
        *out = a->str;
        return true;
    }
    if (!var_get(c, &a->var, &s) || !sample_cast(&s, SAMPLE_STR, c)) return false;
    *out = s.str;
    return true;
}

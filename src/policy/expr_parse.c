/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/expr_private.h"

#include "lang/absent.h"
#include "lang/compat.h"

enum { STEPS_MOST = 255 };

/* One run of the parser. */
struct compiler {
    struct policy_cfg *pc;
    const struct word *at; /* the word that rest is a part of */
    struct slice rest;
    struct expr *expr;
    struct expr_step *steps;
    unsigned n_steps, room;
};

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+'; /* "base32+src" */
}

static struct slice name_take(struct slice *rest)
{
    size_t n = 0;
    struct slice name;

    while (n < rest->n && name_char(rest->p[n])) n++;
    name = slice_of(rest->p, n);
    *rest = slice_from(*rest, n);
    return name;
}

static bool compile_error(struct compiler *k, struct slice part, const char *text)
{
    struct word w = word_part(k->pc, k->at, part);
    return cfg_error(k->pc->cfg, &w, "%s", text);
}

/* check --compat: the converters behind a row that is not there. */
static void look_at_rest(struct compiler *k)
{
    struct slice rest = k->rest;
    unsigned depth = 0;

    while (rest.n && (depth || rest.p[0] != ']')) {
        char c = rest.p[0];
        struct slice name;
        struct word w;
        const char *instead;

        rest = slice_from(rest, 1);
        depth += c == '(';
        depth -= c == ')' && depth;
        if (c != ',' || depth) continue;
        name = name_take(&rest);
        if (hashmap_get(&k->pc->rows->converters, name) ||
            !absent_find("converter", name, &instead))
            continue;
        w = word_part(k->pc, k->at, name);
        compat_note(k->pc->cfg, &w.at, "converter", name, instead);
    }
}

static bool unknown(struct compiler *k, struct slice name, const char *what,
                    const struct hashmap *rows)
{
    struct word w = word_part(k->pc, k->at, name);
    struct nearest near;

    nearest_init(&near, name);
    hashmap_each(row, rows) nearest_try(&near, row->key);
    if (k->pc->cfg->compat) look_at_rest(k);
    return cfg_error_unknown(k->pc->cfg, &w, what, &near);
}

/* Arguments of a row, with its param at their end. */
static bool arguments(struct compiler *k, const struct arg_spec *spec, const char *what,
                      intptr_t param, args_check_fn *check, const struct arg **out)
{
    struct arg *args, *end;

    if (!args_parse(k->pc, k->at, &k->rest, spec, what, &args)) return false;
    for (end = args; end->type != ARG_END; end++) continue;
    end->sint = param;
    *out = args;
    return !check || check(k->pc, args);
}

/* ---- the fetch ---- */

static bool need_check(struct compiler *k, const struct fetch *f, struct slice name)
{
    enum policy_place place = k->pc->scope.place;
    struct word w;

    if (policy_need_met(f->need, place)) return true;
    w = word_part(k->pc, k->at, name);
    return cfg_error(k->pc->cfg, &w, "fetch '%s' needs %s, which %s does not have", f->name,
                     policy_need_name(f->need), policy_place_name(place));
}

static bool fetch_compile(struct compiler *k, bool lenient)
{
    struct slice name = name_take(&k->rest);
    const struct fetch *f = hashmap_get(&k->pc->rows->fetches, name);
    const char *what;

    if (name.n == 0) return compile_error(k, k->rest, "the name of a fetch is missing here");
    if (!f) return unknown(k, name, "fetch", &k->pc->rows->fetches);
    what = arena_printf(k->pc->cfg->arena, "fetch '%s'", f->name);
    if (!arguments(k, &f->args, what, f->param, f->check, &k->expr->args)) return false;
    k->expr->fetch = f;
    k->expr->type = f->type;
    k->expr->counts = f->flags & FETCH_COUNTS;
    return lenient || need_check(k, f, name);
}

/* ---- converters ---- */

static void step_add(struct compiler *k, const struct converter *row, const struct arg *args)
{
    struct expr_step *more;

    if (k->n_steps == k->room) {
        k->room = k->room ? 2 * k->room : 4;
        more = arena_alloc(k->pc->cfg->arena, k->room * sizeof *more);
        if (k->n_steps) memcpy(more, k->steps, k->n_steps * sizeof *more);
        k->steps = more;
    }
    k->steps[k->n_steps++] = (struct expr_step){ row->convert, args, row, row->in };
    k->expr->type = row->out;
    k->expr->counts |= (row->flags & FETCH_COUNTS) != 0;
}

static bool converter_compile(struct compiler *k, struct slice name, const struct converter *row)
{
    const char *what = arena_printf(k->pc->cfg->arena, "converter '%s'", row->name);
    const struct arg *args;
    struct word w;

    if (!sample_castable(k->expr->type, row->in)) {
        w = word_part(k->pc, k->at, name);
        return cfg_error(k->pc->cfg, &w, "%s takes the type '%s', which can't be made of '%s'",
                         what, sample_type_name(row->in), sample_type_name(k->expr->type));
    }
    if (k->n_steps == STEPS_MOST) return compile_error(k, name, "too many converters");
    if (!arguments(k, &row->args, what, row->param, row->check, &args)) return false;
    step_add(k, row, args);
    return true;
}

/* All that follow, each behind a comma (or several), up to something else. A comma at the very end
 * is nothing, as in HAProxy. */
static bool converters_compile(struct compiler *k)
{
    const struct hashmap *rows = &k->pc->rows->converters;
    const struct converter *row;
    struct slice name;

    while (k->rest.n && k->rest.p[0] == ',') {
        while (k->rest.n && k->rest.p[0] == ',') k->rest = slice_from(k->rest, 1);
        if (k->rest.n == 0) break;
        name = name_take(&k->rest);
        if (name.n == 0)
            return compile_error(k, k->rest, "the name of a converter is missing behind ','");
        row = hashmap_get(rows, name);
        if (!row) return unknown(k, name, "converter", rows);
        if (!converter_compile(k, name, row)) return false;
    }
    return true;
}

/* ---- the whole ---- */

static void compiler_init(struct compiler *k, struct policy_cfg *pc, const struct word *at,
                          struct slice rest)
{
    *k = (struct compiler){ .pc = pc, .at = at, .rest = rest };
    k->expr = arena_zero(pc->cfg->arena, sizeof *k->expr);
    k->expr->at = at->at;
}

static const struct expr *finish(struct compiler *k, struct slice whole)
{
    k->expr->text = slice_between(whole.p, k->rest.p);
    k->expr->steps = k->steps;
    k->expr->n_steps = (uint8_t)k->n_steps;
    return k->expr;
}

const struct expr *expr_parse(struct policy_cfg *pc, const struct word *at, struct slice *rest,
                              bool lenient)
{
    struct compiler k;
    struct slice whole = *rest;

    compiler_init(&k, pc, at, whole);
    if (!fetch_compile(&k, lenient) || !converters_compile(&k)) return NULL;
    *rest = k.rest;
    return finish(&k, whole);
}

static bool word_over(struct compiler *k)
{
    return k->rest.n == 0 || compile_error(k, k->rest,
                                           "a ',' or the end of the word is missing "
                                           "behind the expression");
}

/* A word that begins with the name of a converter goes on with the expression. */
static bool words_go_on(struct compiler *k, struct words *w, bool *more)
{
    const struct word *word = words_peek(w);
    struct slice rest = word ? word->text : (struct slice){ 0 }, name = name_take(&rest);
    const struct converter *row = name.n ? hashmap_get(&k->pc->rows->converters, name) : NULL;

    *more = row != NULL;
    if (!row) return true;
    w->at++;
    k->at = word;
    k->rest = rest;
    return converter_compile(k, name, row) && converters_compile(k) && word_over(k);
}

const struct expr *expr_parse_words(struct policy_cfg *pc, struct words *w)
{
    const struct word *word;
    struct compiler k;
    bool more = true;

    if (!words_need(pc->cfg, w, &word)) return NULL;
    compiler_init(&k, pc, word, word->text);
    if (!fetch_compile(&k, false) || !converters_compile(&k) || !word_over(&k)) return NULL;
    while (more)
        if (!words_go_on(&k, w, &more)) return NULL;
    k.rest = slice_from(word->text, word->text.n);
    return finish(&k, word->text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that begin with a dot: conditional blocks and messages (HAProxy's manual, 2.4). */
#include "lang/section_private.h"

#include "base/memory.h"

bool directive_skips(const struct parse *p)
{
    return p->too_deep || (p->depth && p->blocks[p->depth - 1].state != BLOCK_RUNS);
}

/* ---- conditions ---- */

/* The words of a line from `from` on, joined by spaces. */
static struct slice join(struct arena *a, const struct line *line, unsigned from)
{
    size_t n = 0;
    char *text, *at;

    for (unsigned i = from; i < line->n; i++) n += line->words[i].text.n + 1;
    text = at = arena_alloc(a, n + 1);
    for (unsigned i = from; i < line->n; i++) {
        if (i > from) *at++ = ' ';
        at = slice_put(at, line->words[i].text);
    }
    return slice_between(text, at);
}

/* Where the byte at `offset` of the joined words was written. */
static struct place place_in(const struct line *line, unsigned from, size_t offset, size_t width)
{
    struct place at = line->at;

    for (unsigned i = from; i < line->n; i++) {
        const struct word *w = &line->words[i];
        at = w->at;
        if (offset > w->text.n) {
            offset -= w->text.n + 1;
            continue;
        }
        if (w->quoted || w->expanded || at.width != w->text.n) return at;
        at.column += (unsigned)offset;
        at.width = (unsigned)(width < w->text.n - offset ? width : w->text.n - offset);
        return at;
    }
    return at;
}

/* Evaluates the words from `from` on; an error is reported. */
static enum cond_result evaluate(struct cfg *cfg, const struct line *line, unsigned from)
{
    struct cond_error err;
    struct slice text = join(cfg->arena, line, from);
    enum cond_result r = cond_eval(text, &cfg->world, &err);

    if (r == COND_ERROR) {
        struct place at = place_in(line, from, err.at, err.width);
        cfg_error_at(cfg, &at, "%s", err.text);
        if (err.near) cfg_hint(cfg, "did you mean '%s'?", err.near);
    }
    return r;
}

enum cond_result cfg_condition(struct cfg *cfg, const char *text)
{
    struct source *source = arena_zero(cfg->arena, sizeof(*source));
    unsigned errors = cfg->diag->n_errors;
    enum cond_result r = COND_FALSE;
    struct lexer lx;
    struct line line;

    *source = (struct source){ .name = "-cc", .text = slice_str(text), .order = cfg->n_sources++ };
    lexer_init(&lx, cfg->arena, cfg->diag, &cfg->env, source);
    lx.one_line = true;
    if (lexer_next(&lx, &line)) r = evaluate(cfg, &line, 0);
    lexer_release(&lx);
    return cfg->diag->n_errors > errors ? COND_ERROR : r;
}

/* ---- blocks ---- */

static bool no_arguments(struct parse *p, const struct line *line)
{
    if (line->n == 1) return true;
    return cfg_error(p->cfg, &line->words[1], "unexpected '%s' behind '%s'", line->words[1].text.p,
                     line->words[0].text.p);
}

/* The innermost block, for a directive that needs one. */
static struct cond_block *innermost(struct parse *p, const struct line *line)
{
    if (p->depth) return &p->blocks[p->depth - 1];
    cfg_error(p->cfg, &line->words[0], "'%s' without '.if'", line->words[0].text.p);
    return NULL;
}

static void set_state(struct parse *p, struct cond_block *b, const struct line *line)
{
    switch (evaluate(p->cfg, line, 1)) {
    case COND_TRUE: b->state = BLOCK_RUNS; break;
    case COND_FALSE: b->state = BLOCK_WAITS; break;
    default: b->state = BLOCK_OVER; break;
    }
}

static void run_if(struct parse *p, const struct line *line)
{
    bool skipped = directive_skips(p);
    struct cond_block *b;

    if (p->depth == CFG_IF_NESTING) {
        if (!p->too_deep++)
            cfg_error(p->cfg, &line->words[0], "'.if' nests deeper than %d", CFG_IF_NESTING);
        return;
    }
    b = &p->blocks[p->depth++];
    *b = (struct cond_block){ .at = line->words[0].at, .state = BLOCK_OVER };
    if (!skipped) set_state(p, b, line);
}

static void run_elif(struct parse *p, const struct line *line)
{
    struct cond_block *b = innermost(p, line);

    if (!b) return;
    if (b->in_else) {
        cfg_error(p->cfg, &line->words[0], "'.elif' behind '.else'");
        b->state = BLOCK_OVER;
    } else if (b->state == BLOCK_WAITS) {
        set_state(p, b, line);
    } else {
        b->state = BLOCK_OVER;
    }
}

static void run_else(struct parse *p, const struct line *line)
{
    struct cond_block *b = innermost(p, line);

    no_arguments(p, line);
    if (!b) return;
    if (b->in_else) cfg_error(p->cfg, &line->words[0], "'.else' behind '.else'");
    b->state = b->state == BLOCK_WAITS && !b->in_else ? BLOCK_RUNS : BLOCK_OVER;
    b->in_else = true;
}

static void run_endif(struct parse *p, const struct line *line)
{
    no_arguments(p, line);
    if (innermost(p, line)) p->depth--;
}

/* ---- messages ---- */

/* The message of a line; NULL when it was wrong. */
static const char *message(struct parse *p, const struct line *line)
{
    if (line->n <= 2) return line->n == 2 ? line->words[1].text.p : "";
    cfg_error(p->cfg, &line->words[2], "unexpected '%s' behind the message of '%s'",
              line->words[2].text.p, line->words[0].text.p);
    cfg_hint(p->cfg, "a message with spaces needs quotes");
    return NULL;
}

static void run_diag(struct parse *p, const struct line *line)
{
    const char *text = message(p, line);
    if (text && p->cfg->diagnostics) cfg_notice(p->cfg, &line->words[0], "%s", text);
}

static void run_notice(struct parse *p, const struct line *line)
{
    const char *text = message(p, line);
    if (text) cfg_notice(p->cfg, &line->words[0], "%s", text);
}

static void run_warning(struct parse *p, const struct line *line)
{
    const char *text = message(p, line);
    if (text) cfg_warning(p->cfg, &line->words[0], "%s", text);
}

static void run_alert(struct parse *p, const struct line *line)
{
    const char *text = message(p, line);
    if (text) cfg_error(p->cfg, &line->words[0], "%s", text);
}

static const struct directive {
    const char *name;
    bool always; /* runs in skipped lines too */
    void (*run)(struct parse *p, const struct line *line);
} DIRECTIVES[] = {
    { ".if", true, run_if },
    { ".elif", true, run_elif },
    { ".else", true, run_else },
    { ".endif", true, run_endif },
    { ".diag", false, run_diag },
    { ".notice", false, run_notice },
    { ".warning", false, run_warning },
    { ".alert", false, run_alert },
};

static void unknown_directive(struct parse *p, const struct word *word)
{
    struct nearest near;

    nearest_init(&near, word->text);
    for (size_t i = 0; i < ARRAY_LEN(DIRECTIVES); i++)
        nearest_try(&near, slice_str(DIRECTIVES[i].name));
    cfg_error_unknown(p->cfg, word, "directive", &near);
}

void directive_run(struct parse *p, const struct line *line)
{
    const struct word *word = &line->words[0];
    bool skips = directive_skips(p);

    if (p->too_deep) {
        if (slice_is(word->text, ".if")) p->too_deep++;
        if (slice_is(word->text, ".endif")) p->too_deep--;
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(DIRECTIVES); i++) {
        if (!slice_is(word->text, DIRECTIVES[i].name)) continue;
        if (DIRECTIVES[i].always || !skips) DIRECTIVES[i].run(p, line);
        return;
    }
    if (!skips) unknown_directive(p, word);
}

void directive_finish(struct parse *p)
{
    while (p->depth)
        cfg_error_at(p->cfg, &p->blocks[--p->depth].at, "'.if' without '.endif' in this file");
}

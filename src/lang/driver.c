/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: files → lines → directives, sections and keywords. */
#include "lang/section_private.h"

#include "base/memory.h"
#include "lang/absent.h"
#include "lang/compat.h"

#include <errno.h>
#include <stdlib.h>

/* ---- keyword lines ---- */

/* "option spop-check" or shorter, down to `least` words: is it something that HAProxy has? */
static bool report_absent(struct cfg *cfg, const struct words *w, unsigned least)
{
    char name[KEYWORD_NAME_MAX];
    unsigned n = words_join(w, KEYWORD_WORDS, name, sizeof(name));
    const char *instead;

    for (; n >= least; n--) {
        if (absent_find(KEYWORDS, slice_str(name), &instead)) {
            struct place at = words_place(w);
            const struct place *last = &w->w[w->at + n - 1].at;
            at.width = last->column + last->width - at.column;
            cfg_error_at(cfg, &at, "HAProxy keyword '%s' is not supported by Gatehouse", name);
            if (instead) cfg_hint(cfg, "%s", instead);
            compat_note_error(cfg, &at, "keyword", slice_str(name), instead);
            return true;
        }
        if (n > 1) *strrchr(name, ' ') = '\0';
    }
    return false;
}

/* "timeout foo": the first word begins known names, the second does not go on. */
static void report_second_word(struct cfg *cfg, const struct keyword_set *set, struct words *w)
{
    const struct word *head = words_next(w), *word = words_peek(w);
    struct nearest near;

    if (!word || word->text.n == 0) {
        words_error(cfg, w, "'%s' needs another word", head->text.p);
        return;
    }
    nearest_init(&near, word->text);
    keyword_nearest(set, cfg->current->kind->in, head->text.p, &near);
    cfg_error(cfg, word, "unknown %s '%s'", head->text.p, word->text.p);
    if (near.best.n) cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
}

/* The keyword stands where it may not. */
static void report_elsewhere(struct cfg *cfg, const struct words *w, const struct keyword_match *m)
{
    const struct section_kind *kind = cfg->current->kind;
    char name[KEYWORD_NAME_MAX], where[256];
    struct place at = words_place(w);

    words_join(w, m->elsewhere_n, name, sizeof(name));
    vocabulary_where(cfg->words, m->elsewhere, where, sizeof(where));
    if (m->warn && (kind->in & IN_LISTEN))
        cfg_warning_at(cfg, &at, "'%s' is ignored in a %s section", name, kind->name);
    else
        cfg_error_at(cfg, &at, "'%s' can't stand in a %s section", name, kind->name);
    cfg_hint(cfg, "it belongs in %s", where);
}

static void report_unknown(struct cfg *cfg, const struct keyword_set *set, struct words *w,
                           const struct keyword_match *m)
{
    const struct word *word = words_peek(w);
    struct nearest near;

    if (m->elsewhere) {
        report_elsewhere(cfg, w, m);
        return;
    }
    if (report_absent(cfg, w, m->head ? 2 : 1)) return;
    if (m->head) {
        report_second_word(cfg, set, w);
        return;
    }
    nearest_init(&near, word->text);
    if (set) keyword_nearest(set, cfg->current->kind->in, NULL, &near);
    cfg_error(cfg, word, "unknown keyword '%s' in a %s section", word->text.p,
              cfg->current->kind->name);
    if (near.best.n) cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
}

/* "no" or "default" in front. False: reported. */
static bool take_prefix(struct cfg *cfg, struct words *w)
{
    static const struct {
        const char *text;
        enum words_prefix prefix;
    } PREFIXES[] = { { "no", PREFIX_NO }, { "default", PREFIX_DEFAULT } };

    for (size_t i = 0; i < ARRAY_LEN(PREFIXES); i++) {
        if (!words_take_if(w, PREFIXES[i].text)) continue;
        w->prefix = PREFIXES[i].prefix;
        if (!words_left(w)) return words_error(cfg, w, "'%s' needs a keyword", PREFIXES[i].text);
        break;
    }
    return true;
}

static bool check_prefix(struct cfg *cfg, const struct words *w, const struct keyword *row)
{
    if (w->prefix == PREFIX_NO && !(row->flags & KW_NO_PREFIX))
        return cfg_error(cfg, &w->w[0], "'no' can't stand before '%s'", row->name);
    if (w->prefix == PREFIX_DEFAULT && !(row->flags & KW_DEFAULT_PREFIX))
        return cfg_error(cfg, &w->w[0], "'default' can't stand before '%s'", row->name);
    return true;
}

static void run_keyword(struct cfg *cfg, struct words *w)
{
    const struct keyword_set *set = vocabulary_set(cfg->words, KEYWORDS);
    struct keyword_match m;

    if (!take_prefix(cfg, w)) return;
    m = keyword_find(set, w, cfg->current->kind->in);
    if (!m.row) {
        report_unknown(cfg, set, w, &m);
        return;
    }
    w->keyword = m.row;
    w->name = &w->w[w->at];
    w->at += m.n;
    if (!check_prefix(cfg, w, m.row)) return;
    if (m.row->flags & KW_NO_RELOAD) reload_note(cfg, w);
    if (m.row->parse(cfg, cfg->current, w)) words_done(cfg, w);
}

/* ---- lines ---- */

static void report_unknown_section(struct parse *p, const struct word *word,
                                   const struct nearest *near)
{
    cfg_error_unknown(p->cfg, word, "section", near);
    section_close(p->cfg);
    p->skipping = true;
    p->header_column = word->at.column;
}

/* Was a line whose first word is unknown meant to open a section? It was if HAProxy has such a
 * section; if it stands as far left as the last header did while keywords are indented; or if a
 * kind of section is spelled more like it than any keyword. A keyword that is near speaks against
 * all but the first. */
static bool looks_like_section(struct parse *p, const struct line *line, struct nearest *near)
{
    const struct word *word = &line->words[0];
    const struct keyword_set *set = vocabulary_set(p->cfg->words, KEYWORDS);
    const struct section *current = p->cfg->current;
    struct nearest keyword;
    const char *instead;

    nearest_init(near, word->text);
    nearest_init(&keyword, word->text);
    for (const struct section_kind *const *k = p->cfg->words->kinds; *k; k++)
        nearest_try(near, slice_str((*k)->name));
    if (set && current) keyword_nearest(set, current->kind->in, NULL, &keyword);
    if (absent_find("section", word->text, &instead)) return true;
    if (absent_find(KEYWORDS, word->text, &instead)) return false;
    if (near->best.n && (!keyword.best.n || near->distance < keyword.distance)) return true;
    return !keyword.best.n && p->indent > p->header_column && word->at.column <= p->header_column;
}

/* A line before any section. */
static void run_outside(struct parse *p, const struct line *line, struct words *w)
{
    struct keyword_match m = keyword_find(vocabulary_set(p->cfg->words, KEYWORDS), w, 0);
    struct nearest near;
    const char *instead;

    if (m.row || m.head || absent_find(KEYWORDS, line->words[0].text, &instead)) {
        cfg_error(p->cfg, &line->words[0], "keyword '%s' stands before any section",
                  line->words[0].text.p);
        return;
    }
    looks_like_section(p, line, &near);
    report_unknown_section(p, &line->words[0], &near);
}

/* Does the line open a section of this kind? The name of a kind may also be a keyword of the
 * current section (`resolvers` in egress): then it is one where it is indented. */
static bool opens_section(const struct parse *p, const struct line *line, const struct words *w)
{
    const struct section *current = p->cfg->current;

    if (!current || line->words[0].at.column <= p->header_column) return true;
    return !keyword_find(vocabulary_set(p->cfg->words, KEYWORDS), w, current->kind->in).row;
}

static void run_line(struct parse *p, const struct line *line)
{
    const struct word *word = &line->words[0];
    const struct section_kind *kind = vocabulary_kind(p->cfg->words, word->text);
    struct nearest near;
    struct keyword_match m;
    struct words w;

    words_init(&w, line);
    if (kind && opens_section(p, line, &w)) {
        section_open(p, kind, line);
        return;
    }
    if (p->skipping) return;
    if (!p->cfg->current) {
        run_outside(p, line, &w);
        return;
    }
    m = keyword_find(vocabulary_set(p->cfg->words, KEYWORDS), &w, 0);
    if (!m.row && !m.head && !words_is(&w, "no") && !words_is(&w, "default") &&
        looks_like_section(p, line, &near)) {
        report_unknown_section(p, word, &near);
        return;
    }
    if (!p->indent) p->indent = word->at.column;
    run_keyword(p->cfg, &w);
}

/* ---- files ---- */

static void parse_text(struct cfg *cfg, const struct source *source)
{
    struct parse p = { .cfg = cfg };
    struct line line;

    lexer_init(&p.lexer, cfg->arena, cfg->diag, &cfg->env, source);
    while (lexer_next(&p.lexer, &line)) {
        const struct word *word = &line.words[0];
        if (word->text.p[0] == '.')
            directive_run(&p, &line);
        else if (directive_skips(&p))
            continue;
        else if (word->text.p[0] == '[')
            cfg_error(cfg, word, "HAProxy's scopes ('[name]') are not supported by Gatehouse");
        else
            run_line(&p, &line);
    }
    directive_finish(&p);
    section_close(cfg);
    lexer_release(&p.lexer);
}

static struct source *new_source(struct cfg *cfg, const char *path)
{
    struct source *source = arena_zero(cfg->arena, sizeof(*source));

    source->name = arena_str(cfg->arena, slice_str(path));
    source->order = cfg->n_sources++;
    return source;
}

static void parse_file(struct cfg *cfg, const char *path, const struct cfg_reader *reader)
{
    struct source *source = new_source(cfg, path);
    struct place whole = { .source = source };
    size_t n = CFG_FILE_MAX;
    char *text;

    if (cfg->n_files == CFG_FILES_MAX) {
        cfg_error_at(cfg, &whole, "too many configuration files: at most %d", CFG_FILES_MAX);
        return;
    }
    errno = 0;
    text = reader->read_file(path, &n, reader->user);
    if (!text) {
        cfg_error_at(cfg, &whole, "can't read this file: %s", strerror(errno));
        return;
    }
    source->text = arena_copy(cfg->arena, slice_of(text, n));
    free(text);
    cfg->files = mem_resize(cfg->files, (cfg->n_files + 1) * sizeof(const char *));
    cfg->files[cfg->n_files++] = source->name;
    parse_text(cfg, source);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All *.cfg of a directory but hidden ones. Frees names. */
static void parse_dir(struct cfg *cfg, const char *path, char **names,
                      const struct cfg_reader *reader)
{
    unsigned n = 0, used = 0;

    while (names[n]) n++;
    qsort(names, n, sizeof(char *), by_name);
    for (unsigned i = 0; i < n; i++) {
        if (names[i][0] != '.' && slice_ends(slice_str(names[i]), SLICE(".cfg"))) {
            used++;
            parse_file(cfg, arena_printf(cfg->arena, "%s/%s", path, names[i]), reader);
        }
        free(names[i]);
    }
    free(names);
    if (!used) {
        struct place whole = { .source = new_source(cfg, path) };
        cfg_error_at(cfg, &whole, "there is no file '*.cfg' in this directory");
    }
}

bool cfg_parse(struct cfg *cfg, const char *const *paths, unsigned n,
               const struct cfg_reader *reader)
{
    for (unsigned i = 0; i < n; i++) {
        char **names = reader->list_dir ? reader->list_dir(paths[i], reader->user) : NULL;
        if (names)
            parse_dir(cfg, paths[i], names, reader);
        else
            parse_file(cfg, paths[i], reader);
    }
    for (struct section *s = cfg->sections; s; s = s->next)
        if (s->kind->end && !s->skipped && (s->kind->flags & SECTION_ONCE)) s->kind->end(cfg, s);
    return cfg->diag->n_errors == 0;
}

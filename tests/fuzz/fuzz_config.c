/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration file, through lexer, directives and driver with a small vocabulary.
 * Checked: words and their places are sound, the verdict agrees with the messages, what is printed
 * cannot speak to a terminal, and reading twice gives the same. */
#include "base/memory.h"
#include "lang/reload.h"
#include "lang/section.h"

#include <stdlib.h>

static void check(bool holds)
{
    if (!holds) abort();
}

/* ---- a vocabulary that uses every reader ---- */

static void check_word(const struct word *w)
{
    check(w->text.p[w->text.n] == '\0');
    check(strlen(w->text.p) == w->text.n);
    check(w->at.line > 0 && w->at.column > 0);
    check(w->at.width <= LEXER_LINE_MAX);
}

static bool take_any(struct cfg *cfg, void *target, struct words *w)
{
    const struct word *word;

    (void)cfg;
    (void)target;
    while ((word = words_next(w))) check_word(word);
    return true;
}

static bool take_each(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const NAMES[] = { "one", "two", NULL };
    struct slice text;
    const char *str;
    uint64_t u64;
    unsigned u, ms;
    bool on;
    int i;

    (void)target;
    if (!words_text(cfg, w, &text) || !words_str(cfg, w, &str)) return false;
    check(*str);
    if (!words_uint(cfg, w, &u, 1, 100)) return false;
    check(u >= 1 && u <= 100);
    if (!words_int(cfg, w, &i, -5, 5)) return false;
    check(i >= -5 && i <= 5);
    if (!words_time(cfg, w, &ms, UNIT_S, 0, TIME_MS_MAX)) return false;
    check(ms <= TIME_MS_MAX);
    if (!words_size(cfg, w, &u64, 0, UINT64_MAX)) return false;
    return words_enum(cfg, w, &u, NAMES) && words_switch(cfg, w, &on);
}

static bool take_options(struct cfg *cfg, void *target, struct words *w)
{
    const char *name;

    return words_str(cfg, w, &name) && options_parse(cfg, "server option", target, w);
}

static bool take_number(struct cfg *cfg, void *target, struct words *w)
{
    unsigned u;

    (void)target;
    return words_uint(cfg, w, &u, 0, UINT32_MAX);
}

static bool take_none(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg;
    (void)target;
    (void)w;
    return true;
}

static bool take_setenv(struct cfg *cfg, void *target, struct words *w)
{
    struct slice name, value;

    (void)target;
    if (!words_text(cfg, w, &name) || !words_text(cfg, w, &value)) return false;
    environment_set(&cfg->env, name, value);
    return true;
}

static const struct keyword ROWS[] = {
    { "any", IN_GLOBAL | IN_PROXY, take_any, "", NULL, KW_NO_RELOAD, "x", 0, NULL },
    { "each", IN_PROXY, take_each, "", NULL, KW_NO_PREFIX, "x", 0, NULL },
    { "server", IN_BACKEND, take_options, "", NULL, 0, "x", 0, NULL },
    { "option a", IN_FRONTEND, take_none, "", NULL, KW_NO_PREFIX | KW_DEFAULT_PREFIX, "x", 0,
      NULL },
    { "option a b", IN_FRONTEND, take_none, "", NULL, KW_ELSEWHERE_WARN, "x", 0, NULL },
    { "setenv", IN_GLOBAL, take_setenv, "", NULL, 0, "x", 0, NULL },
};
static const struct keyword OPTIONS[] = {
    { "check", 0, take_none, "", NULL, 0, "x", 0, NULL },
    { "weight", 0, take_number, "", NULL, 0, "x", 0, NULL },
};
static const struct keyword_table ROW_TABLE = KEYWORD_TABLE("x", KEYWORDS, ROWS);
static const struct keyword_table OPTION_TABLE = KEYWORD_TABLE("x", "server option", OPTIONS);
static const struct keyword_table *const TABLES[] = { &ROW_TABLE, &OPTION_TABLE, NULL };

static const struct section_kind GLOBAL = { "global",     IN_GLOBAL, SECTION_UNNAMED,
                                            SECTION_ONCE, NULL,      NULL,
                                            "",           "x" };
static const struct section_kind DEFAULTS = {
    "defaults", IN_DEFAULTS, SECTION_MAY_NAME, SECTION_DEFAULTS, NULL, NULL, "", "x"
};
static const struct section_kind FRONTEND = { "frontend",   IN_FRONTEND, SECTION_NAMED,
                                              SECTION_FROM, NULL,        NULL,
                                              "",           "x" };
static const struct section_kind LISTEN = { "listen",     IN_LISTEN, SECTION_NAMED,
                                            SECTION_FROM, NULL,      NULL,
                                            "",           "x" };
static const struct section_kind *const KINDS[] = { &GLOBAL, &DEFAULTS, &FRONTEND, &LISTEN, NULL };

/* ---- one input ---- */

struct input {
    const uint8_t *data;
    size_t n;
};

static char *read_input(const char *path, size_t *n, void *user)
{
    const struct input *in = user;

    (void)path;
    *n = in->n;
    return mem_strndup((const char *)in->data, in->n);
}

static void check_output(const struct diag *d)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    diag_print(d, out);
    fclose(out);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        check(c >= ' ' || c == '\n' || c == '\t');
        check(c != 0x7f);
    }
    check((n == 0) == (d->n_errors + d->n_warnings + d->n_notices == 0));
    free(text);
}

static void check_sections(const struct cfg *cfg)
{
    unsigned n = 0;

    for (const struct section *s = cfg->sections; s; s = s->next) {
        check(s->index == n++);
        check(!s->from || (s->from->kind == &DEFAULTS && s->from->index < s->index));
        if (*s->name) check(cfg_section(cfg, s->kind->in, slice_str(s->name)));
    }
    check(n == cfg->n_sections);
}

/* Reads it once; returns what must be the same the next time. */
static unsigned read_once(const struct vocabulary *v, struct input *in)
{
    const struct cfg_reader reader = { read_input, NULL, in };
    const char *path = "fuzz.cfg";
    struct arena arena;
    struct diag diag;
    struct cfg cfg;
    unsigned sum;
    bool valid;

    arena_init(&arena, NULL);
    diag_init(&diag);
    cfg_init(&cfg, &arena, &diag, v);
    environment_reset(&cfg.env, NULL, 0);
    environment_set(&cfg.env, SLICE("A"), SLICE("1"));
    environment_set(&cfg.env, SLICE("L"), SLICE(" x y  z "));
    cfg.diagnostics = true;
    valid = cfg_parse(&cfg, &path, 1, &reader);
    check(valid == (diag.n_errors == 0));
    check_output(&diag);
    check_sections(&cfg);
    check(reload_check(&cfg, reload_keep(&cfg, &arena)));
    sum = diag.n_errors * 31 + diag.n_warnings * 7 + diag.n_notices + cfg.n_sections * 1009;
    cfg_release(&cfg);
    diag_release(&diag);
    arena_release(&arena);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct vocabulary v;

    vocabulary_init(&v, TABLES, KINDS);
    check(read_once(&v, &in) == read_once(&v, &in));
    vocabulary_release(&v);
    return 0;
}

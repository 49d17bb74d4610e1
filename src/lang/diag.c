/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/diag.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
    SHOWN = 160, /* bytes of a source line that are printed */
    BEFORE = 80, /* of these, before the place, when the line is longer */
};

struct diag_message {
    struct diag_message *next;
    enum diag_level level;
    unsigned serial;
    const char *file; /* NULL: no place */
    unsigned order, line, column, width;
    struct slice snippet; /* the source line, or the part of it around the place */
    unsigned cut;         /* bytes of the line before the snippet */
    char *text;
    char *hint; /* NULL: none */
};

void diag_init(struct diag *d)
{
    *d = (struct diag){ 0 };
    arena_init(&d->arena, NULL);
    d->last = &d->first;
}

void diag_release(struct diag *d)
{
    arena_release(&d->arena);
    diag_init(d);
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* What came from a file must not speak to a terminal. */
static char *clean(char *text)
{
    for (char *p = text; *p; p++)
        if (is_control(*p)) *p = '?';
    return text;
}

/* Line `number` of text, without its end. */
static struct slice line_of(struct slice text, unsigned number)
{
    for (unsigned i = 1; i < number && text.p; i++) slice_cut(&text, '\n');
    return text.p ? slice_trim(slice_cut(&text, '\n'), "\r") : text;
}

static void keep_snippet(struct diag *d, struct diag_message *m, const struct source *source)
{
    struct slice s = line_of(source->text, m->line);

    if (s.n > SHOWN && m->column > BEFORE) {
        m->cut = m->column - BEFORE < s.n - SHOWN ? m->column - BEFORE : (unsigned)(s.n - SHOWN);
        s = slice_from(s, m->cut);
    }
    if (s.n > SHOWN) s.n = SHOWN;
    m->snippet = arena_copy(&d->arena, s);
}

static unsigned *counter(struct diag *d, enum diag_level level)
{
    switch (level) {
    case DIAG_ERROR: return &d->n_errors;
    case DIAG_WARNING: return &d->n_warnings;
    default: return &d->n_notices;
    }
}

bool diag_add(struct diag *d, enum diag_level level, const struct place *at, const char *fmt,
              va_list ap)
{
    struct diag_message *m;

    d->recent = NULL;
    if ((*counter(d, level))++ >= DIAG_MOST) return false;
    m = arena_zero(&d->arena, sizeof(*m));
    m->level = level;
    m->serial = d->n++;
    m->text = clean(arena_vprintf(&d->arena, fmt, ap));
    if (at && at->source) {
        m->file = clean(arena_str(&d->arena, slice_str(at->source->name)));
        m->order = at->source->order;
        m->line = at->line;
        m->column = at->column;
        m->width = at->width;
        if (m->line) keep_snippet(d, m, at->source);
    }
    *d->last = m;
    d->last = &m->next;
    d->recent = m;
    return false;
}

bool diag_error(struct diag *d, const struct place *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    diag_add(d, DIAG_ERROR, at, fmt, ap);
    va_end(ap);
    return false;
}

bool diag_warning(struct diag *d, const struct place *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    diag_add(d, DIAG_WARNING, at, fmt, ap);
    va_end(ap);
    return false;
}

bool diag_notice(struct diag *d, const struct place *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    diag_add(d, DIAG_NOTICE, at, fmt, ap);
    va_end(ap);
    return false;
}

bool diag_hint(struct diag *d, const char *fmt, ...)
{
    va_list ap;

    if (!d->recent) return false;
    va_start(ap, fmt);
    d->recent->hint = clean(arena_vprintf(&d->arena, fmt, ap));
    va_end(ap);
    return false;
}

static int by_number(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
    const struct diag_message *a = *(struct diag_message *const *)left;
    const struct diag_message *b = *(struct diag_message *const *)right;

    if (!a->file != !b->file) return a->file ? -1 : 1;
    if (a->order != b->order) return by_number(a->order, b->order);
    if (a->line != b->line) return by_number(a->line, b->line);
    if (a->column != b->column) return by_number(a->column, b->column);
    return by_number(a->serial, b->serial);
}

/* Bytes that take no column of their own: the second and later ones of a UTF-8 character. */
static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The source line, and below it the carets and the hint. */
static void print_snippet(const struct diag_message *m, FILE *out)
{
    size_t from = m->column > m->cut ? m->column - 1 - m->cut : 0;
    size_t to = from + (m->width ? m->width : 1);
    int digits = fprintf(out, "%5u", m->line);

    fputs(m->cut ? " | ..." : " | ", out);
    for (size_t i = 0; i < m->snippet.n; i++) {
        char c = m->snippet.p[i];
        putc(c != '\t' && is_control(c) ? '?' : c, out);
    }
    fprintf(out, "\n%*s | %s", digits, "", m->cut ? "   " : "");
    if (from > m->snippet.n) from = m->snippet.n;
    if (to > m->snippet.n) to = m->snippet.n > from ? m->snippet.n : from + 1;
    for (size_t i = 0; i < from; i++)
        if (!is_continuation(m->snippet.p[i])) putc(m->snippet.p[i] == '\t' ? '\t' : ' ', out);
    for (size_t i = from; i < to; i++)
        if (i == from || !is_continuation(m->snippet.p[i])) putc('^', out);
    if (m->hint) fprintf(out, " %s", m->hint);
    putc('\n', out);
}

static void print_message(const struct diag_message *m, FILE *out)
{
    static const char *const LEVELS[] = { "error", "warning", "notice" };

    if (m->file) fprintf(out, "%s:", m->file);
    if (m->file && m->line) fprintf(out, "%u:%u:", m->line, m->column);
    fprintf(out, "%s%s: %s", m->file ? " " : "", LEVELS[m->level], m->text);
    if (m->line == 0 && m->hint) fprintf(out, " (%s)", m->hint);
    putc('\n', out);
    if (m->line) print_snippet(m, out);
}

void diag_print(const struct diag *d, FILE *out)
{
    struct diag_message **all = mem_alloc((d->n + 1) * sizeof(struct diag_message *));
    unsigned n = 0, total = d->n_errors + d->n_warnings + d->n_notices;

    for (struct diag_message *m = d->first; m; m = m->next) all[n++] = m;
    qsort(all, n, sizeof(struct diag_message *), by_place);
    for (unsigned i = 0; i < n; i++) print_message(all[i], out);
    if (total > n) fprintf(out, "... and %u more\n", total - n);
    free(all);
}

const char *place_name(struct arena *a, const struct place *at)
{
    if (!at || !at->source) return "?";
    if (at->line == 0) return at->source->name;
    return arena_printf(a, "%s:%u", at->source->name, at->line);
}

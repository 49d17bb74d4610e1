/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/lexer.h"

#include "base/memory.h"

#include <stdlib.h>

/* The state in the middle of a line. */
struct scan {
    struct lexer *lx;
    const char *begin, *end; /* the whole line */
    const char *p;
    const char *quote;     /* the quote that is open */
    const char *word;      /* where the word being read began, NULL between words */
    bool quoted, expanded; /* the word being read */
    bool failed;           /* an error was reported */
};

void lexer_init(struct lexer *lx, struct arena *a, struct diag *diag, const struct environment *env,
                const struct source *source)
{
    *lx = (struct lexer){ .arena = a, .diag = diag, .env = env, .source = source, .section = "" };
}

void lexer_release(struct lexer *lx)
{
    free(lx->made.text);
    lx->made.text = NULL;
    lx->made.room = 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_alpha(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static bool is_name_char(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9');
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
    return -1;
}

static struct place place_of(const struct scan *s, const char *from, const char *to)
{
    return (struct place){ s->lx->source, s->lx->number, (unsigned)(from - s->begin) + 1,
                           (unsigned)(to - from) };
}

/* Reports an error at [from, to) and ends the line. */
static void fail(struct scan *s, const char *from, const char *to, const char *what)
{
    struct place at = place_of(s, from, to);

    diag_error(s->lx->diag, &at, "%s", what);
    s->failed = true;
}

/* ---- building words ---- */

static void put(struct scan *s, const char *p, size_t n)
{
    struct lexer *lx = s->lx;

    if (n == 0) return;
    if (n > LEXER_LINE_MAX || lx->made.n + n > LEXER_LINE_MAX) {
        if (!s->failed) fail(s, s->begin, s->begin + 1, "the line expands to more than 1 MiB");
        return;
    }
    if (lx->made.n + n > lx->made.room) {
        lx->made.room = 2 * (lx->made.n + n) + 256;
        lx->made.text = mem_resize(lx->made.text, lx->made.room);
    }
    memcpy(lx->made.text + lx->made.n, p, n);
    lx->made.n += n;
}

static void word_begin(struct scan *s, const char *at)
{
    struct lexer *lx = s->lx;

    if (s->word || s->failed) return;
    if (lx->made.n_words == LINE_WORDS) {
        fail(s, at, at + 1, "too many words: a line may have 64");
        return;
    }
    s->word = at;
    s->quoted = s->expanded = false;
    lx->made.words[lx->made.n_words] = (struct word){ .text.n = lx->made.n };
}

static void word_end(struct scan *s, const char *at)
{
    struct lexer *lx = s->lx;
    struct word *w;

    if (!s->word) return;
    put(s, "", 1);
    w = &lx->made.words[lx->made.n_words++];
    w->at = place_of(s, s->word, at);
    w->quoted = s->quoted;
    w->expanded = s->expanded;
    s->word = NULL;
}

/* ---- escapes and variables ---- */

/* At a backslash. What is no escape stays as it is. */
static void scan_escape(struct scan *s)
{
    char c = s->p + 1 < s->end ? s->p[1] : '\0', made = '\0';

    word_begin(s, s->p);
    switch (c) {
    case ' ':
    case '\\':
    case '"':
    case '\'':
    case '#': made = c; break;
    case 'n': made = '\n'; break;
    case 'r': made = '\r'; break;
    case 't': made = '\t'; break;
    case '$': made = s->quote ? c : '\0'; break;
    case 'x': {
        int high = s->end - s->p > 3 ? hex_value(s->p[2]) : -1;
        int low = s->end - s->p > 3 ? hex_value(s->p[3]) : -1;
        if (high < 0 || low < 0) {
            const char *to = s->end - s->p > 4 ? s->p + 4 : s->end;
            fail(s, s->p, to, "'\\x' needs two hexadecimal digits");
            return;
        }
        made = (char)(high << 4 | low);
        if (!made) {
            fail(s, s->p, s->p + 4, "a word can't hold a NUL");
            return;
        }
        s->p += 2;
        break;
    }
    default: break;
    }
    if (made) {
        put(s, &made, 1);
        s->quoted = true;
        s->p += 2;
    } else {
        put(s, s->p++, 1);
    }
}

/* A variable's name is [name, end); is it one of the pseudo-variables? */
static const char *pseudo_variable(const struct scan *s, struct slice name, char number[24])
{
    if (slice_is(name, ".FILE")) return s->lx->source->name;
    if (slice_is(name, ".SECTION")) return s->lx->section;
    if (!slice_is(name, ".LINE")) return NULL;
    *slice_put_u64(number, s->lx->number) = '\0';
    return number;
}

/* Puts a value; when `split`, every word of it begins a new word. */
static void put_value(struct scan *s, struct slice value, bool split, const char *dollar)
{
    if (!split) {
        put(s, value.p, value.n);
        return;
    }
    for (size_t i = 0; i < value.n && !s->failed; i++) {
        if (!is_space(value.p[i])) {
            put(s, value.p + i, 1);
            continue;
        }
        while (i + 1 < value.n && is_space(value.p[i + 1])) i++;
        word_end(s, s->p);
        word_begin(s, dollar);
        s->quoted = s->expanded = true;
    }
}

/* Behind the name in "${NAME…": reads "[*]", "-default" and "}". False: an error was reported. */
static bool scan_braced(struct scan *s, const char *dollar, bool *split, struct slice *fallback)
{
    if (s->p < s->end && *s->p == '[') {
        if (s->end - s->p < 3 || s->p[1] != '*' || s->p[2] != ']') {
            fail(s, s->p, s->p + 1, "only '[*]' can stand behind a variable's name");
            return false;
        }
        *split = true;
        s->p += 3;
    }
    if (s->p < s->end && *s->p == '-') {
        const char *from = ++s->p;
        while (s->p < s->end && *s->p != '}') s->p++;
        *fallback = slice_between(from, s->p);
    }
    if (s->p == s->end || *s->p != '}') {
        fail(s, dollar, s->p, "unmatched brace in a variable's name");
        return false;
    }
    s->p++;
    return true;
}

/* At a dollar inside weak quotes. */
static void scan_variable(struct scan *s)
{
    const char *dollar = s->p++, *from, *value;
    bool brace = s->p < s->end && *s->p == '{', split = false;
    struct slice name, fallback = { 0 };
    char number[24];

    if (brace) s->p++;
    from = s->p;
    if (s->p < s->end && *s->p == '.') s->p++;
    if (s->p < s->end && is_alpha(*s->p))
        while (s->p < s->end && is_name_char(*s->p)) s->p++;
    name = slice_between(from, s->p);
    if (name.n == 0 || (name.p[0] == '.' && !pseudo_variable(s, name, number))) {
        fail(s, dollar, s->p < s->end ? s->p + 1 : s->end,
             "a variable's name begins with a letter or '_' ('\\$' is a dollar)");
        return;
    }
    value = name.p[0] == '.' ? pseudo_variable(s, name, number) : environment_get(s->lx->env, name);
    if (brace && !scan_braced(s, dollar, &split, &fallback)) return;
    s->expanded = true;
    put_value(s, value ? slice_str(value) : fallback, split, dollar);
}

/* ---- lines ---- */

static bool is_plain(char c)
{
    return !is_space(c) && c != '"' && c != '\'' && c != '\\' && c != '$' && c != '#';
}

/* Opens or closes quotes; false when c is a plain character here. */
static bool scan_quote(struct scan *s)
{
    char c = *s->p;

    if ((c != '"' && c != '\'') || (s->quote && *s->quote != c)) return false;
    word_begin(s, s->p);
    s->quoted = true;
    s->quote = s->quote ? NULL : s->p;
    s->p++;
    return true;
}

static void scan_char(struct scan *s)
{
    const char *from = s->p;
    char c = *s->p, in = s->quote ? *s->quote : '\0';

    if (scan_quote(s)) return;
    if (c == '\r') {
        fail(s, from, from + 1, "a carriage return in the middle of a line");
        return;
    }
    if (c == '\\' && in != '\'') {
        scan_escape(s);
    } else if (c == '$' && in == '"') {
        scan_variable(s);
    } else if (is_space(c) && !in) {
        word_end(s, s->p++);
    } else {
        word_begin(s, s->p++);
        while (s->p < s->end && is_plain(*s->p)) s->p++;
        put(s, from, (size_t)(s->p - from));
    }
}

/* Moves the words made into the arena. */
static void finish_line(struct lexer *lx, struct line *line)
{
    char *text = arena_alloc(lx->arena, lx->made.n);
    unsigned n = lx->made.n_words;
    size_t end = lx->made.n;
    const struct word *last;

    if (n) memcpy(text, lx->made.text, lx->made.n);
    line->words = arena_alloc(lx->arena, (n ? n : 1) * sizeof(struct word));
    for (unsigned i = n; i-- > 0;) {
        struct word *w = &line->words[i];
        size_t start = lx->made.words[i].text.n;
        *w = lx->made.words[i];
        w->text = slice_of(text + start, end - start - 1);
        end = start;
    }
    while (n && line->words[n - 1].text.n == 0 && line->words[n - 1].expanded) n--;
    line->n = n && line->words[0].text.n ? n : 0;
    if (line->n == 0) return;
    last = &line->words[n - 1];
    line->at = line->words[0].at;
    line->at.width = last->at.column + last->at.width - line->at.column;
}

/* Cuts one line into words; line->n is 0 when there are none or an error was reported. */
static void scan_line(struct lexer *lx, struct slice text, struct line *line)
{
    struct scan s = { .lx = lx, .begin = text.p, .end = text.p + text.n, .p = text.p };

    lx->made.n = lx->made.n_words = 0;
    while (s.p < s.end && !s.failed) {
        if (*s.p == '#' && !s.quote && !lx->one_line) break;
        scan_char(&s);
    }
    if (!s.failed && s.quote) fail(&s, s.quote, s.quote + 1, "unmatched quote");
    if (!s.failed) word_end(&s, s.p);
    line->n = 0;
    if (!s.failed) finish_line(lx, line);
}

/* The bytes of the next line, or false at the end of the text. */
static bool next_text(struct lexer *lx, struct slice *text)
{
    struct slice rest = slice_from(lx->source->text, lx->offset);
    ptrdiff_t end = lx->one_line ? -1 : slice_find(rest, '\n');

    if (rest.n == 0) return false;
    lx->number++;
    *text = slice_of(rest.p, end < 0 ? rest.n : (size_t)end);
    lx->offset += text->n + (end >= 0);
    if (text->n && text->p[text->n - 1] == '\r') text->n--;
    if (lx->number == 1 && slice_starts(*text, SLICE("\xef\xbb\xbf"))) *text = slice_from(*text, 3);
    if (end < 0 && !lx->one_line) {
        struct place at = { lx->source, lx->number, (unsigned)text->n + 1, 1 };
        diag_error(lx->diag, &at, "the last line has no LF: the file may have been truncated");
    }
    return true;
}

/* A NUL ends the file: it is not text. */
static bool check_text(struct lexer *lx, struct slice text)
{
    ptrdiff_t nul = slice_find(text, '\0');
    struct place at = { lx->source, lx->number, (unsigned)(nul < 0 ? 0 : nul) + 1, 1 };

    if (nul >= 0) {
        diag_error(lx->diag, &at, "a NUL byte: this is not a text file");
        lx->offset = lx->source->text.n;
        return false;
    }
    if (text.n > LEXER_LINE_MAX) {
        diag_error(lx->diag, &at, "the line is longer than 1 MiB");
        return false;
    }
    return true;
}

bool lexer_next(struct lexer *lx, struct line *line)
{
    struct slice text;

    while (next_text(lx, &text)) {
        if (!check_text(lx, text)) continue;
        scan_line(lx, text, line);
        if (line->n) return true;
    }
    return false;
}

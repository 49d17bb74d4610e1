/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor over one line, its readers, and the messages of parse functions. */
#include "lang/keyword.h"

#include "lang/section.h"

#include <inttypes.h>

void words_init(struct words *w, const struct line *line)
{
    *w = (struct words){ .w = line->words, .n = line->n };
}

struct place words_place(const struct words *w)
{
    struct place at = { 0 };

    if (w->at < w->n) return w->w[w->at].at;
    if (w->n == 0) return at;
    at = w->w[w->n - 1].at;
    at.column += at.width;
    at.width = 1;
    return at;
}

bool words_is(const struct words *w, const char *text)
{
    return w->at < w->n && slice_is(w->w[w->at].text, text);
}

bool words_take_if(struct words *w, const char *text)
{
    if (!words_is(w, text)) return false;
    w->at++;
    return true;
}

/* ---- messages ---- */

static bool report(struct cfg *cfg, enum diag_level level, const struct place *at, const char *fmt,
                   va_list ap)
{
    return diag_add(cfg->diag, level, at, fmt, ap);
}

bool cfg_error(struct cfg *cfg, const struct word *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(cfg, DIAG_ERROR, at ? &at->at : NULL, fmt, ap);
    va_end(ap);
    return false;
}

bool cfg_warning(struct cfg *cfg, const struct word *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(cfg, DIAG_WARNING, at ? &at->at : NULL, fmt, ap);
    va_end(ap);
    return false;
}

bool cfg_notice(struct cfg *cfg, const struct word *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(cfg, DIAG_NOTICE, at ? &at->at : NULL, fmt, ap);
    va_end(ap);
    return false;
}

bool cfg_error_at(struct cfg *cfg, const struct place *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(cfg, DIAG_ERROR, at, fmt, ap);
    va_end(ap);
    return false;
}

bool cfg_warning_at(struct cfg *cfg, const struct place *at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(cfg, DIAG_WARNING, at, fmt, ap);
    va_end(ap);
    return false;
}

bool words_error(struct cfg *cfg, const struct words *w, const char *fmt, ...)
{
    struct place at = words_place(w);
    va_list ap;

    va_start(ap, fmt);
    report(cfg, DIAG_ERROR, &at, fmt, ap);
    va_end(ap);
    return false;
}

bool cfg_hint(struct cfg *cfg, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return diag_hint(cfg->diag, "%s", text);
}

/* ---- readers ---- */

/* What messages call the thing being parsed. */
static const char *subject(const struct words *w)
{
    if (w->keyword) return w->keyword->name;
    return w->n ? w->w[0].text.p : "";
}

bool words_need(struct cfg *cfg, struct words *w, const struct word **out)
{
    if (w->at >= w->n) {
        if (w->keyword && w->keyword->args && *w->keyword->args)
            return words_error(cfg, w, "'%s' needs more words: '%s %s'", subject(w), subject(w),
                               w->keyword->args);
        return words_error(cfg, w, "'%s' needs another word", subject(w));
    }
    *out = &w->w[w->at++];
    return true;
}

bool words_text(struct cfg *cfg, struct words *w, struct slice *out)
{
    const struct word *word;

    if (!words_need(cfg, w, &word)) return false;
    *out = word->text;
    return true;
}

bool words_str(struct cfg *cfg, struct words *w, const char **out)
{
    const struct word *word;

    if (!words_need(cfg, w, &word)) return false;
    if (word->text.n == 0) return cfg_error(cfg, word, "'%s' can't take an empty word", subject(w));
    *out = word->text.p;
    return true;
}

/* Says what range a number must be in. */
static bool out_of_range(struct cfg *cfg, const struct words *w, const struct word *word,
                         const char *min, const char *max)
{
    return cfg_error(cfg, word, "'%s' must be between %s and %s, not %s", subject(w), min, max,
                     word->text.p);
}

bool words_u64(struct cfg *cfg, struct words *w, uint64_t *out, uint64_t min, uint64_t max)
{
    const struct word *word;
    char low[24], high[24];
    uint64_t v;

    if (!words_need(cfg, w, &word)) return false;
    if (!slice_to_u64(word->text, &v))
        return cfg_error(cfg, word, "'%s' needs a whole number, not '%s'", subject(w),
                         word->text.p);
    if (v < min || v > max) {
        *slice_put_u64(low, min) = '\0';
        *slice_put_u64(high, max) = '\0';
        return out_of_range(cfg, w, word, low, high);
    }
    *out = v;
    return true;
}

bool words_uint(struct cfg *cfg, struct words *w, unsigned *out, unsigned min, unsigned max)
{
    uint64_t v;

    if (!words_u64(cfg, w, &v, min, max)) return false;
    *out = (unsigned)v;
    return true;
}

bool words_int(struct cfg *cfg, struct words *w, int *out, int min, int max)
{
    const struct word *word;
    char low[24], high[24];
    int64_t v;

    if (!words_need(cfg, w, &word)) return false;
    if (!slice_to_i64(word->text, &v))
        return cfg_error(cfg, word, "'%s' needs a whole number, not '%s'", subject(w),
                         word->text.p);
    if (v < min || v > max) {
        snprintf(low, sizeof(low), "%d", min);
        snprintf(high, sizeof(high), "%d", max);
        return out_of_range(cfg, w, word, low, high);
    }
    *out = (int)v;
    return true;
}

bool words_time(struct cfg *cfg, struct words *w, unsigned *ms, enum time_unit unit, unsigned min,
                unsigned max)
{
    const struct word *word;
    char low[24], high[24];
    uint32_t v;
    size_t bad;

    if (!words_need(cfg, w, &word)) return false;
    switch (units_time_ms(word->text, unit, &v, &bad)) {
    case UNITS_OK: break;
    case UNITS_OVER:
        return cfg_error(cfg, word, "'%s': %s is too long: at most 2147483647 ms (24.8 days)",
                         subject(w), word->text.p);
    default:
        cfg_error(cfg, word, "'%s' needs a time, not '%s'", subject(w), word->text.p);
        return cfg_hint(cfg, "a whole number, then us, ms, s, m, h or d");
    }
    if (v < min || v > max)
        return out_of_range(cfg, w, word, units_print_ms(min, low), units_print_ms(max, high));
    *ms = v;
    return true;
}

bool words_size(struct cfg *cfg, struct words *w, uint64_t *out, uint64_t min, uint64_t max)
{
    const struct word *word;
    char low[24], high[24];
    uint64_t v;
    size_t bad;

    if (!words_need(cfg, w, &word)) return false;
    switch (units_size(word->text, &v, &bad)) {
    case UNITS_OK: break;
    case UNITS_OVER: return cfg_error(cfg, word, "'%s': %s is too large", subject(w), word->text.p);
    default:
        cfg_error(cfg, word, "'%s' needs a size, not '%s'", subject(w), word->text.p);
        return cfg_hint(cfg, "bytes as a whole number, or with k, m or g");
    }
    if (v < min || v > max) {
        *slice_put_u64(low, min) = '\0';
        *slice_put_u64(high, max) = '\0';
        return out_of_range(cfg, w, word, low, high);
    }
    *out = v;
    return true;
}

/* "a, b or c", cut when it does not fit. */
static const char *join_names(const char *const *names, char *buf, size_t size)
{
    size_t n = 0;

    buf[0] = '\0';
    for (unsigned i = 0; names[i] && n < size; i++) {
        const char *glue = i == 0 ? "" : names[i + 1] ? ", " : " or ";
        n += (size_t)snprintf(buf + n, size - n, "%s%s", glue, names[i]);
    }
    return buf;
}

bool words_enum(struct cfg *cfg, struct words *w, unsigned *out, const char *const *names)
{
    const struct word *word;
    struct nearest near;
    char list[256];

    if (!words_need(cfg, w, &word)) return false;
    nearest_init(&near, word->text);
    for (unsigned i = 0; names[i]; i++) {
        if (slice_is(word->text, names[i])) {
            *out = i;
            return true;
        }
        nearest_try(&near, slice_str(names[i]));
    }
    cfg_error(cfg, word, "'%s' can't be '%s': it is %s", subject(w), word->text.p,
              join_names(names, list, sizeof(list)));
    if (near.best.n) cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near.best));
    return false;
}

bool words_switch(struct cfg *cfg, struct words *w, bool *out)
{
    static const char *const NAMES[] = { "off", "on", NULL };
    unsigned v;

    if (!words_enum(cfg, w, &v, NAMES)) return false;
    *out = v;
    return true;
}

bool words_done(struct cfg *cfg, struct words *w)
{
    while (w->at < w->n && w->w[w->at].text.n == 0 && w->w[w->at].expanded) w->at++;
    if (w->at >= w->n) return true;
    return words_error(cfg, w, "unexpected '%s' behind '%s'", w->w[w->at].text.p, subject(w));
}

/* ---- the nearest name ---- */

/* One slip in a short word, two in a longer one. */
static unsigned slips(struct slice word)
{
    return word.n < 2 ? 0 : word.n < 4 ? 1 : word.n < 10 ? 2 : 3;
}

void nearest_init(struct nearest *n, struct slice word)
{
    *n = (struct nearest){ .word = word, .distance = slips(word) + 1 };
}

void nearest_try(struct nearest *n, struct slice name)
{
    unsigned d;

    if (n->distance == 0) return;
    d = slice_eq_nocase(n->word, name) ? 0 : slice_distance(n->word, name, n->distance);
    /* A word that was cut short, or that has too much at its end: better than nothing. */
    if (d >= n->distance && n->distance == slips(n->word) + 1 && n->word.n >= 3 &&
        (slice_starts(name, n->word) || slice_starts(n->word, name)) && name.n >= 3) {
        n->best = name;
        return;
    }
    if (d >= n->distance) return;
    n->distance = d;
    n->best = name;
}

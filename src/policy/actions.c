/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of actions share. */
#include "policy/actions.h"

#include "policy/regex.h"

#include <stdlib.h>

bool action_format(struct policy_cfg *pc, struct words *w, unsigned flags,
                   const struct format **out)
{
    const struct word *word;

    if (!words_need(pc->cfg, w, &word)) return false;
    if (word->text.n == 0)
        return cfg_error(pc->cfg, word, "'%s' can't take an empty word", w->keyword->name);
    *out = format_parse(pc, word, flags);
    return *out != NULL;
}

static void release_regex(void *re)
{
    regex_free(re);
}

bool action_regex_of(struct policy_cfg *pc, const struct word *word, unsigned flags,
                     const struct regex **out)
{
    struct regex_error err;
    struct regex *re = regex_new(word->text, flags, &err);

    if (!re) {
        size_t at = err.at < word->text.n ? err.at : word->text.n;
        struct word part = word_part(pc, word, slice_of(word->text.p + at, at < word->text.n));
        return cfg_error(pc->cfg, &part, "invalid regex: %s", err.text);
    }
    policy_keep(pc, release_regex, re);
    *out = re;
    return true;
}

bool action_regex(struct policy_cfg *pc, struct words *w, unsigned flags, const struct regex **out)
{
    const struct word *word;

    if (!words_need(pc->cfg, w, &word)) return false;
    if (word->text.n == 0)
        return cfg_error(pc->cfg, word, "'%s' can't take an empty word", w->keyword->name);
    return action_regex_of(pc, word, flags, out);
}

bool action_integer(struct policy_cfg *pc, struct words *w, int64_t *out)
{
    const struct word *word;
    char *end;
    long long v;

    if (!words_need(pc->cfg, w, &word)) return false;
    v = strtoll(word->text.p, &end, 0);
    if (word->text.n == 0 || *end)
        return cfg_error(pc->cfg, word, "'%s' needs a whole number, not '%s'", w->keyword->name,
                         word->text.p);
    *out = v;
    return true;
}

bool action_replacement(struct context *c, struct slice with, const struct regex_match *m,
                        struct slice *out)
{
    char first[512], *p;
    ptrdiff_t n = regex_replacement(first, sizeof first, with, m);

    if (n >= 0) {
        *out = arena_copy(c->arena, slice_of(first, (size_t)n));
        return true;
    }
    p = context_room(c, context_most(c));
    n = p ? regex_replacement(p, context_most(c), with, m) : -1;
    if (n < 0) return false;
    *out = slice_of(p, (size_t)n);
    return true;
}

struct slice action_words(struct context *c, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    return slice_str(text);
}

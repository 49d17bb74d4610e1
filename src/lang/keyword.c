/* SPDX-License-Identifier: Apache-2.0 */
/* Finding rows by name: the vocabulary's index, and options behind a keyword. */
#include "lang/section_private.h"

#include "base/memory.h"
#include "lang/absent.h"
#include "lang/compat.h"

/* ---- the index ---- */

static struct keyword_set *set_of(struct vocabulary *v, const char *what)
{
    struct keyword_set **s = &v->sets;

    while (*s && strcmp((*s)->what, what) != 0) s = &(*s)->next;
    if (!*s) {
        *s = arena_zero(&v->arena, sizeof(**s));
        (*s)->what = what;
    }
    return *s;
}

/* Does a row behind this one claim one of its places? */
static bool overlaps(const struct keyword_entry *e)
{
    for (const struct keyword_entry *o = e->next; o; o = o->next)
        if ((o->row->where & e->row->where) || !e->row->where) return true;
    return false;
}

static void set_add(struct vocabulary *v, struct keyword_set *set, const struct keyword *row)
{
    struct slice name = slice_str(row->name);
    struct keyword_entry *e = arena_zero(&v->arena, sizeof(*e));

    e->row = row;
    e->next = hashmap_get(&set->names, name);
    if (overlaps(e)) set->ambiguous = true;
    hashmap_put(&set->names, name, e);
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == ' ') hashmap_put(&set->heads, slice_of(name.p, i), (void *)row);
}

void vocabulary_init(struct vocabulary *v, const struct keyword_table *const *tables,
                     const struct section_kind *const *kinds)
{
    *v = (struct vocabulary){ .tables = tables, .kinds = kinds };
    arena_init(&v->arena, NULL);
    for (const struct keyword_table *const *t = tables; *t; t++)
        for (unsigned i = 0; i < (*t)->n; i++) set_add(v, set_of(v, (*t)->what), &(*t)->rows[i]);
}

void vocabulary_release(struct vocabulary *v)
{
    for (struct keyword_set *s = v->sets; s; s = s->next) {
        hashmap_release(&s->names);
        hashmap_release(&s->heads);
    }
    arena_release(&v->arena);
}

const struct keyword_set *vocabulary_set(const struct vocabulary *v, const char *what)
{
    const struct keyword_set *s = v->sets;

    while (s && strcmp(s->what, what) != 0) s = s->next;
    return s;
}

const struct section_kind *vocabulary_kind(const struct vocabulary *v, struct slice name)
{
    for (const struct section_kind *const *k = v->kinds; *k; k++)
        if (slice_is(name, (*k)->name)) return *k;
    return NULL;
}

const char *vocabulary_where(const struct vocabulary *v, unsigned where, char *buf, size_t size)
{
    const char *names[33];
    unsigned n = 0;
    size_t at = 0;

    for (const struct section_kind *const *k = v->kinds; *k && n < 32; k++)
        if ((*k)->in & where) names[n++] = (*k)->name;
    buf[0] = '\0';
    for (unsigned i = 0; i < n && at < size; i++) {
        const char *glue = i == 0 ? "" : i + 1 == n ? " and " : ", ";
        at += (size_t)snprintf(buf + at, size - at, "%s%s", glue, names[i]);
    }
    return buf;
}

/* ---- look-up ---- */

unsigned words_join(const struct words *w, unsigned n, char *buf, size_t size)
{
    size_t at = 0;
    unsigned i;

    for (i = 0; i < n && w->at + i < w->n; i++) {
        struct slice s = w->w[w->at + i].text;
        if (s.n == 0 || at + s.n + 2 > size || slice_find(s, ' ') >= 0) break;
        if (i) buf[at++] = ' ';
        memcpy(buf + at, s.p, s.n);
        at += s.n;
    }
    buf[at] = '\0';
    return i;
}

/* The entry's row that may stand in `in`; what other rows allow is noted in m. */
static const struct keyword *choose(const struct keyword_entry *e, unsigned in,
                                    struct keyword_match *m, unsigned n)
{
    for (const struct keyword_entry *o = e; o; o = o->next)
        if (in == 0 || (o->row->where & in)) return o->row;
    if (m->elsewhere) return NULL;
    m->elsewhere_n = n;
    for (; e; e = e->next) {
        m->elsewhere |= e->row->where;
        if (e->row->flags & KW_ELSEWHERE_WARN) m->warn = true;
    }
    return NULL;
}

struct keyword_match keyword_find(const struct keyword_set *set, const struct words *w, unsigned in)
{
    struct keyword_match m = { 0 };
    char name[KEYWORD_NAME_MAX];
    unsigned n = set ? words_join(w, KEYWORD_WORDS, name, sizeof(name)) : 0;

    for (; n && !m.row; n--) {
        struct slice s = slice_str(name);
        const struct keyword_entry *e = hashmap_get(&set->names, s);
        if (n == 1 && hashmap_get(&set->heads, s)) m.head = true;
        m.row = e ? choose(e, in, &m, n) : NULL;
        m.n = n;
        if (n > 1) *strrchr(name, ' ') = '\0';
    }
    return m;
}

void keyword_nearest(const struct keyword_set *set, unsigned in, const char *head,
                     struct nearest *near)
{
    size_t skip = head ? strlen(head) + 1 : 0;

    hashmap_each(it, &set->names)
    {
        struct slice name = it->key;
        unsigned where = 0;
        for (const struct keyword_entry *e = it->value; e; e = e->next) where |= e->row->where;
        if (in && !(where & in)) continue;
        if (head &&
            !(name.n > skip && name.p[skip - 1] == ' ' && memcmp(name.p, head, skip - 1) == 0))
            continue;
        name = slice_from(name, skip);
        if (near->word.n) nearest_try(near, slice_cut(&name, ' '));
    }
}

const struct keyword *keyword_match(const struct cfg *cfg, const char *what, struct words *w)
{
    struct keyword_match m = keyword_find(vocabulary_set(cfg->words, what), w, 0);

    if (!m.row) return NULL;
    w->keyword = m.row;
    w->name = &w->w[w->at];
    w->at += m.n;
    return m.row;
}

/* ---- options ---- */

bool cfg_error_unknown(struct cfg *cfg, const struct word *word, const char *what,
                       const struct nearest *near)
{
    const char *instead;

    if (absent_find(what, word->text, &instead)) {
        cfg_error(cfg, word, "HAProxy %s '%s' is not supported by Gatehouse", what, word->text.p);
        if (instead) cfg_hint(cfg, "%s", instead);
        compat_note_error(cfg, &word->at, what, word->text, instead);
        return false;
    }
    cfg_error(cfg, word, "unknown %s '%s'", what, word->text.p);
    if (near && near->best.n) cfg_hint(cfg, "did you mean '%.*s'?", SLICE_ARG(near->best));
    return false;
}

static bool unknown_option(struct cfg *cfg, const struct keyword_set *set, const char *what,
                           const struct word *word)
{
    struct nearest near;

    nearest_init(&near, word->text);
    if (set) keyword_nearest(set, 0, NULL, &near);
    return cfg_error_unknown(cfg, word, what, &near);
}

bool options_parse(struct cfg *cfg, const char *what, void *target, struct words *w)
{
    const struct keyword_set *set = vocabulary_set(cfg->words, what);
    const struct keyword *outer = w->keyword;
    const struct word *outer_name = w->name;
    const char *instead;
    bool fine = true, lost = false; /* lost: behind an error, up to the next known option */

    while (w->at < w->n) {
        struct keyword_match m = keyword_find(set, w, 0);
        const struct word *word = &w->w[w->at];
        if (!m.row) {
            if (word->text.n && !lost) fine = unknown_option(cfg, set, what, word);
            if (cfg->compat && lost && absent_find(what, word->text, &instead))
                compat_note(cfg, &word->at, what, word->text, instead);
            lost = lost || word->text.n;
            w->at++;
            continue;
        }
        w->keyword = m.row;
        w->name = word;
        w->at += m.n;
        lost = !m.row->parse(cfg, target, w);
        if (lost) fine = false;
    }
    w->keyword = outer;
    w->name = outer_name;
    return fine;
}

/* ---- the rules of rows ---- */

static bool name_is_sound(const char *name)
{
    unsigned spaces = 0;

    if (!name || !*name || strlen(name) >= KEYWORD_NAME_MAX || *name == ' ') return false;
    for (const char *p = name; *p; p++) {
        if (*p != ' ') continue;
        if (p[1] == ' ' || p[1] == '\0') return false;
        spaces++;
    }
    return spaces < KEYWORD_WORDS;
}

static const char *row_fault(const struct keyword_table *t, const struct keyword *row)
{
    if (!name_is_sound(row->name)) return "a name has one to three words";
    if (!row->parse) return "no parse function";
    if (!row->doc || !*row->doc) return "no doc";
    if ((strcmp(t->what, KEYWORDS) == 0) != (row->where != 0))
        return "keywords of sections say where they may stand, options do not";
    return NULL;
}

const struct keyword *keywords_check(const struct keyword_table *const *tables, const char **why)
{
    static const struct section_kind *const NO_KINDS[] = { NULL };
    const struct keyword *bad = NULL;
    struct vocabulary v;

    for (const struct keyword_table *const *t = tables; *t; t++)
        for (unsigned i = 0; i < (*t)->n; i++)
            if ((*why = row_fault(*t, &(*t)->rows[i]))) return &(*t)->rows[i];
    vocabulary_init(&v, tables, NO_KINDS);
    for (const struct keyword_set *s = v.sets; s && !bad; s = s->next) {
        if (!s->ambiguous) continue;
        hashmap_each(it, &s->names)
        {
            for (const struct keyword_entry *e = it->value; e && !bad; e = e->next)
                if (overlaps(e)) bad = e->row;
        }
        *why = "the name stands twice for one place";
    }
    vocabulary_release(&v);
    return bad;
}

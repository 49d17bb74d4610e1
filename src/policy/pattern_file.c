/* SPDX-License-Identifier: Apache-2.0 */
/* Files of patterns: a line each, or a key and a value a line. HAProxy's manual, 7.1 ("-f", "-M")
 * and 7.3.1 ("map"). */
#include "policy/pattern_ref.h"
#include "policy/pattern_sets.h"
#include "runtime/resources.h"

#include <stdlib.h>

enum { FILE_MOST = 1 << 30 };

/* ---- lines ---- */

static struct slice skip_blanks(struct slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = slice_from(s, 1);
    return s;
}

/* What counts of a line: nothing from a CR or NUL on, no blanks before it. */
static struct slice line_text(struct slice line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '\r' || line.p[i] == '\0') line.n = i;
    return skip_blanks(line);
}

static void take_pair(struct pattern_ref *r, struct slice text, unsigned line)
{
    size_t n = 0;
    struct slice value;

    while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t') n++;
    value = skip_blanks(slice_from(text, n));
    while (value.n && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t')) value.n--;
    pattern_ref_append(r, slice_of(text.p, n), &value, line);
}

static void take_lines(struct pattern_ref *r, struct slice content)
{
    unsigned number = 0;

    while (content.n) {
        struct slice line = slice_cut(&content, '\n'), text = line_text(line);

        number++;
        if (!text.n || line.p[0] == '#') continue;
        if (r->two_columns)
            take_pair(r, text, number);
        else
            pattern_ref_append(r, text, NULL, number);
    }
}

/* Two numbers that tell contents apart. */
static void fingerprint(struct slice content, uint64_t print[2])
{
    print[0] = hash_bytes(0x243F6A8885A308D3u, content);
    print[1] = hash_bytes(0x13198A2E03707344u, content);
}

/* ---- refs ---- */

/* What an earlier configuration has of that name, if it was made of the same content. */
static struct pattern_ref *known_ref(struct policy_cfg *pc, const char *name,
                                     const uint64_t print[2], bool two_columns)
{
    struct object *o = pc->objects ? object_find(pc->objects, PATTERN_OBJECT, name) : NULL;
    struct pattern_ref *r = o ? container_of(o, struct pattern_ref, object) : NULL;

    if (!r) return NULL;
    if (r->two_columns == two_columns && memcmp(r->print, print, sizeof r->print) == 0) return r;
    object_unref(o);
    return NULL;
}

/* Reads a file. NULL: an error was reported. */
static struct pattern_ref *read_file(struct policy_cfg *pc, const struct word *at, const char *path,
                                     bool two_columns)
{
    struct resource_error err;
    struct pattern_ref *r;
    uint64_t print[2];
    size_t n;
    char *content = resource_read_file(path, FILE_MOST, &n, &err);

    if (!content) {
        cfg_error(pc->cfg, at, "%s", err.text);
        return NULL;
    }
    fingerprint(slice_of(content, n), print);
    r = known_ref(pc, path, print, two_columns);
    if (!r) {
        r = pattern_ref_new(two_columns);
        memcpy(r->print, print, sizeof print);
        take_lines(r, slice_of(content, n));
    }
    free(content);
    return r;
}

static struct pattern_set *open_set(struct policy_cfg *pc, const struct word *at, struct slice path,
                                    bool two_columns)
{
    struct pattern_sets *all = pattern_sets_of(pc);
    struct pattern_set *s = pattern_set_by_path(all, path);
    const char *name = arena_str(pc->cfg->arena, path);
    struct pattern_ref *r;

    if (s && s->ref->two_columns != two_columns) {
        cfg_error(pc->cfg, at, "the file '%s' is read as one with %s elsewhere", name,
                  two_columns ? "one column (patterns)" : "two columns (keys and values)");
        return NULL;
    }
    if (s) return s;
    r = read_file(pc, at, name, two_columns);
    return r ? pattern_set_new(all, r, name) : NULL;
}

struct patterns *patterns_file(struct policy_cfg *pc, const struct word *at, struct slice path,
                               const struct match *m, unsigned flags, enum sample_type out)
{
    struct pattern_set *s = open_set(pc, at, path, flags & PATTERNS_MAP);
    bool map = flags & PATTERNS_BY_MAP;
    const struct pattern_elt *bad;
    char why[PATTERN_WHY_MAX];
    struct patterns *p;

    if (!s) return NULL;
    pattern_set_note(s, flags & PATTERNS_MAP, at);
    s->acl |= !map;
    s->map |= (flags & PATTERNS_MAP) != 0;
    p = pattern_ref_view(s->ref, m, flags, out, why, &bad);
    if (!p) {
        if (bad->line)
            cfg_error(pc->cfg, at, "%s at line %u of file '%s'", why, bad->line, s->path);
        else
            cfg_error(pc->cfg, at, "%s", why);
        return NULL;
    }
    pattern_set_used(pattern_sets_of(pc), s, p);
    return p;
}

/* ---- written in the configuration ---- */

bool patterns_id_taken(struct policy_cfg *pc, int id)
{
    return pattern_sets_has_id(pattern_sets_of(pc), id);
}

struct patterns *patterns_new(struct policy_cfg *pc, const struct word *at, struct slice name,
                              const struct match *m, unsigned flags, int id)
{
    struct pattern_sets *all = pattern_sets_of(pc);
    const struct pattern_elt *bad;
    char why[PATTERN_WHY_MAX];
    struct pattern_set *s;
    struct patterns *p;

    s = pattern_set_new(all, pattern_ref_new(false), "");
    pattern_set_name(s, name, at);
    s->acl = true;
    s->id = id;
    s->ref->lasting = id >= 0;
    if (id >= 0) s->lasting = arena_printf(pc->cfg->arena, "#%d", id);
    p = pattern_ref_view(s->ref, m, flags, SAMPLE_ANY, why, &bad);
    pattern_set_used(all, s, p);
    return p;
}

bool patterns_add(struct policy_cfg *pc, struct patterns *p, struct slice text, const char **why)
{
    struct pattern_elt *elt = pattern_ref_append(p->ref, text, NULL, 0);
    char buf[PATTERN_WHY_MAX];

    if (pattern_ref_view_add(p, elt, buf)) return true;
    *why = arena_str(pc->cfg->arena, slice_str(buf));
    return false;
}

/* All patterns, as a file would have them. */
static void print_elts(struct pattern_ref *r)
{
    uint64_t print[2] = { 0, 0 }, one[2];

    list_each(l, &r->elts)
    {
        fingerprint(list_entry(l, struct pattern_elt, link)->text, one);
        print[0] = (print[0] ^ one[0]) * 0x9E3779B97F4A7C15u;
        print[1] = (print[1] ^ one[1]) * 0xD6E8FEB86659FD93u;
    }
    memcpy(r->print, print, sizeof print);
}

struct patterns *patterns_seal(struct policy_cfg *pc, struct patterns *p)
{
    struct pattern_set *s = pattern_sets_last(pattern_sets_of(pc));
    const struct pattern_elt *bad;
    char why[PATTERN_WHY_MAX];
    struct pattern_ref *old;
    struct patterns *again;

    if (!s->lasting) return p;
    print_elts(p->ref);
    old = known_ref(pc, s->lasting, p->ref->print, false);
    if (!old) return p;
    again = pattern_ref_view(old, p->match, p->nocase ? PATTERNS_NOCASE : 0, SAMPLE_ANY, why, &bad);
    if (!again) {
        pattern_ref_drop(old);
        return p;
    }
    pattern_ref_drop(s->ref);
    s->ref = old;
    s->uses->patterns = again;
    return again;
}

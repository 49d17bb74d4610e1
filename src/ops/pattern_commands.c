/* SPDX-License-Identifier: Apache-2.0 */
/* `show|add|del|set|clear|get|prepare|commit acl|map`. Management manual: section 9.3. What they
 * answer is HAProxy's, to the byte. */
#include "ops/pattern_commands.h"
#include "ops/api.h"
#include "policy/pattern_ref.h"

#include <stdlib.h>
#include <syslog.h>

enum { PIECE = 200 }; /* patterns shown at once */

/* ---- which set ---- */

/* The last word of the command's name. */
static bool is_map(const struct api_call *c)
{
    return c->command->name[strlen(c->command->name) - 1] == 'p';
}

static const char *kind_name(const struct api_call *c)
{
    return is_map(c) ? "map" : "ACL";
}

static enum api_progress sayf(struct api_call *c, int severity, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum api_progress sayf(struct api_call *c, int severity, const char *fmt, ...)
{
    char *text;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0) mem_exhausted(256);
    api_say(c, severity, text);
    free(text);
    return API_DONE;
}

static enum api_progress unknown(struct api_call *c, const char *kind)
{
    return sayf(c, LOG_ERR, "Unknown %s identifier. Please use #<id> or <file>.\n", kind);
}

/* "@5", which may stand before the set: takes it, and gives its number. A word that is none counts
 * as 0. */
static bool take_version(struct api_call *c, uint32_t *version)
{
    if (!c->n_args || c->args[0][0] != '@') return false;
    *version = (uint32_t)strtol(c->args[0] + 1, NULL, 10);
    c->args++;
    c->n_args--;
    return true;
}

/* The set that the first argument names, of any kind; NULL. */
static const struct pattern_set *find_any(const struct api_call *c)
{
    return c->n_args ? pattern_sets_find(c->api->engine->current->patterns, slice_str(c->args[0]))
                     : NULL;
}

/* The same, of the command's kind. */
static const struct pattern_set *find(const struct api_call *c)
{
    const struct pattern_set *s = find_any(c);
    return s && (is_map(c) ? s->map : s->acl) ? s : NULL;
}

/* "#0x55…", the address of one pattern that `show` tells: NULL when it is none. */
static const void *address_of(const char *word)
{
    char *end;
    unsigned long long n = strtoull(word + 1, &end, 16);

    return *end || end == word + 1 ? NULL : (const void *)(uintptr_t)n; /* only compared */
}

/* ---- show ---- */

struct show {
    struct engine *engine;
    struct snapshot *snapshot;      /* held, for the sets in it */
    const struct pattern_set *next; /* of the list of sets */
    struct pattern_ref *ref;        /* whose patterns are shown; NULL: the list is */
    struct pattern_cursor cursor;
    uint32_t version;
    struct text *out;
};

static void release_show(struct api_call *c)
{
    struct show *d = c->state;

    if (d->ref) pattern_cursor_close(&d->cursor, d->ref);
    snapshot_unref(d->engine, d->snapshot);
}

static struct show *begin_show(struct api_call *c)
{
    struct show *d = mem_zero(sizeof *d);

    d->engine = c->api->engine;
    d->snapshot = d->engine->current; /* only this thread replaces it */
    atomic_fetch_add_explicit(&d->snapshot->refs, 1, memory_order_relaxed);
    d->out = c->out;
    c->state = d;
    c->release = release_show;
    return d;
}

/* As HAProxy counts: a pattern once for each place that looks it up. */
static uint64_t entries(const struct pattern_set *s, uint64_t n)
{
    uint64_t uses = 0;

    for (const struct pattern_use *u = s->uses; u; u = u->next) {
        enum match_kind kind = patterns_method(u->patterns)->kind;
        uses += kind != MATCH_FOUND && kind != MATCH_BOOL;
    }
    return n * uses;
}

static enum api_progress list_sets(struct api_call *c, struct show *d)
{
    bool maps = is_map(c);

    for (const struct pattern_set *s; (s = d->next);) {
        struct pattern_state now;
        d->next = s->next;
        if (!(maps ? s->map : s->acl)) continue;
        now = pattern_ref_state(s->ref);
        text_printf(c->out, "%d (%s) %s. curr_ver=%u next_ver=%u entry_cnt=%llu\n", s->id, s->path,
                    s->display, now.generation, now.next_generation,
                    (unsigned long long)entries(s, now.n));
        return API_MORE;
    }
    return API_DONE;
}

static void show_one(const struct pattern_elt *elt, void *arg)
{
    struct show *d = arg;

    text_printf(d->out, "%p ", (const void *)elt);
    text_add(d->out, elt->text);
    if (elt->has_value) {
        text_char(d->out, ' ');
        text_add(d->out, elt->value);
    }
    text_char(d->out, '\n');
}

static enum api_progress begin_list(struct api_call *c)
{
    struct show *d = begin_show(c);

    text_str(c->out, "# id (file) description\n");
    d->next = pattern_sets_first(d->snapshot->patterns);
    return API_MORE;
}

static enum api_progress begin_patterns(struct api_call *c)
{
    uint32_t version;
    bool versioned = take_version(c, &version);
    const struct pattern_set *s = find(c);
    struct show *d;

    if (!s) return unknown(c, kind_name(c));
    d = begin_show(c);
    d->version = versioned ? version : pattern_ref_state(s->ref).generation;
    pattern_cursor_open(&d->cursor, s->ref);
    d->ref = s->ref;
    return API_MORE;
}

static enum api_progress run_show(struct api_call *c)
{
    struct show *d = c->state;

    if (!d) return c->n_args ? begin_patterns(c) : begin_list(c);
    if (!d->ref) return list_sets(c, d);
    return pattern_cursor_show(&d->cursor, d->ref, d->version, PIECE, show_one, d) ? API_MORE
                                                                                   : API_DONE;
}

/* ---- add ---- */

static enum api_progress add_one(struct api_call *c, const struct pattern_set *s, uint32_t version,
                                 struct slice key, const struct slice *value, bool *ok)
{
    char why[PATTERN_WHY_MAX];

    *ok = pattern_ref_add(s->ref, version, key, value, why) == PATTERN_CHANGED;
    return *ok ? API_DONE : sayf(c, LOG_ERR, "%s.\n", why);
}

/* A key and a value a line. What stands before a wrong line is added. */
static enum api_progress add_payload(struct api_call *c, const struct pattern_set *s,
                                     uint32_t version)
{
    struct slice rest = c->payload;
    bool ok = true;

    while (rest.n && ok) {
        struct slice line = slice_trim(slice_cut(&rest, '\n'), "\r"), key = line, value;
        size_t n = 0;
        if (!line.n) continue;
        while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t') n++;
        key.n = n;
        value = slice_from(line, n);
        while (value.n && (value.p[0] == ' ' || value.p[0] == '\t')) value = slice_from(value, 1);
        if (!value.n) return sayf(c, LOG_ERR, "Missing value for key '%.*s'.\n", SLICE_ARG(key));
        add_one(c, s, version, key, &value, &ok);
    }
    return API_DONE;
}

static const char *add_usage(const struct api_call *c)
{
    if (!is_map(c))
        return c->n_args < 2 ? "'add acl' expects two parameters: ACL identifier and pattern.\n"
                             : NULL;
    if (c->n_args >= (c->payload.p ? 1 : 3)) return NULL;
    return "'add map' expects three parameters (map identifier, key and value) or one parameter "
           "(map identifier) and a payload\n";
}

static enum api_progress run_add(struct api_call *c)
{
    uint32_t version;
    bool versioned = take_version(c, &version), ok;
    const char *usage = add_usage(c);
    const struct pattern_set *s;
    struct pattern_state now;
    struct slice value;

    if (usage) return api_say(c, LOG_ERR, usage);
    s = find_any(c);
    if (!s) return unknown(c, kind_name(c));
    if (!is_map(c) && s->ref->two_columns)
        return api_say(c, LOG_ERR,
                       "This ACL is shared with a map containing samples. You must use the command "
                       "'add map' to add values.\n");
    now = pattern_ref_state(s->ref);
    if (!versioned) version = now.generation;
    if ((int32_t)(version - now.next_generation) > 0)
        return sayf(c, LOG_ERR, "Version number in the future, please use 'prepare %s' before.\n",
                    is_map(c) ? "map" : "acl");
    if (c->payload.p) return add_payload(c, s, version);
    if (!is_map(c)) return add_one(c, s, version, slice_str(c->args[1]), NULL, &ok);
    value = slice_str(c->args[2]);
    return add_one(c, s, version, slice_str(c->args[1]), &value, &ok);
}

/* ---- del, set, clear ---- */

static enum api_progress run_del(struct api_call *c)
{
    const struct pattern_set *s;
    enum pattern_change change;

    if (c->n_args < 2)
        return sayf(c, LOG_ERR, "This command expects two parameters: %s identifier and key.\n",
                    kind_name(c));
    s = find(c);
    if (!s) return unknown(c, "map");
    if (c->args[1][0] == '#')
        change = pattern_ref_delete_at(s->ref, address_of(c->args[1]));
    else
        change = pattern_ref_delete(s->ref, slice_str(c->args[1]));
    return change == PATTERN_CHANGED ? API_DONE : api_say(c, LOG_ERR, "Key not found.\n");
}

static enum api_progress run_set(struct api_call *c)
{
    const struct pattern_set *s;
    enum pattern_change change;

    if (c->n_args < 3)
        return api_say(c, LOG_ERR,
                       "'set map' expects three parameters: map identifier, key and value.\n");
    s = find_any(c);
    if (!s) return unknown(c, kind_name(c));
    if (c->args[1][0] == '#')
        change = pattern_ref_set_at(s->ref, address_of(c->args[1]), slice_str(c->args[2]));
    else
        change = pattern_ref_set(s->ref, slice_str(c->args[1]), slice_str(c->args[2]));
    /* Of a value that the map can't have, HAProxy says nothing; nor does it set it. */
    return change == PATTERN_NOT_FOUND ? api_say(c, LOG_ERR, "entry not found.\n") : API_DONE;
}

static enum api_progress run_clear(struct api_call *c)
{
    uint32_t version;
    bool versioned = take_version(c, &version);
    const struct pattern_set *s;

    if (!c->n_args) return sayf(c, LOG_ERR, "Missing %s identifier.\n", kind_name(c));
    s = find(c);
    if (!s) return unknown(c, kind_name(c));
    pattern_ref_clear(s->ref, versioned ? version : pattern_ref_state(s->ref).generation);
    return API_DONE;
}

/* ---- versions ---- */

static enum api_progress run_prepare(struct api_call *c)
{
    const struct pattern_set *s = find(c);

    if (!s) return unknown(c, kind_name(c));
    return sayf(c, LOG_INFO, "New version created: %u\n", pattern_ref_prepare(s->ref));
}

static enum api_progress run_commit(struct api_call *c)
{
    const struct pattern_set *s;
    uint32_t version;

    if (!take_version(c, &version)) return api_say(c, LOG_ERR, "Missing version number.\n");
    if (!c->n_args) return sayf(c, LOG_ERR, "Missing %s identifier.\n", kind_name(c));
    s = find(c);
    if (!s) return unknown(c, kind_name(c));
    if (pattern_ref_commit(s->ref, version)) return API_DONE;
    return api_say(c, LOG_ERR, "Version number out of range.\n");
}

/* ---- get ---- */

static void put_quoted(struct text *t, const char *name, struct slice value)
{
    text_printf(t, ", %s=\"", name);
    text_add(t, value);
    text_char(t, '"');
}

static void put_value(struct api_call *c, struct context *ctx, const struct patterns *p,
                      const struct pattern_hit *hit)
{
    struct sample s = hit->value;
    const char *type = sample_type_name((enum sample_type)s.type);

    if (!hit->has_value || patterns_value_type(p) == SAMPLE_ANY) {
        text_str(c->out, ", value=none");
        return;
    }
    if (sample_cast(&s, SAMPLE_STR, ctx)) put_quoted(c->out, "value", s.str);
    text_printf(c->out, ", type=\"%s\"", type);
}

static void get_one(struct api_call *c, struct context *ctx, const struct patterns *p)
{
    const struct match *m = patterns_method(p);
    struct pattern_hit hit = { .wants_text = true };
    struct sample s = { .type = SAMPLE_STR, .str = slice_str(c->args[1]) };
    bool found = m->type == SAMPLE_ANY || sample_cast(&s, (enum sample_type)m->type, ctx);

    found = found && patterns_match(p, ctx, &s, &hit);
    text_printf(c->out, "type=%s, case=%s, %s=%s", m->name,
                patterns_nocase(p) ? "insensitive" : "sensitive", is_map(c) ? "found" : "match",
                found ? "yes" : "no");
    if (found) {
        text_printf(c->out, ", idx=%s", hit.in_tree ? "tree" : "list");
        if (hit.text.p)
            put_quoted(c->out, is_map(c) ? "key" : "pattern", hit.text);
        else
            text_printf(c->out, ", %s=unknown", is_map(c) ? "key" : "pattern");
        if (is_map(c)) put_value(c, ctx, p, &hit);
    }
    text_char(c->out, '\n');
}

static enum api_progress run_get(struct api_call *c)
{
    const struct pattern_set *s;
    struct context ctx = { .worker = c->api->worker };
    struct arena arena;

    if (c->n_args < 2) return sayf(c, LOG_ERR, "Missing %s identifier and/or key.\n", kind_name(c));
    s = find_any(c);
    if (!s) return unknown(c, kind_name(c));
    arena_init(&arena, NULL);
    ctx.arena = &arena;
    for (const struct pattern_use *u = s->uses; u; u = u->next) get_one(c, &ctx, u->patterns);
    arena_release(&arena);
    return API_DONE;
}

/* ---- the table ---- */

static const struct api_command rows[] = {
    { "add acl", "[@<ver>] <acl> <pattern>", "add a pattern to an ACL", API_USER, run_add, false },
    { "add map", "[@<ver>] <map> <key> <val>", "add a key to a map (or a payload of lines)",
      API_USER, run_add, false },
    { "clear acl", "[@<ver>] <acl>", "delete all patterns of an ACL", API_USER, run_clear, false },
    { "clear map", "[@<ver>] <map>", "delete all keys of a map", API_USER, run_clear, false },
    { "commit acl", "@<ver> <acl>", "put a prepared version in the place of the current one",
      API_USER, run_commit, false },
    { "commit map", "@<ver> <map>", "put a prepared version in the place of the current one",
      API_USER, run_commit, false },
    { "del acl", "<acl> [<key>|#<ref>]", "delete the patterns of an ACL that equal the key",
      API_USER, run_del, false },
    { "del map", "<map> [<key>|#<ref>]", "delete a key of a map", API_USER, run_del, false },
    { "get acl", "<acl> <value>", "tell which pattern of an ACL matches a value", API_USER, run_get,
      false },
    { "get map", "<map> <value>", "tell which key of a map matches a value, and what it gives",
      API_USER, run_get, false },
    { "prepare acl", "<acl>", "begin a new version of an ACL", API_USER, run_prepare, false },
    { "prepare map", "<map>", "begin a new version of a map", API_USER, run_prepare, false },
    { "set map", "<map> [<key>|#<ref>] <value>", "set the value of a key of a map", API_USER,
      run_set, false },
    { "show acl", "[[@<ver>] <acl>]", "list the ACLs, or tell the patterns of one", API_USER,
      run_show, false },
    { "show map", "[[@<ver>] <map>]", "list the maps, or tell the keys and values of one", API_USER,
      run_show, false },
};

const struct api_commands pattern_commands = API_COMMANDS(rows);

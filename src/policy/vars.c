/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/vars.h"

#include "base/hashmap.h"
#include "base/memory.h"
#include "http/message.h"
#include "policy/context.h"

#include <stdlib.h>

/* A value, or the memory that there was one. */
struct var {
    struct var *next;
    uint32_t id;
    uint8_t type; /* enum sample_type; SAMPLE_ANY: unset */
    uint8_t http_method;
    union {
        int64_t sint;
        struct slice str;
        struct in_addr ipv4;
        struct in6_addr ipv6;
    };
};

/* ---- names ---- */

static const struct {
    struct slice prefix;
    enum var_scope scope;
} PREFIXES[] = {
    { SLICE_LIT("proc."), SCOPE_PROC }, { SLICE_LIT("sess."), SCOPE_SESS },
    { SLICE_LIT("txn."), SCOPE_TXN },   { SLICE_LIT("req."), SCOPE_REQ },
    { SLICE_LIT("res."), SCOPE_RES },   { SLICE_LIT("check."), SCOPE_CHECK },
};

struct var_names {
    struct arena arena;
    struct hashmap names; /* with scope → struct var_name */
    struct hashmap ids;   /* without → the first struct var_name that has it */
};

struct var_names *var_names_new(void)
{
    struct var_names *all = mem_zero(sizeof *all);

    arena_init(&all->arena, NULL);
    return all;
}

void var_names_free(struct var_names *all)
{
    if (!all) return;
    hashmap_release(&all->names);
    hashmap_release(&all->ids);
    arena_release(&all->arena);
    free(all);
}

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

/* The length of the prefix, with its dot; 0: there is none. */
static size_t scope_parse(struct slice text, enum var_scope *scope)
{
    for (size_t i = 0; i < ARRAY_LEN(PREFIXES); i++) {
        if (text.n <= PREFIXES[i].prefix.n || !slice_starts(text, PREFIXES[i].prefix)) continue;
        *scope = PREFIXES[i].scope;
        return PREFIXES[i].prefix.n;
    }
    return 0;
}

static struct var_name *name_enter(struct var_names *all, struct slice text, size_t prefix,
                                   enum var_scope scope)
{
    struct var_name *name = arena_alloc(&all->arena, sizeof *name), *same;
    struct slice bare;

    name->text = arena_copy(&all->arena, text);
    name->scope = (uint8_t)scope;
    bare = slice_from(name->text, prefix);
    same = hashmap_get(&all->ids, bare);
    name->id = same ? same->id : all->ids.n;
    if (!same) hashmap_put(&all->ids, bare, name);
    hashmap_put(&all->names, name->text, name);
    return name;
}

bool var_name_parse(struct var_names *all, struct slice text, struct var_name *out,
                    const char **why)
{
    enum var_scope scope = SCOPES;
    struct var_name *known;
    size_t prefix;

    *why = text.n ? "a variable's name begins with its scope: proc. sess. txn. req. or res."
                  : "the name of a variable is missing";
    if ((prefix = scope_parse(text, &scope)) == 0) return false;
    *why = "a variable's name has letters, digits, '_' and '.' only";
    for (size_t i = prefix; i < text.n; i++)
        if (!name_char(text.p[i])) return false;
    known = hashmap_get(&all->names, text);
    *out = known ? *known : *name_enter(all, text, prefix, scope);
    return true;
}

unsigned var_condition_find(struct slice name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } CONDITIONS[] = {
        { "ifexists", VAR_IF_EXISTS }, { "ifnotexists", VAR_IF_NOT_EXISTS },
        { "ifempty", VAR_IF_EMPTY },   { "ifnotempty", VAR_IF_NOT_EMPTY },
        { "ifset", VAR_IF_SET },       { "ifnotset", VAR_IF_NOT_SET },
        { "ifgt", VAR_IF_GT },         { "iflt", VAR_IF_LT },
    };

    for (size_t i = 0; i < ARRAY_LEN(CONDITIONS); i++)
        if (slice_is(name, CONDITIONS[i].name)) return CONDITIONS[i].bit;
    return 0;
}

/* ---- counting ---- */

/* The counts that a scope's values take part in, from the inside out: a scope's own, and those
 * around it. Proc's is atomic and handled apart. */
static bool within(enum var_scope scope, enum var_scope around)
{
    if (around == SCOPE_REQ) return scope == SCOPE_REQ || scope == SCOPE_RES;
    if (around == SCOPE_TXN) return scope >= SCOPE_TXN;
    return scope != SCOPE_PROC; /* around is SCOPE_SESS */
}

static bool fits(uint64_t size, uint64_t more, uint32_t limit)
{
    return limit == 0 || size + more <= limit;
}

static void count_change(uint32_t *size, int64_t change)
{
    int64_t now = *size + change;
    *size = now < 0 ? 0 : (uint32_t)now; /* a reload may have begun to count in between */
}

static void proc_change(struct vars_process *p, const struct var_limits *l, int64_t change)
{
    uint64_t size, now;

    if (!p || !(l->proc || l->global)) return;
    size = atomic_load_explicit(&p->size, memory_order_relaxed);
    do /* never below nothing, for the same reason */
        now = change < 0 && size < (uint64_t)-change ? 0 : size + (uint64_t)change;
    while (!atomic_compare_exchange_weak_explicit(&p->size, &size, now, memory_order_relaxed,
                                                  memory_order_relaxed));
}

static void count(struct context *c, enum var_scope scope, int64_t change)
{
    const struct var_limits *l = c->var_limits;

    if (!l || change == 0) return;
    if (l->reqres && within(scope, SCOPE_REQ)) count_change(&c->now.size, change);
    if (l->txn && within(scope, SCOPE_TXN)) count_change(&c->txn.size, change);
    if (l->sess && c->client && within(scope, SCOPE_SESS))
        count_change(&c->client->sess.size, change);
    proc_change(c->proc, l, change);
}

/* Counts n bytes more, unless they would be too much for a scope. */
static bool count_more(struct context *c, enum var_scope scope, uint64_t n)
{
    const struct var_limits *l = c->var_limits;
    uint64_t all;

    if (!l) return true;
    all = c->proc ? c->proc->size : 0;
    if (within(scope, SCOPE_REQ) && !fits(c->now.size, n, l->reqres)) return false;
    if (within(scope, SCOPE_TXN) && !fits(c->txn.size, n, l->txn)) return false;
    if (c->client && within(scope, SCOPE_SESS) && !fits(c->client->sess.size, n, l->sess))
        return false;
    if (!fits(all, n, l->proc) || !fits(all, n, l->global)) return false;
    count(c, scope, (int64_t)n);
    return true;
}

/* ---- values ---- */

static bool has_bytes(uint8_t type)
{
    return type == SAMPLE_STR || type == SAMPLE_BIN || type == SAMPLE_METH;
}

/* What its value adds to the count: the bytes of strings, and of methods that HAProxy has no number
 * for. */
static size_t value_cost(uint8_t type, uint8_t method, size_t n)
{
    if (type == SAMPLE_METH) return method == HTTP_METHOD_OTHER || method == HTTP_PATCH ? n : 0;
    return has_bytes(type) ? n : 0;
}

static size_t var_cost(const struct var *v)
{
    return has_bytes(v->type) ? value_cost(v->type, v->http_method, v->str.n) : 0;
}

static bool on_heap(enum var_scope scope)
{
    return scope == SCOPE_PROC || scope == SCOPE_SESS;
}

static struct slice bytes_copy(struct context *c, enum var_scope scope, struct slice s)
{
    char *p = on_heap(scope) ? mem_alloc(s.n ? s.n : 1) : arena_alloc(c->arena, s.n);

    if (s.n) memcpy(p, s.p, s.n);
    return slice_of(p, s.n);
}

/* Leaves it unset. */
static void value_drop(struct var *v, bool heap)
{
    if (heap && has_bytes(v->type)) free((void *)v->str.p);
    v->type = SAMPLE_ANY;
}

static bool value_store(struct context *c, enum var_scope scope, struct var *v,
                        const struct sample *s)
{
    struct slice bytes = { 0 };
    size_t cost = has_bytes(s->type) ? value_cost(s->type, s->http_method, s->str.n) : 0;

    if (has_bytes(s->type)) bytes = bytes_copy(c, scope, s->str); /* s may be what is dropped */
    count(c, scope, -(int64_t)var_cost(v));
    value_drop(v, on_heap(scope));
    if (!count_more(c, scope, cost)) {
        if (on_heap(scope)) free((void *)bytes.p);
        return false;
    }
    v->type = s->type;
    v->http_method = s->http_method;
    v->ipv6 = s->ipv6; /* the widest; strings follow */
    if (has_bytes(s->type)) v->str = bytes;
    return true;
}

/* ---- scopes ---- */

static struct var **scope_head(struct context *c, enum var_scope scope)
{
    switch (scope) {
    case SCOPE_PROC: return c->proc ? &c->proc->first : NULL;
    case SCOPE_SESS:
        if (c->client) return &c->client->sess.first;
        return c->now_scope == SCOPE_CHECK ? &c->txn.first : NULL;
    case SCOPE_TXN: return c->now_scope && c->now_scope != SCOPE_CHECK ? &c->txn.first : NULL;
    case SCOPE_REQ:
    case SCOPE_CHECK:
    case SCOPE_RES: return c->now_scope == scope ? &c->now.first : NULL;
    default: return NULL;
    }
}

/* Where the variable hangs, or the NULL behind the last. */
static struct var **var_find(struct var **at, uint32_t id)
{
    while (*at && (*at)->id != id) at = &(*at)->next;
    return at;
}

static struct var *var_new(struct context *c, enum var_scope scope, uint32_t id)
{
    struct var *v;

    if (!count_more(c, scope, VAR_COST)) return NULL;
    v = on_heap(scope) ? mem_alloc(sizeof *v) : arena_alloc(c->arena, sizeof *v);
    *v = (struct var){ .id = id, .type = SAMPLE_ANY };
    return v;
}

static bool value_read(struct context *c, const struct var_name *name, const struct var *v,
                       struct sample *out)
{
    if (!v || v->type == SAMPLE_ANY) return false;
    out->type = v->type;
    out->http_method = v->http_method;
    out->ipv6 = v->ipv6;
    if (!has_bytes(v->type)) return true;
    out->str = on_heap(name->scope) ? arena_copy(c->arena, v->str) : v->str;
    return true;
}

bool var_reachable(struct context *c, const struct var_name *name)
{
    return scope_head(c, name->scope) != NULL;
}

bool var_get(struct context *c, const struct var_name *name, struct sample *out)
{
    struct var **head = scope_head(c, name->scope);
    bool found;

    if (!head) return false;
    if (name->scope != SCOPE_PROC) return value_read(c, name, *var_find(head, name->id), out);
    pthread_rwlock_rdlock(&c->proc->lock);
    found = value_read(c, name, *var_find(head, name->id), out);
    pthread_rwlock_unlock(&c->proc->lock);
    return found;
}

/* Conditions on whether the variable is there. Those of proc were made with the configuration. */
static bool may_exist(const struct var *v, enum var_scope scope, unsigned conditions)
{
    bool exists = v || scope == SCOPE_PROC;

    return !((conditions & VAR_IF_EXISTS && !exists) || (conditions & VAR_IF_NOT_EXISTS && exists));
}

/* Conditions on its value and the new one. */
static bool may_set(const struct var *v, const struct sample *s, unsigned conditions)
{
    bool set = v->type != SAMPLE_ANY;
    bool empty = has_bytes(s->type) && s->str.n == 0;

    if ((conditions & VAR_IF_SET && !set) || (conditions & VAR_IF_NOT_SET && set)) return false;
    if ((conditions & VAR_IF_EMPTY && !empty) || (conditions & VAR_IF_NOT_EMPTY && empty))
        return false;
    if (v->type != SAMPLE_SINT || s->type != SAMPLE_SINT) return true;
    return !((conditions & VAR_IF_GT && v->sint <= s->sint) ||
             (conditions & VAR_IF_LT && v->sint >= s->sint));
}

static bool set_in(struct context *c, struct var **head, const struct var_name *name,
                   const struct sample *value, unsigned conditions)
{
    struct var **at = var_find(head, name->id);

    if (!may_exist(*at, name->scope, conditions)) return false;
    if (!*at && !(*at = var_new(c, name->scope, name->id))) return false;
    return may_set(*at, value, conditions) && value_store(c, name->scope, *at, value);
}

bool var_set(struct context *c, const struct var_name *name, const struct sample *value,
             unsigned conditions)
{
    struct var **head = scope_head(c, name->scope);
    bool done;

    if (!head) return false;
    if (name->scope != SCOPE_PROC) return set_in(c, head, name, value, conditions);
    pthread_rwlock_wrlock(&c->proc->lock);
    done = set_in(c, head, name, value, conditions);
    pthread_rwlock_unlock(&c->proc->lock);
    return done;
}

/* True, whether it was there or not. */
static bool unset_in(struct context *c, struct var **head, const struct var_name *name)
{
    struct var **at = var_find(head, name->id), *v = *at;

    if (!v) return true;
    count(c, name->scope, -(int64_t)var_cost(v));
    value_drop(v, on_heap(name->scope));
    if (name->scope == SCOPE_PROC) return true;
    count(c, name->scope, -VAR_COST);
    *at = v->next;
    if (on_heap(name->scope)) free(v);
    return true;
}

bool var_unset(struct context *c, const struct var_name *name)
{
    struct var **head = scope_head(c, name->scope);
    bool done;

    if (!head) return false;
    if (name->scope != SCOPE_PROC) return unset_in(c, head, name);
    pthread_rwlock_wrlock(&c->proc->lock);
    done = unset_in(c, head, name);
    pthread_rwlock_unlock(&c->proc->lock);
    return done;
}

/* ---- ends ---- */

void vars_forget(struct context *c, enum var_scope scope)
{
    struct vars *vs = scope == SCOPE_TXN ? &c->txn : &c->now;

    if (c->var_limits)
        for (struct var *v = vs->first; v; v = v->next)
            count(c, scope, -(int64_t)(VAR_COST + var_cost(v)));
    *vs = (struct vars){ 0 };
}

static uint64_t list_free(struct var *first)
{
    uint64_t cost = 0;
    struct var *next;

    for (struct var *v = first; v; v = next) {
        next = v->next;
        cost += VAR_COST + var_cost(v);
        value_drop(v, true);
        free(v);
    }
    return cost;
}

void vars_release(struct vars *vs, const struct var_limits *limits, struct vars_process *p)
{
    int64_t cost = (int64_t)list_free(vs->first);

    if (limits) proc_change(p, limits, -cost);
    *vs = (struct vars){ 0 };
}

void vars_process_init(struct vars_process *p)
{
    *p = (struct vars_process){ .first = NULL };
    pthread_rwlock_init(&p->lock, NULL);
}

void vars_process_release(struct vars_process *p)
{
    list_free(p->first);
    p->first = NULL;
    pthread_rwlock_destroy(&p->lock);
}

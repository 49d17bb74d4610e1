/* SPDX-License-Identifier: Apache-2.0 */
#include "lang/environment.h"

#include <unistd.h>

/* The value of a variable that was unset here, whatever the process has. */
static const char UNSET[1] = "";

void environment_init(struct environment *e, struct arena *a)
{
    *e = (struct environment){ .arena = a };
}

void environment_release(struct environment *e)
{
    hashmap_release(&e->vars);
}

/* The process's own "NAME=value" with that name, or NULL. */
static const char *inherited(struct slice name)
{
    for (char **v = environ; v && *v; v++)
        if (strncmp(*v, name.p, name.n) == 0 && (*v)[name.n] == '=') return *v + name.n + 1;
    return NULL;
}

const char *environment_get(const struct environment *e, struct slice name)
{
    const char *value;

    if (name.n == 0) return NULL;
    value = hashmap_get(&e->vars, name);
    if (value) return value == UNSET ? NULL : value;
    return e->reset ? NULL : inherited(name);
}

void environment_set(struct environment *e, struct slice name, struct slice value)
{
    hashmap_put(&e->vars, arena_copy(e->arena, name), arena_str(e->arena, value));
}

void environment_unset(struct environment *e, struct slice name)
{
    hashmap_put(&e->vars, arena_copy(e->arena, name), (void *)UNSET);
}

void environment_reset(struct environment *e, const struct slice *keep, unsigned n)
{
    struct environment fresh = { .arena = e->arena, .reset = true };

    for (unsigned i = 0; i < n; i++) {
        const char *value = environment_get(e, keep[i]);
        if (value) environment_set(&fresh, keep[i], slice_str(value));
    }
    hashmap_release(&e->vars);
    *e = fresh;
}

char **environment_list(const struct environment *e, struct arena *a)
{
    size_t n = e->vars.n;
    char **list, **at;

    for (char **v = environ; v && *v; v++) n++;
    list = at = arena_alloc(a, (n + 1) * sizeof(char *));
    for (char **v = e->reset ? NULL : environ; v && *v; v++) {
        struct slice rest = slice_str(*v), name = slice_cut(&rest, '=');
        if (!hashmap_get(&e->vars, name)) *at++ = arena_str(a, slice_str(*v));
    }
    hashmap_each(it, &e->vars) if (it->value != UNSET) *at++ = arena_printf(
        a, "%.*s=%s", SLICE_ARG(it->key), (char *)it->value);
    *at = NULL;
    return list;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/object.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_MAX = 600 };

static struct slice key_of(char *buf, const char *kind, const char *name)
{
    int n = snprintf(buf, KEY_MAX, "%s %s", kind, name);
    return slice_of(buf, n < KEY_MAX ? (size_t)n : KEY_MAX - 1);
}

void objects_init(struct objects *all)
{
    pthread_mutex_init(&all->lock, NULL);
    hashmap_init(&all->by_name);
}

void objects_release(struct objects *all)
{
    hashmap_release(&all->by_name);
    pthread_mutex_destroy(&all->lock);
}

struct object *object_find(struct objects *all, const char *kind, const char *name)
{
    char buf[KEY_MAX];
    struct object *o;

    pthread_mutex_lock(&all->lock);
    o = hashmap_get(&all->by_name, key_of(buf, kind, name));
    if (o) object_ref(o);
    pthread_mutex_unlock(&all->lock);
    return o;
}

void object_enter(struct objects *all, struct object *o, const char *kind, const char *name,
                  void (*free)(struct object *))
{
    atomic_init(&o->refs, 1);
    o->kind = kind;
    o->key = mem_alloc(strlen(kind) + strlen(name) + 2);
    sprintf(o->key, "%s %s", kind, name);
    o->name = o->key + strlen(kind) + 1;
    o->all = all;
    o->free = free;
    pthread_mutex_lock(&all->lock);
    hashmap_put(&all->by_name, slice_str(o->key), o);
    pthread_mutex_unlock(&all->lock);
}

/* Under the lock. */
static void leave_index(struct object *o)
{
    struct slice key = slice_str(o->key);

    if (hashmap_get(&o->all->by_name, key) == o) hashmap_remove(&o->all->by_name, key);
}

void object_forget(struct object *o)
{
    pthread_mutex_lock(&o->all->lock);
    leave_index(o);
    pthread_mutex_unlock(&o->all->lock);
}

void object_unref(struct object *o)
{
    unsigned before = atomic_load_explicit(&o->refs, memory_order_relaxed);

    /* Only the step from 1 to 0 needs the lock: nobody may find the object meanwhile. */
    while (before > 1)
        if (atomic_compare_exchange_weak_explicit(&o->refs, &before, before - 1,
                                                  memory_order_acq_rel, memory_order_relaxed))
            return;
    pthread_mutex_lock(&o->all->lock);
    if (atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) > 1) {
        pthread_mutex_unlock(&o->all->lock);
        return;
    }
    leave_index(o);
    pthread_mutex_unlock(&o->all->lock);
    free(o->key);
    o->free(o);
}

void objects_each(struct objects *all, const char *kind, void (*fn)(struct object *, void *),
                  void *arg)
{
    struct object **found;
    unsigned n = 0;

    pthread_mutex_lock(&all->lock);
    found = mem_alloc(all->by_name.n * sizeof(struct object *));
    hashmap_each(it, &all->by_name)
    {
        struct object *o = it->value;
        if (strcmp(o->kind, kind) != 0) continue;
        object_ref(o);
        found[n++] = o;
    }
    pthread_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < n; i++) {
        fn(found[i], arg);
        object_unref(found[i]);
    }
    free(found);
}

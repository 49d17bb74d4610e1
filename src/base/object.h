/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime objects: what lives longer than a configuration. They are found by kind and name when a
 * configuration is built, are counted, and go when no snapshot, connection or request refers to
 * them any more. The index belongs to the control thread; references are atomic. */
#ifndef GATEHOUSE_BASE_OBJECT_H
#define GATEHOUSE_BASE_OBJECT_H

#include "base/hashmap.h"

#include <pthread.h>
#include <stdatomic.h>

struct objects;

struct object {
    atomic_uint refs;
    const char *kind; /* "proxy", "server", "listener", … */
    char *key;        /* its own: kind, a blank, name */
    const char *name; /* within key; "backend/server" for servers */
    struct objects *all;
    void (*free)(struct object *);
};

struct objects {
    pthread_mutex_t lock;
    struct hashmap by_name; /* "kind name" → struct object */
};

void objects_init(struct objects *all);

/* Frees the index. Objects that are still referred to stay. */
void objects_release(struct objects *all);

/* The object of that kind and name with one more reference, or NULL. */
struct object *object_find(struct objects *all, const char *kind, const char *name);

/* Enters a new object; it starts with one reference, the caller's. */
void object_enter(struct objects *all, struct object *o, const char *kind, const char *name,
                  void (*free)(struct object *));

/* Takes the object out of the index: it is not found any more, and another may have its name. It
 * lives on as long as it is referred to. */
void object_forget(struct object *o);

static inline void object_ref(struct object *o)
{
    atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
}

/* Calls fn for every object of that kind, in no order, while holding a reference to it. */
void objects_each(struct objects *all, const char *kind, void (*fn)(struct object *, void *),
                  void *arg);

/* Any thread. The last one frees. */
void object_unref(struct object *o);

#endif

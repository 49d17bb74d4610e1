/* SPDX-License-Identifier: Apache-2.0 */
/* Doubly linked lists whose links live in the members. A member that is on no list points to
 * itself once list_init has run on it, so removing it twice is harmless. */
#ifndef GATEHOUSE_BASE_LIST_H
#define GATEHOUSE_BASE_LIST_H

#include "base/memory.h"

#include <stdbool.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(l) \
    {                \
        &(l), &(l)   \
    }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert(struct list *after, struct list *m)
{
    m->next = after->next;
    m->prev = after;
    after->next->prev = m;
    after->next = m;
}

static inline void list_push(struct list *l, struct list *m)
{
    list_insert(l, m);
}
static inline void list_append(struct list *l, struct list *m)
{
    list_insert(l->prev, m);
}

static inline void list_remove(struct list *m)
{
    m->next->prev = m->prev;
    m->prev->next = m->next;
    list_init(m);
}

/* Takes the first member off, NULL when empty. */
static inline struct list *list_pop(struct list *l)
{
    struct list *m = l->next;
    if (m == l) return NULL;
    list_remove(m);
    return m;
}

/* Moves all of `from` to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_empty(from)) return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)

/* The current member may be removed in the body. */
#define list_each(it, l)                                                \
    for (struct list *it = (l)->next, *it##_next = it->next; it != (l); \
         it = it##_next, it##_next = it->next)

#endif

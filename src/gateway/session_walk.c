/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/session_walk.h"

void session_walk_end(struct session_walk *w)
{
    if (w->begun) list_remove(&w->link);
    w->begun = false;
}

struct session *session_walk_next(struct session_walk *w, struct gate *g)
{
    struct list *at;

    if (!w->begun) {
        if (list_empty(&g->sessions)) return NULL;
        w->begun = true;
        w->next = g->sessions.next;
        w->last = g->sessions.prev;
        list_append(&g->cursors, &w->link);
    }
    at = w->next;
    if (!at) {
        session_walk_end(w);
        return NULL;
    }
    w->next = at == w->last ? NULL : at->next;
    return list_entry(at, struct session, link);
}

void session_walks_pass(struct session *s)
{
    list_each(l, &s->gate->cursors)
    {
        struct session_walk *w = list_entry(l, struct session_walk, link);

        if (w->next == &s->link) w->next = w->last == &s->link ? NULL : s->link.next;
        if (w->last == &s->link) w->last = s->link.prev;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/proxy.h"
#include "upstream/queue.h"

#include <stdlib.h>

static void proxy_free(struct object *o)
{
    struct proxy *p = container_of(o, struct proxy, object);

    queue_free(p->queue);
    free(p->fe_counters);
    free(p->be_counters);
    free(p);
}

struct proxy *proxy_get(struct objects *all, const char *name, unsigned n_workers)
{
    struct object *known = object_find(all, "proxy", name);
    struct proxy *p;

    if (known) return container_of(known, struct proxy, object);
    p = mem_zero_aligned(sizeof *p);
    p->n_workers = n_workers;
    p->fe_counters = counters_new(n_workers);
    p->be_counters = counters_new(n_workers);
    p->queue = queue_new();
    p->changed = clock_wall_usec();
    object_enter(all, &p->object, "proxy", name, proxy_free);
    return p;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/proxy.h"
#include "upstream/bad_message.h"
#include "upstream/queue.h"

#include <stdlib.h>

static void proxy_free(struct object *o)
{
    struct proxy *p = container_of(o, struct proxy, object);

    queue_free(p->queue);
    bad_message_unref(p->bad_request);
    bad_message_unref(p->bad_response);
    pthread_mutex_destroy(&p->bad_lock);
    free(p->fe_counters);
    free(p->be_counters);
    free(p->fe_times);
    free(p->be_times);
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
    pthread_mutex_init(&p->bad_lock, NULL);
    atomic_init(&p->st.changed, clock_wall_usec());
    object_enter(all, &p->object, "proxy", name, proxy_free);
    return p;
}

void proxy_time(struct proxy *p, bool frontend, bool backend)
{
    if (frontend && !p->fe_times) p->fe_times = histograms_new(p->n_workers);
    if (backend && !p->be_times) p->be_times = histograms_new(p->n_workers);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/keeper.h"

#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

/* ---- life ---- */

void keeper_init(struct keeper *k, struct worker *control, struct log_writer *logs)
{
    *k = (struct keeper){ .control = control, .logs = logs };
    list_init(&k->retired);
}

void keeper_release(struct keeper *k)
{
    list_each(l, &k->retired)
    {
        struct retired *r = list_entry(l, struct retired, link);
        list_remove(&r->link);
        r->free(r);
    }
    log_route_unref(k->console);
    k->console = NULL;
}

void keeper_join(struct keeper *k, struct worker *w)
{
    k->workers[k->n_workers++] = w;
}

void keeper_stop(struct keeper *k)
{
    k->n_workers = 0;
}

void keeper_use_stderr(struct keeper *k)
{
    struct log_target_spec spec = { .fd = STDERR_FILENO,
                                    .format = log_format_named(SLICE("raw")),
                                    .level = LOG_DEBUG,
                                    .min_level = LOG_EMERG };
    struct log_target *t = log_target_new(k->logs, &spec, NULL);

    if (!t) return;
    k->console = log_route_new(k->logs, &t, 1, SLICE(""), SLICE(""));
    log_target_unref(t);
}

/* ---- telling workers ---- */

struct order {
    struct message message;
    struct object *object;
    void (*fn)(struct object *, unsigned arg, struct worker *);
    unsigned arg;
};

static void carry_out(struct message *m, struct worker *w)
{
    struct order *o = container_of(m, struct order, message);

    o->fn(o->object, o->arg, w);
    object_unref(o->object);
    free(o);
}

void keeper_tell_workers(struct keeper *k, struct object *object,
                         void (*fn)(struct object *, unsigned, struct worker *), unsigned arg)
{
    for (unsigned i = 0; i < k->n_workers; i++) {
        struct order *o = mem_zero(sizeof *o);

        object_ref(object);
        *o = (struct order){ { NULL, carry_out }, object, fn, arg };
        worker_send(k->workers[i], &o->message);
    }
}

/* ---- what is not used any more ---- */

/* The message goes from worker to worker, and comes home at last. */
static void pass_on(struct message *m, struct worker *w)
{
    struct retired *r = container_of(m, struct retired, message);
    struct keeper *k = r->keeper;

    (void)w;
    if (w == k->control) {
        list_remove(&r->link);
        r->free(r);
        return;
    }
    /* Workers are neither added nor taken away while one of them runs. */
    if (++r->next < k->n_workers)
        worker_send(k->workers[r->next], m);
    else
        worker_send(k->control, m);
}

void keeper_retire(struct keeper *k, struct retired *r, void (*free)(struct retired *))
{
    r->free = free;
    if (!k->n_workers) {
        free(r);
        return;
    }
    r->keeper = k;
    r->next = 0;
    r->message.deliver = pass_on;
    list_append(&k->retired, &r->link);
    worker_send(k->workers[0], &r->message);
}

/* ---- messages ---- */

void keeper_say(struct keeper *k, struct log_route *route, int level, const char *text,
                const char *on_console)
{
    if (log_route_wants(route, level)) log_message(k->logs, route, level, "%s", text);
    if (k->console)
        log_message(k->logs, k->console, level, "%-10s (%d) : %s",
                    level <= LOG_CRIT && on_console ? "[ALERT]" : "[WARNING]", (int)getpid(),
                    on_console ? on_console : text);
}

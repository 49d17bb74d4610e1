/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/worker_call.h"

static void arrive(struct message *m, struct worker *control)
{
    struct worker_call *c = container_of(m, struct worker_call, message);

    (void)control;
    list_remove(&c->link);
    c->away = false;
    if (c->left)
        c->free(c);
    else
        c->home(c);
}

static void visit(struct message *m, struct worker *w)
{
    struct worker_call *c = container_of(m, struct worker_call, message);
    bool on = c->work(c, gate_of(w));

    if (on) c->at++;
    if (!on || worker_call_done(c)) {
        m->deliver = arrive;
        worker_send(c->engine->control, m);
    } else {
        worker_send(&c->engine->gates[c->at].worker, m);
    }
}

void worker_call_init(struct worker_call *c, struct engine *e)
{
    c->engine = e;
    c->at = 0;
    c->away = c->left = false;
    list_init(&c->link);
}

void worker_call_go(struct worker_call *c)
{
    c->away = true;
    c->message.deliver = visit;
    list_append(&c->engine->calls, &c->link);
    worker_send(&c->engine->gates[c->at].worker, &c->message);
}

void worker_call_leave(struct worker_call *c)
{
    c->left = true;
    if (!c->away) c->free(c);
}

void worker_calls_release(struct engine *e)
{
    list_each(l, &e->calls)
    {
        struct worker_call *c = list_entry(l, struct worker_call, link);

        list_remove(&c->link);
        c->away = false;
        c->at = e->n_workers; /* so that it is not sent once more to end what it was at */
        if (c->left) c->free(c);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/bad_messages.h"
#include "upstream/bad_message.h"

static struct bad_message *capture(struct session *s, const struct proxy_conf *frontend,
                                   const struct h1_conn *h, const struct h1_error *err)
{
    struct bad_message *m = bad_message_new(
        slice_of(h->in ? buf_at(h->in) : NULL, buf_filled(h->in)));
    struct engine *e = s->gate->engine;

    m->event = atomic_fetch_add_explicit(&e->n_bad_messages, 1, memory_order_relaxed);
    m->reason = err->reason;
    m->at = err->at;
    m->room = s->gate->snapshot->global.bufsize;
    memcpy(&m->from, &s->from, sizeof s->from);
    m->frontend = mem_strdup(frontend->name);
    m->frontend_id = frontend->id;
    return m;
}

void bad_request_keep(struct session *s, const struct bind_conf *bind, const struct h1_conn *h,
                      const struct h1_error *err)
{
    bad_message_keep(s->frontend, capture(s, bind->frontend, h, err));
}

void bad_response_keep(struct request *r, const struct h1_error *err)
{
    const struct flow *f = &r->flow;
    struct bad_message *m = capture(f->session, f->frontend, &f->conn->h1, err);

    m->response = true;
    m->backend = mem_strdup(f->backend->name);
    m->backend_id = f->backend->id;
    m->server = mem_strdup(f->server->name);
    m->server_id = f->server->id;
    bad_message_keep(f->backend->state, m);
}

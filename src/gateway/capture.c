/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: keeping and giving back. */
#include "gateway/capture.h"
#include "gateway/rules.h"
#include "policy/cookies.h"

static struct capture_list *list_of(struct context *c)
{
    const struct frontend_conf *fe = c->frontend->fe;
    struct capture_list *l = c->captures;
    size_t n = fe->request_slots.n + fe->response_slots.n;

    if (l || (!n && !fe->cookie)) return l;
    l = c->captures = arena_zero(c->arena, sizeof *l + n * sizeof(struct slice));
    l->n_request = fe->request_slots.n;
    l->n_response = fe->response_slots.n;
    l->request = (struct slice *)(l + 1);
    l->response = l->request + l->n_request;
    return l;
}

static const struct capture_slots *slots_of(const struct context *c, bool response)
{
    const struct frontend_conf *fe = c->frontend->fe;

    return response ? &fe->response_slots : &fe->request_slots;
}

static const struct capture_slot *find_slot(const struct context *c, bool response, unsigned index)
{
    const struct capture_slot *s = slots_of(c, response)->first;

    while (s && s->index != index) s = s->next;
    return s;
}

static void keep(struct context *c, bool response, const struct capture_slot *slot,
                 struct slice value)
{
    struct capture_list *l = list_of(c);

    if (value.n > slot->len) value.n = slot->len;
    (response ? l->response : l->request)[slot->index] = arena_copy(c->arena, value);
}

bool capture_keep(struct context *c, bool response, unsigned index, struct slice value)
{
    const struct capture_slot *slot = find_slot(c, response, index);

    if (!slot) return false;
    keep(c, response, slot, value);
    return true;
}

bool capture_get(const struct context *c, bool response, unsigned index, struct slice *out)
{
    const struct capture_list *l = c->captures;

    if (!l || index >= (response ? l->n_response : l->n_request)) return false;
    *out = (response ? l->response : l->request)[index];
    return out->p != NULL;
}

void capture_fields(struct request *r, bool response)
{
    const struct frontend_conf *fe = r->flow.frontend->fe;
    const struct capture_slots *slots = response ? &fe->response_slots : &fe->request_slots;
    const struct http_msg *m = response ? &r->res : &r->req;
    struct context *c;

    if (!slots->first) return;
    c = request_context(r);
    for (unsigned i = 0; i < m->n_fields; i++)
        for (const struct capture_slot *s = slots->first; s; s = s->next)
            if (s->name.n && slice_eq(s->name, m->fields[i].name))
                keep(c, response, s, m->fields[i].value);
}

void capture_cookie(struct request *r, bool response)
{
    const struct cookie_capture *cap = r->flow.frontend->fe->cookie;
    struct slice *to, text;

    if (!cap) return;
    to = &list_of(request_context(r))->cookie[response];
    if (to->p ||
        !cookie_first(response ? &r->res : &r->req, response, cap->start, &r->arena, &text))
        return;
    if (text.n > cap->len) text.n = cap->len;
    *to = arena_copy(&r->arena, text);
}

/* ---- fetches and converters ---- */

static bool fetch_slot(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice value;

    if (!capture_get(c, args_param(args), (unsigned)args[0].sint, &value)) return false;
    return sample_str(out, value);
}

/* As the client sent it. */
static bool fetch_method(struct context *c, const struct arg *args, struct sample *out)
{
    const struct request *r = c->owner;

    (void)args;
    return r && r->method_was.n && sample_str(out, r->method_was);
}

/* As the client wrote it, whatever rules made of it since, from its path on. */
static bool fetch_uri(struct context *c, const struct arg *args, struct sample *out)
{
    const struct request *r = c->owner;

    (void)args;
    if (!r || !r->target_was.n) return false;
    return sample_str(out, r->target_was);
}

static bool fetch_version(struct context *c, const struct arg *args, struct sample *out)
{
    const struct http_msg *m = args_param(args) ? c->res : c->req;

    if (!m) return false;
    return sample_str(out, m->version == HTTP_1_0 ? SLICE("HTTP/1.0") : SLICE("HTTP/1.1"));
}

static const struct fetch fetches[] = {
    { .name = "capture.req.hdr",
      .args = ARGS(1, ARG_SINT),
      .type = SAMPLE_STR,
      .need = NEED_REQUEST_KEPT,
      .get = fetch_slot,
      .doc = "What the request's capture slot of that number (from 0) holds." },
    { .name = "capture.res.hdr",
      .args = ARGS(1, ARG_SINT),
      .type = SAMPLE_STR,
      .need = NEED_RESPONSE_KEPT,
      .get = fetch_slot,
      .param = 1,
      .doc = "What the response's capture slot of that number (from 0) holds." },
    { .name = "capture.req.method",
      .type = SAMPLE_STR,
      .need = NEED_REQUEST_KEPT,
      .get = fetch_method,
      .doc = "The request's method; also in responses and logs." },
    { .name = "capture.req.uri",
      .type = SAMPLE_STR,
      .need = NEED_REQUEST_KEPT,
      .get = fetch_uri,
      .doc = "The request's path and query as the client sent them; also in responses and logs." },
    { .name = "capture.req.ver",
      .type = SAMPLE_STR,
      .need = NEED_REQUEST_KEPT,
      .get = fetch_version,
      .doc = "`HTTP/1.0` or `HTTP/1.1`; also in responses and logs." },
    { .name = "capture.res.ver",
      .type = SAMPLE_STR,
      .need = NEED_RESPONSE_KEPT,
      .get = fetch_version,
      .param = 1,
      .doc = "The version of the server's answer; also in logs." },
};

const struct fetch_table capture_fetches = FETCH_TABLE("Captures", fetches);

static bool convert_capture(struct context *c, const struct arg *args, struct sample *s)
{
    return c->frontend && capture_keep(c, args_param(args), (unsigned)args[0].sint, s->str);
}

static const struct converter converters[] = {
    { .name = "capture-req",
      .args = ARGS(1, ARG_SINT),
      .in = SAMPLE_STR,
      .out = SAMPLE_STR,
      .convert = convert_capture,
      .doc = "Keeps the value in the request's capture slot of that number, and passes it on." },
    { .name = "capture-res",
      .args = ARGS(1, ARG_SINT),
      .in = SAMPLE_STR,
      .out = SAMPLE_STR,
      .convert = convert_capture,
      .param = 1,
      .doc = "Keeps the value in the response's capture slot of that number, and passes it on." },
};

const struct converter_table capture_converters = CONVERTER_TABLE("Captures", converters);

/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an answer of the gateway's own: from what a rule or `http-error` describes, or HAProxy's
 * bytes for the statuses that nobody described. */
#include "gateway/request.h"
#include "gateway/reply_spec.h"
#include "http/status.h"

static enum body_pull pull(struct body_source *s, struct body_part *part)
{
    struct own_body *own = container_of(s, struct own_body, source);

    *part = (struct body_part){ .data = own->bytes, .last = true };
    return BODY_PART;
}

static void stop(struct body_source *s)
{
    (void)s;
}

static const struct body_source_ops own_ops = { .pull = pull, .stop = stop };

void request_own_body(struct request *r, struct slice body)
{
    bool none = http_msg_asked(&r->req) == HTTP_HEAD || r->res.status == 204 ||
                r->res.status == 304;

    r->own = (struct own_body){ { &own_ops }, none ? SLICE("") : body };
    r->own_source = &r->own.source;
    if (none) r->res.framing = HTTP_NO_BODY;
    r->own_answer = true;
    r->tunnel = false;
    r->status = r->res.status;
}

/* A head with that status and room for fields. */
static void begin_head(struct request *r, unsigned status, struct slice reason, size_t length)
{
    enum { ROOM = 8 };

    r->res = (struct http_msg){ .status = (uint16_t)status,
                                .reason = reason,
                                .version = HTTP_1_1,
                                .framing = HTTP_LENGTH,
                                .keep_alive = true,
                                .content_length = length,
                                .max_fields = ROOM,
                                .fields = arena_alloc(&r->arena,
                                                      ROOM * sizeof(struct http_field)) };
}

static void add_length(struct request *r, size_t length)
{
    char *digits = arena_alloc(&r->arena, 24);

    http_msg_add(&r->res, &r->arena, SLICE("content-length"),
                 slice_between(digits, slice_put_u64(digits, length)));
}

/* In HAProxy's order: what `hdr` adds, the length, the type. */
static void make_described(struct request *r, const struct reply_spec *spec, struct slice body)
{
    const size_t most = r->pinned->snapshot->global.bufsize;

    begin_head(r, spec->status, http_status_reason(spec->status), body.n);
    for (const struct reply_field *f = spec->fields; f; f = f->next) {
        struct slice value = format_text(f->value, request_context(r), most);
        if (value.n) http_msg_add(&r->res, &r->arena, f->name, value);
    }
    if (spec->status != 204) add_length(r, body.n);
    if (spec->content_type.n && body.n)
        http_msg_add(&r->res, &r->arena, SLICE("content-type"), spec->content_type);
    request_own_body(r, body);
}

static void make_from_file(struct request *r, const struct reply_file *f)
{
    begin_head(r, f->msg.status, f->msg.reason, f->body.n);
    for (unsigned i = 0; i < f->msg.n_fields; i++)
        http_msg_add(&r->res, &r->arena, f->msg.fields[i].name, f->msg.fields[i].value);
    if (!f->msg.has_content_length) add_length(r, f->body.n);
    request_own_body(r, f->body);
}

static void make_default(struct request *r, unsigned status)
{
    const struct http_error_reply *reply = http_error_reply(status);

    http_error_msg(reply, &r->res, &r->arena);
    request_own_body(r, reply->body);
}

const struct reply_spec *reply_of_proxies(const struct request *r, unsigned status)
{
    const struct proxy_conf *both[] = { r->flow.backend, r->flow.frontend };
    int index = error_index(status);

    for (int i = 0; i < 2 && index >= 0; i++)
        if (both[i] && both[i]->errors && both[i]->errors->by_status[index])
            return both[i]->errors->by_status[index];
    return NULL;
}

/* What a section http-errors has for that status; a head alone where it has nothing, as in HAProxy.
 */
static const struct reply_spec *of_section(struct request *r, const struct error_set *set,
                                           unsigned status)
{
    int index = error_index(status);
    struct reply_spec *empty;

    if (index >= 0 && set->by_status[index]) return set->by_status[index];
    empty = arena_zero(&r->arena, sizeof *empty);
    *empty = (struct reply_spec){ .status = (uint16_t)status, .kind = REPLY_EMPTY };
    return empty;
}

/* What is to be answered in the end: `default-errorfiles` and `errorfiles` send on to another. */
static const struct reply_spec *follow(struct request *r, const struct reply_spec *spec)
{
    if (spec->kind == REPLY_ERRORS && !spec->set) spec = reply_of_proxies(r, spec->status);
    if (!spec || spec->kind != REPLY_ERRORS) return spec;
    return spec->set ? of_section(r, spec->set, spec->status) : NULL;
}

bool reply_make(struct request *r, const struct reply_spec *spec)
{
    const struct global_conf *g = &r->pinned->snapshot->global;
    const struct reply_spec *is = follow(r, spec);

    if (!is) {
        make_default(r, spec->status);
        return true;
    }
    switch (is->kind) {
    case REPLY_FILE:
        if (is->file->silent) return false;
        make_from_file(r, is->file);
        break;
    case REPLY_FORMAT:
        make_described(r, is, format_text(is->format, request_context(r), g->bufsize));
        break;
    default: make_described(r, is, is->text); break;
    }
    r->status = spec->status; /* whatever the message says, that is what happened */
    return true;
}

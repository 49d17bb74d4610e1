/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"

/* What is left free for fields that policy adds. */
enum { SPARE_FIELDS = 8 };

static bool is(struct slice s, const char *text, size_t n)
{
    return memcmp(s.p, text, n) == 0;
}

/* Both look-ups go by length first; each length has at most three candidates, and a comparison
 * with a constant is one or two machine words. */
enum http_method http_method_find(struct slice name)
{
    switch (name.n) {
    case 3:
        if (is(name, "GET", 3)) return HTTP_GET;
        return is(name, "PUT", 3) ? HTTP_PUT : HTTP_METHOD_OTHER;
    case 4:
        if (is(name, "POST", 4)) return HTTP_POST;
        return is(name, "HEAD", 4) ? HTTP_HEAD : HTTP_METHOD_OTHER;
    case 5:
        if (is(name, "PATCH", 5)) return HTTP_PATCH;
        return is(name, "TRACE", 5) ? HTTP_TRACE : HTTP_METHOD_OTHER;
    case 6: return is(name, "DELETE", 6) ? HTTP_DELETE : HTTP_METHOD_OTHER;
    case 7:
        if (is(name, "OPTIONS", 7)) return HTTP_OPTIONS;
        return is(name, "CONNECT", 7) ? HTTP_CONNECT : HTTP_METHOD_OTHER;
    default: return HTTP_METHOD_OTHER;
    }
}

bool http_method_idempotent(enum http_method m)
{
    const unsigned set = 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_PUT | 1u << HTTP_DELETE |
                         1u << HTTP_OPTIONS | 1u << HTTP_TRACE;
    return set >> m & 1;
}

enum http_field_id http_field_find(struct slice s)
{
    switch (s.n) {
    case 2: return is(s, "te", 2) ? HTTP_FIELD_TE : HTTP_FIELD_OTHER;
    case 4:
        if (is(s, "host", 4)) return HTTP_FIELD_HOST;
        return is(s, "date", 4) ? HTTP_FIELD_DATE : HTTP_FIELD_OTHER;
    case 6:
        if (is(s, "cookie", 6)) return HTTP_FIELD_COOKIE;
        return is(s, "expect", 6) ? HTTP_FIELD_EXPECT : HTTP_FIELD_OTHER;
    case 7:
        if (is(s, "upgrade", 7)) return HTTP_FIELD_UPGRADE;
        return is(s, "trailer", 7) ? HTTP_FIELD_TRAILER : HTTP_FIELD_OTHER;
    case 10:
        if (is(s, "connection", 10)) return HTTP_FIELD_CONNECTION;
        if (is(s, "keep-alive", 10)) return HTTP_FIELD_KEEP_ALIVE;
        return is(s, "set-cookie", 10) ? HTTP_FIELD_SET_COOKIE : HTTP_FIELD_OTHER;
    case 13: return is(s, "authorization", 13) ? HTTP_FIELD_AUTHORIZATION : HTTP_FIELD_OTHER;
    case 14:
        if (is(s, "content-length", 14)) return HTTP_FIELD_CONTENT_LENGTH;
        return is(s, "http2-settings", 14) ? HTTP_FIELD_HTTP2_SETTINGS : HTTP_FIELD_OTHER;
    case 16: return is(s, "proxy-connection", 16) ? HTTP_FIELD_PROXY_CONNECTION : HTTP_FIELD_OTHER;
    case 17:
        return is(s, "transfer-encoding", 17) ? HTTP_FIELD_TRANSFER_ENCODING : HTTP_FIELD_OTHER;
    case 18:
        return is(s, "proxy-authenticate", 18) ? HTTP_FIELD_PROXY_AUTHENTICATE : HTTP_FIELD_OTHER;
    case 19:
        return is(s, "proxy-authorization", 19) ? HTTP_FIELD_PROXY_AUTHORIZATION : HTTP_FIELD_OTHER;
    default: return HTTP_FIELD_OTHER;
    }
}

struct http_field *http_msg_field(const struct http_msg *m, enum http_field_id id)
{
    for (unsigned i = 0; i < m->n_fields; i++)
        if (m->fields[i].id == id) return &m->fields[i];
    return NULL;
}

struct http_field *http_msg_field_named(const struct http_msg *m, struct slice lower_name)
{
    struct http_field *f = m->fields, *end = m->n_fields ? f + m->n_fields : f;

    while (f < end && !slice_eq(f->name, lower_name)) f++;
    return f < end ? f : NULL;
}

void http_msg_grow(struct http_msg *m, struct arena *a)
{
    unsigned n = m->max_fields < UINT16_MAX / 2 ? m->max_fields * 2u + SPARE_FIELDS : UINT16_MAX;
    struct http_field *fields = arena_alloc(a, n * sizeof *fields);

    if (m->n_fields) memcpy(fields, m->fields, m->n_fields * sizeof *fields);
    m->fields = fields;
    m->max_fields = (uint16_t)n;
}

void http_msg_add(struct http_msg *m, struct arena *a, struct slice name, struct slice value)
{
    enum http_field_id id = http_field_find(name);
    bool useless = false;
    uint64_t length;

    if (m->n_fields == UINT16_MAX) return;
    if (id == HTTP_FIELD_CONTENT_LENGTH) {
        useless = m->has_content_length || !slice_to_u64(value, &length);
        if (!useless) {
            m->has_content_length = true;
            m->content_length = length;
        }
    }
    http_msg_append(m, a, name, value, id);
    if (useless) http_field_drop(m, &m->fields[m->n_fields - 1]);
}

void http_msg_remove(struct http_msg *m, unsigned i)
{
    m->n_fields--;
    memmove(m->fields + i, m->fields + i + 1, (m->n_fields - i) * sizeof *m->fields);
}

/* What a copy of n bytes from base to copy does to the slices within. */
struct move {
    const char *base, *copy;
    size_t n;
};

static struct slice moved(const struct move *v, struct slice s)
{
    size_t at = (size_t)((uintptr_t)s.p - (uintptr_t)v->base);

    if (at <= v->n) s.p = v->copy + at; /* else it is a constant: the path "/" */
    return s;
}

void http_msg_take(struct http_msg *to, const struct http_msg *from, const char *base, size_t n,
                   struct arena *a)
{
    struct move v = { base, arena_copy(a, slice_of(base, n)).p, n };
    unsigned room = from->n_fields + SPARE_FIELDS;

    *to = *from;
    to->method_name = moved(&v, from->method_name);
    to->target = moved(&v, from->target);
    to->authority = moved(&v, from->authority);
    to->path = moved(&v, from->path);
    to->reason = moved(&v, from->reason);
    to->upgrade_value = moved(&v, from->upgrade_value);
    to->max_fields = (uint16_t)(room < UINT16_MAX ? room : UINT16_MAX);
    to->fields = arena_alloc(a, to->max_fields * sizeof *to->fields);
    for (unsigned i = 0; i < from->n_fields; i++) {
        to->fields[i] = from->fields[i];
        to->fields[i].name = moved(&v, from->fields[i].name);
        to->fields[i].value = moved(&v, from->fields[i].value);
    }
}

bool http_list_has(struct slice value, struct slice token)
{
    struct slice element;

    while (http_list_next(&value, &element))
        if (slice_eq_nocase(element, token)) return true;
    return false;
}

size_t http_list_element(struct slice s)
{
    ptrdiff_t comma = slice_find(s, ',');
    bool quoted = false;

    if (comma < 0) return s.n;
    if (!memchr(s.p, '"', (size_t)comma)) return (size_t)comma;
    for (size_t i = 0; i < s.n; i++) {
        if (quoted && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (s.p[i] == ',' && !quoted)
            return i;
    }
    return s.n;
}

bool http_list_next(struct slice *rest, struct slice *element)
{
    while (rest->n) {
        size_t n = http_list_element(*rest);
        *element = slice_trim(slice_of(rest->p, n), " \t");
        *rest = slice_from(*rest, n + 1);
        if (element->n) return true;
    }
    return false;
}

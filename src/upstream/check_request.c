/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/check_request.h"

#include "http/message.h"

bool check_bytes(const struct check_send *send, struct context *c, struct slice *out)
{
    *out = send->bytes;
    if (send->format) *out = format_text(send->format, c, context_most(c));
    return !send->hex || check_hex_bytes(*out, c->arena, out);
}

/* ---- requests ---- */

/* Text that grows; what is beyond its end is cut, which sizes below rule out. */
struct writer {
    char *at, *end;
};

static void put(struct writer *w, struct slice s)
{
    size_t room = (size_t)(w->end - w->at);
    w->at = slice_put(w->at, slice_of(s.p, s.n < room ? s.n : room));
}

/* Control bytes, and where `blanks` is false blanks, would be read as something else. */
static void put_safe(struct writer *w, struct slice s, bool blanks)
{
    for (size_t i = 0; i < s.n && w->at < w->end; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool bad = (c < ' ' && c != '\t') || c == 0x7f || (!blanks && (c == ' ' || c == '\t'));
        *w->at++ = bad ? (blanks ? ' ' : '_') : (char)c;
    }
}

static void put_field(struct writer *w, struct slice name, struct slice value)
{
    put(w, name);
    put(w, SLICE(": "));
    put_safe(w, value, true);
    put(w, SLICE("\r\n"));
}

static bool is_1_1(struct slice version)
{
    if (version.n != 8 || !slice_starts(version, SLICE("HTTP/"))) return false;
    return version.p[5] > '1' || (version.p[5] == '1' && version.p[7] > '0');
}

/* The authority within an absolute URI; NULL pointer: there is none. */
static struct slice authority_of(struct slice uri)
{
    const char *p = uri.n ? memmem(uri.p, uri.n, "://", 3) : NULL;
    struct slice rest;

    if (!p || *uri.p == '/') return (struct slice){ 0 };
    rest = slice_between(p + 3, uri.p + uri.n);
    return slice_cut(&rest, '/');
}

/* A field named Host rules over the authority of the URI. */
static void put_uri(struct writer *w, struct slice uri, struct slice host)
{
    struct slice authority = authority_of(uri);

    if (!authority.p || !host.p) {
        put_safe(w, uri, false);
        return;
    }
    put_safe(w, slice_between(uri.p, authority.p), false);
    put_safe(w, host, false);
    put_safe(w, slice_between(authority.p + authority.n, uri.p + uri.n), false);
}

/* Without a body these say nothing of its length. */
static bool needs_no_length(enum http_method m)
{
    return m == HTTP_GET || m == HTTP_HEAD || m == HTTP_OPTIONS || m == HTTP_DELETE;
}

/* What the framing says is said by us. */
static bool is_framing(struct slice name)
{
    return slice_is(name, "content-length") || slice_is(name, "transfer-encoding");
}

static bool is_persistence(struct slice value)
{
    return slice_eq_nocase(value, SLICE("close")) || slice_eq_nocase(value, SLICE("keep-alive"));
}

struct field_text {
    struct slice name, value;
};

enum { FIELDS_MOST = 100 };

/* The texts of the fields; how many. */
static unsigned field_texts(const struct check_send *send, struct context *c,
                            struct field_text out[FIELDS_MOST])
{
    unsigned n = 0;

    for (const struct check_field *f = send->fields; f && n < FIELDS_MOST; f = f->next)
        if (!is_framing(f->name))
            out[n++] = (struct field_text){ f->name, format_text(f->value, c, context_most(c)) };
    return n;
}

/* Of HTTP/1.1 a request says that it is the last; of 1.0 that goes without saying. */
static void put_connection(struct writer *w, const struct field_text *f, unsigned n, bool v1_1)
{
    bool said = false;

    for (unsigned i = 0; i < n; i++) {
        if (!slice_is(f[i].name, "connection")) continue;
        said = true;
        if (is_persistence(f[i].value) && (f[i].value.n == 5) == v1_1)
            put_field(w, f[i].name, f[i].value);
    }
    if (!said && v1_1) put_field(w, SLICE("connection"), SLICE("close"));
}

static size_t size_of(const struct field_text *f, unsigned n, struct slice uri, struct slice body)
{
    size_t all = 512 + 2 * uri.n + body.n;

    for (unsigned i = 0; i < n; i++) all += f[i].name.n + 2 * f[i].value.n + 4;
    return all;
}

static struct slice host_of(const struct field_text *f, unsigned n)
{
    struct slice host = { 0 };

    for (unsigned i = 0; i < n; i++)
        if (slice_is(f[i].name, "host")) host = f[i].value;
    return host;
}

struct slice check_request(const struct check_send *send, struct context *c, struct slice state)
{
    struct field_text *f = arena_alloc(c->arena, FIELDS_MOST * sizeof *f);
    unsigned n = field_texts(send, c, f);
    struct slice uri = send->uri_format ? format_text(send->uri_format, c, context_most(c))
                                        : send->uri;
    struct slice body = send->body_format ? format_text(send->body_format, c, context_most(c))
                                          : send->body;
    size_t size = size_of(f, n, uri, body) + send->method.n + state.n;
    bool v1_1 = is_1_1(send->version);
    struct writer w;
    char *start = w.at = arena_alloc(c->arena, size), digits[24];

    w.end = start + size;
    put(&w, send->method);
    put(&w, SLICE(" "));
    put_uri(&w, uri.n ? uri : SLICE("/"), host_of(f, n));
    put(&w, v1_1 ? SLICE(" HTTP/1.1\r\n") : SLICE(" HTTP/1.0\r\n"));
    for (unsigned i = 0; i < n; i++)
        if (!slice_is(f[i].name, "connection") || !is_persistence(f[i].value))
            put_field(&w, f[i].name, f[i].value);
    if (state.n) put_field(&w, SLICE("x-haproxy-server-state"), state);
    if (body.n || !needs_no_length(http_method_find(send->method)))
        put_field(&w, SLICE("content-length"),
                  slice_between(digits, slice_put_u64(digits, body.n)));
    put_connection(&w, f, n, v1_1);
    put(&w, SLICE("\r\n"));
    put(&w, body);
    return slice_between(start, w.at);
}

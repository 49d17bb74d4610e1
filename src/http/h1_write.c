/* SPDX-License-Identifier: Apache-2.0 */
/* Heads, written anew. Whatever policy has put into a message, what is written is one head: control
 * bytes in values and reasons become blanks (RFC 9110 §5.5), bytes that a target can't have become
 * %XX, and a message whose method is no token is not written at all. Only names are taken as they
 * are: they were checked by the parser, or when the configuration was read. */
#include "http/h1.h"
#include "http/h1_scan.h"

enum { LENGTH_LINE = 16 + 20 + 2 }; /* "content-length: ", digits, CR LF */

/* Room that is being filled. Once something did not fit, nothing more is written. */
struct out {
    char *start, *at, *end;
    bool failed;
};

static bool has_room(struct out *o, size_t n)
{
    if ((size_t)(o->end - o->at) < n) o->failed = true;
    return !o->failed;
}

/* Copies a few bytes without a call; longer pieces go the usual way. */
static inline char *copy(char *q, struct slice s)
{
    uint64_t a, b;
    uint32_t c, d;

    if (s.n > 16) {
        memcpy(q, s.p, s.n);
    } else if (s.n >= 8) {
        memcpy(&a, s.p, 8);
        memcpy(&b, s.p + s.n - 8, 8);
        memcpy(q, &a, 8);
        memcpy(q + s.n - 8, &b, 8);
    } else if (s.n >= 4) {
        memcpy(&c, s.p, 4);
        memcpy(&d, s.p + s.n - 4, 4);
        memcpy(q, &c, 4);
        memcpy(q + s.n - 4, &d, 4);
    } else {
        for (size_t i = 0; i < s.n; i++) q[i] = s.p[i];
    }
    return q + s.n;
}

static inline void put(struct out *o, struct slice s)
{
    if (has_room(o, s.n)) o->at = copy(o->at, s);
}

/* Makes blanks of what may not stand in a value or a reason. `start`: of all that was written. */
static void clean(char *q, char *end, const char *start)
{
    for (q = h1_scan_text(q, end, start); q < end; q = h1_scan_text(q, end, start)) *q = ' ';
}

static void put_field(struct out *o, const struct http_field *f)
{
    char *value, *q;

    if (!has_room(o, f->name.n + f->value.n + 4)) return;
    q = copy(o->at, f->name);
    memcpy(q, ": ", 2);
    value = q + 2;
    q = copy(value, f->value);
    if (!f->checked) clean(value, q, o->start);
    memcpy(q, "\r\n", 2);
    o->at = q + 2;
}

static void put_text(struct out *o, struct slice s)
{
    char *at = o->at;

    put(o, s);
    clean(at, o->at, o->start);
}

static void put_content_length(struct out *o, uint64_t n)
{
    char line[LENGTH_LINE];
    char *q = copy(line, SLICE("content-length: "));

    q = copy(slice_put_u64(q, n), SLICE("\r\n"));
    put(o, slice_between(line, q));
}

static void put_target(struct out *o, struct slice s)
{
    static const char hex[] = "0123456789ABCDEF";
    char *start = o->at, *q;

    put(o, s);
    if (o->failed) return;
    q = h1_scan_target(start, o->at, o->start);
    if (q == o->at) return;
    o->at = q;
    for (size_t i = (size_t)(q - start); i < s.n; i++) {
        uint8_t byte = (uint8_t)s.p[i];
        char escaped[3] = { '%', hex[byte >> 4], hex[byte & 15] };
        put(o, h1_is_target((char)byte) ? slice_of(s.p + i, 1) : slice_of(escaped, 3));
    }
}

/* The head may say a length: it frames the body, or tells what the body would have been. */
static bool says_length(const struct http_msg *m, const struct h1_hop *hop, bool request)
{
    if (hop->framing == HTTP_LENGTH) return true;
    if (hop->framing != HTTP_NO_BODY || request || !m->has_content_length) return false;
    return m->status >= 200 && m->status != 204;
}

/* The fields in their order, and what the hop adds; ends with the empty line. */
static void put_fields(struct out *o, const struct http_msg *m, const struct h1_hop *hop,
                       bool request)
{
    bool length = says_length(m, hop, request);

    for (unsigned i = 0; i < m->n_fields; i++) {
        const struct http_field *f = &m->fields[i];
        if (f->hop) continue;
        if (f->id != HTTP_FIELD_CONTENT_LENGTH) {
            put_field(o, f);
        } else if (length) {
            put_content_length(o, m->content_length);
            length = false;
        }
    }
    if (length) put_content_length(o, m->content_length);
    if (hop->framing == HTTP_CHUNKED) put(o, SLICE("transfer-encoding: chunked\r\n"));
    if (hop->upgrade) {
        put_field(o, &(struct http_field){ .name = SLICE("upgrade"), .value = m->upgrade_value });
        put(o, SLICE("connection: upgrade\r\n"));
    } else if (hop->close) {
        put(o, SLICE("connection: close\r\n"));
    } else if (hop->say_keep_alive) {
        put(o, SLICE("connection: keep-alive\r\n"));
    }
    put(o, SLICE("\r\n"));
}

static bool has_host(const struct http_msg *m)
{
    for (unsigned i = 0; i < m->n_fields; i++)
        if (m->fields[i].id == HTTP_FIELD_HOST && !m->fields[i].hop) return true;
    return false;
}

size_t h1_write_request(char *out, size_t room, const struct http_msg *msg,
                        const struct h1_hop *hop)
{
    struct out o = { out, out, out + room, !h1_slice_is_token(msg->method_name) || !msg->target.n };

    put(&o, msg->method_name);
    put(&o, SLICE(" "));
    put_target(&o, msg->target);
    put(&o, hop->version == HTTP_1_0 ? SLICE(" HTTP/1.0\r\n") : SLICE(" HTTP/1.1\r\n"));
    if (hop->version != HTTP_1_0 && !has_host(msg))
        put_field(&o, &(struct http_field){ .name = SLICE("host"), .value = msg->authority });
    put_fields(&o, msg, hop, true);
    return o.failed ? 0 : (size_t)(o.at - out);
}

size_t h1_write_response(char *out, size_t room, const struct http_msg *msg,
                         const struct h1_hop *hop)
{
    struct out o = { out, out, out + room, msg->status < 100 || msg->status > 999 };
    char status[4] = { (char)('0' + msg->status / 100 % 10), (char)('0' + msg->status / 10 % 10),
                       (char)('0' + msg->status % 10), ' ' };

    put(&o, hop->version == HTTP_1_0 ? SLICE("HTTP/1.0 ") : SLICE("HTTP/1.1 "));
    put(&o, slice_of(status, sizeof status));
    put_text(&o, msg->reason);
    put(&o, SLICE("\r\n"));
    put_fields(&o, msg, hop, false);
    return o.failed ? 0 : (size_t)(o.at - out);
}

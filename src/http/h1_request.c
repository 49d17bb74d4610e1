/* SPDX-License-Identifier: Apache-2.0 */
/* Request heads. The order of the checks is the order of the bytes: a line's own faults are found
 * when it is whole (the request line's, byte by byte), what needs several fields at the end. */
#include "http/authority.h"
#include "http/h1_head.h"
#include "http/h1_scan.h"

/* Ports that a target may leave out (RFC 9110 §4.2). */
enum { HTTP_PORT = 80, HTTPS_PORT = 443, VERSION_LENGTH = 8 };

/* One CR LF in front of the request line is skipped: old clients sent one after a body. */
static enum h1_result skip_empty_line(struct h1_parse *h)
{
    if (h->at == h->end) return H1_MORE;
    return *h->at == '\r' ? h1_line_end(h) : H1_DONE;
}

/* The rest of "HTTP/1.1" at p can still come, or could when none is there. */
static bool may_be_version(const char *p, size_t n)
{
    static const char shape[] = "HTTP/0.0";

    for (size_t i = 0; i < n; i++) {
        bool digit = p[i] >= '0' && p[i] <= '9';
        if (shape[i] == '0' ? !digit : p[i] != shape[i]) return false;
    }
    return true;
}

/* HTTP-version and the end of the line. A higher minor version is one that can be read as 1.1
 * (RFC 9110 §2.5); another major version is not. */
static enum h1_result version(struct h1_parse *h)
{
    char *p = h->at;
    size_t n = (size_t)(h->end - p);
    enum h1_result r;

    if (n >= VERSION_LENGTH && memcmp(p, "HTTP/1.1", VERSION_LENGTH) == 0)
        h->msg->version = HTTP_1_1;
    else if (!may_be_version(p, n < VERSION_LENGTH ? n : VERSION_LENGTH))
        return h1_bad(h, 400, p, "invalid HTTP version");
    else if (n < VERSION_LENGTH)
        return H1_MORE;
    else
        h->msg->version = p[7] == '0' ? HTTP_1_0 : HTTP_1_1;
    h->at = p + VERSION_LENGTH;
    r = h1_line_end(h);
    if (r == H1_DONE && p[5] != '1') return h1_bad(h, 505, p, "HTTP version not supported");
    return r;
}

static enum h1_result request_line(struct h1_parse *h)
{
    struct http_msg *m = h->msg;
    char *p = h->at;
    char *q = h1_scan_token(p, h->end);

    if (q == h->end) return H1_MORE;
    if (q == p || *q != ' ') return h1_bad(h, 400, q, "invalid method");
    m->method_name = slice_between(p, q);
    p = q + 1;
    q = h1_scan_target(p, h->end, h->base);
    if (q == h->end) return H1_MORE;
    if (q == p) return h1_bad(h, 400, q, "request line without a target");
    if (*q == '\r' || *q == '\n') return h1_bad(h, 400, q, "request line without a version");
    if (*q != ' ') return h1_bad(h, 400, q, "invalid byte in the target");
    m->target = slice_between(p, q);
    h->at = q + 1;
    return version(h);
}

/* What an authority in the target must agree with. */
struct target {
    bool has_authority;
    int default_port; /* of its scheme */
    struct http_authority authority;
};

static enum h1_result connect_target(struct h1_parse *h, struct target *t)
{
    struct http_msg *m = h->msg;

    m->absolute = t->has_authority = true;
    m->authority = m->target;
    m->path = slice_of(m->target.p, 0);
    t->default_port = HTTP_NO_PORT;
    if (!http_authority_parse(m->target, &t->authority) || t->authority.host.n == 0 ||
        t->authority.port < 1)
        return h1_bad(h, 400, m->target.p, "CONNECT target is not host:port");
    return H1_DONE;
}

static struct slice after_scheme(struct slice target, struct target *t)
{
    static const struct {
        struct slice prefix;
        int port;
    } schemes[] = {
        { SLICE_LIT("http://"), HTTP_PORT },
        { SLICE_LIT("https://"), HTTPS_PORT },
    };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct slice p = schemes[i].prefix;
        if (target.n < p.n || !slice_eq_nocase(slice_of(target.p, p.n), p)) continue;
        t->default_port = schemes[i].port;
        return slice_from(target, p.n);
    }
    return slice_of(NULL, 0);
}

/* scheme://authority[path][?query]. An empty path stands for "/", or "*" for OPTIONS (RFC 9112
 * §3.2.4). */
static enum h1_result absolute_target(struct h1_parse *h, struct target *t)
{
    struct http_msg *m = h->msg;
    struct slice rest = after_scheme(m->target, t);
    size_t n = 0;

    if (!rest.p) return h1_bad(h, 400, m->target.p, "target is neither a path nor a URI of HTTP");
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?') n++;
    m->absolute = t->has_authority = true;
    m->authority = slice_of(rest.p, n);
    m->path = slice_from(rest, n);
    if (m->path.n == 0) m->path = m->method == HTTP_OPTIONS ? SLICE("*") : SLICE("/");
    if (!http_authority_parse(m->authority, &t->authority) || t->authority.host.n == 0)
        return h1_bad(h, 400, rest.p, "invalid authority in the target");
    return H1_DONE;
}

static enum h1_result target_form(struct h1_parse *h, struct target *t)
{
    struct http_msg *m = h->msg;

    t->has_authority = false;
    m->path = m->target;
    if (m->method == HTTP_CONNECT) return connect_target(h, t);
    if (m->target.p[0] == '/') return H1_DONE;
    if (m->target.n == 1 && m->target.p[0] == '*') {
        if (m->method == HTTP_OPTIONS) return H1_DONE;
        return h1_bad(h, 400, m->target.p, "target * is for OPTIONS");
    }
    return absolute_target(h, t);
}

/* Host is there if the version asks for it, and does not contradict the target. Clients of CONNECT
 * often leave the port out of Host. */
static enum h1_result check_host(struct h1_parse *h, const struct target *t)
{
    struct http_msg *m = h->msg;
    struct http_authority host;
    struct slice value;

    if (!h1_seen(h, HTTP_FIELD_HOST)) {
        if (m->version >= HTTP_1_1) return h1_bad(h, 400, h->at, "no Host");
        return H1_DONE;
    }
    value = h1_first(h, HTTP_FIELD_HOST)->value;
    if (!t->has_authority) {
        m->authority = value;
        return H1_DONE;
    }
    http_authority_parse(value, &host); /* was checked with its line */
    if (m->method == HTTP_CONNECT && host.port == HTTP_NO_PORT) host.port = t->authority.port;
    if (!http_authority_same(&t->authority, &host, t->default_port))
        return h1_bad(h, 400, value.p, "Host and target disagree");
    return H1_DONE;
}

/* RFC 9112 §6.3. TRACE has no content (RFC 9110 §9.3.8), and what follows a CONNECT is the
 * tunnel's: a length there has two readings. */
static enum h1_result decide_framing(struct h1_parse *h)
{
    struct http_msg *m = h->msg;

    if (h1_seen(h, HTTP_FIELD_TRANSFER_ENCODING)) {
        const char *at = h1_first(h, HTTP_FIELD_TRANSFER_ENCODING)->name.p;
        if (m->has_content_length)
            return h1_bad(h, 400, at, "both Transfer-Encoding and Content-Length");
        if (!h->chunked) return h1_bad(h, 400, at, "the last transfer coding is not chunked");
        if (h->other_coding) return h1_bad(h, 501, at, "unknown transfer coding");
        m->framing = HTTP_CHUNKED;
    } else {
        m->framing = m->has_content_length ? HTTP_LENGTH : HTTP_NO_BODY;
    }
    if (m->method != HTTP_TRACE && m->method != HTTP_CONNECT) return H1_DONE;
    if (m->framing == HTTP_CHUNKED || m->content_length != 0)
        return h1_bad(h, 400, m->method_name.p, "content where the method has none");
    m->framing = HTTP_NO_BODY;
    h1_drop(h, HTTP_FIELD_CONTENT_LENGTH);
    return H1_DONE;
}

/* Expect: exactly 100-continue, once (RFC 9110 §10.1.1); from HTTP/1.0, or where there is nothing
 * to wait for, it says nothing and ends here. */
static enum h1_result check_expect(struct h1_parse *h)
{
    struct http_msg *m = h->msg;
    struct slice value;

    if (!h1_seen(h, HTTP_FIELD_EXPECT)) return H1_DONE;
    value = h1_first(h, HTTP_FIELD_EXPECT)->value;
    m->expect_continue = m->framing == HTTP_CHUNKED || m->content_length != 0;
    if (m->version < HTTP_1_1) m->expect_continue = false;
    if (!m->expect_continue) h1_drop(h, HTTP_FIELD_EXPECT);
    if (m->version < HTTP_1_1) return H1_DONE;
    if (h->twice >> HTTP_FIELD_EXPECT & 1 || !slice_eq_nocase(value, SLICE("100-continue")))
        return h1_bad(h, 417, value.p, "unknown expectation");
    return H1_DONE;
}

static enum h1_result parse(struct h1_parse *h, bool *in_fields)
{
    struct target t;
    enum h1_result r;

    if ((r = skip_empty_line(h)) != H1_DONE) return r;
    if ((r = request_line(h)) != H1_DONE) return r;
    *in_fields = true;
    h->msg->method = http_method_find(h->msg->method_name);
    if ((r = target_form(h, &t)) != H1_DONE) return r;
    if ((r = h1_fields(h)) != H1_DONE) return r;
    if ((r = check_host(h, &t)) != H1_DONE) return r;
    if ((r = decide_framing(h)) != H1_DONE) return r;
    if ((r = check_expect(h)) != H1_DONE) return r;
    return h1_connection(h);
}

enum h1_result h1_parse_request(char *p, size_t n, const struct h1_limits *limits,
                                struct http_msg *msg, size_t *used, struct h1_error *err)
{
    struct h1_parse h;
    bool in_fields = false;
    enum h1_result r;

    h1_begin(&h, p, n, limits, msg, err);
    h.request = true;
    r = parse(&h, &in_fields);
    if (r == H1_DONE) *used = (size_t)(h.at - p);
    if (r != H1_MORE || n < limits->head_size) return r;
    if (in_fields) return h1_bad(&h, 431, h.end, "head too large");
    return h1_bad(&h, 414, h.end, "request line too long");
}

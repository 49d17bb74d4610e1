/* SPDX-License-Identifier: Apache-2.0 */
/* Response heads. All that is wrong with one is 502. */
#include "http/h1_head.h"
#include "http/h1_scan.h"

/* "HTTP/1.1 200": what a status line must have. A blank and the reason may follow. */
enum { STATUS_LENGTH = 12 };

/* The bytes so far can be the start of a status line: a status is 100 to 599. */
static bool may_be_status(const char *p, size_t n)
{
    static const char shape[] = "HTTP/1.0 100";

    for (size_t i = 0; i < n; i++) {
        bool digit = p[i] >= '0' && p[i] <= '9';
        if (i == 9 && (p[i] < '1' || p[i] > '5')) return false;
        if (i == 7 || i >= 9 ? !digit : p[i] != shape[i]) return false;
    }
    return true;
}

static enum h1_result status_line(struct h1_parse *h)
{
    struct http_msg *m = h->msg;
    char *p = h->at, *q;
    size_t n = (size_t)(h->end - p);

    if (!may_be_status(p, n < STATUS_LENGTH ? n : STATUS_LENGTH))
        return h1_bad(h, 502, p, "invalid status line");
    if (n <= STATUS_LENGTH) return H1_MORE;
    m->version = p[7] == '0' ? HTTP_1_0 : HTTP_1_1;
    m->status = (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
    p += STATUS_LENGTH;
    if (*p == ' ')
        p++;
    else if (*p != '\r')
        return h1_bad(h, 502, p, "invalid status line");
    q = h1_scan_text(p, h->end, h->base);
    m->reason = slice_trim(slice_between(p, q), " \t");
    h->at = q;
    return h1_line_end(h);
}

/* Ends with the empty line whatever its fields say (RFC 9112 §6.3). A length that a server gives
 * all the same is not passed on; that server may send a body, so its connection is not kept. */
static void ends_with_head(struct h1_parse *h)
{
    struct http_msg *m = h->msg;

    if (h1_seen(h, HTTP_FIELD_TRANSFER_ENCODING) || m->content_length != 0) h->closes = true;
    m->content_length = 0;
    m->has_content_length = false;
    h1_drop(h, HTTP_FIELD_CONTENT_LENGTH);
}

/* RFC 9112 §6.3. The tunnel that a 2xx to CONNECT opens has no framing. In answers to HEAD and in
 * 304 Content-Length is information. A 205 has no content (RFC 9110 §15.3.6). */
static enum h1_result decide_framing(struct h1_parse *h, enum http_method method)
{
    struct http_msg *m = h->msg;
    bool coded = h1_seen(h, HTTP_FIELD_TRANSFER_ENCODING);

    m->framing = HTTP_NO_BODY;
    if (method == HTTP_CONNECT && m->status / 100 == 2) {
        ends_with_head(h);
        return H1_DONE;
    }
    if (coded && m->has_content_length)
        return h1_bad(h, 502, h->base, "both Transfer-Encoding and Content-Length");
    if (coded && (!h->chunked || h->other_coding))
        return h1_bad(h, 502, h->base, "unknown transfer coding");
    if (m->status < 200 || m->status == 204) {
        ends_with_head(h);
        return H1_DONE;
    }
    if (m->status == 304 || method == HTTP_HEAD) return H1_DONE;
    if (m->status == 205 && m->content_length != 0)
        return h1_bad(h, 502, h->base, "205 with content");
    m->framing = coded ? HTTP_CHUNKED : m->has_content_length ? HTTP_LENGTH : HTTP_UNTIL_CLOSE;
    h->closes = m->framing == HTTP_UNTIL_CLOSE;
    return H1_DONE;
}

static enum h1_result parse(struct h1_parse *h, enum http_method method)
{
    enum h1_result r;

    if ((r = status_line(h)) != H1_DONE) return r;
    if ((r = h1_fields(h)) != H1_DONE) return r;
    if ((r = decide_framing(h, method)) != H1_DONE) return r;
    return h1_connection(h);
}

enum h1_result h1_parse_response(char *p, size_t n, const struct h1_limits *limits,
                                 enum http_method method, struct http_msg *msg, size_t *used,
                                 struct h1_error *err)
{
    struct h1_parse h;
    enum h1_result r;

    h1_begin(&h, p, n, limits, msg, err);
    h.request = false;
    r = parse(&h, method);
    if (r == H1_DONE) *used = (size_t)(h.at - p);
    if (r == H1_MORE && n >= limits->head_size) r = h1_bad(&h, 502, h.end, "head too large");
    if (r == H1_BAD) err->status = 502;
    return r;
}

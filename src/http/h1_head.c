/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_head.h"
#include "http/authority.h"
#include "http/h1_scan.h"

/* A Connection field has two or three options in practice. Each is looked for among the fields. */
enum { MOST_OPTIONS = 32 };

enum h1_result h1_bad(struct h1_parse *h, unsigned status, const char *at, const char *reason)
{
    *h->err = (struct h1_error){ (uint16_t)status, (size_t)(at - h->base), reason };
    return H1_BAD;
}

/* Member by member: for an object of this size compilers choose a string instruction, which takes
 * longer than a whole line does. */
static void msg_clear(struct http_msg *m)
{
    const struct slice none = { NULL, 0 };

    m->method = HTTP_METHOD_OTHER;
    m->absolute = m->method_set = false;
    m->method_name = m->target = m->authority = m->path = m->reason = m->upgrade_value = none;
    m->status = 0;
    m->version = m->framing = 0;
    m->keep_alive = m->upgrade = m->expect_continue = m->te_trailers = false;
    m->content_length = 0;
    m->has_content_length = m->has_hop = false;
    m->n_fields = 0;
}

void h1_begin(struct h1_parse *h, char *p, size_t n, const struct h1_limits *limits,
              struct http_msg *msg, struct h1_error *err)
{
    unsigned most = msg->max_fields < limits->max_fields ? msg->max_fields : limits->max_fields;

    h->base = h->at = p;
    h->end = p + (n < limits->head_size ? n : limits->head_size);
    h->msg = msg;
    h->err = err;
    h->max_fields = most;
    h->chunked = h->other_coding = h->closes = false;
    h->seen = h->twice = 0;
    msg_clear(msg);
}

enum h1_result h1_line_end(struct h1_parse *h)
{
    char *p = h->at;

    if (p == h->end) return H1_MORE;
    if (*p != '\r') return h1_bad(h, 400, p, *p == '\n' ? "bare LF" : "control byte in a line");
    if (p + 1 == h->end) return H1_MORE;
    if (p[1] != '\n') return h1_bad(h, 400, p, "bare CR");
    h->at = p + 2;
    return H1_DONE;
}

static enum h1_result bad_name(struct h1_parse *h, char *start, char *at)
{
    if (at == start && h1_is_blank(*at)) return h1_bad(h, 400, at, "folded line");
    if (at == start) return h1_bad(h, 400, at, "field without a name");
    if (h1_is_blank(*at)) return h1_bad(h, 400, at, "blank in or after a field name");
    if (*at == '\r') return h1_bad(h, 400, at, "field without a colon");
    return h1_bad(h, 400, at, "invalid byte in a field name");
}

/* The end of the line is looked for first: it alone decides where the next line is, so the machine
 * can go on there while it still checks the name. */
static inline __attribute__((always_inline)) enum h1_result field_line(struct h1_parse *h,
                                                                       struct http_field *f)
{
    char *line = h->at, *end = h->end;
    char *stop = h1_scan_text(line, end, h->base);
    char *colon, *value;

    if (end - stop < 2 || memcmp(stop, "\r\n", 2) != 0) {
        h->at = stop;
        return h1_line_end(h);
    }
    h->at = stop + 2;
    colon = h1_scan_name(line, stop, end);
    if (*colon != ':' || colon == line) return bad_name(h, line, colon);
    value = colon + 1;
    if (*value == ' ') value++; /* one is usual */
    while (h1_is_blank(*value)) value++;
    while (stop > value && h1_is_blank(stop[-1])) stop--;
    f->name = slice_between(line, colon);
    f->value = slice_between(value, stop);
    return H1_DONE;
}

enum h1_result h1_field_line(struct h1_parse *h, struct http_field *f)
{
    return field_line(h, f);
}

/* Digits that fill the whole of s, below the limit of 2^63-1 that leaves room for sums. */
static bool length_parse(struct slice s, uint64_t *length)
{
    enum { SAFE_DIGITS = 18 };
    uint64_t v = 0;

    if (s.n == 0 || s.n > SAFE_DIGITS) return slice_to_u64(s, length) && *length <= INT64_MAX;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(uint8_t)s.p[i] - '0';
        if (d > 9) return false;
        v = v * 10 + d;
    }
    *length = v;
    return true;
}

/* A list is good when it says one thing several times (RFC 9110 §8.6); s becomes that. */
static bool length_list_parse(struct slice *s, uint64_t *length)
{
    struct slice rest = *s;
    struct slice first = slice_trim(slice_cut(&rest, ','), " \t");

    if (!length_parse(first, length)) return false;
    while (rest.p)
        if (!slice_eq(slice_trim(slice_cut(&rest, ','), " \t"), first)) return false;
    *s = first;
    return true;
}

static enum h1_result on_content_length(struct h1_parse *h, struct http_field *f)
{
    struct http_msg *m = h->msg;
    uint64_t length;

    if (!length_parse(f->value, &length) && !length_list_parse(&f->value, &length))
        return h1_bad(h, 400, f->value.p, "invalid Content-Length");
    if (m->has_content_length && length != m->content_length)
        return h1_bad(h, 400, f->value.p, "Content-Lengths that differ");
    if (m->has_content_length) http_field_drop(m, f); /* one is kept */
    m->content_length = length;
    m->has_content_length = true;
    return H1_DONE;
}

/* Transfer-Encoding: tokens only. `chunked` has no parameters, comes last and once (RFC 9112
 * §6.1); what other codings make of the message is decided when all are known. */
static enum h1_result on_transfer_encoding(struct h1_parse *h, struct http_field *f)
{
    struct slice rest = f->value;

    if (h->msg->version < HTTP_1_1)
        return h1_bad(h, 400, f->name.p, "Transfer-Encoding in HTTP/1.0");
    do {
        struct slice one = slice_trim(slice_cut(&rest, ','), " \t");
        if (!h1_slice_is_token(one)) return h1_bad(h, 400, f->value.p, "invalid Transfer-Encoding");
        if (h->chunked) return h1_bad(h, 400, f->value.p, "a coding after chunked");
        if (slice_eq_nocase(one, SLICE("chunked")))
            h->chunked = true;
        else
            h->other_coding = true;
    } while (rest.p);
    return H1_DONE;
}

static enum h1_result on_host(struct h1_parse *h, struct http_field *f)
{
    struct http_authority host;

    if (!h->request) return H1_DONE;
    if (h->twice >> HTTP_FIELD_HOST & 1) return h1_bad(h, 400, f->name.p, "two Host fields");
    if (!http_authority_parse(f->value, &host)) return h1_bad(h, 400, f->value.p, "invalid Host");
    return H1_DONE;
}

/* A field that the gateway knows: its place is kept, and what can be wrong with one line alone is
 * found now, before more bytes come. */
static enum h1_result on_known(struct h1_parse *h, struct http_field *f)
{
    uint32_t bit = 1u << f->id;

    if (h->seen & bit)
        h->twice |= bit;
    else
        h->first[f->id] = (uint16_t)(f - h->msg->fields);
    h->seen |= bit;
    if (http_field_is_hop(f->id)) http_field_drop(h->msg, f);
    switch (f->id) {
    case HTTP_FIELD_HOST: return on_host(h, f);
    case HTTP_FIELD_CONTENT_LENGTH: return on_content_length(h, f);
    case HTTP_FIELD_TRANSFER_ENCODING: return on_transfer_encoding(h, f);
    default: return H1_DONE;
    }
}

/* Names that a server of the CGI kind, which makes one byte of all punctuation, takes for one of
 * the fields that frame a message: "content_length". Nobody sends them in good faith. */
static bool is_disguised(struct slice name)
{
    switch (name.n) {
    case 14:
        return memcmp(name.p, "content", 7) == 0 && memcmp(name.p + 8, "length", 6) == 0 &&
               !h1_is_letter(name.p[7]);
    case 17:
        return memcmp(name.p, "transfer", 8) == 0 && memcmp(name.p + 9, "encoding", 8) == 0 &&
               !h1_is_letter(name.p[8]);
    default: return false;
    }
}

enum h1_result h1_fields(struct h1_parse *h)
{
    struct http_msg *m = h->msg;
    enum h1_result r;

    for (;;) {
        char *line = h->at;
        struct http_field *f = m->fields + m->n_fields;
        struct http_field past;

        if (line < h->end && *line == '\r') return h1_line_end(h);
        if (m->n_fields == h->max_fields) f = &past;
        r = field_line(h, f);
        if (r != H1_DONE) return r;
        if (f == &past) return h1_bad(h, 431, line, "too many fields");
        f->hop = false;
        f->checked = true;
        f->id = (uint8_t)http_field_find(f->name);
        m->n_fields++;
        if (f->id != HTTP_FIELD_OTHER) {
            r = on_known(h, f);
            if (r != H1_DONE) return r;
        } else if (h->request && is_disguised(f->name)) {
            return h1_bad(h, 400, line, "field name that may be taken for a framing field");
        }
    }
}

void h1_drop(struct h1_parse *h, enum http_field_id id)
{
    if (!h1_seen(h, id)) return;
    for (unsigned i = h->first[id]; i < h->msg->n_fields; i++)
        if (h->msg->fields[i].id == id) http_field_drop(h->msg, &h->msg->fields[i]);
}

/* What a connection option does. */
enum option {
    OPTION_NAMES_FIELDS, /* all fields of that name end here */
    OPTION_CLOSE,
    OPTION_KEEP_ALIVE,
    OPTION_UPGRADE,
    OPTION_NOTHING, /* names a field that ends here anyhow */
    OPTION_CODING,  /* Transfer-Encoding: refused in requests, where it hides a coding */
    OPTION_REFUSED, /* names a field that is for all recipients (RFC 9110 §7.6.1) */
};

/* Option names and what they do; all others name fields. Refused are those whose loss would
 * change what the message is or who sent it. */
static const struct option_row {
    struct slice name;
    enum option option;
} option_rows[] = {
    { SLICE_LIT("close"), OPTION_CLOSE },
    { SLICE_LIT("keep-alive"), OPTION_KEEP_ALIVE },
    { SLICE_LIT("upgrade"), OPTION_UPGRADE },
    { SLICE_LIT("te"), OPTION_NOTHING },
    { SLICE_LIT("http2-settings"), OPTION_NOTHING },
    { SLICE_LIT("proxy-connection"), OPTION_NOTHING },
    { SLICE_LIT("connection"), OPTION_REFUSED },
    { SLICE_LIT("host"), OPTION_REFUSED },
    { SLICE_LIT("content-length"), OPTION_REFUSED },
    { SLICE_LIT("transfer-encoding"), OPTION_CODING },
    { SLICE_LIT("content-type"), OPTION_REFUSED },
    { SLICE_LIT("content-encoding"), OPTION_REFUSED },
    { SLICE_LIT("content-range"), OPTION_REFUSED },
    { SLICE_LIT("cache-control"), OPTION_REFUSED },
    { SLICE_LIT("authorization"), OPTION_REFUSED },
    { SLICE_LIT("cookie"), OPTION_REFUSED },
    { SLICE_LIT("set-cookie"), OPTION_REFUSED },
    { SLICE_LIT("expect"), OPTION_REFUSED },
    { SLICE_LIT("date"), OPTION_REFUSED },
};

/* Names of letters, digits and hyphens, in lower case: no byte of a value but their own capitals
 * becomes one of them by that bit. */
static inline bool same_option(struct slice s, struct slice lower)
{
    if (s.n != lower.n) return false;
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] | 0x20) != lower.p[i]) return false;
    return true;
}

static enum option option_find(struct slice name)
{
    for (size_t i = 0; i < sizeof option_rows / sizeof *option_rows; i++)
        if (same_option(name, option_rows[i].name)) return option_rows[i].option;
    return OPTION_NAMES_FIELDS;
}

/* What all Connection fields together say. */
struct options {
    unsigned n;
    bool close, keep_alive, upgrade;
};

/* An option that is none of the rows: the name of a field, if it can be one. */
static enum h1_result drop_named(struct h1_parse *h, struct options *o, struct slice name)
{
    struct http_msg *m = h->msg;

    if (!h1_slice_is_token(name)) {
        if (h->request) return h1_bad(h, 400, name.p, "invalid Connection");
        o->close = true; /* a sloppy server's connection is not used again */
        return H1_DONE;
    }
    for (unsigned i = 0; i < m->n_fields; i++)
        if (slice_eq_nocase(m->fields[i].name, name)) http_field_drop(m, &m->fields[i]);
    return H1_DONE;
}

static enum h1_result on_option(struct h1_parse *h, struct options *o, struct slice name,
                                enum option found)
{
    if (++o->n > MOST_OPTIONS) return h1_bad(h, 400, name.p, "too many connection options");
    switch (found) {
    case OPTION_NAMES_FIELDS: return drop_named(h, o, name);
    case OPTION_CLOSE: o->close = true; break;
    case OPTION_KEEP_ALIVE: o->keep_alive = true; break;
    case OPTION_UPGRADE: o->upgrade = true; break;
    case OPTION_NOTHING: break;
    case OPTION_CODING:
        if (!h->request) break; /* well-known servers say it */
        return h1_bad(h, 400, name.p, "Connection names Transfer-Encoding");
    case OPTION_REFUSED: return h1_bad(h, 400, name.p, "Connection names a field that must stay");
    }
    return H1_DONE;
}

/* The options of one Connection field; empty elements don't count. */
static enum h1_result on_options(struct h1_parse *h, struct options *o, struct slice value)
{
    const char *p = value.p, *end = p + value.n;
    enum option found = option_find(value); /* mostly there is just one */

    if (found != OPTION_NAMES_FIELDS) return on_option(h, o, value, found);
    while (p < end) {
        const char *start, *stop;
        enum h1_result r;
        while (p < end && (*p == ',' || h1_is_blank(*p))) p++;
        for (start = p; p < end && *p != ',';) p++;
        for (stop = p; stop > start && h1_is_blank(stop[-1]);) stop--;
        if (stop == start) break;
        found = option_find(slice_between(start, stop));
        r = on_option(h, o, slice_between(start, stop), found);
        if (r != H1_DONE) return r;
    }
    return H1_DONE;
}

/* Protocols that would carry requests past the gateway, or bytes that it can't vouch for. */
static bool may_upgrade_to(struct slice protocol)
{
    struct slice name = slice_cut(&protocol, '/');

    return h1_slice_is_token(name) && (!protocol.p || h1_slice_is_token(protocol)) &&
           !slice_eq_nocase(name, SLICE("h2c")) && !slice_eq_nocase(name, SLICE("h2")) &&
           !slice_eq_nocase(name, SLICE("http")) && !slice_eq_nocase(name, SLICE("tls"));
}

/* An upgrade may always be ignored (RFC 9110 §7.8), and is when it is not plain: two Upgrade
 * fields, a message that has content besides, HTTP/1.0, a protocol that can't be carried. */
static void decide_upgrade(struct h1_parse *h)
{
    struct http_msg *m = h->msg;
    struct slice rest, protocol;
    bool content = m->framing == HTTP_CHUNKED ||
                   (m->framing == HTTP_LENGTH && m->content_length != 0);

    if (!h1_seen(h, HTTP_FIELD_UPGRADE) || h->twice >> HTTP_FIELD_UPGRADE & 1) return;
    if (m->version < HTTP_1_1 || (h->request && (content || m->method == HTTP_CONNECT))) return;
    rest = m->upgrade_value = h1_first(h, HTTP_FIELD_UPGRADE)->value;
    while (http_list_next(&rest, &protocol)) {
        m->upgrade = may_upgrade_to(protocol);
        if (!m->upgrade) return;
    }
}

enum h1_result h1_connection(struct h1_parse *h)
{
    const uint32_t any = 1u << HTTP_FIELD_CONNECTION | 1u << HTTP_FIELD_TE |
                         1u << HTTP_FIELD_TRAILER;
    struct http_msg *m = h->msg;
    struct options o = { 0 };
    enum h1_result r = H1_DONE;

    m->keep_alive = m->version >= HTTP_1_1 && !h->closes;
    if (!(h->seen & any)) return H1_DONE;
    for (unsigned i = 0; i < m->n_fields && r == H1_DONE; i++) {
        if (m->fields[i].id == HTTP_FIELD_TE)
            m->te_trailers |= http_list_has(m->fields[i].value, SLICE("trailers"));
        else if (m->fields[i].id == HTTP_FIELD_CONNECTION)
            r = on_options(h, &o, m->fields[i].value);
    }
    if (r != H1_DONE) return r;
    m->keep_alive = !o.close && !h->closes && (m->version >= HTTP_1_1 || o.keep_alive);
    if (m->version < HTTP_1_1) m->te_trailers = false;
    if (m->framing != HTTP_CHUNKED) h1_drop(h, HTTP_FIELD_TRAILER);
    if (o.upgrade) decide_upgrade(h);
    return H1_DONE;
}

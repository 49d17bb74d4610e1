/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of a request's first line, and what is put together of it and Host. */
#include "http/target.h"
#include "policy/fields.h"
#include "policy/hashes.h"
#include "policy/message_fetches.h"

/* ---- method and version ---- */

/* The methods that HAProxy has a number for (PATCH is none of them). */
static const struct slice known_methods[] = {
    [HTTP_GET] = SLICE_LIT("GET"),         [HTTP_HEAD] = SLICE_LIT("HEAD"),
    [HTTP_POST] = SLICE_LIT("POST"),       [HTTP_PUT] = SLICE_LIT("PUT"),
    [HTTP_DELETE] = SLICE_LIT("DELETE"),   [HTTP_CONNECT] = SLICE_LIT("CONNECT"),
    [HTTP_OPTIONS] = SLICE_LIT("OPTIONS"), [HTTP_TRACE] = SLICE_LIT("TRACE"),
};

/* HAProxy keeps the number of the method that the client sent: a rule that sets another changes
 * what is sent, and nothing here. Of other methods it has only the text, which is the one set last,
 * and gone when the response is there. */
static bool fetch_method(struct context *c, const struct arg *args, struct sample *out)
{
    const struct http_msg *m = c->req;
    enum http_method asked;

    (void)args;
    if (!m) return false;
    asked = http_msg_asked(m);
    out->type = SAMPLE_METH;
    out->http_method = (uint8_t)asked;
    out->str = known_methods[asked < sizeof known_methods / sizeof *known_methods ? asked : 0];
    if (out->str.n) return true;
    if (c->now_scope == SCOPE_RES) return false;
    if (m->method_set) out->http_method = HTTP_METHOD_OTHER;
    out->str = m->method_name;
    return true;
}

bool fetch_version(struct context *c, const struct arg *args, struct sample *out)
{
    const struct http_msg *m = field_message(c, args_param(args));

    if (!m) return false;
    switch (m->version) {
    case HTTP_1_0: return sample_str(out, SLICE("1.0"));
    case HTTP_2_0: return sample_str(out, SLICE("2.0"));
    default: return sample_str(out, SLICE("1.1"));
    }
}

static bool fetch_is_http(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->req && c->now_scope != SCOPE_RES && sample_bool(out, true);
}

/* ---- the target ---- */

static bool fetch_url(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->req && sample_str(out, c->req->target);
}

static bool begins_with_slash(struct slice s)
{
    return s.n && s.p[0] == '/';
}

/* What a target that does not begin with it has of a path; out of the way of those that do. */
__attribute__((noinline)) static struct slice path_within(struct slice target)
{
    struct http_target t;

    http_target_split(target, &t);
    return t.path;
}

/* The path with its query. There is none in "*", in an authority, and in an absolute form that is
 * a scheme and an authority alone. */
static bool target_path(const struct context *c, struct slice *out)
{
    if (!c->req) return false;
    *out = c->req->target;
    if (!begins_with_slash(*out)) *out = path_within(*out);
    return begins_with_slash(*out);
}

static bool fetch_path(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice path;

    (void)args;
    if (!target_path(c, &path)) return false;
    return sample_str(out, slice_of(path.p, http_path_length(path)));
}

static bool fetch_path_query(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice path;

    (void)args;
    return target_path(c, &path) && sample_str(out, path);
}

static bool fetch_query(struct context *c, const struct arg *args, struct sample *out)
{
    ptrdiff_t mark;

    (void)args;
    if (!c->req) return false;
    mark = slice_find(c->req->target, '?');
    return mark >= 0 && sample_str(out, slice_from(c->req->target, (size_t)mark + 1));
}

/* ---- an address in the target ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One number of at most `most`, with leading zeros if it likes; its length, 0: there is none. */
static size_t read_number(struct slice s, unsigned most, unsigned *out)
{
    size_t n = 0;

    for (*out = 0; n < s.n && is_digit(s.p[n]) && *out <= most; n++)
        *out = *out * 10 + (unsigned)(s.p[n] - '0');
    return *out <= most ? n : 0;
}

size_t fetch_ipv4(struct slice s, struct in_addr *out)
{
    struct slice rest = s;
    uint32_t address = 0;
    unsigned byte;
    size_t n;

    for (unsigned i = 0; i < 4; i++) {
        if (i && (rest.n == 0 || rest.p[0] != '.')) return 0;
        if (i) rest = slice_from(rest, 1);
        n = read_number(rest, 255, &byte);
        if (n == 0) return 0;
        address = address << 8 | byte;
        rest = slice_from(rest, n);
    }
    out->s_addr = htonl(address);
    return s.n - rest.n;
}

bool fetch_port(struct slice s, int64_t *out)
{
    unsigned port;
    size_t n = read_number(s, 65535, &port);

    if (n == 0 || n != s.n) return false;
    if (out) *out = port;
    return true;
}

/* Only of "http://" and "https://" with an IPv4 address as host. */
static bool target_address(const struct context *c, struct in_addr *address, int64_t *port)
{
    struct http_target t;
    struct slice rest;
    size_t n;

    if (!c->req || !c->req->absolute) return false;
    http_target_split(c->req->target, &t);
    if (slice_eq_nocase(t.scheme, SLICE("http")))
        *port = 80;
    else if (slice_eq_nocase(t.scheme, SLICE("https")))
        *port = 443;
    else
        return false;
    n = fetch_ipv4(t.authority, address);
    rest = slice_from(t.authority, n);
    return n && (rest.n == 0 || (rest.p[0] == ':' && fetch_port(slice_from(rest, 1), port)));
}

static bool fetch_url_address(struct context *c, const struct arg *args, struct sample *out)
{
    int64_t port;

    (void)args;
    if (!target_address(c, &out->ipv4, &port)) return false;
    out->type = SAMPLE_IPV4;
    return true;
}

static bool fetch_url_port(struct context *c, const struct arg *args, struct sample *out)
{
    struct in_addr address;
    int64_t port;

    (void)args;
    return target_address(c, &address, &port) && sample_sint(out, port);
}

/* ---- Host and path ---- */

/* What these fetches put behind Host. */
enum base_part { BASE_PATH, BASE_PATH_QUERY };

struct base {
    struct slice host, path; /* either may be empty, but not both */
};

static bool base_of(const struct context *c, intptr_t part, struct base *b)
{
    struct field_walk w = { .msg = c->req, .name = SLICE_LIT("host"), .split = true };

    *b = (struct base){ 0 };
    if (!c->req) return false;
    field_next(&w, &b->host);
    if (!target_path(c, &b->path))
        b->path.n = 0;
    else if (part == BASE_PATH)
        b->path.n = http_path_length(b->path);
    return b->host.n || b->path.n;
}

/* Both in one piece. */
static bool base_text(struct context *c, intptr_t part, struct slice *out)
{
    struct base b;
    char *to;

    if (!base_of(c, part, &b)) return false;
    *out = b.path;
    if (b.host.n == 0) return true;
    to = context_room(c, b.host.n + b.path.n);
    if (!to) return false;
    *out = slice_between(to, slice_put(slice_put(to, b.host), b.path));
    return true;
}

static bool fetch_base(struct context *c, const struct arg *args, struct sample *out)
{
    struct slice base;
    return base_text(c, args_param(args), &base) && sample_str(out, base);
}

static bool base_hash(struct context *c, intptr_t part, uint32_t *out)
{
    struct slice base = { NULL, 0 };

    if (!c->req) return false;
    base_text(c, part, &base); /* there is a hash of nothing, too */
    *out = hash_avalanche(hash_sdbm(base));
    return true;
}

static bool fetch_hash(struct context *c, const struct arg *args, struct sample *out)
{
    uint32_t h;
    return base_hash(c, args_param(args), &h) && sample_sint(out, h);
}

/* The hash in network order, and behind it the client's address. */
static bool fetch_hash_source(struct context *c, const struct arg *args, struct sample *out)
{
    struct sample source = { 0 };
    uint32_t h;
    char *to, *at;

    if (!base_hash(c, args_param(args), &h)) return false;
    h = htonl(h);
    to = context_room(c, sizeof h + sizeof source.ipv6);
    if (!to) return false;
    at = slice_put(to, slice_of((const char *)&h, sizeof h));
    if (sample_address(&source, context_src(c)))
        at = slice_put(at, source.type == SAMPLE_IPV4
                               ? slice_of((const char *)&source.ipv4, sizeof source.ipv4)
                               : slice_of((const char *)&source.ipv6, sizeof source.ipv6));
    return sample_bin(out, slice_between(to, at));
}

/* ---- the rows ---- */

static const struct fetch rows[] = {
    { "base", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, FETCH_DERIVED, fetch_base,
      "The first Host and the path behind it, without the query.", NULL, BASE_PATH },
    { "base32", ARGS(0, ARG_END), SAMPLE_SINT, NEED_REQUEST, 0, fetch_hash,
      "A hash of `base` in 32 bits: what `base,sdbm(1)` gives.", NULL, BASE_PATH },
    { "base32+src", ARGS(0, ARG_END), SAMPLE_BIN, NEED_REQUEST, 0, fetch_hash_source,
      "`base32` in four bytes, and `src` behind it.", NULL, BASE_PATH },
    { "baseq", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_base,
      "The first Host and the path with its query behind it.", NULL, BASE_PATH_QUERY },
    { "method", ARGS(0, ARG_END), SAMPLE_METH, NEED_REQUEST_KEPT, 0, fetch_method,
      "The request's method, as the client sent it. Where the response is handled, only of GET, "
      "HEAD, POST, PUT, DELETE, OPTIONS, TRACE and CONNECT.",
      NULL, 0 },
    { "path", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, FETCH_DERIVED, fetch_path,
      "The path of the request's target, from its first slash up to the question mark. Nothing "
      "for `*`, for CONNECT, and for an absolute target without a path.",
      NULL, 0 },
    { "pathq", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_path_query,
      "The path with its query.", NULL, 0 },
    { "query", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_query,
      "What stands behind the first question mark of the request's target, though it be nothing; "
      "not found where there is no question mark.",
      NULL, 0 },
    { "req.proto_http", ARGS(0, ARG_END), SAMPLE_BOOL, NEED_REQUEST_KEPT, 0, fetch_is_http,
      "True: there is an HTTP request.", NULL, 0 },
    { "req_proto_http", ARGS(0, ARG_END), SAMPLE_BOOL, NEED_REQUEST_KEPT, 0, fetch_is_http,
      "The same as `req.proto_http`.", NULL, 0 },
    { "req.ver", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_version,
      "The version of HTTP that the request came in: \"1.0\", \"1.1\", \"2.0\".", NULL,
      SIDE_REQUEST },
    { "req_ver", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, 0, fetch_version,
      "The same as `req.ver`.", NULL, SIDE_REQUEST },
    { "url", ARGS(0, ARG_END), SAMPLE_STR, NEED_REQUEST, FETCH_DERIVED, fetch_url,
      "The request's target as it came, in whatever form.", NULL, 0 },
    { "url32", ARGS(0, ARG_END), SAMPLE_SINT, NEED_REQUEST, 0, fetch_hash,
      "A hash of `baseq` in 32 bits, made as `base32` is.", NULL, BASE_PATH_QUERY },
    { "url32+src", ARGS(0, ARG_END), SAMPLE_BIN, NEED_REQUEST, 0, fetch_hash_source,
      "`url32` in four bytes, and `src` behind it.", NULL, BASE_PATH_QUERY },
    { "url_ip", ARGS(0, ARG_END), SAMPLE_IPV4, NEED_REQUEST, 0, fetch_url_address,
      "The host of a target in absolute form, where it is an IPv4 address.", NULL, 0 },
    { "url_port", ARGS(0, ARG_END), SAMPLE_SINT, NEED_REQUEST, 0, fetch_url_port,
      "The port of a target whose host is an IPv4 address: 80, or 443 for https, when it names "
      "none.",
      NULL, 0 },
};

const struct fetch_table request_fetches = FETCH_TABLE("The request", rows);

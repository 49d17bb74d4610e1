/* SPDX-License-Identifier: Apache-2.0 */
/* The items of log formats: what "%ci" and its kin stand for. HAProxy's manual, 8.2.6 and 8.4. */
#include "gateway/capture.h"
#include "gateway/log_items.h"
#include "gateway/rules.h"
#include "gateway/service.h"

#include <time.h>
#include <unistd.h>

#define ITEM(name)                                                            \
    static void name(struct context *c, struct format_out *o, unsigned flags, \
                     const struct arg *args)

static struct request *request_of(const struct context *c)
{
    return c->owner;
}

static struct session *session_of(const struct context *c)
{
    return c->client->owner;
}

/* ---- addresses ---- */

ITEM(put_ci)
{
    (void)args;
    format_put_address(o, context_src(c), flags);
}

ITEM(put_cp)
{
    (void)args;
    format_put_port(o, context_src(c), flags);
}

ITEM(put_fi)
{
    (void)args;
    format_put_address(o, context_dst(c), flags);
}

ITEM(put_fp)
{
    (void)args;
    format_put_port(o, context_dst(c), flags);
}

static const struct sockaddr *own_side(const struct context *c, union address *buf)
{
    const struct request *r = request_of(c);
    socklen_t n = sizeof *buf;

    if (!r || !r->flow.conn) return NULL;
    return getsockname(r->flow.conn->h1.conn.io.fd, &buf->sa, &n) == 0 ? &buf->sa : NULL;
}

ITEM(put_bi)
{
    union address a;
    (void)args;
    format_put_address(o, own_side(c, &a), flags);
}

ITEM(put_bp)
{
    union address a;
    (void)args;
    format_put_port(o, own_side(c, &a), flags);
}

/* NULL: it has none yet. */
static const struct sockaddr *server_address(const struct context *c, struct server_address *buf)
{
    const struct request *r = request_of(c);

    if (!r || !r->flow.server || !r->flow.at.connected) return NULL;
    *buf = server_address_now(r->flow.server);
    return &buf->address.sa;
}

ITEM(put_si)
{
    struct server_address a;
    (void)args;
    format_put_address(o, server_address(c, &a), flags);
}

ITEM(put_sp)
{
    struct server_address a;
    (void)args;
    format_put_port(o, server_address(c, &a), flags);
}

/* ---- names ---- */

ITEM(put_f)
{
    (void)args;
    format_put_text(o, slice_str(c->frontend->name), flags);
}

ITEM(put_b)
{
    (void)args;
    format_put_text(o, slice_str((c->backend ? c->backend : c->frontend)->name), flags);
}

ITEM(put_s)
{
    const struct request *r = request_of(c);
    const char *none = r && r->service ? r->service->shown : "<NOSRV>";

    (void)args;
    format_put_text(o, slice_str(c->server ? c->server->name : none), flags);
}

ITEM(put_host)
{
    char name[256];
    (void)args;
    (void)c;
    if (gethostname(name, sizeof name) < 0) name[0] = '\0';
    name[sizeof name - 1] = '\0';
    format_put_text(o, slice_str(name), flags);
}

ITEM(put_pid)
{
    (void)args;
    (void)c;
    if (flags & FORMAT_HEX)
        format_put_hex(o, (uint64_t)getpid(), 4);
    else
        format_put_u64(o, (uint64_t)getpid());
}

ITEM(put_id)
{
    (void)args;
    format_put_text(o, c->owner ? request_unique_id(c->owner) : SLICE(""), flags);
}

/* ---- dates ---- */

/* When it was, by the wall clock, in microseconds. */
static usec_t wall(usec_t then)
{
    return clock_wall_usec() - (clock_usec() - then);
}

static usec_t accept_date(const struct context *c)
{
    const struct request *r = request_of(c);

    return wall(r ? r->flow.at.began : c->client->accepted);
}

static usec_t request_date(const struct context *c)
{
    const struct request *r = request_of(c);

    return wall(r ? r->flow.at.first_byte : c->client->accepted);
}

static void put_date(struct format_out *o, usec_t when, const char *form, bool gmt, bool ms)
{
    time_t seconds = (time_t)(when / 1000000);
    char text[64];
    struct tm tm;
    size_t n;

    if (gmt)
        gmtime_r(&seconds, &tm);
    else
        localtime_r(&seconds, &tm);
    n = strftime(text, sizeof text, form, &tm);
    format_put(o, slice_of(text, n));
    if (!ms) return;
    text[0] = '.';
    for (unsigned i = 3, v = (unsigned)(when / 1000 % 1000); i > 0; i--, v /= 10)
        text[i] = (char)('0' + v % 10);
    format_put(o, slice_of(text, 4));
}

#define PLAIN_DATE "%d/%b/%Y:%H:%M:%S"

ITEM(put_t)
{
    (void)args;
    (void)flags;
    put_date(o, accept_date(c), PLAIN_DATE, false, true);
}

ITEM(put_tr)
{
    (void)args;
    (void)flags;
    put_date(o, request_date(c), PLAIN_DATE, false, true);
}

ITEM(put_T)
{
    (void)args;
    (void)flags;
    put_date(o, accept_date(c), PLAIN_DATE " +0000", true, false);
}

ITEM(put_trg)
{
    (void)args;
    (void)flags;
    put_date(o, request_date(c), PLAIN_DATE " +0000", true, false);
}

ITEM(put_Tl)
{
    (void)args;
    (void)flags;
    put_date(o, accept_date(c), PLAIN_DATE " %z", false, false);
}

ITEM(put_trl)
{
    (void)args;
    (void)flags;
    put_date(o, request_date(c), PLAIN_DATE " %z", false, false);
}

ITEM(put_Ts)
{
    (void)args;
    if (flags & FORMAT_HEX)
        format_put_hex(o, accept_date(c) / 1000000, 4);
    else
        format_put_u64(o, accept_date(c) / 1000000);
}

ITEM(put_ms)
{
    unsigned v = (unsigned)(accept_date(c) / 1000 % 1000);
    char text[3] = { (char)('0' + v / 100), (char)('0' + v / 10 % 10), (char)('0' + v % 10) };

    (void)args;
    if (flags & FORMAT_HEX)
        format_put_hex(o, v, 2);
    else
        format_put(o, slice_of(text, 3));
}

/* ---- times: whole milliseconds since the exchange began, so that their differences add up ---- */

static const struct flow_times *times_of(const struct context *c)
{
    static const struct flow_times none;

    return c->owner ? &request_of(c)->flow.at : &none;
}

static int64_t since(const struct flow_times *t, usec_t then)
{
    return then > t->began ? (int64_t)((then - t->began) / 1000) : 0;
}

/* Between two moments; -1 when the second has not come. */
static void put_between(struct format_out *o, const struct flow_times *t, usec_t from, usec_t to)
{
    format_put_i64(o, to ? since(t, to) - since(t, from) : -1);
}

/* option logasap: there may be more by the time all is over. */
static void put_plus(const struct context *c, struct format_out *o)
{
    if (proxy_option(c->frontend, OPT_LOG_ASAP)) format_put(o, SLICE("+"));
}

ITEM(put_Th)
{
    (void)args;
    (void)c;
    (void)flags;
    format_put_u64(o, 0); /* no handshakes yet */
}

ITEM(put_Ti)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    format_put_i64(o, since(t, t->first_byte));
}

static bool head_is_whole(const struct context *c)
{
    return c->owner && request_of(c)->req.method_name.n;
}

ITEM(put_TR)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_between(o, t, t->first_byte, head_is_whole(c) ? t->received : 0);
}

ITEM(put_Tq)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_between(o, t, t->began, head_is_whole(c) ? t->received : 0);
}

ITEM(put_Tw)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_between(o, t, t->received, t->chosen);
}

ITEM(put_Tc)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_between(o, t, t->chosen, t->connected);
}

ITEM(put_Tr)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_between(o, t, t->connected, t->answered);
}

ITEM(put_Td)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_between(o, t, t->answered, t->answered ? c->worker->now_usec : 0);
}

ITEM(put_Ta)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_plus(c, o);
    put_between(o, t, t->first_byte, c->worker->now_usec);
}

ITEM(put_Tt)
{
    const struct flow_times *t = times_of(c);
    (void)args;
    (void)flags;
    put_plus(c, o);
    put_between(o, t, t->began, c->worker->now_usec);
}

/* ---- the request ---- */

static struct slice method_of(const struct context *c)
{
    const struct request *r = request_of(c);

    return r && r->req.method_name.n ? r->method_was : SLICE("<BADREQ>");
}

/* Of a request line logs have so much (tune.http.logurilen). */
static struct slice cut_line(const struct request *r, struct slice s, size_t before)
{
    size_t most = r->pinned->snapshot->global.log_uri_most - 1;

    most = most > before ? most - before : 0;
    return s.n > most ? slice_of(s.p, most) : s;
}

/* The start line as the client sent it. */
ITEM(put_r)
{
    const struct request *r = request_of(c);
    struct slice line = SLICE("<BADREQ>");

    (void)args;
    if (r && r->target_was.n)
        line = slice_str(arena_printf(c->arena, "%.*s %.*s HTTP/1.%c", SLICE_ARG(r->method_was),
                                      SLICE_ARG(r->target_was),
                                      r->req.version == HTTP_1_0 ? '0' : '1'));
    if (r) line = cut_line(r, line, 0);
    format_put_encoded(o, line, flags, FORMAT_SET_URI);
}

ITEM(put_HM)
{
    (void)args;
    format_put_encoded(o, method_of(c), flags, FORMAT_SET_URI);
}

static struct slice uri_of(const struct context *c)
{
    const struct request *r = request_of(c);

    if (!r || !r->target_was.n) return SLICE("<BADREQ>");
    return cut_line(r, r->target_was, r->method_was.n + 1);
}

static struct slice before_query(struct slice uri)
{
    ptrdiff_t at = slice_find(uri, '?');

    return at < 0 ? uri : slice_of(uri.p, (size_t)at);
}

ITEM(put_HU)
{
    (void)args;
    format_put_encoded(o, uri_of(c), flags, FORMAT_SET_URI);
}

ITEM(put_HP)
{
    (void)args;
    format_put_encoded(o, before_query(uri_of(c)), flags, FORMAT_SET_URI);
}

ITEM(put_HPO)
{
    struct slice uri = before_query(uri_of(c));
    const char *authority = memmem(uri.p, uri.n, "://", 3);

    (void)args;
    if (slice_is(uri, "*")) uri.n = 0;
    if (authority) {
        struct slice rest = slice_between(authority + 3, uri.p + uri.n);
        ptrdiff_t slash = slice_find(rest, '/');
        uri = slash < 0 ? SLICE("/") : slice_from(rest, (size_t)slash);
    }
    format_put_encoded(o, uri, flags, FORMAT_SET_URI);
}

ITEM(put_HQ)
{
    struct slice uri = uri_of(c);
    ptrdiff_t at = slice_find(uri, '?');

    (void)args;
    format_put_encoded(o, at < 0 ? SLICE("") : slice_from(uri, (size_t)at), flags, FORMAT_SET_URI);
}

ITEM(put_HV)
{
    const struct request *r = request_of(c);
    struct slice v = r && r->req.version == HTTP_1_0 ? SLICE("HTTP/1.0") : SLICE("HTTP/1.1");

    (void)args;
    if (!head_is_whole(c)) v = SLICE("<BADREQ>");
    format_put_encoded(o, v, flags, FORMAT_SET_URI);
}

/* ---- the answer ---- */

ITEM(put_ST)
{
    const struct request *r = request_of(c);
    (void)args;
    (void)flags;
    format_put_i64(o, r && r->status ? r->status : -1);
}

/* Of a head that was no good nothing is counted, as in HAProxy. */
static void bytes_of(const struct context *c, uint64_t *in, uint64_t *out)
{
    const struct request *r = request_of(c);

    *in = *out = 0;
    if (r && !r->bad_status) r->client->ops->bytes(r->client, in, out);
}

ITEM(put_B)
{
    uint64_t in, out;
    (void)args;
    (void)flags;
    put_plus(c, o);
    bytes_of(c, &in, &out);
    format_put_u64(o, out);
}

ITEM(put_U)
{
    uint64_t in, out;
    (void)args;
    (void)flags;
    bytes_of(c, &in, &out);
    format_put_u64(o, in);
}

static void put_termination(const struct context *c, struct format_out *o)
{
    const struct request *r = request_of(c);
    struct termination t = r ? r->ended : (struct termination){ '-', '-' };
    const char text[2] = { t.cause, t.phase };

    format_put(o, slice_of(text, 2));
}

ITEM(put_ts)
{
    (void)args;
    (void)flags;
    put_termination(c, o);
}

ITEM(put_tsc)
{
    (void)args;
    (void)flags;
    put_termination(c, o);
    format_put(o, SLICE("--")); /* of cookies for stickiness: none */
}

ITEM(put_nothing)
{
    (void)args;
    (void)c;
    format_put_text(o, SLICE(""), flags);
}

/* ---- how busy everybody is ---- */

ITEM(put_ac)
{
    (void)args;
    (void)flags;
    format_put_u64(o, gauge_now(&session_of(c)->gate->engine->connections));
}

ITEM(put_fc)
{
    (void)args;
    (void)flags;
    format_put_u64(o, gauge_now(&c->frontend->state->fe_sessions));
}

/* Of what is counted, the request itself: not when it is over. */
static unsigned itself(const struct context *c, bool counted)
{
    const struct request *r = request_of(c);

    return r && counted && r->step == FINISH;
}

ITEM(put_bc)
{
    (void)args;
    (void)flags;
    format_put_u64(o,
                   c->backend ? gauge_now(&c->backend->state->be_sessions) - itself(c, true) : 0);
}

ITEM(put_sc)
{
    (void)args;
    (void)flags;
    format_put_u64(o, c->server ? gauge_now(&c->server->state->sessions) -
                                      itself(c, request_of(c) && request_of(c)->flow.has_slot)
                                : 0);
}

/* A plus sign: it was sent to another server in the end. */
ITEM(put_rc)
{
    const struct request *r = request_of(c);
    (void)args;
    (void)flags;
    if (r && r->flow.redispatched) format_put(o, SLICE("+"));
    format_put_u64(o, r ? r->flow.retries : 0);
}

ITEM(put_lc)
{
    (void)args;
    (void)flags;
    format_put_u64(o, atomic_load_explicit(&c->frontend->state->log_lines, memory_order_relaxed));
}

ITEM(put_sq)
{
    const struct request *r = request_of(c);

    (void)args;
    (void)flags;
    format_put_u64(o, r ? r->flow.server_place : 0);
}

ITEM(put_bq)
{
    const struct request *r = request_of(c);

    (void)args;
    (void)flags;
    format_put_u64(o, r ? r->flow.any_place : 0);
}

/* Requests are numbered when somebody asks, so that nobody pays for it who does not. */
static uint64_t number_of(struct request *r)
{
    if (r && r->number == UINT64_MAX)
        r->number = atomic_fetch_add_explicit(&r->gate->engine->n_numbered, 1,
                                              memory_order_relaxed);
    return r ? r->number : 0;
}

ITEM(put_rt)
{
    uint64_t number = number_of(request_of(c));

    (void)args;
    if (flags & FORMAT_HEX)
        format_put_hex(o, number, 4);
    else
        format_put_u64(o, number);
}

/* ---- captures ---- */

static void put_captures(struct context *c, struct format_out *o, unsigned flags, bool response,
                         bool clf)
{
    const struct frontend_conf *fe = c->frontend->fe;
    unsigned n = response ? fe->response_slots.n : fe->request_slots.n;

    if (!n || !head_is_whole(c)) {
        o->absent = true;
        return;
    }
    if (!clf) format_put(o, flags & FORMAT_QUOTE ? SLICE("\"{") : SLICE("{"));
    for (unsigned i = 0; i < n; i++) {
        struct slice v = SLICE("");
        bool there = capture_get(c, response, i, &v);

        if (i) format_put(o, clf ? SLICE(" ") : SLICE("|"));
        if (clf && !there && !(flags & FORMAT_QUOTE))
            format_put(o, SLICE("-"));
        else
            format_put_encoded(o, v, clf ? flags : flags & ~(unsigned)FORMAT_QUOTE,
                               FORMAT_SET_CAPTURES);
    }
    if (!clf) format_put(o, flags & FORMAT_QUOTE ? SLICE("}\"") : SLICE("}"));
}

ITEM(put_hr)
{
    (void)args;
    put_captures(c, o, flags, false, false);
}

ITEM(put_hs)
{
    (void)args;
    put_captures(c, o, flags, true, false);
}

ITEM(put_hrl)
{
    (void)args;
    put_captures(c, o, flags, false, true);
}

ITEM(put_hsl)
{
    (void)args;
    put_captures(c, o, flags, true, true);
}

/* One of no length was cut to that. */
static void put_cookie(const struct context *c, struct format_out *o, unsigned flags, bool response)
{
    const struct capture_list *l = c->captures;
    struct slice cookie = l ? l->cookie[response] : SLICE("");

    if (l && cookie.p && cookie.n == 0) flags |= FORMAT_OPTIONAL;
    format_put_text(o, cookie, flags | FORMAT_RAW);
}

ITEM(put_CC)
{
    (void)args;
    put_cookie(c, o, flags, false);
}

ITEM(put_CS)
{
    (void)args;
    put_cookie(c, o, flags, true);
}

enum { ANY, HTTP };

static const struct format_item rows[] = {
    { "B", NEED_END, ANY, put_B,
      "Bytes sent to the client, heads included, as they went out. (HAProxy counts heads in its "
      "own "
      "form, some bytes longer, and what a server had sent where another answer took its place.)" },
    { "CC", NEED_END, HTTP, put_CC, "The request's cookie that `capture cookie` kept." },
    { "CS", NEED_END, HTTP, put_CS,
      "The cookie of the server's answer that `capture cookie` kept." },
    { "H", NEED_NOTHING, ANY, put_host, "The name of this host." },
    { "HM", NEED_REQUEST_KEPT, HTTP, put_HM, "The method." },
    { "HP", NEED_REQUEST_KEPT, HTTP, put_HP, "The target without its query." },
    { "HPO", NEED_REQUEST_KEPT, HTTP, put_HPO, "The path alone." },
    { "HQ", NEED_REQUEST_KEPT, HTTP, put_HQ, "The query with its question mark." },
    { "HU", NEED_REQUEST_KEPT, HTTP, put_HU, "The target." },
    { "HV", NEED_REQUEST_KEPT, HTTP, put_HV, "The version." },
    { "ID", NEED_REQUEST_KEPT, ANY, put_id, "The request's unique id." },
    { "ST", NEED_RESPONSE_KEPT, ANY, put_ST, "The status that was answered." },
    { "T", NEED_CLIENT, ANY, put_T, "When it was accepted, in UTC." },
    { "TR", NEED_END, HTTP, put_TR, "Milliseconds from the first byte of the head to its end." },
    { "Ta", NEED_END, HTTP, put_Ta, "… from the first byte of the head to the end." },
    { "Tc", NEED_END, ANY, put_Tc, "… to connect to the server." },
    { "Td", NEED_END, ANY, put_Td, "… from the answer's head to the end." },
    { "Th", NEED_END, ANY, put_Th, "… for handshakes." },
    { "Ti", NEED_END, HTTP, put_Ti, "… idle before the request." },
    { "Tl", NEED_CLIENT, ANY, put_Tl, "When it was accepted, in local time." },
    { "Tq", NEED_END, HTTP, put_Tq, "… from the accept to the end of the head." },
    { "Tr", NEED_END, HTTP, put_Tr, "… from the connection to the answer's head." },
    { "Ts", NEED_CLIENT, ANY, put_Ts, "When it was accepted, in seconds since 1970." },
    { "Tt", NEED_END, ANY, put_Tt, "… from the accept to the end." },
    { "Tu", NEED_END, HTTP, put_Ta, "… as the client saw it: without idling." },
    { "Tw", NEED_END, ANY, put_Tw, "… in the queue." },
    { "U", NEED_END, ANY, put_U, "Bytes received from the client." },
    { "ac", NEED_PROCESS, ANY, put_ac, "Connections of the whole process." },
    { "b", NEED_BACKEND, ANY, put_b, "The backend." },
    { "bc", NEED_BACKEND, ANY, put_bc, "Requests of the backend." },
    { "bi", NEED_SERVER_CONN, ANY, put_bi, "Our address on the server's connection." },
    { "bp", NEED_SERVER_CONN, ANY, put_bp, "Our port on it." },
    { "bq", NEED_BACKEND, ANY, put_bq,
      "How many left the backend's queue, itself included, while it waited for any server." },
    { "ci", NEED_CLIENT, ANY, put_ci, "The client's address." },
    { "cp", NEED_CLIENT, ANY, put_cp, "The client's port." },
    { "f", NEED_FRONTEND, ANY, put_f, "The frontend." },
    { "fc", NEED_FRONTEND, ANY, put_fc, "Connections of the frontend." },
    { "fi", NEED_CLIENT, ANY, put_fi, "The address that the client connected to." },
    { "fp", NEED_CLIENT, ANY, put_fp, "The port that the client connected to." },
    { "ft", NEED_FRONTEND, ANY, put_f, "The frontend, with `~` behind it for TLS." },
    { "hr", NEED_REQUEST_KEPT, ANY, put_hr, "The request's captures: `{a|b}`." },
    { "hrl", NEED_REQUEST_KEPT, ANY, put_hrl, "The request's captures with blanks between." },
    { "hs", NEED_RESPONSE_KEPT, ANY, put_hs, "The response's captures: `{a|b}`." },
    { "hsl", NEED_RESPONSE_KEPT, ANY, put_hsl, "The response's captures with blanks between." },
    { "lc", NEED_END, ANY, put_lc, "How many lines the frontend has logged before." },
    { "ms", NEED_CLIENT, ANY, put_ms, "The milliseconds of when it was accepted." },
    { "pid", NEED_NOTHING, ANY, put_pid, "The number of this process." },
    { "r", NEED_REQUEST_KEPT, HTTP, put_r, "The request line as the client sent it." },
    { "rc", NEED_END, ANY, put_rc, "Retries; with a plus sign when another server got it." },
    { "rt", NEED_CLIENT, ANY, put_rt, "The number of the request in this process." },
    { "s", NEED_SERVER, ANY, put_s, "The server; `<NOSRV>` when there was none." },
    { "sc", NEED_SERVER, ANY, put_sc, "Requests at the server." },
    { "si", NEED_SERVER, ANY, put_si, "The server's address." },
    { "sp", NEED_SERVER, ANY, put_sp, "The server's port." },
    { "sq", NEED_SERVER, ANY, put_sq, "The same of those that waited for its server alone." },
    { "sslc", NEED_SESSION, ANY, put_nothing, "The cipher of TLS." },
    { "sslv", NEED_SESSION, ANY, put_nothing, "The version of TLS." },
    { "t", NEED_CLIENT, ANY, put_t, "When it was accepted, in local time with milliseconds." },
    { "tr", NEED_REQUEST_KEPT, HTTP, put_tr, "When the request began, likewise." },
    { "trg", NEED_REQUEST_KEPT, HTTP, put_trg, "When the request began, in UTC." },
    { "trl", NEED_REQUEST_KEPT, HTTP, put_trl, "When the request began, in local time." },
    { "ts", NEED_END, ANY, put_ts, "How it ended: two letters." },
    { "tsc", NEED_END, HTTP, put_tsc, "How it ended: four letters, two of them of cookies." },
};

const struct format_item_table log_items = { .title = "Items of formats",
                                             .rows = rows,
                                             .n = sizeof rows / sizeof *rows };

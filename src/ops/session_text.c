/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/session_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

enum { TIME_MAX = 48 };

/* ---- parts ---- */

static msec_t now(const struct request *r)
{
    return r->gate->worker.now;
}

/* "2s", "1m5s", "3h", "1d2h", as HAProxy writes spans: two units at the most. */
static const char *span(uint64_t s, char buf[TIME_MAX])
{
    static const struct {
        unsigned seconds;
        char unit;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };

    for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
        uint64_t more = s % units[i].seconds;
        unsigned next = i + 1 < ARRAY_LEN(units) ? units[i + 1].seconds : 1;
        char unit = i + 1 < ARRAY_LEN(units) ? units[i + 1].unit : 's';

        if (s < units[i].seconds) continue;
        if (more / next)
            snprintf(buf, TIME_MAX, "%" PRIu64 "%c%" PRIu64 "%c", s / units[i].seconds,
                     units[i].unit, more / next, unit);
        else
            snprintf(buf, TIME_MAX, "%" PRIu64 "%c", s / units[i].seconds, units[i].unit);
        return buf;
    }
    snprintf(buf, TIME_MAX, "%" PRIu64 "s", s);
    return buf;
}

/* How long until then; `never`: there is no such time. */
static const char *until(const struct request *r, msec_t at, const char *never, char buf[TIME_MAX])
{
    if (!at) return never;
    return span(at > now(r) ? (at - now(r) + 999) / 1000 : 0, buf);
}

static msec_t earlier(msec_t a, msec_t b)
{
    return !a ? b : !b || a < b ? a : b;
}

static msec_t queue_until(const struct request *r)
{
    return timer_is_set(&r->flow.timer) ? r->flow.timer.at : 0;
}

static msec_t deadline(const struct request *r)
{
    return earlier(earlier(r->client_until, r->server_until), queue_until(r));
}

static uint64_t age(const struct request *r)
{
    return (r->gate->worker.now_usec - r->flow.at.began) / 1000000;
}

static const char *proto(const struct sockaddr *sa)
{
    return sa->sa_family == AF_INET ? "tcpv4" : sa->sa_family == AF_INET6 ? "tcpv6" : "unix_stream";
}

static void put_address(struct text *t, const struct sockaddr *sa, unsigned bind)
{
    char host[64];

    if (sa->sa_family == AF_INET || sa->sa_family == AF_INET6)
        text_printf(t, "%s:%u", address_text(sa, host), address_port(sa));
    else
        text_printf(t, "unix:%u", bind);
}

/* HAProxy's numbers of the states of one end. */
static unsigned server_state(const struct request *r)
{
    if (r->step == CHOOSE_SERVER) return r->flow.waiter ? 2 : 3;
    if (r->step == CONNECT) return 5;
    return r->flow.conn ? 8 : r->step < CHOOSE_SERVER ? 0 : 10;
}

static const char *server_state_name(const struct request *r)
{
    static const char *const names[] = {
        [0] = "INI", [2] = "QUE", [3] = "TAR", [5] = "CON", [8] = "EST", [10] = "CLO"
    };
    return names[server_state(r)];
}

static int server_fd(const struct request *r)
{
    return r->flow.conn ? r->flow.conn->h1.conn.io.fd : -1;
}

static size_t held(const struct h1_conn *h)
{
    return h ? buf_filled(h->in) : 0;
}

static const struct h1_conn *server_h1(const struct request *r)
{
    return r->flow.conn ? &r->flow.conn->h1 : NULL;
}

/* ---- one line ---- */

void session_text_line(struct text *t, const struct request *r)
{
    const struct session *s = r->flow.session;
    char rx[TIME_MAX], tx[TIME_MAX], exp[TIME_MAX], old[TIME_MAX], queue[TIME_MAX];

    text_printf(t, "%p: proto=%s src=", (const void *)r, proto(&s->from.sa));
    put_address(t, &s->from.sa, r->bind->id);
    text_printf(t, " fe=%s be=%s srv=%s ts=%02x epoch=0 age=%s calls=%u rate=0 cpu=0 lat=0 ",
                r->flow.frontend->name, r->flow.backend ? r->flow.backend->name : "<NONE>",
                r->flow.server ? r->flow.server->name : "<none>", (unsigned)r->step,
                span(age(r), old), s->n_requests);
    text_printf(t, "rq[f=%xh,i=0,an=%02xh,rx=%s,wx=,ax=] ", r->waiting_on, (unsigned)r->up.state,
                until(r, r->client_until, "", rx));
    text_printf(t, "rp[f=%xh,i=%zu,an=%02xh,rx=%s,wx=,ax=] ", r->events, held(server_h1(r)),
                (unsigned)r->down.state, until(r, r->server_until, "", tx));
    text_printf(t, "scf=[8,%xh,fd=%d] scb=[%u,%xh,fd=%d] exp=%s rc=%u c_exp=%s\n",
                s->conn->io.ready, s->conn->io.fd, server_state(r),
                r->flow.conn ? r->flow.conn->h1.conn.io.ready : 0, server_fd(r),
                until(r, deadline(r), "", exp), r->flow.retries,
                until(r, queue_until(r), "", queue));
}

/* ---- all of it ---- */

static void put_began(struct text *t, const struct request *r)
{
    usec_t at = clock_wall_usec() - (r->gate->worker.now_usec - r->flow.at.began);
    time_t s = (time_t)(at / 1000000);
    struct tm tm;
    char date[32];

    localtime_r(&s, &tm);
    strftime(date, sizeof date, "%d/%b/%Y:%H:%M:%S", &tm);
    text_printf(t, "[%s.%06u]", date, (unsigned)(at % 1000000));
}

static const char *mode(const struct proxy_conf *p)
{
    return p->mode == MODE_HTTP ? "http" : "tcp";
}

/* An end of a connection, by the system call that finds it. */
static void put_end(struct text *t, int fd, int (*find)(int, struct sockaddr *, socklen_t *))
{
    union address a;
    socklen_t size = sizeof a;

    memset(&a, 0, sizeof a);
    if (fd < 0 || find(fd, &a.sa, &size) < 0) return;
    text_str(t, " addr=");
    put_address(t, &a.sa, 1);
}

static int get_name(int fd, struct sockaddr *a, socklen_t *n)
{
    return getsockname(fd, a, n);
}

static int get_peer(int fd, struct sockaddr *a, socklen_t *n)
{
    return getpeername(fd, a, n);
}

static void put_proxies(struct text *t, const struct request *r)
{
    const struct flow *f = &r->flow;

    text_printf(t, "  frontend=%s (id=%u mode=%s), listener=%s (id=%u)", f->frontend->name,
                f->frontend->id, mode(f->frontend), r->bind->name ? r->bind->name : "?",
                r->bind->id);
    put_end(t, f->session->conn->io.fd, get_name);
    if (f->backend)
        text_printf(t, "\n  backend=%s (id=%u mode=%s)", f->backend->name, f->backend->id,
                    mode(f->backend));
    else
        text_str(t, "\n  backend=<NONE> (id=-1 mode=-)");
    put_end(t, server_fd(r), get_name);
    if (f->server)
        text_printf(t, "\n  server=%s (id=%u)", f->server->name, f->server->id);
    else
        text_str(t, "\n  server=<NONE> (id=-1)");
    put_end(t, server_fd(r), get_peer);
    text_char(t, '\n');
}

void session_text_all(struct text *t, const struct request *r)
{
    const struct session *s = r->flow.session;
    const struct h1_conn *h = server_h1(r);
    char exp[TIME_MAX], old[TIME_MAX], rx[TIME_MAX], tx[TIME_MAX];
    uint64_t in, out;

    r->client->ops->bytes(r->client, &in, &out);
    text_printf(t, "%p: ", (const void *)r);
    put_began(t, r);
    text_printf(t, " id=%" PRIu64 " proto=%s source=", r->number == UINT64_MAX ? 0 : r->number,
                proto(&s->from.sa));
    put_address(t, &s->from.sa, r->bind->id);
    text_printf(t,
                "\n  flags=0x%x, conn_retries=%u, conn_exp=%s conn_et=0x000 srv_conn=%p, "
                "pend_pos=%p waiting=%u epoch=0\n",
                r->waiting_on, r->flow.retries, until(r, queue_until(r), "<NEVER>", rx),
                (const void *)(r->flow.server ? r->flow.server->state : NULL),
                (const void *)r->flow.waiter, r->flow.waiter != NULL);
    put_proxies(t, r);
    text_printf(t, "  task=%p (state=0x%02x step='%s' exp=%s tmask=0x%llx age=%s)\n",
                (const void *)r, (unsigned)r->step, request_step_name(r),
                until(r, deadline(r), "<NEVER>", exp), 1ULL << (r->gate->worker.id % 64),
                span(age(r), old));
    text_printf(t, "  txn=%p flags=0x0 meth=%.*s status=%d\n", (const void *)&r->req,
                SLICE_ARG(r->method_was), r->status ? (int)r->status : -1);
    text_printf(t, "  scf=%p flags=0x%08x state=EST %s fd=%d\n", (const void *)r->client,
                s->conn->io.ready, r->client->ops->name, s->conn->io.fd);
    text_printf(t, "  scb=%p flags=0x%08x state=%s fd=%d\n", (const void *)r->flow.conn,
                h ? h->conn.io.ready : 0, server_state_name(r), server_fd(r));
    text_printf(t, "  req=%p (an=0x%x total=%" PRIu64 ")\n      rex=%s\n", (const void *)&r->up,
                (unsigned)r->up.state, in, until(r, r->client_until, "<NEVER>", rx));
    text_printf(t, "  res=%p (an=0x%x total=%" PRIu64 ")\n      rex=%s\n", (const void *)&r->down,
                (unsigned)r->down.state, out, until(r, r->server_until, "<NEVER>", tx));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of columns, and how each value is read. */
#include "gateway/rules.h"
#include "ops/stats.h"
#include "ops/stats_checks.h"
#include "ops/stats_state.h"

static const struct proxy *state(const struct stat_row *r)
{
    return r->proxy->state;
}

/* ---- counters and rates ---- */

static struct stat_value counter(struct stat_row *r, unsigned i)
{
    return stat_u64(r->sums.counts[i]);
}

static struct stat_value rate(struct stat_row *r, unsigned field)
{
    const struct stat_rate *rate = (const void *)((const char *)r + field);
    return stat_u32(rate->now);
}

static struct stat_value rate_max(struct stat_row *r, unsigned field)
{
    const struct stat_rate *rate = (const void *)((const char *)r + field);
    return stat_u32(rate->max);
}

static struct stat_value average(struct stat_row *r, unsigned i)
{
    return stat_u32(r->sums.times.average[i]);
}

static struct stat_value longest(struct stat_row *r, unsigned i)
{
    return stat_u32(r->sums.times.most[i]);
}

static struct stat_value number(struct stat_row *r, unsigned n)
{
    (void)r;
    return stat_u32(n);
}

/* What there is nothing of to be counted yet. */
static struct stat_value nothing(struct stat_row *r, unsigned n)
{
    (void)r;
    return stat_u64(n);
}

/* ---- names ---- */

static struct stat_value pxname(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_text(r->proxy->name);
}

static struct stat_value svname(struct stat_row *r, unsigned param)
{
    (void)param;
    if (r->server) return stat_text(r->server->name);
    return stat_text(r->type == STAT_FRONTEND ? "FRONTEND" : "BACKEND");
}

static struct stat_value iid(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(r->proxy->id);
}

static struct stat_value sid(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(r->server ? r->server->id : 0);
}

static struct stat_value type(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(r->type == STAT_FRONTEND ? 0 : r->type == STAT_BACKEND ? 1 : 2);
}

static struct stat_value mode(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_text(r->proxy->mode == MODE_HTTP ? "http" : "tcp");
}

static struct stat_value algo(struct stat_row *r, unsigned param)
{
    (void)param;
    return r->view->secrets ? stat_text(r->proxy->be->algorithm->name) : stat_none();
}

static struct stat_value addr(struct stat_row *r, unsigned param)
{
    struct server_address a = server_address_now(r->server);

    (void)param;
    if (!r->view->secrets || a.address.sa.sa_family == AF_UNSPEC) return stat_none();
    return stat_text(server_address_text(&a, r->text));
}

/* ---- what is going on now ---- */

static const struct gauge *sessions(const struct stat_row *r)
{
    if (r->server) return &r->server->state->sessions;
    return r->type == STAT_FRONTEND ? &state(r)->fe_sessions : &state(r)->be_sessions;
}

static struct stat_value scur(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(gauge_now(sessions(r)));
}

static struct stat_value smax(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(atomic_load_explicit(&sessions(r)->max, memory_order_relaxed));
}

/* The queue is the backend's: no request waits for one server only. */
static struct stat_value qcur(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(r->server ? 0 : queue_length(state(r)->queue));
}

static struct stat_value qmax(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(r->server ? 0 : queue_longest(state(r)->queue));
}

/* ---- limits ---- */

static unsigned frontend_limit(const struct stat_view *v, const struct frontend_conf *fe)
{
    unsigned own = atomic_load_explicit(&fe->proxy->state->fe_maxconn, memory_order_relaxed);

    return own ? own : atomic_load_explicit(&v->engine->maxconn, memory_order_relaxed);
}

static unsigned configured_limit(const struct stat_view *v, const struct frontend_conf *fe)
{
    return fe->maxconn ? fe->maxconn : v->snapshot->global.maxconn;
}

/* By default, or by a rule that names the backend, whatever its condition says. */
static bool leads_to(const struct proxy_conf *p, const struct proxy_conf *be)
{
    const struct proxy_conf *to = p->fe->default_backend ? p->fe->default_backend : p;

    if (to == be) return true;
    for (const struct switch_rule *s = p->rules->backends; s; s = s->next)
        if (s->backend == be) return true;
    return false;
}

/* A tenth of what the frontends that lead to the backend may have by the configuration, as HAProxy
 * has it. */
static unsigned fullconn(const struct stat_view *v, const struct proxy_conf *be)
{
    uint64_t all = 0;

    if (be->be->fullconn) return be->be->fullconn;
    for (unsigned i = 0; i < v->snapshot->n_proxies; i++) {
        const struct proxy_conf *p = v->snapshot->proxies[i];
        if (p->fe && !p->disabled && leads_to(p, be)) all += configured_limit(v, p->fe);
    }
    return all ? (unsigned)((all + 9) / 10) : 1;
}

static struct stat_value slim(struct stat_row *r, unsigned param)
{
    (void)param;
    if (r->server) {
        unsigned most = atomic_load_explicit(&r->server->state->maxconn, memory_order_relaxed);
        return most ? stat_u32(most) : stat_none();
    }
    return stat_u32(r->type == STAT_FRONTEND ? frontend_limit(r->view, r->proxy->fe)
                                             : fullconn(r->view, r->proxy));
}

static struct stat_value idle_limit(struct stat_row *r, unsigned param)
{
    (void)param;
    return r->server->pool_max < 0 ? stat_none() : stat_u32((unsigned)r->server->pool_max);
}

/* ---- times ---- */

static struct stat_value lastsess(struct stat_row *r, unsigned param)
{
    uint32_t now_s = (uint32_t)(r->view->now / 1000);
    uint32_t last = r->sums.last_session_s;

    (void)param;
    if (!last) return stat_s32(-1);
    return stat_s32(now_s > last ? (int32_t)(now_s - last) : 0);
}

/* ---- connections to servers ---- */

static unsigned idle_count(const struct stat_row *r)
{
    const struct server *s = r->server->state;
    unsigned n = atomic_load_explicit(&s->spill.n, memory_order_relaxed);

    for (unsigned i = 0; i < s->n_workers; i++)
        n += atomic_load_explicit(&s->pools[i].n_idle, memory_order_relaxed);
    return n;
}

static struct stat_value idle_conns(struct stat_row *r, unsigned param)
{
    (void)param;
    return stat_u32(idle_count(r));
}

static struct stat_value used_conns(struct stat_row *r, unsigned param)
{
    const struct server *s = r->server->state;
    unsigned n = 0;

    (void)param;
    for (unsigned i = 0; i < s->n_workers; i++)
        n += atomic_load_explicit(&s->pools[i].n_busy, memory_order_relaxed);
    return stat_u32(n);
}

/* ---- the table ---- */

#define F STAT_FRONTEND
#define B STAT_BACKEND
#define S STAT_SERVER

/* A field of struct counters; a rate; something that never happens yet; a column that nothing has
 * yet. */
#define COUNTER(name, types, field, doc)                      \
    {                                                         \
        name, types, "MCP", counter, STAT_COUNTER(field), doc \
    }
#define RATE(name, types, tags, read, field, doc)                           \
    {                                                                       \
        name, types, tags, read, offsetof(struct stat_row, sums.field), doc \
    }
#define NEVER(name, types, doc)             \
    {                                       \
        name, types, "MCP", nothing, 0, doc \
    }
#define AVERAGE(name, of, doc)               \
    {                                        \
        name, B | S, "MaP", average, of, doc \
    }
#define LONGEST(name, of, doc)               \
    {                                        \
        name, B | S, "MMP", longest, of, doc \
    }
#define PROBE(name, field, doc)                                                      \
    {                                                                                \
        name, S, "CGS", stat_check_number, offsetof(struct server_probe, field), doc \
    }
#define ABSENT(name, doc)            \
    {                                \
        name, 0, "MGP", NULL, 0, doc \
    }

const struct stat_column stat_columns[STAT_COLUMNS] = {
    { "pxname", F | B | S, "KNS", pxname, 0, "The proxy's name" },
    { "svname", F | B | S, "KNS", svname, 0, "FRONTEND, BACKEND, or the server's name" },
    { "qcur", B | S, "MGP", qcur, 0, "Requests in the queue" },
    { "qmax", B | S, "MMP", qmax, 0, "The most that were ever in the queue" },
    { "scur", F | B | S, "MGP", scur, 0, "Sessions: connections of a frontend, requests else" },
    { "smax", F | B | S, "MMP", smax, 0, "The most sessions that there ever were at once" },
    { "slim", F | B | S, "CLP", slim, 0, "The limit: maxconn, or a backend's fullconn" },
    COUNTER("stot", F | B | S, sessions, "Sessions since the start"),
    COUNTER("bin", F | B | S, bytes_in, "Bytes of requests"),
    COUNTER("bout", F | B | S, bytes_out, "Bytes of answers"),
    COUNTER("dreq", F | B, denied_req, "Requests that a rule denied"),
    COUNTER("dresp", F | B | S, denied_resp, "Answers that a rule denied"),
    COUNTER("ereq", F, failed_req, "Requests that were invalid, or did not come whole"),
    COUNTER("econ", B | S, failed_conn, "Requests for which no connection could be made"),
    COUNTER("eresp", B | S, failed_resp, "Answers that were invalid, or did not come whole"),
    COUNTER("wretr", B | S, retries, "Connections that were tried again"),
    COUNTER("wredis", B | S, redispatches, "Requests that went on to another server"),
    { "status", F | B | S, "SGP", stat_status, 0,
      "OPEN, PAUSED or STOP; UP, DOWN, NOLB, DRAIN, MAINT or no check" },
    { "weight", B | S, "MaP", stat_weight, 0, "The weight that holds now" },
    { "act", B | S, "SGP/MGP", stat_act, 0, "Active servers; 1 for an active server" },
    { "bck", B | S, "SGP/MGP", stat_bck, 0, "Backup servers; 1 for a backup server" },
    { "chkfail", S, "MCP", stat_chkfail, 0, "Checks that failed while the server was up" },
    { "chkdown", B | S, "MCP", stat_chkdown, 0, "Times that it went down" },
    { "lastchg", B | S, "MAP", stat_lastchg, 0, "Seconds since it went up or down" },
    { "downtime", B | S, "MCP", stat_downtime, 0, "Seconds that it was down" },
    ABSENT("qlimit", "The queue's limit"),
    { "pid", F | B | S, "KGP", number, 1, "The process's number, always 1" },
    { "iid", F | B | S, "KGS", iid, 0, "The proxy's number" },
    { "sid", F | B | S, "KGS", sid, 0, "The server's number within its backend" },
    ABSENT("throttle", "The share of its weight that a starting server gets"),
    COUNTER("lbtot", B | S, chosen, "Times that a server was chosen"),
    { "tracked", S, "CNS", stat_tracked, 0, "The server whose state holds for this one too" },
    { "type", F | B | S, "CGS", type, 0, "0 frontend, 1 backend, 2 server" },
    RATE("rate", F | B | S, "MRP/MGP", rate, session_rate, "Sessions within the last second"),
    { "rate_lim", F, "CLP", number, 0, "The limit of new sessions a second" },
    RATE("rate_max", F | B | S, "MMP/MGP", rate_max, session_rate, "The highest rate ever"),
    { "check_status", S, "MOP", stat_check_status, 0, "How the last check ended" },
    { "check_code", S, "MOP", stat_check_code, 0, "The status that the last check got" },
    { "check_duration", S, "MDP", stat_check_duration, 0, "Milliseconds that the last check took" },
    COUNTER("hrsp_1xx", F | B | S, responses[1], "Answers with a status of 1xx"),
    COUNTER("hrsp_2xx", F | B | S, responses[2], "Answers with a status of 2xx"),
    COUNTER("hrsp_3xx", F | B | S, responses[3], "Answers with a status of 3xx"),
    COUNTER("hrsp_4xx", F | B | S, responses[4], "Answers with a status of 4xx"),
    COUNTER("hrsp_5xx", F | B | S, responses[5], "Answers with a status of 5xx"),
    COUNTER("hrsp_other", F | B | S, responses[0], "Answers with another status"),
    { "hanafail", S, "MCP", stat_hanafail, 0, "Times that traffic reached its error-limit" },
    RATE("req_rate", F, "MRP", rate, request_rate, "Requests within the last second"),
    RATE("req_rate_max", F, "MMP", rate_max, request_rate, "The highest rate of requests ever"),
    COUNTER("req_tot", F | B | S, requests, "Requests since the start"),
    COUNTER("cli_abrt", B | S, client_aborts, "Exchanges that the client broke off"),
    COUNTER("srv_abrt", B | S, server_aborts, "Exchanges that the server broke off"),
    NEVER("comp_in", F | B, "Bytes given to the compressor"),
    NEVER("comp_out", F | B, "Bytes that came out of the compressor"),
    NEVER("comp_byp", F | B, "Bytes that passed by the compressor for want of capacity"),
    NEVER("comp_rsp", F | B, "Answers that were compressed"),
    { "lastsess", B | S, "MAP", lastsess, 0, "Seconds since the last session; -1: there was none" },
    { "last_chk", S, "MOP", stat_check_text, 0, "What the last check got" },
    ABSENT("last_agt", "What the last agent check got"),
    AVERAGE("qtime", AVERAGE_QUEUE, "Average milliseconds in the queue"),
    AVERAGE("ctime", AVERAGE_CONNECT, "Average milliseconds to connect"),
    AVERAGE("rtime", AVERAGE_ANSWER, "Average milliseconds until the answer"),
    AVERAGE("ttime", AVERAGE_TOTAL, "Average milliseconds of the whole exchange"),
    ABSENT("agent_status", "How the last agent check ended"),
    ABSENT("agent_code", "The code that the last agent check got"),
    ABSENT("agent_duration", "Milliseconds that the last agent check took"),
    { "check_desc", S, "MOP", stat_check_words, 0, "The check's status in words" },
    ABSENT("agent_desc", "The agent check's status in words"),
    PROBE("check_rise", rise, "Checks that must pass before the server is up"),
    PROBE("check_fall", fall, "Checks that must fail before the server is down"),
    PROBE("check_health", health, "Where it stands between 0 and rise + fall - 1"),
    ABSENT("agent_rise", "The agent check's rise"),
    ABSENT("agent_fall", "The agent check's fall"),
    ABSENT("agent_health", "The agent check's health"),
    { "addr", S, "CGS", addr, 0, "The server's address and port, for operators" },
    ABSENT("cookie", "The cookie's name, or the server's value in it"),
    { "mode", F | B | S, "CGS", mode, 0, "http or tcp" },
    { "algo", B, "CGS", algo, 0, "How servers are chosen, for operators" },
    RATE("conn_rate", F, "MRP", rate, connection_rate, "Connections within the last second"),
    RATE("conn_rate_max", F, "MMP", rate_max, connection_rate, "Their highest rate ever"),
    COUNTER("conn_tot", F, connections, "Connections since the start"),
    COUNTER("intercepted", F, intercepted,
            "Requests that were answered by a service of the gateway's own"),
    COUNTER("dcon", F, denied_conn, "Connections that a rule denied"),
    COUNTER("dses", F, denied_sess, "Sessions that a rule denied"),
    COUNTER("wrew", F | B | S, failed_rewrites, "Rewrites of headers that failed"),
    COUNTER("connect", B | S, connects, "Connections opened to servers"),
    COUNTER("reuse", B | S, reuses, "Requests on a connection that was there already"),
    NEVER("cache_lookups", F | B, "Look-ups in a cache"),
    NEVER("cache_hits", F | B, "Answers out of a cache"),
    { "srv_icur", S, "MGP", idle_conns, 0, "Idle connections that may be reused" },
    { "src_ilim", S, "CLP", idle_limit, 0, "The limit of idle connections" },
    LONGEST("qtime_max", AVERAGE_QUEUE, "The most milliseconds in the queue"),
    LONGEST("ctime_max", AVERAGE_CONNECT, "The most milliseconds to connect"),
    LONGEST("rtime_max", AVERAGE_ANSWER, "The most milliseconds until the answer"),
    LONGEST("ttime_max", AVERAGE_TOTAL, "The most milliseconds of a whole exchange"),
    COUNTER("eint", F | B | S, internal_errors, "Internal errors"),
    { "idle_conn_cur", S, "MGP", number, 0, "Idle connections not known to be safe to reuse" },
    { "safe_conn_cur", S, "MGP", idle_conns, 0, "Idle connections that are safe to reuse" },
    { "used_conn_cur", S, "MGP", used_conns, 0, "Connections in use" },
    { "need_conn_est", S, "MGP", used_conns, 0, "Connections that are needed, by estimate" },
    { "uweight", B | S, "MaP", stat_weight, 0, "The weight as configured" },
    { "agg_server_status", B, "MGP", number, 0, "Servers by state" },
    { "agg_server_check_status", B, "MGP", number, 0, "The same, under its old name" },
    { "agg_check_status", B, "MGP", number, 0, "Servers by how their last check ended" },
};

enum stat_source stat_column_source(const struct stat_column *c, unsigned *n)
{
    static struct stat_value (*const of_state[])(struct stat_row *, unsigned) = {
        number,       nothing,       scur,         smax,         qcur,
        qmax,         slim,          idle_conns,   used_conns,   stat_weight,
        stat_lastchg, stat_downtime, stat_chkdown, stat_chkfail,
    };

    *n = c->param;
    if (c->value == counter) return STAT_OF_COUNTER;
    for (unsigned i = 0; i < ARRAY_LEN(of_state); i++)
        if (c->value == of_state[i]) return STAT_OF_STATE;
    return STAT_OF_SUMS;
}

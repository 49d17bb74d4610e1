/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches on connections: the client's, the server's, the line that took it. HAProxy's manual,
 * 7.3.3. */
#include "gateway/rule_actions.h"
#include "gateway/rules.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* ---- the client's addresses ---- */

static bool get_port(struct sample *out, const struct sockaddr *sa)
{
    if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)) return false;
    return sample_sint(out, address_port(sa));
}

/* Whom it was accepted from, or what rules of the connection made of that. */
static const struct sockaddr *accepted_from(const struct context *c)
{
    return c->client->has_src ? &c->client->src.sa : &c->client->from.sa;
}

static bool get_src(struct context *c, const struct arg *args, struct sample *out)
{
    const struct sockaddr *sa = args_param(args) ? accepted_from(c) : context_src(c);

    return sa && sample_address(out, sa);
}

static bool get_src_port(struct context *c, const struct arg *args, struct sample *out)
{
    return get_port(out, args_param(args) ? accepted_from(c) : context_src(c));
}

/* What it was accepted on, or what rules of the connection made of that. */
static const struct sockaddr *accepted_on(struct context *c, union address *buf)
{
    if (c->client->has_dst) return &c->client->dst.sa;
    return c->client->local && c->client->local(c->client, buf) ? &buf->sa : NULL;
}

static bool get_dst(struct context *c, const struct arg *args, struct sample *out)
{
    union address buf;
    const struct sockaddr *sa = args_param(args) ? accepted_on(c, &buf) : context_dst(c);

    return sa && sample_address(out, sa);
}

static bool get_dst_port(struct context *c, const struct arg *args, struct sample *out)
{
    union address buf = { 0 };

    return get_port(out, args_param(args) ? accepted_on(c, &buf) : context_dst(c));
}

/* Could this host bind to it? */
static bool is_local(const struct sockaddr *sa)
{
    union address a = { 0 };
    int fd, rc;

    memcpy(&a, sa, address_length(sa));
    address_set_port(&a.sa, 0);
    fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    rc = bind(fd, &a.sa, address_length(&a.sa));
    close(fd);
    return rc == 0;
}

static bool get_src_is_local(struct context *c, const struct arg *args, struct sample *out)
{
    const struct sockaddr *sa = args_param(args) ? accepted_from(c) : context_src(c);

    return sa && (sa->sa_family == AF_INET || sa->sa_family == AF_INET6) &&
           sample_bool(out, is_local(sa));
}

static bool get_dst_is_local(struct context *c, const struct arg *args, struct sample *out)
{
    union address buf;
    const struct sockaddr *sa = args_param(args) ? accepted_on(c, &buf) : context_dst(c);

    return sa && sample_bool(out, is_local(sa));
}

/* ---- the listener ---- */

static struct session *session_of(const struct context *c)
{
    return c->client->owner;
}

static bool get_so_id(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->client->bind && sample_sint(out, c->client->bind->id);
}

static bool get_so_name(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return c->client->bind && c->client->bind->name &&
           sample_str(out, slice_str(c->client->bind->name));
}

static bool get_dst_conn(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return sample_sint(out, atomic_load(&session_of(c)->listener->connections));
}

/* ---- the client's connection ---- */

static bool get_http_major(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return sample_sint(out, 1);
}

static bool get_no(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return sample_bool(out, false);
}

static bool get_fc_err(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return sample_sint(out, 0); /* a connection that failed has no rules */
}

static bool get_fc_err_str(struct context *c, const struct arg *args, struct sample *out)
{
    (void)c;
    (void)args;
    return sample_str(out, SLICE("Success"));
}

/* A member of the system's struct tcp_info. */
static bool get_tcp_info(struct context *c, const struct arg *args, struct sample *out)
{
    struct tcp_info info;
    socklen_t n = sizeof info;
    uint32_t value;

    if (getsockopt(session_of(c)->conn->io.fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0) return false;
    memcpy(&value, (const char *)&info + args_param(args), sizeof value);
    return sample_sint(out, value);
}

/* Round-trip times are told in milliseconds unless "us" is asked for. */
static bool get_rtt(struct context *c, const struct arg *args, struct sample *out)
{
    bool us = args[0].given && slice_is(args[0].str, "us");

    if (!get_tcp_info(c, args, out)) return false;
    if (!us) out->sint /= 1000;
    return true;
}

static bool check_unit(struct policy_cfg *pc, struct arg *args)
{
    if (!args[0].given || slice_is(args[0].str, "ms") || slice_is(args[0].str, "us")) return true;
    return cfg_error(pc->cfg, &args[0].at, "a unit of time is 'ms' or 'us'");
}

/* ---- the server's connection ---- */

static const struct request *request_of(const struct context *c)
{
    return c->owner;
}

static const struct h1_conn *server_conn_of(const struct context *c)
{
    const struct request *r = request_of(c);

    return r && r->flow.conn ? &r->flow.conn->h1 : NULL;
}

static bool server_side(const struct context *c, bool peer, union address *out)
{
    const struct h1_conn *h = server_conn_of(c);
    socklen_t n = sizeof *out;

    if (!h) return false;
    return (peer ? getpeername(h->conn.io.fd, &out->sa, &n)
                 : getsockname(h->conn.io.fd, &out->sa, &n)) == 0;
}

static bool get_bc_address(struct context *c, const struct arg *args, struct sample *out)
{
    union address a;

    return server_side(c, args_param(args), &a) && sample_address(out, &a.sa);
}

static bool get_bc_port(struct context *c, const struct arg *args, struct sample *out)
{
    union address a = { 0 };

    return server_side(c, args_param(args), &a) && get_port(out, &a.sa);
}

static bool get_bc_http_major(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return server_conn_of(c) && sample_sint(out, 1);
}

static bool get_bc_err(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return server_conn_of(c) && sample_sint(out, 0);
}

static bool get_bc_err_str(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return server_conn_of(c) && sample_str(out, SLICE("Success"));
}

/* ---- the request's place on its connection ---- */

static bool get_first_request(struct context *c, const struct arg *args, struct sample *out)
{
    (void)args;
    return sample_bool(out, session_of(c)->n_requests == 1);
}

#define INFO(field) .param = offsetof(struct tcp_info, field)
#define CLIENT .need = NEED_CLIENT
#define SERVER .need = NEED_SERVER_CONN

static const struct fetch rows[] = {
    { "src", .type = SAMPLE_ADDR, CLIENT, .get = get_src,
      .doc = "The client's address, or what rules made of it." },
    { "src_port", .type = SAMPLE_SINT, CLIENT, .get = get_src_port, .doc = "The client's port." },
    { "src_is_local", .type = SAMPLE_BOOL, CLIENT, .get = get_src_is_local,
      .doc = "Is the client's address one of this host?" },
    { "dst", .type = SAMPLE_ADDR, CLIENT, .get = get_dst,
      .doc = "The address that the client connected to, or what rules made of it." },
    { "dst_port", .type = SAMPLE_SINT, CLIENT, .get = get_dst_port,
      .doc = "The port that the client connected to." },
    { "dst_is_local", .type = SAMPLE_BOOL, CLIENT, .get = get_dst_is_local,
      .doc = "Is that address one of this host?" },
    { "dst_conn", .type = SAMPLE_SINT, .need = NEED_LISTENER, .get = get_dst_conn,
      .doc = "How many connections came by the same `bind` address and are open." },
    { "so_id", .type = SAMPLE_SINT, .need = NEED_LISTENER, .get = get_so_id,
      .doc = "The number of the `bind` line that the connection came by." },
    { "so_name", .type = SAMPLE_STR, .need = NEED_LISTENER, .get = get_so_name,
      .doc = "The name of that `bind` line." },
    { "fc_src", .type = SAMPLE_ADDR, CLIENT, .get = get_src, .param = 1,
      .doc = "The client's address as it was accepted." },
    { "fc_src_port", .type = SAMPLE_SINT, CLIENT, .get = get_src_port, .param = 1,
      .doc = "The client's port as it was accepted." },
    { "fc_src_is_local", .type = SAMPLE_BOOL, CLIENT, .get = get_src_is_local, .param = 1,
      .doc = "Is that address one of this host?" },
    { "fc_dst", .type = SAMPLE_ADDR, CLIENT, .get = get_dst, .param = 1,
      .doc = "The address that the connection was accepted on." },
    { "fc_dst_port", .type = SAMPLE_SINT, CLIENT, .get = get_dst_port, .param = 1,
      .doc = "The port that the connection was accepted on." },
    { "fc_dst_is_local", .type = SAMPLE_BOOL, CLIENT, .get = get_dst_is_local, .param = 1,
      .doc = "Is that address one of this host?" },
    { "fc_http_major", .type = SAMPLE_SINT, CLIENT, .get = get_http_major,
      .doc = "The major version of HTTP on the client's connection." },
    { "fc_rcvd_proxy", .type = SAMPLE_BOOL, CLIENT, .get = get_no,
      .doc = "Did the connection begin with a PROXY protocol header?" },
    { "fc_err", .type = SAMPLE_SINT, CLIENT, .get = get_fc_err,
      .doc = "The number of what went wrong on the client's connection; 0: nothing." },
    { "fc_err_str", .type = SAMPLE_STR, CLIENT, .get = get_fc_err_str,
      .doc = "The same in words." },
    { "fc_rtt", ARGS(0, ARG_STR), SAMPLE_SINT, CLIENT, .get = get_rtt, .check = check_unit,
      INFO(tcpi_rtt), .doc = "The round-trip time to the client, in `ms` or `us`." },
    { "fc_rttvar", ARGS(0, ARG_STR), SAMPLE_SINT, CLIENT, .get = get_rtt, .check = check_unit,
      INFO(tcpi_rttvar), .doc = "Its variance, in `ms` or `us`." },
    { "fc_unacked", .type = SAMPLE_SINT, CLIENT, .get = get_tcp_info, INFO(tcpi_unacked),
      .doc = "Packets to the client that are not acknowledged." },
    { "fc_sacked", .type = SAMPLE_SINT, CLIENT, .get = get_tcp_info, INFO(tcpi_sacked),
      .doc = "Packets to the client that are acknowledged selectively." },
    { "fc_retrans", .type = SAMPLE_SINT, CLIENT, .get = get_tcp_info, INFO(tcpi_retrans),
      .doc = "Packets to the client that are being sent again." },
    { "fc_fackets", .type = SAMPLE_SINT, CLIENT, .get = get_tcp_info, INFO(tcpi_fackets),
      .doc = "The system's count of forward acknowledgements." },
    { "fc_lost", .type = SAMPLE_SINT, CLIENT, .get = get_tcp_info, INFO(tcpi_lost),
      .doc = "Packets to the client that are taken to be lost." },
    { "fc_reordering", .type = SAMPLE_SINT, CLIENT, .get = get_tcp_info, INFO(tcpi_reordering),
      .doc = "How far packets are out of order." },
    { "bc_src", .type = SAMPLE_ADDR, SERVER, .get = get_bc_address,
      .doc = "The address that we connected to the server from." },
    { "bc_src_port", .type = SAMPLE_SINT, SERVER, .get = get_bc_port,
      .doc = "The port that we connected to the server from." },
    { "bc_dst", .type = SAMPLE_ADDR, SERVER, .get = get_bc_address, .param = 1,
      .doc = "The server's address." },
    { "bc_dst_port", .type = SAMPLE_SINT, SERVER, .get = get_bc_port, .param = 1,
      .doc = "The server's port." },
    { "bc_http_major", .type = SAMPLE_SINT, SERVER, .get = get_bc_http_major,
      .doc = "The major version of HTTP on the server's connection." },
    { "bc_err", .type = SAMPLE_SINT, SERVER, .get = get_bc_err,
      .doc = "The number of what went wrong on the server's connection; 0: nothing." },
    { "bc_err_str", .type = SAMPLE_STR, SERVER, .get = get_bc_err_str,
      .doc = "The same in words." },
    { "http_first_req", .type = SAMPLE_BOOL, .need = NEED_REQUEST_KEPT, .get = get_first_request,
      .doc = "Is this the first request on its connection?" },
};

const struct fetch_table connection_fetches = FETCH_TABLE("Connections", rows);

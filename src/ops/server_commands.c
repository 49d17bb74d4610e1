/* SPDX-License-Identifier: Apache-2.0 */
/* show servers state|conn, show backend. */
#include "ops/server_commands.h"
#include "ops/api.h"
#include "ops/server_find.h"

#include <inttypes.h>
#include <syslog.h>

static unsigned get(const atomic_uint *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

/* ---- walking over servers ---- */

struct walk {
    struct engine *engine;
    struct snapshot *snapshot; /* held: the answer may outlast it */
    const struct proxy_conf *only;
    unsigned proxy, server; /* the next */
    bool more;              /* not the first proxy any more */
};

static void release(struct api_call *c)
{
    struct walk *w = c->state;
    snapshot_unref(w->engine, w->snapshot);
}

/* An argument names one backend. NULL: there is none of that name, which was said. */
static struct walk *begin(struct api_call *c)
{
    struct engine *e = c->api->engine;
    const struct proxy_conf *only = NULL;
    struct walk *w;

    if (c->n_args) {
        only = api_find_backend(e->current, slice_str(c->args[0]));
        if (!only) {
            api_say(c, LOG_ERR, "Can't find backend.\n");
            return NULL;
        }
    }
    w = mem_zero(sizeof *w);
    w->engine = e;
    w->snapshot = e->current; /* only this thread replaces it */
    atomic_fetch_add_explicit(&w->snapshot->refs, 1, memory_order_relaxed);
    w->only = only;
    c->state = w;
    c->release = release;
    return w;
}

static const struct server_conf *next(struct walk *w)
{
    for (; w->proxy < w->snapshot->n_proxies; w->proxy++, w->server = 0) {
        const struct proxy_conf *p = w->snapshot->proxies[w->proxy];

        if (!p->be || p->disabled || (w->only && p != w->only)) continue;
        if (w->server < p->be->n_servers) return p->be->servers[w->server++];
    }
    return NULL;
}

/* ---- show servers state ---- */

static const char *host(const struct sockaddr *a, char buf[64])
{
    return a->sa_family == AF_INET || a->sa_family == AF_INET6 ? address_text(a, buf) : "-";
}

static uint64_t seconds_since(usec_t changed)
{
    uint64_t then = changed / 1000000, now = clock_wall_usec() / 1000000;
    return now > then ? now - then : 0;
}

/* What is checked, where it is not the server itself. */
static void put_check_target(struct text *t, const struct server_conf *s)
{
    const struct check_target *to = &s->state->st.check_to;
    const union address *a = to->has_address           ? &to->address
                             : s->checking.has_address ? &s->checking.address
                                                       : NULL;
    char text[64];

    text_printf(t, "%u %s", to->port ? to->port : s->checking.port, a ? host(&a->sa, text) : "-");
}

static void put_state(struct text *t, const struct server_conf *s)
{
    struct server_state *st = &s->state->st;
    const struct proxy_conf *p = s->backend->proxy;
    struct server_address at = server_address_now(s);
    struct probe_report report = probe_report_get(s->state, &st->check);
    bool named = s->spec.kind == ADDRESS_IP && !address_numeric(&s->spec, 0, &(union address){ 0 });
    char text[64];

    text_printf(t, "%u %s %u %s %s %u %u %u %u %" PRIu64 " ", p->id, p->name, s->id, s->name,
                host(&at.address.sa, text), server_op(st), server_admin(st), get(&st->weight),
                get(&st->initial_weight), seconds_since(st->changed));
    text_printf(t, "%u %u %u %u %u %u %u ", report.status, report.result, get(&st->check.health),
                get(&st->check.flags) & ~(unsigned)PROBE_IN_PROGRESS, get(&st->agent.flags),
                p->id_given, s->id_given);
    if (named)
        text_printf(t, "%.*s", SLICE_ARG(s->spec.host));
    else
        text_char(t, '-');
    text_printf(t, " %d - 0 ", at.port_from_client ? at.port_offset : address_port(&at.address.sa));
    put_check_target(t, s);
    text_str(t, " - 0\n");
}

static enum api_progress run_show_state(struct api_call *c)
{
    struct walk *w = c->state;
    const struct server_conf *s;

    if (!w) {
        if (!begin(c)) return API_DONE;
        text_str(c->out, "1\n"
                         "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state "
                         "srv_uweight srv_iweight srv_time_since_last_change srv_check_status "
                         "srv_check_result srv_check_health srv_check_state srv_agent_state "
                         "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
                         "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n");
        return API_MORE;
    }
    if (!(s = next(w))) return API_DONE;
    put_state(c->out, s);
    return API_MORE;
}

/* ---- show servers conn ---- */

static void put_conns(struct text *t, const struct server_conf *s)
{
    const struct server *state = s->state;
    struct server_address at = server_address_now(s);
    unsigned used = 0, idle = get(&state->spill.n);
    char text[64];

    for (unsigned i = 0; i < state->n_workers; i++) {
        used += get(&state->pools[i].n_busy);
        idle += get(&state->pools[i].n_idle);
    }
    text_printf(t, "%s/%s %u/%u %s %d - %u %u %u %u 0 %u %d %u", s->backend->proxy->name, s->name,
                s->backend->proxy->id, s->id, host(&at.address.sa, text),
                at.port_from_client ? at.port_offset : address_port(&at.address.sa),
                s->pool_purge_ms, used, get(&state->sessions.max), used, idle, s->pool_max, idle);
    for (unsigned i = 0; i < state->n_workers; i++)
        text_printf(t, " %u", get(&state->pools[i].n_idle));
    text_char(t, '\n');
}

static enum api_progress run_show_conn(struct api_call *c)
{
    struct walk *w = c->state;
    const struct server_conf *s;

    if (!w) {
        if (!begin(c)) return API_DONE;
        text_printf(c->out,
                    "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est "
                    "unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[%u]\n",
                    c->api->engine->n_workers);
        return API_MORE;
    }
    if (!(s = next(w))) return API_DONE;
    put_conns(c->out, s);
    return API_MORE;
}

/* ---- show backend ---- */

static enum api_progress run_show_backend(struct api_call *c)
{
    const struct snapshot *s = c->api->engine->current;

    text_str(c->out, "# name\n");
    for (unsigned i = 0; i < s->n_proxies; i++)
        if (s->proxies[i]->be && !s->proxies[i]->disabled)
            text_printf(c->out, "%s\n", s->proxies[i]->name);
    return API_DONE;
}

/* ---- get weight ---- */

static enum api_progress run_get_weight(struct api_call *c)
{
    const struct server_conf *s = api_find_server(c, 0);
    char line[64];

    if (!s) return API_DONE;
    snprintf(line, sizeof line, "%u (initial %u)\n", get(&s->state->st.weight),
             get(&s->state->st.initial_weight));
    return api_say(c, LOG_INFO, line);
}

static const struct api_command rows[] = {
    { "get weight", "<backend>/<server>", "tell a server's weight now, and that in the file",
      API_USER, run_get_weight, false },
    { "show backend", "", "list the backends", API_USER, run_show_backend, false },
    { "show servers conn", "[<backend>]", "tell the connections to each server", API_USER,
      run_show_conn, false },
    { "show servers state", "[<backend>]", "tell the state of each server", API_USER,
      run_show_state, false },
};

const struct api_commands server_commands = API_COMMANDS(rows);

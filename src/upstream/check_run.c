/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a check: its script's steps, one after another, over connections. */
#include "upstream/check.h"
#include "upstream/check_request.h"
#include "upstream/check_state.h"
#include "upstream/server_address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct check_run {
    struct check *check;
    const struct server_conf *conf; /* as it began */
    const struct check_script *script;
    const struct check_step *step; /* the one that is being done; NULL: all are */
    bool begun;                    /* … and something of it was done already */
    bool linger;                   /* close in an orderly way */
    bool asked;                    /* something was sent or expected */
    struct conn conn;              /* its timer is the deadline */
    usec_t began;
    struct slice out; /* to be sent */
    uint32_t bufsize; /* as it began */
    struct buf *in;
    enum http_method method; /* of the last request */
    struct check_response answer;
    struct check_finding found;
    struct arena arena;
    struct context context;
    void *config;
    struct grave grave;
};

enum progress { GO_ON, WAIT, ENDED };

/* ---- the end ---- */

static void bury(struct grave *g, struct worker *w)
{
    (void)w;
    free(container_of(g, struct check_run, grave));
}

/* With a reset, which spares both sides what follows an orderly end; but not a server that has
 * answered in full. */
static bool closes_hard(const struct check_run *r)
{
    bool answered = r->script->kind == CHECK_HTTP && r->answer.state == ANSWER_WHOLE;
    return !r->linger && !answered;
}

static void let_go(struct check_run *r)
{
    struct checker *k = r->check->checker;

    conn_close(&r->conn, closes_hard(r));
    timer_cancel(&k->control->timers, &r->conn.timer);
    buf_put(&k->control->bufs, &r->in);
    vars_forget(&r->context, SCOPE_CHECK);
    vars_release(&r->context.txn, k->var_limits, k->proc_vars);
    arena_release(&r->arena);
    if (k->release) k->release(k, r->config);
    r->check->run = NULL;
    worker_bury(k->control, &r->grave, bury);
}

static enum progress end(struct check_run *r)
{
    struct check_finding found = r->found;
    struct check *c = r->check;
    usec_t now = c->checker->control->now_usec;
    uint32_t took = now > r->began ? (uint32_t)((now - r->began) / 1000) : 0;

    let_go(r);
    check_finish(c, &found, took);
    return ENDED;
}

/* With where its script stands behind the text. */
static enum progress fail(struct check_run *r, enum check_status status, const char *text)
{
    r->found = (struct check_finding){ .status = (uint8_t)status };
    check_text_add(r->found.text, "%s", text);
    check_step_text(r->script, r->step, r->found.text);
    return end(r);
}

/* The last step decides, if it expects something; else that something was sent, or just the
 * connection. */
static enum progress succeed(struct check_run *r)
{
    const struct check_step *last = r->script->first;

    while (last->next) last = last->next;
    if (last->kind != STEP_EXPECT)
        r->found = (struct check_finding){ .status = r->asked ? CHECK_L7OK : CHECK_L4OK };
    if (r->script->kind == CHECK_TCP && r->script->written && !r->found.text[0])
        check_text_add(r->found.text, "(tcp-check)");
    return end(r);
}

static enum progress next(struct check_run *r)
{
    r->step = r->step->next;
    r->begun = false;
    return GO_ON;
}

/* ---- deadlines ---- */

static void set_deadline(struct check_run *r, unsigned ms)
{
    struct worker *w = r->check->checker->control;
    timer_set(&w->timers, &r->conn.timer, w->now + ms);
}

/* Without `timeout check`, all of it takes at most as long as the interval; with it, the connection
 * does, and what follows has the time that it says. */
static void set_connect_deadline(struct check_run *r)
{
    const struct proxy_timeouts *t = &r->conf->backend->proxy->timeouts;
    unsigned inter = r->conf->checking.inter_ms;

    if (t->check)
        set_deadline(r, t->connect && t->connect < inter ? t->connect : inter);
    else if (!timer_is_set(&r->conn.timer))
        set_deadline(r, inter);
}

static void set_answer_deadline(struct check_run *r)
{
    unsigned check = r->conf->backend->proxy->timeouts.check;
    if (check) set_deadline(r, check);
}

static void on_timeout(struct timer *t)
{
    struct check_run *r = container_of(t, struct check_run, conn.timer);
    enum check_status status = CHECK_L7TOUT;

    if (r->step->kind == STEP_CONNECT) status = CHECK_L4TOUT;
    if (r->step->kind == STEP_EXPECT && r->step->expect.timeout_status)
        status = r->step->expect.timeout_status;
    fail(r, status, "");
}

/* ---- connect ---- */

static void advance(struct check_run *r);

static void on_event(struct conn *conn)
{
    advance(container_of(conn, struct check_run, conn));
}

static uint16_t step_port(struct check_run *r)
{
    const struct check_connect *to = &r->step->connect;
    struct sample s = { 0 };

    if (!to->port_expr) return to->port;
    if (!expr_eval_as(to->port_expr, &r->context, SAMPLE_SINT, &s)) return 0;
    return s.sint > 0 && s.sint <= 65535 ? (uint16_t)s.sint : 0;
}

/* Of several ports, the first that is given. */
static uint16_t first_port(const uint16_t *ports, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (ports[i]) return ports[i];
    return 0;
}

static uint16_t port_of(bool given, const union address *a)
{
    return given ? address_port(&a->sa) : 0;
}

/* The step's address and port, else the check's, else the server's. */
static void find_address(struct check_run *r, union address *out)
{
    const struct check_settings *said = &r->conf->checking;
    const struct check_target *told = &r->conf->state->st.check_to;
    const struct check_connect *step = &r->step->connect;
    struct server_address own = server_address_now(r->conf);
    const uint16_t ports[] = {
        step_port(r), port_of(step->has_address, &step->address), told->port,
        said->port,   port_of(said->has_address, &said->address), address_port(&own.address.sa)
    };

    *out = step->has_address   ? step->address
           : told->has_address ? told->address
           : said->has_address ? said->address
                               : own.address;
    if (out->sa.sa_family != AF_UNIX)
        address_set_port(&out->sa, first_port(ports, ARRAY_LEN(ports)));
}

/* What a network says, and not the system. */
static bool is_of_peer(int error)
{
    return error == ECONNREFUSED || error == ECONNRESET || error == ENETUNREACH ||
           error == EHOSTUNREACH || error == ETIMEDOUT;
}

static enum progress not_connected(struct check_run *r, int error, bool at_once, bool tcp)
{
    char text[CHECK_TEXT];

    if (tcp && is_of_peer(error)) return fail(r, CHECK_L4CON, strerror(error));
    if (!at_once) return fail(r, CHECK_SOCKERR, strerror(error));
    snprintf(text, sizeof text, "General socket error (%s)", strerror(error));
    return fail(r, CHECK_SOCKERR, text);
}

/* Closes what was open. Closing cancels the deadline, which for the whole goes on. */
static void hang_up(struct check_run *r)
{
    msec_t deadline = r->conn.timer.at;

    if (!conn_is_open(&r->conn)) return;
    conn_close(&r->conn, closes_hard(r));
    if (deadline) timer_set(&r->check->checker->control->timers, &r->conn.timer, deadline);
}

static void expect_anew(struct check_run *r)
{
    struct worker *w = r->check->checker->control;

    if (!r->in) r->in = buf_get_large(&w->bufs, r->bufsize);
    check_response_init(&r->answer, r->in->data, r->bufsize, r->script->kind == CHECK_HTTP,
                        r->method);
}

static enum progress begin_connect(struct check_run *r)
{
    union address to;
    int rc;

    hang_up(r);
    r->linger = r->step->connect.linger;
    r->begun = true;
    set_connect_deadline(r);
    find_address(r, &to);
    rc = conn_open(&r->conn, r->check->checker->control, &to.sa, r->conf->origin, on_event);
    if (rc < 0) return not_connected(r, -rc, true, to.sa.sa_family != AF_UNIX);
    return WAIT;
}

/* Why the socket has an error; 0: it has none. */
static int socket_error(const struct conn *c)
{
    int error = 0;
    socklen_t n = sizeof error;

    if (!conn_broken(c)) return 0;
    if (getsockopt(c->io.fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0) return errno;
    return error;
}

static enum progress do_connect(struct check_run *r)
{
    int error;

    if (!r->begun) return begin_connect(r);
    error = socket_error(&r->conn);
    if (error) return not_connected(r, error, false, r->conn.tcp);
    switch (conn_connected(&r->conn)) {
    case 1: set_answer_deadline(r); return next(r);
    case CONN_WAIT: return WAIT;
    default: return not_connected(r, ECONNREFUSED, false, r->conn.tcp);
    }
}

/* ---- send ---- */

static bool compose(struct check_run *r)
{
    const struct check_send *send = &r->step->send;
    struct slice state = { 0 };
    char text[512];

    if (r->script->kind != CHECK_HTTP) return check_bytes(send, &r->context, &r->out);
    if (r->script->send_state) {
        check_state_text(r->conf, r->script->node, text, sizeof text);
        state = slice_str(text);
    }
    r->method = http_method_find(send->method);
    r->out = check_request(send, &r->context, state);
    return true;
}

static enum progress do_send(struct check_run *r)
{
    if (!r->begun) {
        char text[CHECK_TEXT];

        r->begun = r->asked = true;
        if (!compose(r)) {
            r->found = (struct check_finding){ .status = CHECK_L7RSP };
            snprintf(text, sizeof text,
                     "tcp-check send : failed to build log-format string at step %u",
                     r->step->number);
            check_text_add(r->found.text, "%s", text);
            return end(r);
        }
        expect_anew(r);
    }
    while (r->out.n) {
        ssize_t n = conn_write(&r->conn, r->out.p, r->out.n);

        if (n == CONN_WAIT) return WAIT;
        if (n < 0) return fail(r, CHECK_SOCKERR, strerror(errno));
        r->out = slice_from(r->out, (size_t)n);
    }
    return next(r);
}

/* ---- expect ---- */

/* A server that is up may ask with a 404 for no new traffic. */
static bool is_stopping(const struct check_run *r)
{
    return r->script->disable_on_404 && r->answer.http && r->answer.state >= ANSWER_BODY &&
           r->answer.state != ANSWER_BROKEN && r->answer.msg.status == 404 &&
           server_op(&r->conf->state->st) != SERVER_STOPPED;
}

static enum progress judge(struct check_run *r)
{
    if (is_stopping(r)) {
        r->found = (struct check_finding){ .status = CHECK_L7OKC, .code = 404 };
        return end(r);
    }
    switch (check_expect_judge(&r->step->expect, &r->answer, &r->context, r->step->number,
                               r->step->comment, &r->found)) {
    case VERDICT_PASSED: return next(r);
    case VERDICT_FAILED: return end(r);
    case VERDICT_WAIT: break;
    }
    return WAIT;
}

static enum progress do_expect(struct check_run *r)
{
    enum progress p;

    if (!r->in) expect_anew(r);
    r->begun = r->asked = true;
    for (;;) {
        ssize_t n;

        if (r->answer.n || r->answer.closed) {
            p = judge(r);
            if (p != WAIT || r->answer.closed) return p;
        }
        n = conn_read(&r->conn, r->answer.p + r->answer.n, check_response_room(&r->answer));
        if (n == CONN_WAIT) return WAIT;
        if (n == CONN_ERROR && !r->answer.n) return fail(r, CHECK_SOCKERR, strerror(errno));
        check_response_grown(&r->answer, n > 0 ? (size_t)n : 0, n <= 0);
    }
}

/* ---- all of it ---- */

static enum progress do_variable(struct check_run *r)
{
    r->step->var->action->run(&r->context, r->step->var);
    return next(r);
}

static void advance(struct check_run *r)
{
    enum progress p = GO_ON;

    while (p == GO_ON && r->step) {
        switch (r->step->kind) {
        case STEP_CONNECT: p = do_connect(r); break;
        case STEP_SEND: p = do_send(r); break;
        case STEP_EXPECT: p = do_expect(r); break;
        case STEP_VAR: p = do_variable(r); break;
        case STEP_COMMENT: p = next(r); break;
        }
    }
    if (p == GO_ON) succeed(r);
}

/* Until it has ended its status is the last one's, and the rest of that is forgotten. */
static void report_progress(const struct check *c)
{
    struct server *s = c->server;
    struct probe_report now = probe_report_get(s, &s->st.check);

    now.result = CHECK_RESULT_UNKNOWN;
    now.code = 0;
    now.text[0] = '\0';
    probe_report_set(s, &s->st.check, &now);
    atomic_fetch_or_explicit(&s->st.check.flags, PROBE_IN_PROGRESS, memory_order_relaxed);
}

static void init_context(struct check_run *r)
{
    struct checker *k = r->check->checker;
    const struct proxy_conf *p = r->conf->backend->proxy;

    r->context = (struct context){ .arena = &r->arena,
                                   .worker = k->control,
                                   .proc = k->proc_vars,
                                   .var_limits = k->var_limits,
                                   .now_scope = SCOPE_CHECK,
                                   .backend = p,
                                   .proxy = p,
                                   .server = r->conf,
                                   .place = PLACE_CHECK,
                                   .stopping = k->stopping };
}

void check_run_start(struct check *c)
{
    struct checker *k = c->checker;
    struct check_run *r = mem_zero(sizeof *r);

    r->check = c;
    r->conf = c->conf;
    r->script = c->conf->backend->script;
    r->step = r->script->first;
    r->began = k->control->now_usec;
    r->bufsize = k->bufsize;
    r->config = k->config;
    if (k->hold) k->hold(k, r->config);
    r->conn.io.fd = -1;
    timer_init(&r->conn.timer, on_timeout);
    arena_init(&r->arena, &k->control->arenas);
    init_context(r);
    c->run = r;
    report_progress(c);
    advance(r);
}

void check_run_cancel(struct check *c)
{
    if (!c->run) return;
    atomic_fetch_and_explicit(&c->server->st.check.flags, ~(unsigned)PROBE_IN_PROGRESS,
                              memory_order_relaxed);
    let_go(c->run);
}

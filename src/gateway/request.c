/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/request.h"

#include <assert.h>

/* The life of a request. Each step returns the next one, or waits; what a step does is told in
 * docs/architecture.md, where this table is drawn. */
static const struct {
    const char *name;
    step_fn *run;
} steps[N_STEPS] = {
    [READ_HEAD] = { "read head", step_read_head },
    [FRONTEND_RULES] = { "frontend rules", step_frontend_rules },
    [CHOOSE_BACKEND] = { "choose backend", step_choose_backend },
    [BACKEND_RULES] = { "backend rules", step_backend_rules },
    [CHOOSE_SERVER] = { "choose server", step_choose_server },
    [CONNECT] = { "connect", step_connect },
    [SEND_REQUEST] = { "send request", step_send_request },
    [READ_REPLY] = { "read reply", step_read_reply },
    [RESPONSE_RULES] = { "response rules", step_response_rules },
    [AFTER_RULES] = { "after rules", step_after_rules },
    [RELAY] = { "relay", step_relay },
    [FINISH] = { "finish", step_finish },
};

static void wake_flow(struct flow *f, unsigned why)
{
    request_wake(container_of(f, struct request, flow), why);
}

struct request *request_new(struct client *c, struct session *s, const struct bind_conf *bind)
{
    struct arena a;
    struct request *r;

    arena_init(&a, &s->gate->worker.arenas);
    r = arena_alloc(&a, sizeof *r);
    mem_clear(r, offsetof(struct request, context)); /* of which context is the last and largest */
    r->context.arena = NULL;
    r->arena = a;
    r->gate = s->gate;
    r->client = c;
    r->bind = bind;
    r->number = UINT64_MAX;
    r->pinned = snapshot_pin(s->gate);
    r->ended = (struct termination){ '-', '-' };
    flow_init(&r->flow, s, wake_flow);
    r->flow.at.began = r->flow.at.first_byte = r->flow.at.received = s->gate->worker.now_usec;
    r->flow.frontend = bind->frontend;
    c->request = r;
    s->n_requests++;
    return r;
}

const char *request_step_name(const struct request *r)
{
    return steps[r->step].name;
}

/* ---- the dispatcher ---- */

/* Whoever waits must wait on something, and not for ever unless it says so. */
static void check_wait(const struct request *r)
{
    assert(r->waiting_on & (uint8_t) ~(ON_DEADLINE | NO_DEADLINE));
    (void)r;
}

static void run_steps(struct request *r)
{
    r->running = true;
    for (;;) {
        enum step next = steps[r->step].run(r);
        if (next == STEP_WAIT) {
            check_wait(r);
            break;
        }
        if (next == STEP_DONE) {
            r->finished = true;
            break;
        }
        r->step = (int8_t)next;
    }
    r->running = false;
}

/* ---- deadlines: who is being waited for, and how long that may take ---- */

/* In a tunnel `timeout tunnel` holds for both sides, and once one direction has ended `timeout
 * client-fin` and `timeout server-fin`; each where it is set. */
static unsigned limit_of(const struct request *r, unsigned usual, unsigned fin)
{
    unsigned tunnel = request_timeouts(r)->tunnel;
    bool half = r->up.state == PUMP_DONE || r->down.state == PUMP_DONE;

    if (!r->tunnel) return usual;
    if (half && fin) return fin;
    return tunnel ? tunnel : usual;
}

/* A deadline is set when the waiting begins, and put off by progress only. True: it changed. */
static bool put_off(msec_t *until, bool waiting, bool progress, msec_t now, unsigned limit)
{
    if (waiting && limit) {
        if (*until && !progress) return false;
        *until = now + limit;
        return true;
    }
    if (!*until) return false;
    *until = 0;
    return true;
}

static void client_deadline(struct request *r, bool waiting, bool progress)
{
    const struct proxy_timeouts *t = &r->flow.frontend->timeouts;
    unsigned limit = limit_of(r, t->client, t->client_fin);

    if (put_off(&r->client_until, waiting, progress, r->gate->worker.now, limit))
        r->client->ops->deadline(r->client, r->client_until);
}

static void server_deadline(struct request *r, bool waiting, bool progress)
{
    const struct proxy_timeouts *t = request_timeouts(r);
    unsigned limit = limit_of(r, t->server, t->server_fin);

    if (r->flow.conn && put_off(&r->server_until, waiting, progress, r->gate->worker.now, limit))
        conn_deadline(&r->flow.conn->h1.conn, r->server_until);
}

/* A side is waited for when its body is awaited, when it does not take what it is sent, and (the
 * server) while its answer is awaited. In a tunnel each end that is still open is. */
static void set_deadlines(struct request *r, bool up_moved, bool down_moved)
{
    bool up = pump_active(&r->up), down = pump_active(&r->down);
    bool moved = up_moved || down_moved;

    if (r->step != READ_REPLY && r->step != RELAY) return;
    client_deadline(r, (up && !r->up.blocked) || (down && r->down.blocked) || r->interim_waits,
                    moved);
    server_deadline(r,
                    (up && r->up.blocked) || (down && !r->down.blocked) ||
                        (r->step == READ_REPLY && !up && !r->interim_waits),
                    down_moved || (up_moved && (r->tunnel || r->step == READ_REPLY)));
}

/* Runs steps, and sees to it that whatever is waited for then will wake the request. */
static void run(struct request *r, bool up_moved, bool down_moved)
{
    run_steps(r);
    r->events = 0;
    if (r->finished) return;
    if (r->up.tired || r->down.tired) r->client->ops->again(r->client);
    set_deadlines(r, up_moved, down_moved);
}

void request_start(struct request *r)
{
    run(r, true, true);
}

static char phase_of(enum step s)
{
    if (s < CHOOSE_SERVER) return 'R';
    if (s == CHOOSE_SERVER) return 'Q';
    return s == CONNECT ? 'C' : s <= READ_REPLY ? 'H' : 'D';
}

/* Ends the exchange with the server, however far that is. */
static void break_off(struct request *r, char cause)
{
    if (r->step == READ_REPLY && r->flow.server) {
        counter_add(&flow_server_counters(&r->flow)->failed_resp, 1);
        counter_add(&flow_backend_counters(&r->flow)->failed_resp, 1);
    }
    r->in_rules = false;
    r->step = (int8_t)request_refuse(r, r->step <= CONNECT ? 503 : 502, cause, phase_of(r->step));
}

void request_shut_down(struct request *r)
{
    if (r->finished) return;
    break_off(r, 'K');
    run(r, false, false);
}

void request_wake(struct request *r, unsigned why)
{
    if (r->finished) return;
    r->events |= (uint16_t)why;
    if (r->running) return;
    if (why & WAKE_SHUT_DOWN) break_off(r, r->flow.conn->shut_down);
    pump_run(&r->up);
    pump_run(&r->down);
    run(r, r->up.moved, r->down.moved);
}

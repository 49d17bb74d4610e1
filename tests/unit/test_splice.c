/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that go through pipes: a pump between two connections, each a TCP socket to a peer that
 * the test plays. Every byte is checked on its way out. */
#include "gateway/pump.h"
#include "http/h1_conn.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { KIB = 1024, MIB = 1024 * 1024, HEAD = 4 * KIB, TURNS = 200000 };

enum end { STAYS, CLOSES, RESETS };

struct transfer {
    const char *name;
    uint64_t length;       /* of the body; 0: until the sender closes */
    uint64_t sends;        /* bytes in all that the sender has */
    enum end then;         /* and what it does after them */
    size_t at_once;        /* … and how many it writes a turn */
    size_t reads;          /* the receiver reads so many a turn */
    uint64_t goes_at;      /* after so many it goes away; 0: never */
    unsigned pipes;        /* that there may be */
    enum pump_state state; /* how the pump ends */
    bool spliced;          /* a pipe was used */
};

static struct worker worker;
static struct arena arena;
static struct h1_conn from, to;
static struct pump pump;
static int sender, receiver;
static uint64_t sent, received;
static bool spliced, in_body, at_end;
static char heads[HEAD]; /* what came before the body */
static size_t heads_n;

/* The body's byte at that place; does not repeat where a buffer or a pipe would end. */
static char byte_at(uint64_t at)
{
    return (char)(at * 7 + at / 251 + at / 65521);
}

static void pair(int *ours, int *theirs)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &n), 0);
    *theirs = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(*theirs, (struct sockaddr *)&a, n), 0);
    *ours = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    fcntl(*theirs, F_SETFL, O_NONBLOCK);
    close(listener);
}

static void on_event(struct conn *c)
{
    pump_run(&pump);
    spliced |= pump.spliced;
    if (pump.tired) conn_again(c);
}

static void no_timer(struct timer *t)
{
    (void)t;
}

static void open_conn(struct h1_conn *h, int fd)
{
    memset(h, 0, sizeof *h);
    h1_conn_init(h);
    timer_init(&h->conn.timer, no_timer);
    conn_init(&h->conn, &worker, fd, on_event);
    assert_int_equal(conn_watch(&h->conn), 0);
}

static int set_up(void **state)
{
    int a, b;

    (void)state;
    assert_int_equal(worker_init(&worker, 0, 16384), 0);
    arena_init(&arena, &worker.arenas);
    pair(&a, &sender);
    pair(&b, &receiver);
    open_conn(&from, a);
    open_conn(&to, b);
    memset(&pump, 0, sizeof pump);
    sent = received = 0;
    heads_n = 0;
    spliced = in_body = at_end = false;
    return 0;
}

static unsigned idle_pipes(void)
{
    unsigned n = 0;
    for (const struct pipe *p = worker.pipes.idle; p; p = p->next) n++;
    return n;
}

static int tear_down(void **state)
{
    (void)state;
    if (sender >= 0) close(sender);
    if (receiver >= 0) close(receiver);
    h1_conn_close(&from, false);
    h1_conn_close(&to, false);
    assert_int_equal(worker.pipes.n_open, idle_pipes()); /* none is lost */
    assert_int_equal(worker.bufs.n_used, 0);
    arena_release(&arena);
    worker_release(&worker);
    return 0;
}

/* ---- the peers ---- */

static void leave(int *fd, enum end how)
{
    struct linger now = { 1, 0 };

    if (how == STAYS || *fd < 0) return;
    if (how == RESETS) setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(*fd);
    *fd = -1;
}

static void play_sender(const struct transfer *t)
{
    static char block[256 * KIB];
    size_t n = t->at_once < sizeof block ? t->at_once : sizeof block;
    ssize_t done;

    if (sender < 0) return;
    if (n > t->sends - sent) n = (size_t)(t->sends - sent);
    for (size_t i = 0; i < n; i++) block[i] = byte_at(sent + i);
    done = n ? write(sender, block, n) : 0;
    if (done > 0) sent += (uint64_t)done;
    if (sent == t->sends) leave(&sender, t->then);
}

/* Where the body begins in what came: heads are kept, bodies are checked. */
static size_t past_head(const char *p, size_t n, bool has_head)
{
    const char *end;
    size_t before = heads_n;

    if (in_body || !has_head) return 0;
    assert_true(heads_n + n <= sizeof heads || memmem(p, n, "\r\n\r\n", 4));
    memcpy(heads + heads_n, p, n < sizeof heads - heads_n ? n : sizeof heads - heads_n);
    heads_n += n < sizeof heads - heads_n ? n : sizeof heads - heads_n;
    end = memmem(heads, heads_n, "\r\n\r\n", 4);
    if (!end) return n;
    in_body = true;
    heads_n = (size_t)(end + 4 - heads);
    return heads_n - before;
}

static void play_receiver(const struct transfer *t)
{
    static char block[MIB];
    ssize_t n;
    size_t i;

    if (receiver < 0) return;
    n = read(receiver, block, t->reads < sizeof block ? t->reads : sizeof block);
    at_end |= n == 0;
    if (n <= 0) return;
    for (i = past_head(block, (size_t)n, t->length > 0); i < (size_t)n; i++, received++)
        if (block[i] != byte_at(received)) fail_msg("byte %lu is wrong", received);
    if (t->goes_at && received >= t->goes_at) leave(&receiver, RESETS);
}

/* ---- one transfer ---- */

static void woke(void *arg)
{
    (void)arg;
}

static void turn(void)
{
    loop_turn(&worker.loop, 0, woke, NULL);
}

/* The sender's head is read, and another written for the receiver. */
static void pass_head(uint64_t length)
{
    struct http_field fields[32];
    struct http_msg head = { .fields = fields, .max_fields = ARRAY_LEN(fields) }, msg;
    struct h1_limits limits = { 8 * KIB, ARRAY_LEN(fields) };
    struct h1_hop hop = { .version = HTTP_1_1, .framing = HTTP_LENGTH };
    struct h1_error err;
    enum h1_head r = H1_HEAD_WAIT;
    size_t used;

    dprintf(sender, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %lu\r\n\r\n", length);
    for (int i = 0; i < TURNS && r == H1_HEAD_WAIT; i++) {
        turn();
        r = h1_conn_request(&from, &limits, &head, &used, &err);
    }
    assert_int_equal(r, H1_HEAD_DONE);
    h1_conn_take(&from, &head, used, &arena, &msg);
    from.bytes_in = 0;
    assert_true(h1_conn_write_request(&to, &msg, &hop));
}

static void begin(const struct transfer *t)
{
    worker.pipes.most = t->pipes;
    if (t->length) {
        pass_head(t->length);
    } else {
        from.in_framing = to.out_framing = HTTP_UNTIL_CLOSE;
        from.in_ended = false;
    }
    pump_start(&pump, &from.source, &to.sink, UINT64_MAX);
    on_event(&from.conn);
}

static void run(const struct transfer *t)
{
    begin(t);
    for (int i = 0; i < TURNS && pump_active(&pump); i++) {
        play_sender(t);
        turn();
        play_receiver(t);
    }
    assert_int_equal(pump.state, t->state);
    assert_int_equal(spliced, t->spliced);
}

/* What is on its way to the receiver still comes. */
static void drain(const struct transfer *t, uint64_t until)
{
    for (int i = 0; i < TURNS && received < until && receiver >= 0; i++) play_receiver(t);
    assert_int_equal(received, until);
}

static const struct transfer whole[] = {
    { "a mebibyte", MIB, MIB, STAYS, MIB, MIB, 0, 4, PUMP_DONE, true },
    { "odd length", 777777, 777777, STAYS, MIB, MIB, 0, 4, PUMP_DONE, true },
    { "many mebibytes", 40 * MIB, 40 * MIB, STAYS, MIB, MIB, 0, 4, PUMP_DONE, true },
    { "closes after it", MIB, MIB, CLOSES, MIB, MIB, 0, 4, PUMP_DONE, true },
    { "another request behind", MIB, MIB + 5000, STAYS, 99991, MIB, 0, 4, PUMP_DONE, true },
    { "much behind", MIB, 3 * MIB, STAYS, 99991, MIB, 0, 4, PUMP_DONE, true },
    { "slow reader", 3 * MIB, 3 * MIB, STAYS, MIB, 5000, 0, 4, PUMP_DONE, true },
    { "slow sender", 600 * KIB, 600 * KIB, STAYS, 20000, MIB, 0, 4, PUMP_DONE, true },
    { "slow both", 600 * KIB, 600 * KIB, STAYS, 20000, 20000, 0, 4, PUMP_DONE, true },
    { "small body", 50000, 50000, STAYS, MIB, MIB, 0, 4, PUMP_DONE, false },
    { "one byte", 1, 1, STAYS, 1, 1, 0, 4, PUMP_DONE, false },
    { "no pipes", 2 * MIB, 2 * MIB, STAYS, MIB, MIB, 0, 0, PUMP_DONE, false },
    { "until close", 0, 3 * MIB, CLOSES, MIB, MIB, 0, 4, PUMP_DONE, true },
    { "until close, slow reader", 0, 2 * MIB, CLOSES, MIB, 9000, 0, 4, PUMP_DONE, true },
    { "until close, no pipes", 0, MIB, CLOSES, MIB, MIB, 0, 0, PUMP_DONE, false },
};

static void arrives_whole(void **state)
{
    const struct transfer *t = *state;
    uint64_t body = t->length ? t->length : t->sends;

    run(t);
    drain(t, body);
    assert_int_equal(pump.bytes, body);
    assert_true(from.in_ended);
    assert_false(from.in_spoilt);
    assert_false(h1_conn_has_output(&to));
    assert_int_equal(to.bytes_out, body + heads_n);
    assert_true(pump.bytes <= from.bytes_in + 16 * KIB); /* what came with the head is not in it */
}

/* Of what follows the body, nothing is lost, and the connection says that it is there. */
static void leaves_what_follows(void **state)
{
    const struct transfer *t = *state;
    uint64_t at = t->length;
    char block[4096];

    run(t);
    drain(t, t->length);
    for (int i = 0; i < TURNS && at < t->sends; i++) {
        ssize_t n;
        play_sender(t);
        turn();
        n = conn_read(&from.conn, block, sizeof block);
        for (ssize_t k = 0; k < n; k++, at++)
            if (block[k] != byte_at(at)) fail_msg("byte %lu is wrong", at);
    }
    assert_int_equal(at, t->sends);
    assert_int_equal(received, t->length);
}

/* A connection goes back to its pool only if it does not look as if something had come. */
static void looks_idle_afterwards(void **state)
{
    const struct transfer *t = *state;

    run(t);
    assert_int_equal(from.conn.io.ready & (IO_READ | IO_HUP | IO_ERR), 0);
    assert_null(from.in);
}

static const struct transfer cut[] = {
    { "closed half way", 4 * MIB, 2 * MIB, CLOSES, MIB, MIB, 0, 4, PUMP_CUT, true },
    { "closed a byte early", MIB, MIB - 1, CLOSES, MIB, MIB, 0, 4, PUMP_CUT, true },
    { "closed, slow reader", 4 * MIB, 2 * MIB, CLOSES, MIB, 9000, 0, 4, PUMP_CUT, true },
};

static void what_came_before_the_cut_arrives(void **state)
{
    const struct transfer *t = *state;

    run(t);
    for (int i = 0; i < TURNS && h1_conn_has_output(&to); i++) {
        h1_conn_flush(&to);
        turn();
        play_receiver(t);
    }
    drain(t, t->sends);
    assert_true(from.in_spoilt);
}

static const struct transfer broken[] = {
    { "reset", 8 * MIB, 3 * MIB, RESETS, MIB, MIB, 0, 4, PUMP_CUT, true },
    { "reset, until close", 0, 3 * MIB, RESETS, MIB, MIB, 0, 4, PUMP_CUT, true },
    { "reader goes", 8 * MIB, 8 * MIB, STAYS, MIB, MIB, MIB, 4, PUMP_SINK_GONE, true },
    { "slow reader goes", 8 * MIB, 8 * MIB, STAYS, MIB, 9000, 99999, 4, PUMP_SINK_GONE, true },
    { "reader goes, until close", 0, 8 * MIB, STAYS, MIB, MIB, MIB, 4, PUMP_SINK_GONE, true },
};

static void ends_for_it(void **state)
{
    run(*state); /* and tear_down looks whether all is given back */
}

/* ---- a pipe with bytes in it ---- */

static const struct transfer stuck = {
    "", 8 * MIB, 8 * MIB, STAYS, MIB, 0, 0, 4, PUMP_RUNNING, true
};

static void fill_up(void)
{
    begin(&stuck);
    for (int i = 0; i < TURNS && !(pump.blocked && to.out_pipe); i++) {
        play_sender(&stuck);
        turn();
    }
    assert_non_null(to.out_pipe);
    assert_true(to.out_pipe->held > 0);
}

static void a_blocked_sink_stops_the_source(void **state)
{
    uint64_t bytes;

    (void)state;
    fill_up();
    bytes = pump.bytes;
    for (int i = 0; i < 100; i++) {
        play_sender(&stuck);
        turn();
        pump_run(&pump);
        assert_false(pump.moved);
    }
    assert_int_equal(pump.bytes, bytes);
}

static void the_pipe_of_a_request_that_ends_is_closed(void **state)
{
    unsigned before;

    (void)state;
    fill_up();
    before = worker.pipes.n_open;
    pump_stop(&pump);
    assert_true(h1_conn_has_output(&to));
    h1_conn_close(&to, true);
    assert_null(to.out_pipe);
    assert_int_equal(worker.pipes.n_open, before - 1);
    assert_int_equal(idle_pipes(), before - 1);
}

/* ---- when not to ---- */

static void small_parts_are_copied(void **state)
{
    const struct transfer t = { "", MIB, MIB, STAYS, 200, MIB, 0, 4, PUMP_DONE, true };

    (void)state;
    begin(&t);
    for (int i = 0; i < 100; i++) {
        play_sender(&t);
        turn();
        play_receiver(&t);
        if (i > 2) assert_false(pump.spliced);
    }
}

static struct body_sink filter;

static enum body_push filter_push(struct body_sink *s, const struct body_part *part)
{
    assert_null(part->pipe);
    return s->next->ops->push(s->next, part);
}

static void filter_stop(struct body_sink *s)
{
    s->next->ops->stop(s->next);
}

/* A filter sees every byte. */
static void never_past_a_filter(void **state)
{
    static const struct body_sink_ops ops = { .push = filter_push, .stop = filter_stop };
    const struct transfer t = { "", 2 * MIB, 2 * MIB, STAYS, MIB, MIB, 0, 4, PUMP_DONE, false };

    (void)state;
    filter = (struct body_sink){ .ops = &ops, .next = &to.sink, .phase = BODY_PHASE_TRANSFORM };
    begin(&t);
    pump.to = &filter;
    for (int i = 0; i < TURNS && pump_active(&pump); i++) {
        play_sender(&t);
        turn();
        play_receiver(&t);
    }
    assert_int_equal(pump.state, PUMP_DONE);
    assert_false(spliced);
    drain(&t, t.length);
}

/* What is announced to be too large is refused at its first part, which is not left in a pipe. */
static void never_beyond_the_limit(void **state)
{
    const struct transfer t = { "", 4 * MIB, 4 * MIB, STAYS, MIB, MIB, 0, 4, PUMP_REFUSED, false };

    (void)state;
    pass_head(t.length);
    h1_conn_settle(&from);
    while (!(from.conn.io.ready & IO_READ)) {
        play_sender(&t);
        loop_turn(&worker.loop, 0, woke, NULL);
    }
    pump_start(&pump, &from.source, &to.sink, MIB);
    on_event(&from.conn);
    assert_int_equal(pump.state, PUMP_REFUSED);
    assert_false(spliced);
}

/* ---- a reader that takes its time ---- */

/* A turn that takes so long for the worker. */
static void turn_of(const struct transfer *t, msec_t ms)
{
    worker.now += ms;
    play_sender(t);
    turn();
    play_receiver(t);
}

/* After the first stall, which may find a whole part on its way, little is kept. */
static void little_is_kept_for_the_slow(void **state)
{
    struct transfer t = { "", 60 * MIB, 60 * MIB, STAYS, MIB, 20000, 0, 4, PUMP_DONE, false };
    unsigned after = 0;

    t.pipes = *state ? 4 : 0;
    begin(&t);
    for (int i = 0; i < TURNS && received < 20 * MIB; i++) {
        turn_of(&t, 20);
        if (!to.sink.part_most) continue;
        if (worker.bufs.n_used > after) after = worker.bufs.n_used;
        assert_null(to.out_pipe);
    }
    assert_in_range(to.sink.part_most, 64 * KIB, 80 * KIB);
    assert_true(after > 0 && after * 16 * KIB <= (64 + 16 + 16) * KIB);

    t.reads = MIB; /* it is in a hurry now */
    for (int i = 0; i < TURNS && pump_active(&pump); i++) turn_of(&t, 1);
    assert_int_equal(pump.state, PUMP_DONE);
    assert_int_equal(to.sink.part_most, 0);
    drain(&t, t.length);
}

/* ---- all of them ---- */

static struct CMUnitTest tests[64];
static size_t n_tests;

static void add(const char *name, CMUnitTestFunction run_it, const struct transfer *t)
{
    tests[n_tests++] = (struct CMUnitTest){ name, run_it, set_up, tear_down, (void *)t };
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) add(whole[i].name, arrives_whole, &whole[i]);
    add("leaves the next request", leaves_what_follows, &whole[4]);
    add("leaves much behind", leaves_what_follows, &whole[5]);
    add("looks idle afterwards", looks_idle_afterwards, &whole[0]);
    add("looks idle after an odd length", looks_idle_afterwards, &whole[1]);
    for (size_t i = 0; i < ARRAY_LEN(cut); i++)
        add(cut[i].name, what_came_before_the_cut_arrives, &cut[i]);
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) add(broken[i].name, ends_for_it, &broken[i]);
    add("a blocked sink stops the source", a_blocked_sink_stops_the_source, NULL);
    add("a pipe with bytes is closed", the_pipe_of_a_request_that_ends_is_closed, NULL);
    add("small parts are copied", small_parts_are_copied, NULL);
    add("never past a filter", never_past_a_filter, NULL);
    add("never beyond the limit", never_beyond_the_limit, NULL);
    add("little is kept for the slow", little_is_kept_for_the_slow, NULL);
    add("little is kept for the slow, pipes", little_is_kept_for_the_slow, &whole[0]);
    return _cmocka_run_group_tests("splice", tests, n_tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between workers, graves, the again list, events of a batch. */
#include "runtime/worker.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ---- messages ---- */

enum { SENDERS = 3, EACH = 5000 };

struct note {
    struct message message;
    unsigned sender, number;
};

static unsigned next_of[SENDERS], received;

static void deliver(struct message *m, struct worker *w)
{
    struct note *n = container_of(m, struct note, message);

    assert_int_equal(n->number, next_of[n->sender]); /* in the order sent */
    next_of[n->sender]++;
    if (++received == SENDERS * EACH) worker_stop(w);
    free(n);
}

struct sender {
    pthread_t thread;
    struct worker *to;
    unsigned id;
};

static void *send_all(void *arg)
{
    struct sender *s = arg;

    for (unsigned i = 0; i < EACH; i++) {
        struct note *n = mem_zero(sizeof *n);
        n->message.deliver = deliver;
        n->sender = s->id;
        n->number = i;
        worker_send(s->to, &n->message);
    }
    return NULL;
}

static void messages_arrive_once_and_in_order(void **state)
{
    struct worker w;
    struct sender senders[SENDERS];

    (void)state;
    assert_int_equal(worker_init(&w, 0, 16384), 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ .to = &w, .id = i };
        pthread_create(&senders[i].thread, NULL, send_all, &senders[i]);
    }
    worker_run(&w);
    for (unsigned i = 0; i < SENDERS; i++) pthread_join(senders[i].thread, NULL);
    assert_int_equal(received, SENDERS * EACH);
    worker_release(&w);
}

/* ---- events ---- */

struct end {
    struct io io;
    struct end *other;
    struct grave grave;
    bool buried, saw_other_ready;
    unsigned calls;
};

static struct worker worker;

static void on_event(struct io *io)
{
    struct end *e = container_of(io, struct end, io);

    e->calls++;
    if (e->other && e->other->io.ready & IO_READ) e->saw_other_ready = true;
    worker_stop(&worker);
}

static void open_pair(struct end *a, struct end *b)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    memset(a, 0, sizeof *a);
    memset(b, 0, sizeof *b);
    io_init(&a->io, fds[0], on_event);
    io_init(&b->io, fds[1], on_event);
}

static void run_once(void)
{
    worker.stopping = false;
    worker_run(&worker);
}

/* A handler that looks at another io of the same batch already sees what happened to it. */
static void a_batch_is_marked_before_it_is_served(void **state)
{
    struct end a, a_peer, b, b_peer;

    (void)state;
    assert_int_equal(worker_init(&worker, 0, 16384), 0);
    open_pair(&a, &a_peer);
    open_pair(&b, &b_peer);
    a.other = &b;
    b.other = &a;
    assert_int_equal(write(a_peer.io.fd, "x", 1), 1);
    assert_int_equal(write(b_peer.io.fd, "x", 1), 1);
    assert_int_equal(loop_add(&worker.loop, &a.io), 0);
    assert_int_equal(loop_add(&worker.loop, &b.io), 0);
    run_once();
    assert_true(a.saw_other_ready && b.saw_other_ready);
    assert_int_equal(a.io.ready, IO_READ | IO_WRITE);

    close(a_peer.io.fd);
    run_once();
    assert_true(a.io.ready & IO_HUP);
    loop_close(&worker.loop, &a.io);
    loop_close(&worker.loop, &b.io);
    close(b_peer.io.fd);
    worker_release(&worker);
}

static void close_other(struct io *io)
{
    struct end *e = container_of(io, struct end, io);

    e->calls++;
    if (e->other->io.fd >= 0) loop_close(&worker.loop, &e->other->io);
    worker_stop(&worker);
}

/* Whoever is closed by an earlier handler of the batch is not called any more. */
static void a_closed_io_hears_nothing(void **state)
{
    struct end a, a_peer, b, b_peer;

    (void)state;
    assert_int_equal(worker_init(&worker, 0, 16384), 0);
    open_pair(&a, &a_peer);
    open_pair(&b, &b_peer);
    a.other = &b;
    b.other = &a;
    a.io.on_event = b.io.on_event = close_other;
    loop_add(&worker.loop, &a.io);
    loop_add(&worker.loop, &b.io);
    run_once();
    assert_int_equal(a.calls + b.calls, 1);
    loop_close(&worker.loop, &a.io);
    loop_close(&worker.loop, &b.io);
    close(a_peer.io.fd);
    close(b_peer.io.fd);
    worker_release(&worker);
}

static void bury(struct grave *g, struct worker *w)
{
    (void)w;
    container_of(g, struct end, grave)->buried = true;
}

static void on_again(struct io *io)
{
    struct end *e = container_of(io, struct end, io);

    assert_false(e->buried); /* not within the turn */
    worker_bury(&worker, &e->grave, bury);
    if (++e->calls == 1)
        loop_again(&worker.loop, io);
    else
        worker_stop(&worker);
    if (e->calls == 1) return;
    assert_true(e->buried || e->calls == 2);
}

static void again_comes_in_the_next_turn_and_graves_in_between(void **state)
{
    struct end a, peer;

    (void)state;
    assert_int_equal(worker_init(&worker, 0, 16384), 0);
    open_pair(&a, &peer);
    a.io.on_event = on_again;
    loop_again(&worker.loop, &a.io);
    loop_again(&worker.loop, &a.io); /* twice is once */
    worker.stopping = true;
    a.calls = 1;
    worker_run(&worker); /* stopping already: nothing is served */
    assert_int_equal(a.calls, 1);
    run_once();
    assert_int_equal(a.calls, 2);
    assert_true(a.buried);
    loop_close(&worker.loop, &a.io);
    close(peer.io.fd);
    worker_release(&worker);
}

/* ---- the wide buffer ---- */

static unsigned evicted;
static void evict(void *holder)
{
    (void)holder;
    evicted++;
    worker.wide.holder = NULL;
}

static void the_wide_buffer_evicts_its_holder(void **state)
{
    int a, b;
    struct buf *wide;

    (void)state;
    assert_int_equal(worker_init(&worker, 0, 16384), 0);
    wide = worker_wide(&worker, &a, evict);
    assert_int_equal(evicted, 0);
    assert_int_equal(buf_room(wide), WORKER_WIDE_SIZE);
    buf_append(wide, SLICE("left over"));
    assert_ptr_equal(worker_wide(&worker, &b, evict), wide);
    assert_int_equal(evicted, 1);
    assert_int_equal(buf_filled(wide), 0);
    worker_release(&worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_once_and_in_order),
        cmocka_unit_test(a_batch_is_marked_before_it_is_served),
        cmocka_unit_test(a_closed_io_hears_nothing),
        cmocka_unit_test(again_comes_in_the_next_turn_and_graves_in_between),
        cmocka_unit_test(the_wide_buffer_evicts_its_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

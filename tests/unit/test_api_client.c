/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of the Runtime API on real sockets: requests in pieces, payloads, the prompt, who does
 * not read, who does not write, limits, and what stays open when the configuration changes. */
#include "ops/api.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ---- commands for the tests ---- */

enum { PIECE = 1000, PIECES = 20000 };

static atomic_uint pieces_made, payload_bytes;

static enum api_progress run_echo(struct api_call *c)
{
    for (unsigned i = 0; i < c->n_args; i++) text_printf(c->out, "%s\n", c->args[i]);
    if (c->payload.p) text_printf(c->out, "<%.*s>\n", SLICE_ARG(c->payload));
    atomic_store(&payload_bytes, (unsigned)c->payload.n);
    return API_DONE;
}

static enum api_progress run_flood(struct api_call *c)
{
    char piece[PIECE];
    unsigned *n = c->state;

    if (!n) c->state = n = mem_zero(sizeof *n);
    memset(piece, 'x', sizeof piece);
    piece[PIECE - 1] = '\n';
    text_add(c->out, slice_of(piece, PIECE));
    atomic_fetch_add(&pieces_made, 1);
    return ++*n == PIECES ? API_DONE : API_MORE;
}

static const struct api_command test_rows[] = {
    { "echo", "", "say it again", API_USER, run_echo, false },
    { "flood", "", "say very much", API_USER, run_flood, false },
};
static const struct api_commands test_commands = API_COMMANDS(test_rows);
static const struct api_commands *const tables[] = { &test_commands, &api_basic_commands, NULL };

/* ---- a control thread with an API ---- */

struct house {
    struct worker control;
    struct engine engine;
    struct api api;
    struct snapshot *snapshot;
    struct api_bind binds[2];
    char path[2][64];
};

struct order {
    struct message message;
    void (*fn)(struct house *);
    struct house *house;
    atomic_bool done;
};

static void carry_out(struct message *m, struct worker *w)
{
    struct order *o = container_of(m, struct order, message);

    (void)w;
    o->fn(o->house);
    atomic_store(&o->done, true);
}

/* Runs fn on the control thread and waits for that. */
static void on_control(struct house *h, void (*fn)(struct house *))
{
    struct order o = { .message.deliver = carry_out, .fn = fn, .house = h };

    worker_send(&h->control, &o.message);
    while (!atomic_load(&o.done)) usleep(100);
}

static void add_bind(struct house *h, unsigned i)
{
    struct bind_conf *b = &h->binds[i].bind;
    struct slice path;
    struct address_spec spec;

    snprintf(h->path[i], sizeof h->path[i], "/tmp/gatehouse-test-api-%d-%u", (int)getpid(), i);
    path = slice_str(h->path[i]);
    assert_null(address_parse(path, &spec));
    assert_true(address_numeric(&spec, 0, &b->spec.address));
    b->spec.inherited_fd = -1;
    b->spec.options.mode = 0600;
    b->api_level = API_ADMIN;
}

static void setup(struct house *h)
{
    memset(h, 0, sizeof *h);
    assert_int_equal(worker_init(&h->control, 0, 16384), 0);
    engine_init(&h->engine, &h->control, NULL);
    api_init(&h->api, &h->engine, tables);
    add_bind(h, 0);
    add_bind(h, 1);
    h->snapshot = snapshot_new();
    h->snapshot->global.api_binds = &h->binds[0];
    h->snapshot->global.api_maxconn = 5;
    assert_true(api_listen(&h->api, h->snapshot));
    assert_int_equal(worker_start(&h->control, "control"), 0);
}

static void end_all(struct house *h)
{
    api_stop(&h->api);
    worker_stop(&h->control);
}

static void teardown(struct house *h)
{
    on_control(h, end_all);
    pthread_join(h->control.thread, NULL);
    clock_pretend(0, 0);
    worker_release(&h->control);
    snapshot_free(h->snapshot);
    engine_release(&h->engine);
}

/* ---- clients ---- */

static int try_connect(const struct house *h, unsigned i)
{
    const struct sockaddr *to = &h->binds[i].bind.spec.address.sa;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (connect(fd, to, address_length(to)) == 0) return fd;
    close(fd);
    return -1;
}

static int client(const struct house *h)
{
    int fd = try_connect(h, 0);
    assert_true(fd >= 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads what is expected, exactly. */
static void hear(int fd, const char *text)
{
    size_t n = strlen(text);
    char got[4096];

    assert_true(n < sizeof got);
    assert_int_equal(recv(fd, got, n, MSG_WAITALL), n);
    got[n] = '\0';
    assert_string_equal(got, text);
}

static void hear_end(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, 0);

    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

static bool hears_nothing(int fd)
{
    char c;

    usleep(30000);
    return recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* ---- tests ---- */

static void one_line_is_answered_and_the_end_follows(void **state)
{
    static const struct {
        const char *said, *heard;
        bool half_closed;
    } cases[] = {
        { "echo a\n", "a\n\n", false },
        { "echo a\n", "a\n\n", true },
        { "echo a\r\n", "a\n\n", true },
        { "echo a;echo b c;\\e\\c\\h\\o d\\;\n", "a\n\nb\nc\n\nd;\n\n", true },
        { "echo a\necho b\n", "a\n\nb\n\n", true },
        { "echo a", "a\n\n", true },
        { "echo a\necho b", "a\n\nb\n\n", true },
        { "", "", true },
        { "quit\n", "", false },
        { "quit;echo a\necho b\n", "", false },
        { "echo a;quit;echo b\n", "a\n\n", false },
        { "echo a <<\none\ntwo\n\n", "a\n<one\ntwo\n>\n\n", true },
        { "echo a;echo b <<\none\n\n", "a\n<one\n>\n\nb\n<one\n>\n\n", true },
        { "echo a <<\n\n", "a\n<>\n\n", true },
        { "echo a <<\r\none\r\n\r\n", "a\n<one\r\n>\n\n", true },
        { "echo a <<\none\n", "", true }, /* its end never comes */
        { "echo a <<\none\n\necho b\n", "a\n<one\n>\n\nb\n\n", true },
        { "prompt\n", "\n> ", true },
        { "prompt\necho a\n", "\n> a\n\n> ", true },
        { "prompt;echo a\nquit\n", "\n> a\n\n> ", false },
        { "prompt\nprompt;echo a\n", "\n> \na\n\n", false },
        { "prompt\necho a <<\none\n\necho b\n", "\n> + + a\n<one\n>\n\n> b\n\n> ", true },
    };
    struct house h;
    (void)state;

    setup(&h);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int fd = client(&h);

        say(fd, cases[i].said);
        if (cases[i].half_closed) shutdown(fd, SHUT_WR);
        hear(fd, cases[i].heard);
        hear_end(fd);
        /* The same in single bytes; whoever is not interactive gets one line only. */
        if (!cases[i].half_closed || strchr(cases[i].said, 'p') == NULL) continue;
        fd = client(&h);
        for (const char *p = cases[i].said; *p; p++) {
            say(fd, (char[]){ *p, '\0' });
            if (i % 2) usleep(50);
        }
        shutdown(fd, SHUT_WR);
        hear(fd, cases[i].heard);
        hear_end(fd);
    }
    teardown(&h);
}

static void long_requests(void **state)
{
    struct house h;
    char *line = mem_alloc(20001);
    int fd;
    (void)state;

    setup(&h);
    fd = client(&h);
    memset(line, 'x', 20000);
    memcpy(line, "echo <<\n", 8);
    strcpy(line + 15000, "\n\n");
    say(fd, "prompt\n");
    hear(fd, "\n> ");
    say(fd, line);
    hear(fd, "+ + <xxx");
    while (recv(fd, line, 1, 0) == 1 && line[0] != '>') {
    }
    hear(fd, "\n\n> ");
    assert_int_equal(atomic_load(&payload_bytes), 14993);
    /* One that no buffer can hold is refused, and the connection is of no use then. */
    memset(line, 'x', 20000);
    line[20000] = '\0';
    say(fd, line);
    hear(fd, "The request is too long.\n\n");
    hear_end(fd);
    free(line);
    teardown(&h);
}

static void who_does_not_read_costs_little(void **state)
{
    struct house h;
    size_t most = (size_t)PIECES * PIECE, got = 0;
    char *all = mem_alloc(65536);
    int deaf, other;
    unsigned made;
    (void)state;

    setup(&h);
    atomic_store(&pieces_made, 0);
    deaf = client(&h);
    say(deaf, "flood;echo over\n");
    do {
        made = atomic_load(&pieces_made);
        usleep(30000);
    } while (made != atomic_load(&pieces_made) || made == 0);
    assert_true(made < 2000); /* what the sockets hold, and a little */
    other = client(&h);
    say(other, "echo hello\n");
    hear(other, "hello\n\n");
    hear_end(other);
    while (got < most) {
        ssize_t n = recv(deaf, all, 65536 < most - got ? 65536 : most - got, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
    hear(deaf, "\nover\n\n");
    hear_end(deaf);
    assert_int_equal(atomic_load(&pieces_made), PIECES);
    free(all);
    teardown(&h);
}

static void look(struct house *h)
{
    (void)h;
}

static void whoever_is_silent_is_closed(void **state)
{
    struct house h;
    usec_t now = 5000000;
    int idle, deaf, busy;
    (void)state;

    clock_pretend(now, now);
    setup(&h);
    atomic_store(&pieces_made, 0);
    idle = client(&h);
    deaf = client(&h);
    busy = client(&h);
    say(deaf, "flood\n");
    say(busy, "prompt\n");
    hear(busy, "\n> ");
    while (atomic_load(&pieces_made) < 10) usleep(100);
    usleep(50000);
    for (unsigned s = 0; s < 9; s += 3) {
        now += 3000000;
        clock_pretend(now, now);
        on_control(&h, look);
        say(busy, "echo a\n");
        hear(busy, "a\n\n> ");
    }
    assert_true(hears_nothing(idle));
    now += 1001000; /* more than the ten seconds */
    clock_pretend(now, now);
    on_control(&h, look);
    hear_end(idle);
    while (recv(deaf, (char[65536]){ 0 }, 65536, 0) > 0) {
    }
    close(deaf);
    assert_true(atomic_load(&pieces_made) < PIECES);
    say(busy, "echo b\n");
    hear(busy, "b\n\n> ");
    close(busy);
    teardown(&h);
}

static void more_than_the_most_wait(void **state)
{
    struct house h;
    int fds[7];
    (void)state;

    setup(&h);
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = client(&h);
        say(fds[i], "prompt\n");
    }
    for (unsigned i = 0; i < 5; i++) hear(fds[i], "\n> ");
    assert_true(hears_nothing(fds[5]) && hears_nothing(fds[6]));
    close(fds[2]);
    hear(fds[5], "\n> ");
    assert_true(hears_nothing(fds[6]));
    say(fds[0], "quit\n");
    hear(fds[6], "\n> ");
    for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
        if (i != 2) close(fds[i]);
    teardown(&h);
}

/* ---- taking over a configuration ---- */

static void listen_on_both(struct house *h)
{
    h->binds[0].next = &h->binds[1];
    h->binds[0].bind.api_level = API_USER;
    h->binds[0].bind.spec.options.mode = 0660;
    h->snapshot->global.api_maxconn = 0;
    assert_true(api_listen(&h->api, h->snapshot));
}

static void listen_on_second(struct house *h)
{
    h->snapshot->global.api_binds = &h->binds[1];
    assert_true(api_listen(&h->api, h->snapshot));
}

static void listen_twice(struct house *h)
{
    h->snapshot->global.api_binds = &h->binds[0];
    h->binds[0].next = &h->binds[1];
    h->binds[1].bind.spec.address = h->binds[0].bind.spec.address;
    assert_false(api_listen(&h->api, h->snapshot));
    h->binds[0].next = NULL;
}

static void sockets_stay_come_and_go(void **state)
{
    struct house h;
    struct stat before, after;
    int fd, kept;
    (void)state;

    setup(&h);
    assert_int_equal(stat(h.path[0], &before), 0);
    assert_int_equal(before.st_mode & 0777, 0600);
    assert_int_equal(try_connect(&h, 1), -1);
    kept = client(&h);
    say(kept, "prompt\n");
    hear(kept, "\n> ");
    on_control(&h, listen_on_both);
    assert_int_equal(stat(h.path[0], &after), 0);
    assert_true(before.st_ino == after.st_ino); /* the same one */
    assert_int_equal(after.st_mode & 0777, 0660);
    fd = client(&h);
    say(fd, "show cli level\n"); /* the new level holds for new clients */
    hear(fd, "user\n\n");
    hear_end(fd);
    say(kept, "show cli level\n");
    hear(kept, "admin\n\n> ");
    fd = try_connect(&h, 1);
    assert_true(fd >= 0);
    close(fd);
    on_control(&h, listen_on_second);
    assert_int_equal(try_connect(&h, 0), -1);
    assert_int_equal(stat(h.path[0], &after), -1);
    say(kept, "echo still here\n");
    hear(kept, "still\nhere\n\n> ");
    close(kept);
    on_control(&h, listen_twice); /* is refused, and changes nothing */
    assert_int_equal(try_connect(&h, 0), -1);
    teardown(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_is_answered_and_the_end_follows),
        cmocka_unit_test(long_requests),
        cmocka_unit_test(who_does_not_read_costs_little),
        cmocka_unit_test(whoever_is_silent_is_closed),
        cmocka_unit_test(more_than_the_most_wait),
        cmocka_unit_test(sockets_stay_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

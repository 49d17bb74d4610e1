/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log.h"
#include "base/memory.h"
#include "runtime/log_sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { SECONDS = 1000, ENOUGH = 20 * SECONDS };

/* --- receivers --- */

static int udp_receiver(int family, struct sockaddr_storage *a, socklen_t *size)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memset(a, 0, sizeof *a);
    a->ss_family = (sa_family_t)family;
    if (family == AF_INET)
        ((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        ((struct sockaddr_in6 *)a)->sin6_addr = in6addr_loopback;
    *size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (bind(fd, (struct sockaddr *)a, *size) < 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, (struct sockaddr *)a, size);
    return fd;
}

static struct sockaddr_un *unix_address(struct sockaddr_un *a, const char *name)
{
    *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(a->sun_path, sizeof a->sun_path, "%s.%d.sock", name, (int)getpid());
    return a;
}

static int unix_receiver(const struct sockaddr_un *a)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    unlink(a->sun_path);
    assert_int_equal(bind(fd, (const struct sockaddr *)a, sizeof *a), 0);
    return fd;
}

/* The next datagram, or what is in a pipe, as a C string; "" when there is nothing. */
static const char *next(int fd, char *buf, size_t size)
{
    ssize_t n = read(fd, buf, size - 1);
    buf[n > 0 ? n : 0] = '\0';
    return buf;
}

static void assert_next(int fd, const char *expected)
{
    char buf[2048];
    assert_string_equal(next(fd, buf, sizeof buf), expected);
}

/* A pipe whose writing end is not close-on-exec, as if a parent had handed it over. */
static void inherited_pipe(int p[2])
{
    assert_int_equal(pipe(p), 0);
    fcntl(p[0], F_SETFL, O_NONBLOCK);
}

/* --- senders --- */

static struct log_target *target(struct log_writer *w, struct log_target_spec spec)
{
    struct resource_error err = { 0 };
    struct log_target *t;

    if (!spec.format) spec.format = log_format_named(SLICE("raw"));
    spec.facility = 19;
    if (!spec.level) spec.level = LOG_DEBUG;
    t = log_target_new(w, &spec, &err);
    assert_non_null(t);
    return t;
}

static struct log_target *target_fd(struct log_writer *w, int fd)
{
    return target(w, (struct log_target_spec){ .fd = fd });
}

static struct log_target *target_addr(struct log_writer *w, const void *a, socklen_t size)
{
    return target(w, (struct log_target_spec){ .addr = a, .size = size });
}

/* A route to one target, whose reference goes over to it. */
static struct log_route *route_to(struct log_writer *w, struct log_target *t)
{
    struct log_route *r = log_route_new(w, &t, 1, SLICE("gate"), slice_of(NULL, 0));
    log_target_unref(t);
    return r;
}

static bool say(struct log_ring *ring, struct log_route *route, int level, const char *text)
{
    size_t n = strlen(text);
    char *p = log_begin(ring, n);

    if (!p) return false;
    memcpy(p, text, n);
    log_commit(ring, n, route, level, 1763970555012345);
    return true;
}

/* --- names and headers --- */

static void names(void **state)
{
    static const struct {
        const char *word;
        int fd;
    } fds[] = {
        { "stdout", 1 },
        { "stderr", 2 },
        { "fd@7", 7 },
        { "fd@", -1 },
        { "fd@x", -1 },
        { "fd@-1", -1 },
        { "fd@99999999999", -1 },
        { "/dev/log", -1 },
    };
    unsigned n;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        assert_int_equal(log_fd_named(slice_str(fds[i].word)), fds[i].fd);
    assert_int_equal(log_facility_named(SLICE("kern")), 0);
    assert_int_equal(log_facility_named(SLICE("local7")), 23);
    assert_int_equal(log_facility_named(SLICE("local8")), -1);
    assert_int_equal(log_level_named(SLICE("emerg")), LOG_EMERG);
    assert_int_equal(log_level_named(SLICE("debug")), LOG_DEBUG);
    assert_int_equal(log_level_named(SLICE("error")), -1);
    assert_string_equal(log_level_names()[LOG_WARNING], "warning");
    assert_string_equal(log_facility_names()[3], "daemon");
    assert_string_equal(log_formats(&n)[0].name, "local");
    assert_int_equal(n, 8);
    assert_null(log_format_named(SLICE("rfc")));
}

static void headers(void **state)
{
    static const struct {
        const char *format, *host, *zone, *expected;
    } cases[] = {
        { "raw", "", "UTC", "" },
        { "local", "", "UTC", "<155>Nov 24 07:49:15 gate[77]: " },
        { "local", "h1", "UTC", "<155>Nov 24 07:49:15 gate[77]: " },
        { "rfc3164", "", "UTC", "<155>Nov 24 07:49:15 localhost gate[77]: " },
        { "rfc3164", "h1", "UTC", "<155>Nov 24 07:49:15 h1 gate[77]: " },
        { "rfc3164", "h1", "EST5", "<155>Nov 24 02:49:15 h1 gate[77]: " },
        { "rfc5424", "", "UTC", "<155>1 2025-11-24T07:49:15.012345+00:00 - gate 77 - " },
        { "rfc5424", "h1", "UTC", "<155>1 2025-11-24T07:49:15.012345+00:00 h1 gate 77 - " },
        { "priority", "h1", "UTC", "<155>" },
        { "short", "h1", "UTC", "<3>" },
        { "timed", "h1", "UTC", "<3>2025-11-24T07:49:15.012345+00:00 " },
        { "iso", "h1", "UTC", "2025-11-24T07:49:15.012345+00:00 " },
        { "iso", "h1", "EST5", "2025-11-24T02:49:15.012345-05:00 " },
        { "iso", "h1", "IST-5:30", "2025-11-24T13:19:15.012345+05:30 " },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct log_head h = { 1763970555012345, 155, 77, SLICE_LIT("gate"),
                              slice_str(cases[i].host) };
        struct log_date d = { 0 };
        char buf[LOG_HEADER_MOST + 1];

        setenv("TZ", cases[i].zone, 1);
        tzset();
        *log_format_named(slice_str(cases[i].format))->head(buf, &h, &d) = '\0';
        assert_string_equal(buf, cases[i].expected);
    }
    setenv("TZ", "UTC", 1);
    tzset();
}

static void headers_fit_and_dates_follow(void **state)
{
    static char endless[2000];
    struct log_date d = { 0 };
    char buf[LOG_HEADER_MOST + 1];
    unsigned n;
    const struct log_format *rows = log_formats(&n);
    (void)state;

    memset(endless, 'x', sizeof endless);
    for (unsigned i = 0; i < n; i++) {
        struct log_head h = { 1763970555012345, 191, INT32_MAX, slice_of(endless, 2000),
                              slice_of(endless, 2000) };
        assert_true(rows[i].head(buf, &h, &d) - buf <= LOG_HEADER_MOST);
    }
    for (unsigned i = 0; i < 2; i++) { /* forth and back: rings are not read in order of time */
        struct log_head h = { 1762174800000000, 8, 1, SLICE_LIT("t"), SLICE_LIT("") };
        *log_format_named(SLICE("local"))->head(buf, &h, &d) = '\0';
        assert_string_equal(buf, "<8>Nov  3 13:00:00 t[1]: ");
        h.time += 1000000;
        *log_format_named(SLICE("local"))->head(buf, &h, &d) = '\0';
        assert_string_equal(buf, "<8>Nov  3 13:00:01 t[1]: ");
    }
}

/* --- datagrams --- */

static void udp(void **state)
{
    static const int families[] = { AF_INET, AF_INET6 };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        struct log_writer *w = log_writer_new();
        struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
        struct sockaddr_storage a;
        socklen_t size;
        char expected[100];
        int fd = udp_receiver(families[i], &a, &size);

        if (fd < 0) { /* a machine without IPv6 */
            log_writer_free(w);
            continue;
        }
        struct log_target *t = target(
            w, (struct log_target_spec){ .addr = (struct sockaddr *)&a,
                                         .size = size,
                                         .level = LOG_NOTICE,
                                         .min_level = LOG_ERR,
                                         .format = log_format_named(SLICE("local")) });
        struct log_route *r = route_to(w, t);

        say(ring, r, LOG_NOTICE, "before the start");
        log_writer_start(w);
        say(ring, r, LOG_ALERT, "important");
        say(ring, r, LOG_INFO, "unimportant");
        assert_true(log_flush_wait(w, ENOUGH)); /* between rings there is no order */
        log_message(w, r, LOG_WARNING, "a %s", "word");
        assert_true(log_flush_wait(w, ENOUGH));
        snprintf(expected, sizeof expected, "<157>Nov 24 07:49:15 gate[%d]: before the start\n",
                 (int)getpid());
        assert_next(fd, expected);
        snprintf(expected, sizeof expected, "<155>Nov 24 07:49:15 gate[%d]: important\n",
                 (int)getpid());
        assert_next(fd, expected);
        char buf[200];
        next(fd, buf, sizeof buf);
        assert_memory_equal(buf, "<156>", 5);
        assert_string_equal(strchr(buf, ']'), "]: a word\n");
        assert_next(fd, "");
        assert_int_equal(log_target_counts(t).written, 3);
        assert_int_equal(log_target_counts(t).dropped, 0);
        assert_true(log_route_wants(r, LOG_NOTICE));
        assert_false(log_route_wants(r, LOG_INFO));
        assert_false(log_route_wants(NULL, LOG_EMERG));
        log_route_unref(r);
        log_writer_free(w);
        close(fd);
    }
}

/* The lengths are those that HAProxy 2.6 was seen to send for `len 80`. */
static void long_lines_are_cut(void **state)
{
    static const struct {
        const char *format;
        size_t datagram, stream;
    } cases[] = { { "raw", 80, 80 }, { "local", 81, 80 }, { "rfc3164", 81, 80 } };
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    struct sockaddr_storage a;
    socklen_t size;
    int fd = udp_receiver(AF_INET, &a, &size), p[2];
    char text[151] = "", buf[400];
    (void)state;

    memset(text, 'x', 150);
    inherited_pipe(p);
    log_writer_start(w);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct log_target_spec spec = { .format = log_format_named(slice_str(cases[i].format)),
                                        .length = 80,
                                        .fd = p[1] };
        struct log_target *both[2] = { target(w, spec) };
        spec.addr = (struct sockaddr *)&a;
        spec.size = size;
        both[1] = target(w, spec);
        struct log_route *r = log_route_new(w, both, 2, SLICE("gate"), slice_of(NULL, 0));

        say(ring, r, LOG_ERR, text);
        assert_true(log_flush_wait(w, ENOUGH));
        assert_int_equal(strlen(next(fd, buf, sizeof buf)), cases[i].datagram);
        assert_int_equal(buf[cases[i].datagram - 1], '\n');
        assert_int_equal(strlen(next(p[0], buf, sizeof buf)), cases[i].stream);
        assert_int_equal(buf[cases[i].stream - 1], '\n');
        log_route_unref(r);
        for (unsigned k = 0; k < 2; k++) log_target_unref(both[k]);
    }
    log_writer_free(w);
    close(fd);
    close(p[0]);
    close(p[1]);
}

static void a_syslog_server_comes_goes_and_comes_back(void **state)
{
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    struct sockaddr_un a;
    struct log_target *t = target_addr(w, unix_address(&a, "test_log_a"), sizeof a);
    struct log_route *r = route_to(w, t);
    int fd;
    (void)state;

    unlink(a.sun_path);
    log_writer_start(w);
    say(ring, r, LOG_ERR, "nobody is there");
    assert_true(log_flush_wait(w, ENOUGH));
    assert_int_equal(log_target_counts(t).dropped, 1);

    for (unsigned i = 0; i < 3; i++) {
        fd = unix_receiver(&a);
        say(ring, r, LOG_ERR, "somebody is there");
        assert_true(log_flush_wait(w, ENOUGH));
        assert_next(fd, "somebody is there\n");
        close(fd); /* the next one binds anew, without a word to us */
    }
    say(ring, r, LOG_ERR, "nobody is there");
    unlink(a.sun_path);
    assert_true(log_flush_wait(w, ENOUGH));
    assert_int_equal(log_target_counts(t).written, 3);
    assert_int_equal(log_target_counts(t).dropped, 2);
    assert_int_equal(log_dropped(w), 2);
    log_route_unref(r);
    log_writer_free(w);
}

static void a_slow_syslog_server_gets_all(void **state)
{
    enum { N = 3000 }; /* more than a datagram socket takes, less than the backlog */
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    struct sockaddr_un a;
    int fd = unix_receiver(unix_address(&a, "test_log_b"));
    struct log_target *t = target_addr(w, &a, sizeof a);
    struct log_route *r = route_to(w, t);
    char text[20];
    (void)state;

    log_writer_start(w);
    for (unsigned i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%u", i);
        assert_true(say(ring, r, LOG_ERR, text));
    }
    assert_false(log_flush_wait(w, 100)); /* the receiver's queue is full */
    for (unsigned i = 0; i < N; i++) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&p, 1, ENOUGH), 1);
        snprintf(text, sizeof text, "%u\n", i);
        assert_next(fd, text);
    }
    assert_true(log_flush_wait(w, ENOUGH));
    assert_int_equal(log_target_counts(t).written, N);
    assert_int_equal(log_dropped(w), 0);
    log_route_unref(r);
    log_writer_free(w);
    close(fd);
    unlink(a.sun_path);
}

/* --- streams --- */

/* Reads numbered lines of changing length until the end, or until nothing came for `patience`;
 * checks that each is whole and their numbers grow. */
struct reader {
    int fd, patience;
    unsigned delay; /* microseconds between reads */
    unsigned long lines, wrong;
    pthread_t thread;
};

static size_t numbered(char *buf, unsigned number)
{
    size_t n = (size_t)sprintf(buf, "%08u:", number), more = number * 7919 % 300;
    memset(buf + n, 'a' + (int)(number % 26), more);
    return n + more;
}

static void check_line(struct reader *r, const char *line, size_t n)
{
    static _Thread_local unsigned last;
    char expected[400];
    unsigned number = (unsigned)strtoul(line, NULL, 10);

    if (numbered(expected, number) != n || memcmp(line, expected, n) != 0) r->wrong++;
    if (r->lines++ > 0 && number <= last) r->wrong++;
    last = number;
}

static void *read_lines(void *arg)
{
    struct reader *r = arg;
    char *buf = mem_alloc(1 << 16);
    size_t have = 0;
    struct pollfd p = { .fd = r->fd, .events = POLLIN };

    while (poll(&p, 1, r->patience) > 0) {
        ssize_t n = read(r->fd, buf + have, 3000);
        char *line = buf, *end;
        if (n <= 0) break;
        have += (size_t)n;
        for (; (end = memchr(line, '\n', have - (size_t)(line - buf))); line = end + 1)
            check_line(r, line, (size_t)(end - line));
        have -= (size_t)(line - buf);
        memmove(buf, line, have);
        if (r->delay) usleep(r->delay);
    }
    if (have) r->wrong++; /* the last line is torn */
    free(buf);
    return NULL;
}

static void say_numbered(struct log_ring *ring, struct log_route *route, unsigned number)
{
    char *p = log_begin(ring, 400);
    if (p) log_commit(ring, numbered(p, number), route, LOG_INFO, 1);
}

/* Opens one of each kind; [0] is for reading. */
static void open_pipe(int p[2])
{
    inherited_pipe(p);
}
static void open_socketpair(int p[2])
{
    int small = 4096;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    setsockopt(p[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
}

static void a_reader_stops_and_goes_on(void **state)
{
    static void (*const kinds[])(int p[2]) = { open_pipe, open_socketpair };
    enum { N = 20000 };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct log_writer *w = log_writer_new();
        struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
        struct reader reader = { .patience = 500 };
        int p[2], flags;

        kinds[i](p);
        flags = fcntl(p[1], F_GETFL);
        struct log_target *t = target_fd(w, p[1]);
        struct log_route *r = route_to(w, t);
        log_writer_start(w);
        for (unsigned k = 0; k < N; k++) {
            say_numbered(ring, r, k);
            if (k % 100 == 0) usleep(500); /* the log thread shall get through with the ring */
        }
        assert_false(log_flush_wait(w, 50)); /* nobody reads */
        assert_true(log_target_counts(t).dropped > 0);
        assert_int_equal(fcntl(p[1], F_GETFL), flags); /* still blocking, as we got it */
        reader.fd = p[0];
        read_lines(&reader);
        assert_true(log_flush_wait(w, ENOUGH));
        assert_int_equal(reader.wrong, 0);
        assert_int_equal(reader.lines, log_target_counts(t).written);
        assert_int_equal(reader.lines + log_dropped(w), N);
        say_numbered(ring, r, N); /* and it works again */
        assert_true(log_flush_wait(w, ENOUGH));
        read_lines(&reader);
        assert_int_equal(reader.lines + log_dropped(w), N + 1);
        assert_int_equal(reader.wrong, 0);
        log_route_unref(r);
        log_writer_free(w);
        close(p[0]);
        close(p[1]);
    }
}

/* Where no descriptor of our own is to be had, poll() is asked before each write. */
static void a_pipe_that_stays_blocking(void **state)
{
    enum { N = 3000 };
    _Atomic uint64_t total = 0;
    struct reader reader = { .patience = 0 };
    struct log_sink *s;
    char line[400];
    int p[2];
    (void)state;

    inherited_pipe(p);
    s = log_sink_new(&(struct log_sink_key){ .fd = p[1] }, &total);
    log_sink_open(s);
    assert_int_equal(s->kind, LOG_SINK_PIPE);
    assert_true(s->nonblocking && s->fd != p[1]);
    close(s->fd);
    s->fd = p[1];
    s->nonblocking = false;
    for (unsigned i = 0; i < N; i++) {
        size_t n = numbered(line, i);
        char *q = log_sink_begin(s, sizeof line);
        if (!q) continue;
        memcpy(q, line, n);
        q[n] = '\n';
        log_sink_commit(s, n + 1);
    }
    assert_true(s->dropped > 0);
    reader.fd = p[0];
    while (!log_sink_flush(s)) read_lines(&reader);
    read_lines(&reader);
    assert_int_equal(reader.wrong, 0);
    assert_int_equal(reader.lines, s->written);
    assert_int_equal(s->written + s->dropped, N);

    /* One line that is longer than the pipe takes at once. */
    char *q = log_sink_begin(s, LOG_LINE_MOST);
    memset(q, 'x', LOG_LINE_MOST);
    log_sink_commit(s, LOG_LINE_MOST);
    size_t got = 0;
    static char big[LOG_LINE_MOST];
    while (got < LOG_LINE_MOST) {
        log_sink_flush(s);
        ssize_t n = read(p[0], big, sizeof big);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(got, LOG_LINE_MOST);
    assert_true(log_sink_flush(s));
    log_sink_free(s);
    close(p[0]);
    close(p[1]);
}

static void a_reader_that_went_away(void **state)
{
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    int p[2];
    (void)state;

    inherited_pipe(p);
    struct log_target *t = target_fd(w, p[1]);
    struct log_route *r = route_to(w, t);
    log_writer_start(w);
    close(p[0]);
    for (unsigned i = 0; i < 100; i++) say(ring, r, LOG_ERR, "who reads this?");
    assert_true(log_flush_wait(w, ENOUGH));
    assert_int_equal(log_target_counts(t).dropped, 100);
    log_route_unref(r);
    log_writer_free(w);
    close(p[1]);
}

static void a_terminal(void **state)
{
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), slave, flags;
    (void)state;

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    flags = fcntl(slave, F_GETFL);
    struct log_target *t = target_fd(w, slave);
    struct log_route *r = route_to(w, t);
    log_writer_start(w);
    say(ring, r, LOG_ERR, "hello");
    assert_true(log_flush_wait(w, ENOUGH));
    assert_next(master, "hello\r\n");
    for (unsigned i = 0; i < 3000; i++) say(ring, r, LOG_ERR, "nobody looks");
    log_flush_wait(w, 100);
    assert_int_equal(fcntl(slave, F_GETFL), flags);
    log_route_unref(r);
    log_writer_free(w); /* must end, whatever the terminal does */
    close(slave);
    close(master);
}

static void targets_with_one_address_share_it(void **state)
{
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    int p[2];
    (void)state;

    inherited_pipe(p);
    struct log_target *both[2] = { target_fd(w, p[1]), target_fd(w, p[1]) };
    struct log_route *r = log_route_new(w, both, 2, SLICE("t"), slice_of(NULL, 0));
    log_writer_start(w);
    say(ring, r, LOG_ERR, "twice");
    assert_true(log_flush_wait(w, ENOUGH));
    assert_next(p[0], "twice\ntwice\n");
    assert_int_equal(log_target_counts(both[0]).written, 2);
    assert_int_equal(log_target_counts(both[1]).written, 2);
    log_route_unref(r);
    for (unsigned k = 0; k < 2; k++) log_target_unref(both[k]);
    assert_true(log_flush_wait(w, ENOUGH));
    /* Its descriptor of that pipe is closed with the last target: the end comes through. */
    close(p[1]);
    struct pollfd end = { .fd = p[0], .events = POLLIN };
    assert_int_equal(poll(&end, 1, ENOUGH), 1);
    assert_int_equal(end.revents, POLLHUP);
    log_writer_free(w);
    close(p[0]);
}

static void bad_targets(void **state)
{
    struct log_writer *w = log_writer_new();
    struct sockaddr other = { .sa_family = AF_NETLINK };
    struct log_target_spec spec = { .addr = &other, .size = sizeof other };
    struct resource_error err;
    int own[2];
    (void)state;

    assert_null(log_target_new(w, &spec, &err));
    assert_int_equal(err.code, -EAFNOSUPPORT);
    assert_int_equal(pipe2(own, O_CLOEXEC), 0);
    spec = (struct log_target_spec){ .fd = own[1] };
    assert_null(log_target_new(w, &spec, &err));
    assert_int_equal(err.code, -EBADF);
    assert_non_null(strstr(err.text, "parent"));
    close(own[0]);
    close(own[1]);
    assert_null(log_target_new(w, &spec, &err));
    assert_non_null(strstr(err.text, "not open"));
    assert_null(log_target_new(w, &spec, NULL));
    log_writer_free(w);
}

/* --- life and threads --- */

static uint64_t msec(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void stopping_waits_a_second_at_most(void **state)
{
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    int p[2];
    uint64_t before;
    (void)state;

    inherited_pipe(p);
    struct log_target *t = target_fd(w, p[1]);
    struct log_route *r = route_to(w, t);
    log_writer_start(w);
    for (unsigned i = 0; i < 2000; i++) say_numbered(ring, r, i);
    before = msec();
    clock_pretend(1000, 1000); /* a clock that stands still doesn't matter */
    log_writer_stop(w);
    clock_pretend(0, 0);
    assert_in_range(msec() - before, 900, 10 * SECONDS);
    assert_true(log_target_counts(t).written > 0);
    assert_int_equal(log_target_counts(t).written + log_dropped(w), 2000);
    log_writer_stop(w); /* again: harmless */
    log_route_unref(r);
    log_writer_free(w);
    close(p[0]);
    close(p[1]);
}

static void stopping_writes_what_is_there(void **state)
{
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    int p[2];
    (void)state;

    inherited_pipe(p);
    struct log_route *r = route_to(w, target_fd(w, p[1]));
    log_writer_start(w);
    say(ring, r, LOG_ERR, "last words");
    log_writer_stop(w);
    assert_next(p[0], "last words\n");
    log_route_unref(r);
    log_writer_free(w);
    close(p[0]);
    close(p[1]);
}

static void a_writer_that_never_started(void **state)
{
    struct log_writer *w = log_writer_new();
    struct log_ring *ring = log_ring_new(w, LOG_RING_DEFAULT);
    struct log_route *r = route_to(w, target_fd(w, 2));
    (void)state;

    say(ring, r, LOG_ERR, "never to be seen");
    log_route_unref(log_route_ref(r));
    log_route_unref(r);
    log_route_unref(NULL);
    log_target_unref(NULL);
    assert_false(log_flush_wait(w, 1));
    log_writer_free(w);
}

/* A worker that changes its snapshot all the time: drops a route right after its last record. */
struct producer {
    struct log_writer *w;
    struct log_ring *ring; /* NULL: log_message */
    struct log_target *target;
    unsigned from, n;
    pthread_t thread;
};

static void *produce(void *arg)
{
    struct producer *p = arg;
    struct log_route *r = NULL;

    for (unsigned i = p->from; i < p->from + p->n; i++) {
        if (!r) r = log_route_new(p->w, &p->target, 1, SLICE("t"), slice_of(NULL, 0));
        if (p->ring)
            say_numbered(p->ring, r, i);
        else
            log_message(p->w, r, LOG_INFO, "%08u:", i);
        if (i % 16 == 0) {
            log_route_unref(r);
            r = NULL;
        }
        if (i % 1000 == 0) usleep(2000);
    }
    log_route_unref(r);
    return NULL;
}

static void *count_lines(void *arg)
{
    struct reader *r = arg;
    static char buf[1 << 16];
    ssize_t n;
    struct pollfd p = { .fd = r->fd, .events = POLLIN };

    while (poll(&p, 1, r->patience) > 0 && (n = read(r->fd, buf, sizeof buf)) > 0) {
        for (char *at = buf; (at = memchr(at, '\n', (size_t)(buf + n - at))); at++) r->lines++;
        usleep(r->delay);
    }
    return NULL;
}

static void several_producers(void **state)
{
    enum { PRODUCERS = 4, EACH = 20000 };
    struct log_writer *w = log_writer_new();
    struct producer p[PRODUCERS];
    struct reader reader = { .patience = -1, .delay = 300 };
    int fds[2];
    (void)state;

    inherited_pipe(fds);
    reader.fd = fds[0];
    struct log_target *t = target_fd(w, fds[1]);
    log_writer_start(w);
    pthread_create(&reader.thread, NULL, count_lines, &reader);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        p[i] = (struct producer){ .w = w, .target = t, .from = i * EACH, .n = EACH };
        if (i < PRODUCERS - 1) p[i].ring = log_ring_new(w, 65536);
        pthread_create(&p[i].thread, NULL, produce, &p[i]);
    }
    for (unsigned i = 0; i < PRODUCERS; i++) pthread_join(p[i].thread, NULL);
    assert_true(log_flush_wait(w, ENOUGH));
    uint64_t written = log_target_counts(t).written, dropped = log_dropped(w);
    log_target_unref(t);
    log_writer_free(w);
    close(fds[1]);
    pthread_join(reader.thread, NULL);
    close(fds[0]);
    assert_int_equal(written + dropped, PRODUCERS * EACH);
    assert_int_equal(reader.lines, written);
    assert_true(written > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(headers),
        cmocka_unit_test(headers_fit_and_dates_follow),
        cmocka_unit_test(udp),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(a_syslog_server_comes_goes_and_comes_back),
        cmocka_unit_test(a_slow_syslog_server_gets_all),
        cmocka_unit_test(a_reader_stops_and_goes_on),
        cmocka_unit_test(a_pipe_that_stays_blocking),
        cmocka_unit_test(a_reader_that_went_away),
        cmocka_unit_test(a_terminal),
        cmocka_unit_test(targets_with_one_address_share_it),
        cmocka_unit_test(bad_targets),
        cmocka_unit_test(stopping_waits_a_second_at_most),
        cmocka_unit_test(stopping_writes_what_is_there),
        cmocka_unit_test(a_writer_that_never_started),
        cmocka_unit_test(several_producers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log_sink.h"

#include "base/memory.h"
#include "runtime/resources.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64 /* lines in one system call */, LENGTH = sizeof(uint32_t) };

/* --- opening --- */

struct log_sink *log_sink_new(const struct log_sink_key *key, _Atomic uint64_t *total_dropped)
{
    struct log_sink *s = mem_zero(sizeof *s);

    if (key->addr) {
        memcpy(&s->addr, key->addr, key->size);
        s->size = key->size;
    }
    s->given = key->addr ? -1 : key->fd;
    s->stream = key->stream;
    s->counted = key->counted;
    s->fd = -1;
    s->total_dropped = total_dropped;
    return s;
}

bool log_sink_is(const struct log_sink *s, const struct log_sink_key *key)
{
    if (!key->addr) return s->size == 0 && s->given == key->fd;
    return s->size == key->size && s->stream == key->stream && s->counted == key->counted &&
           memcmp(&s->addr, key->addr, key->size) == 0;
}

/* Real time: the pretended clock of tests stands still. */
static uint64_t real_msec(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Begins to connect, unless the last attempt was just now. */
static bool open_stream(struct log_sink *s)
{
    uint64_t now = real_msec();

    if (s->since && now < s->since + LOG_RECONNECT_MS) return false;
    s->kind = LOG_SINK_STREAM;
    s->nonblocking = true;
    s->connected = false;
    s->since = now;
    s->fd = resource_stream((const struct sockaddr *)&s->addr, s->size, NULL);
    return s->fd >= 0;
}

static bool open_address(struct log_sink *s)
{
    s->kind = LOG_SINK_DATAGRAMS;
    s->nonblocking = true;
    s->fd = resource_datagram((const struct sockaddr *)&s->addr, s->size, NULL);
    return s->fd >= 0;
}

static enum log_sink_kind socket_kind(int fd)
{
    int type = SOCK_STREAM;
    socklen_t size = sizeof type;

    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    return type == SOCK_STREAM ? LOG_SINK_STREAM : LOG_SINK_DATAGRAMS;
}

/* An inherited descriptor is shared with processes that don't expect it to become non-blocking. A
 * socket can be told so with each call; of a pipe or a terminal we get a descriptor of our own;
 * where that fails, poll() is asked before each write. */
static void open_given(struct log_sink *s)
{
    struct stat st;

    s->fd = s->given;
    s->kind = LOG_SINK_FILE;
    s->nonblocking = true;
    if (fstat(s->given, &st) < 0) return; /* writing will fail, and count */
    if (S_ISSOCK(st.st_mode)) {
        s->kind = socket_kind(s->given);
    } else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
        int own = resource_reopen(s->given, NULL);
        s->kind = LOG_SINK_PIPE;
        s->nonblocking = own >= 0;
        if (own >= 0) s->fd = own;
    }
}

void log_sink_open(struct log_sink *s)
{
    if (s->fd >= 0) return;
    if (s->stream)
        open_stream(s);
    else if (s->size)
        open_address(s);
    else
        open_given(s);
}

static void close_own(struct log_sink *s)
{
    if (s->fd >= 0 && s->fd != s->given) close(s->fd);
    s->fd = -1;
}

void log_sink_free(struct log_sink *s)
{
    log_sink_drop(s);
    close_own(s);
    free(s->backlog);
    free(s);
}

/* --- the backlog --- */

/* Only one thread writes these counters, so they need no atomic addition. */
static void count(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t was = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, was + n, memory_order_relaxed);
}

static void count_dropped(struct log_sink *s, uint64_t n)
{
    count(&s->dropped, n);
    count(s->total_dropped, n);
}

static size_t line_length(const struct log_sink *s, size_t at)
{
    uint32_t n;
    memcpy(&n, s->backlog + at, LENGTH);
    return n;
}

static void step_over_line(struct log_sink *s)
{
    s->from += LENGTH + line_length(s, s->from);
    s->partial = 0;
}

void log_sink_drop(struct log_sink *s)
{
    uint64_t n = 0;

    for (; s->from < s->to; n++) step_over_line(s);
    s->from = s->to = 0;
    count_dropped(s, n);
}

static void make_room(struct log_sink *s)
{
    if (!s->blocked) log_sink_flush(s);
    if (s->from < LOG_BACKLOG / 4) return; /* not worth the copying */
    memmove(s->backlog, s->backlog + s->from, s->to - s->from);
    s->to -= s->from;
    s->from = 0;
}

char *log_sink_begin(struct log_sink *s, size_t most)
{
    if (!s->backlog) s->backlog = mem_alloc(LOG_BACKLOG);
    if (s->to + LENGTH + most > LOG_BACKLOG) make_room(s);
    if (s->to + LENGTH + most > LOG_BACKLOG) {
        count_dropped(s, 1);
        return NULL;
    }
    return s->backlog + s->to + LENGTH;
}

void log_sink_commit(struct log_sink *s, size_t used)
{
    uint32_t n = (uint32_t)used;
    memcpy(s->backlog + s->to, &n, LENGTH);
    s->to += LENGTH + used;
}

/* --- writing --- */

/* Collects whole lines from the front: up to BATCH of them and `most` bytes, but at least one. */
static unsigned collect(const struct log_sink *s, struct iovec *v, size_t most)
{
    unsigned n = 0;
    size_t sum = 0, done = s->partial;

    for (size_t at = s->from; at < s->to && n < BATCH; n++) {
        size_t length = line_length(s, at);
        if (n > 0 && sum + length > most) break;
        v[n].iov_base = s->backlog + at + LENGTH + done;
        v[n].iov_len = length - done;
        sum += length - done;
        done = 0;
        at += LENGTH + length;
    }
    return n;
}

/* The receiver has taken so many bytes. */
static void written(struct log_sink *s, size_t bytes)
{
    while (bytes) {
        size_t left = line_length(s, s->from) - s->partial;
        if (bytes < left) {
            s->partial += bytes;
            return;
        }
        bytes -= left;
        step_over_line(s);
        count(&s->written, 1);
    }
}

/* What was not taken is sent again over the next connection, from the beginning of its line on. */
static void give_up_connection(struct log_sink *s)
{
    close_own(s);
    s->partial = 0;
    s->since = real_msec();
    s->blocked = true;
}

/* Does it take too long to connect, or to take what is sent? */
static bool is_late(const struct log_sink *s)
{
    unsigned limit = s->connected ? s->server_ms : s->connect_ms;

    return s->stream && s->fd >= 0 && limit && real_msec() >= s->since + limit;
}

int log_sink_patience(const struct log_sink *s)
{
    unsigned limit = s->connected ? s->server_ms : s->connect_ms;
    uint64_t now = real_msec(), until;

    if (!s->stream || (s->fd >= 0 && !limit)) return -1;
    until = s->since + (s->fd < 0 ? LOG_RECONNECT_MS : limit);
    return until > now ? (int)(until - now) : 0;
}

static void write_lines(struct log_sink *s)
{
    struct iovec v[BATCH];
    size_t most = s->kind == LOG_SINK_PIPE ? PIPE_BUF : SIZE_MAX;
    struct msghdr m = { .msg_iov = v };
    ssize_t got;

    m.msg_iovlen = collect(s, v, most);
    if (!s->nonblocking) {
        struct pollfd p = { .fd = s->fd, .events = POLLOUT };
        s->blocked = poll(&p, 1, 0) <= 0;
        if (s->blocked) return;
        if (v[0].iov_len > most) v[0].iov_len = most;
    }
    got = s->kind == LOG_SINK_STREAM ? sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL)
                                     : writev(s->fd, v, (int)m.msg_iovlen);
    if (got >= 0)
        written(s, (size_t)got);
    else if (errno == EAGAIN)
        s->blocked = true;
    else if (s->stream && errno != EINTR)
        give_up_connection(s);
    else if (errno != EINTR)
        log_sink_drop(s);
    if (got > 0 && s->stream) {
        s->connected = true;
        s->since = real_msec();
    }
}

/* Is that the error of a UNIX socket whose other side has gone? */
static bool other_side_gone(int error)
{
    return error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET || error == EPIPE;
}

static void send_datagrams(struct log_sink *s, bool *may_reconnect)
{
    struct iovec v[BATCH];
    struct mmsghdr m[BATCH] = { 0 };
    bool named = s->size && s->addr.ss_family != AF_UNIX;
    unsigned n = collect(s, v, SIZE_MAX);
    int sent;

    for (unsigned i = 0; i < n; i++) {
        m[i].msg_hdr.msg_iov = &v[i];
        m[i].msg_hdr.msg_iovlen = 1;
        m[i].msg_hdr.msg_name = named ? &s->addr : NULL;
        m[i].msg_hdr.msg_namelen = named ? s->size : 0;
    }
    sent = sendmmsg(s->fd, m, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
        for (int i = 0; i < sent; i++) step_over_line(s);
        count(&s->written, (uint64_t)sent);
    } else if (errno == EAGAIN) {
        s->blocked = true;
    } else if (s->size && *may_reconnect && other_side_gone(errno)) {
        *may_reconnect = false; /* a syslog server that was started again is behind the path now */
        close_own(s);
    } else if (errno != EINTR) {
        step_over_line(s); /* this one can't be sent, the next one perhaps can */
        count_dropped(s, 1);
    }
}

bool log_sink_flush(struct log_sink *s)
{
    bool may_reconnect = true;

    s->blocked = false;
    if (is_late(s)) give_up_connection(s);
    while (s->from < s->to && !s->blocked) {
        if (s->fd < 0 && s->stream)
            s->blocked = !open_stream(s);
        else if (s->fd < 0 && !(s->size && open_address(s)))
            log_sink_drop(s);
        else if (s->kind == LOG_SINK_DATAGRAMS)
            send_datagrams(s, &may_reconnect);
        else
            write_lines(s);
    }
    if (s->from == s->to) s->from = s->to = 0;
    return s->to == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The Square service: the guide's example application, one file without dependencies.
 *
 *   cc -std=c17 -O2 -o square square.c && ./square [-q] [PORT]
 *
 * GET /square/N answers N * N as text: the digits alone. N is a 64-bit whole number and may have a
 * sign; what is none, and a square that does not fit into a signed 64-bit number (beyond
 * ±3037000499), is a 400 that says so. HEAD works like GET, other methods are 405, other paths 404.
 *
 * It listens on PORT of all addresses: the argument, else the environment's PORT, else 8080; 0
 * takes any free port. Standard output gets one line of JSON when it is up and one a request, which
 * -q leaves out:
 *
 *   {"level":"info","msg":"Running on 8080","time":"2020-04-25T21:20:01Z"}
 *   {"level":"info","msg":"GET | /square/25 | curl/7.64.1 | 6.781µs","time":"2020-04-25T21:22:50Z"}
 *
 * One thread, level-triggered epoll. HTTP/1.1 (RFC 9112) and 1.0, kept connections, pipelining; a
 * body of known length is read and dropped, after a chunked one the connection ends. A connection
 * without traffic is closed after a minute, one that waits for the client's last byte after two
 * seconds. SIGINT and SIGTERM end it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    IN_SIZE = 16384, /* the largest head of a request */
    OUT_SIZE = 4096,
    REPLY_SIZE = 1024, /* the largest reply */
    IDLE_SECONDS = 60,
    LINGER_SECONDS = 2,
    EVENTS = 256,
    ACCEPTS = 64, /* new connections taken per event */
};

/* ---- Text ---- */

struct text {
    const char *p;
    size_t n;
};

static struct text text_of(const char *p, const char *end)
{
    return (struct text){ p, (size_t)(end - p) };
}

static bool text_is(struct text t, const char *word)
{
    return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

static bool text_is_nocase(struct text t, const char *word)
{
    return t.n == strlen(word) && strncasecmp(t.p, word, t.n) == 0;
}

static struct text text_trim(struct text t)
{
    while (t.n && (*t.p == ' ' || *t.p == '\t')) t.p++, t.n--;
    while (t.n && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t')) t.n--;
    return t;
}

/* Cuts the part before the first c off *rest; all of it when there is no c. */
static struct text text_cut(struct text *rest, char c)
{
    struct text head = *rest;
    const char *at = rest->n ? memchr(rest->p, c, rest->n) : NULL;

    if (at) head.n = (size_t)(at - rest->p);
    rest->p += head.n + (at != NULL);
    rest->n -= head.n + (at != NULL);
    return head;
}

/* Decimal digits, nothing else. */
static bool text_to_u64(struct text t, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] < '0' || t.p[i] > '9') return false;
        if (__builtin_mul_overflow(v, 10, &v)) return false;
        if (__builtin_add_overflow(v, (uint64_t)(t.p[i] - '0'), &v)) return false;
    }
    *out = v;
    return t.n > 0;
}

static bool text_to_i64(struct text t, int64_t *out)
{
    bool negative = t.n && t.p[0] == '-';
    uint64_t v;

    if (t.n && (t.p[0] == '-' || t.p[0] == '+')) t.p++, t.n--;
    if (!text_to_u64(t, &v) || v > (uint64_t)INT64_MAX + negative) return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* RFC 9110 5.6.2 */
static bool text_is_token(struct text t)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !memchr(others, c, sizeof others - 1))
            return false;
    }
    return t.n > 0;
}

/* ---- The log ---- */

/* The bytes of the UTF-8 character at the front of t, 0 when there is none. */
static size_t utf8_length(struct text t)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = (unsigned char)t.p[0];
    size_t n = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 0;
    uint32_t v = c & (0xffu >> (n + 1));

    if (n == 1) return 1;
    if (n == 0 || n > t.n) return 0;
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)t.p[i] & 0xc0) != 0x80) return 0;
        v = v << 6 | ((unsigned char)t.p[i] & 0x3f);
    }
    return v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff) ? 0 : n;
}

/* t as the inside of a JSON string (RFC 8259 section 7); what is not UTF-8 becomes U+FFFD. */
static void put_json(FILE *f, struct text t)
{
    while (t.n) {
        unsigned char c = (unsigned char)t.p[0];
        size_t n = utf8_length(t);

        if (n == 0)
            fputs("\\ufffd", f);
        else if (c < 0x20 || c == 0x7f)
            fprintf(f, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else
            fwrite(t.p, 1, n, f);
        if (n == 0) n = 1;
        t.p += n;
        t.n -= n;
    }
}

/* A duration as Go prints it: 740ns, 6.781µs, 1.2ms, 3s, 1m5.5s. */
static const char *duration_text(char *buf, size_t size, uint64_t ns)
{
    static const struct unit {
        uint64_t ns;
        int digits;
        const char *name;
    } units[] = { { 1000000000, 9, "s" }, { 1000000, 6, "ms" }, { 1000, 3, "µs" } };
    char fraction[16] = "";
    size_t at = 0, n;

    if (ns == 0) return "0s";
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const struct unit *u = &units[i];
        uint64_t whole = ns / u->ns;
        if (whole == 0) continue;
        if (ns % u->ns) {
            snprintf(fraction, sizeof fraction, ".%0*" PRIu64, u->digits, ns % u->ns);
            for (n = strlen(fraction); fraction[n - 1] == '0'; n--) fraction[n - 1] = '\0';
        }
        if (i == 0 && whole >= 60) {
            at = (size_t)snprintf(buf, size, "%" PRIu64 "m", whole / 60);
            whole %= 60;
        }
        snprintf(buf + at, size - at, "%" PRIu64 "%s%s", whole, fraction, u->name);
        return buf;
    }
    snprintf(buf, size, "%" PRIu64 "ns", ns);
    return buf;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void log_end(void)
{
    char date[32];
    time_t now = time(NULL);
    struct tm tm;

    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    printf("\",\"time\":\"%s\"}\n", date);
}

static void log_request(struct text method, struct text target, struct text agent, uint64_t since)
{
    char duration[48];

    fputs("{\"level\":\"info\",\"msg\":\"", stdout);
    put_json(stdout, method);
    fputs(" | ", stdout);
    put_json(stdout, target);
    fputs(" | ", stdout);
    put_json(stdout, agent);
    printf(" | %s", duration_text(duration, sizeof duration, now_ns() - since));
    log_end();
}

/* ---- Requests ---- */

struct request {
    struct text method, target, agent;
    bool old;     /* HTTP/1.0 */
    bool close;   /* the connection ends with this reply */
    bool keep;    /* "Connection: keep-alive" */
    bool chunked; /* the body's coding */
    bool expect;  /* the client waits for a word before it sends the body */
    int hosts;    /* Host fields */
    bool has_length;
    uint64_t length;
};

static bool take_agent(struct request *r, struct text value)
{
    r->agent = value;
    return true;
}

static bool take_connection(struct request *r, struct text value)
{
    while (value.n) {
        struct text word = text_trim(text_cut(&value, ','));
        if (text_is_nocase(word, "close")) r->close = true;
        if (text_is_nocase(word, "keep-alive")) r->keep = true;
    }
    return true;
}

static bool take_expect(struct request *r, struct text value)
{
    r->expect = text_is_nocase(value, "100-continue");
    return r->expect;
}

static bool take_host(struct request *r, struct text value)
{
    (void)value;
    return ++r->hosts == 1;
}

static bool take_length(struct request *r, struct text value)
{
    bool again = r->has_length;
    uint64_t before = r->length;

    r->has_length = text_to_u64(value, &r->length);
    return r->has_length && !(again && before != r->length);
}

static bool take_coding(struct request *r, struct text value)
{
    bool again = r->chunked;

    r->chunked = text_is_nocase(value, "chunked");
    return r->chunked && !again && !r->old;
}

/* The fields that matter here; a function that returns false makes the request a bad one. */
static const struct field {
    const char *name;
    bool (*take)(struct request *r, struct text value);
} fields[] = {
    { "connection", take_connection },
    { "content-length", take_length },
    { "expect", take_expect },
    { "host", take_host },
    { "transfer-encoding", take_coding },
    { "user-agent", take_agent },
};

static bool read_field(struct request *r, struct text line)
{
    struct text value = line, name = text_cut(&value, ':');

    if (name.n == line.n || !text_is_token(name)) return false; /* no colon, folded, a space */
    if (memchr(value.p, '\r', value.n) || memchr(value.p, '\0', value.n)) return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (text_is_nocase(name, fields[i].name)) return fields[i].take(r, text_trim(value));
    return true;
}

static bool read_request_line(struct request *r, struct text line)
{
    r->method = text_cut(&line, ' ');
    r->target = text_cut(&line, ' ');
    r->old = text_is(line, "HTTP/1.0");
    for (size_t i = 0; i < r->target.n; i++)
        if ((unsigned char)r->target.p[i] <= ' ' || r->target.p[i] == 0x7f) return false;
    return text_is_token(r->method) && r->target.n && (r->old || text_is(line, "HTTP/1.1"));
}

static struct text next_line(struct text *rest)
{
    const char *end = memmem(rest->p, rest->n, "\r\n", 2);
    struct text line = text_of(rest->p, end ? end : rest->p + rest->n);

    rest->n -= line.n + (end ? 2 : 0);
    rest->p += line.n + (end ? 2 : 0);
    return line;
}

/* Reads a head without its last empty line. */
static bool request_read(struct request *r, struct text head)
{
    *r = (struct request){ 0 };
    if (!read_request_line(r, next_line(&head))) return false;
    while (head.n) {
        struct text line = next_line(&head);
        if (memchr(line.p, '\n', line.n) || !read_field(r, line)) return false;
    }
    if (r->old && !r->keep) r->close = true;
    return !(r->chunked && r->has_length) && (r->old || r->hosts == 1);
}

/* The path of the origin form or of the absolute form, without a query. */
static struct text request_path(const struct request *r)
{
    struct text path = r->target;
    const char *host = memmem(path.p, path.n, "://", 3);
    const char *slash;

    if (path.p[0] != '/' && host) {
        host += 3;
        slash = memchr(host, '/', (size_t)(path.p + path.n - host));
        path = slash ? text_of(slash, path.p + path.n) : (struct text){ "/", 1 };
    }
    return text_cut(&path, '?');
}

/* ---- Answers ---- */

struct answer {
    int status;
    const char *reason, *allow;
    char body[128];
};

static void answer_square(struct answer *a, struct text number)
{
    int64_t n, square;

    if (!text_to_i64(number, &n)) {
        snprintf(a->body, sizeof a->body,
                 "not a 64-bit whole number: ask for /square/N, as in /square/25\n");
    } else if (__builtin_mul_overflow(n, n, &square)) {
        snprintf(a->body, sizeof a->body,
                 "the square of %" PRId64 " does not fit in 64 bits (up to 3037000499 it does)\n",
                 n);
    } else {
        a->status = 200;
        a->reason = "OK";
        snprintf(a->body, sizeof a->body, "%" PRId64, square);
    }
}

static void answer_request(struct answer *a, const struct request *r)
{
    static const char prefix[] = "/square/";
    struct text path = request_path(r);
    size_t n = sizeof prefix - 1;

    if (path.n < n || memcmp(path.p, prefix, n) != 0) {
        *a = (struct answer){ 404, "Not Found", NULL, "not found: ask for /square/N\n" };
    } else if (!text_is(r->method, "GET") && !text_is(r->method, "HEAD")) {
        *a = (struct answer){ 405, "Method Not Allowed", "Allow: GET, HEAD\r\n",
                              "only GET and HEAD work here\n" };
    } else {
        *a = (struct answer){ 400, "Bad Request", NULL, "" };
        answer_square(a, text_of(path.p + n, path.p + path.n));
    }
}

static const char *date_header(void)
{
    static char text[64];
    static time_t made;
    time_t now = time(NULL);
    struct tm tm;

    if (now != made)
        strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&now, &tm));
    made = now;
    return text;
}

/* ---- Connections ---- */

enum phase { HEAD, BODY, LAST_REPLY, LINGER };

struct conn {
    struct conn *next, *prev; /* in the order of their last traffic */
    time_t seen;
    int fd;
    enum phase phase;
    bool eof;      /* the client will send no more */
    bool waiting;  /* for room to write: EPOLLOUT is asked for */
    uint64_t rest; /* of the body */
    unsigned from, filled, out_from, out_filled;
    char in[IN_SIZE], out[OUT_SIZE];
};

struct server {
    struct conn *first, *last; /* the first one has been quiet longest */
    int epoll, listener, port;
    bool quiet, paused; /* paused: no descriptor was left to accept with */
    time_t now;
};

static void conn_unlink(struct server *s, struct conn *c)
{
    *(c->prev ? &c->prev->next : &s->first) = c->next;
    *(c->next ? &c->next->prev : &s->last) = c->prev;
}

static void conn_append(struct server *s, struct conn *c)
{
    c->seen = s->now;
    c->next = NULL;
    c->prev = s->last;
    *(s->last ? &s->last->next : &s->first) = c;
    s->last = c;
}

static void listener_pause(struct server *s, bool pause)
{
    struct epoll_event e = { .events = pause ? 0 : EPOLLIN, .data.ptr = NULL };

    if (s->paused == pause) return;
    s->paused = pause;
    epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->listener, &e);
}

static void conn_close(struct server *s, struct conn *c)
{
    conn_unlink(s, c);
    close(c->fd);
    free(c);
    listener_pause(s, false);
}

static void conn_reply(struct conn *c, const struct answer *a, bool head_only, bool old)
{
    char *p = c->out + c->out_filled;
    size_t n = strlen(a->body);
    bool last = c->phase == LAST_REPLY;

    c->out_filled += (unsigned)snprintf(
        p, REPLY_SIZE,
        "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
        "%s%s%s\r\n%s",
        a->status, a->reason, n, date_header(), a->allow ? a->allow : "",
        last  ? "Connection: close\r\n"
        : old ? "Connection: keep-alive\r\n"
              : "",
        head_only ? "" : a->body);
}

/* Nothing that follows can be understood. */
static void conn_refuse(struct conn *c, int status, const char *reason, const char *why)
{
    struct answer a = { .status = status, .reason = reason };

    snprintf(a.body, sizeof a.body, "%s\n", why);
    c->phase = LAST_REPLY;
    conn_reply(c, &a, false, false);
}

static void conn_answer(const struct server *s, struct conn *c, struct text head)
{
    uint64_t since = now_ns();
    struct request r;
    struct answer a;

    if (!request_read(&r, head)) {
        conn_refuse(c, 400, "Bad Request", "not a valid HTTP/1.1 request");
        return;
    }
    /* No body is read that would need more than counting: chunks, and one of which the client has
     * yet to decide whether it still comes after this answer. */
    c->rest = r.length;
    c->phase = r.close || r.chunked || (r.expect && c->rest) ? LAST_REPLY : c->rest ? BODY : HEAD;
    answer_request(&a, &r);
    conn_reply(c, &a, text_is(r.method, "HEAD"), r.old);
    if (!s->quiet) log_request(r.method, r.target, r.agent, since);
}

/* Each of the following takes one piece of the input and returns false when it needs more. */

static bool take_head(const struct server *s, struct conn *c)
{
    const char *p = c->in + c->from, *end;

    while (c->from < c->filled && (*p == '\r' || *p == '\n')) p++, c->from++; /* RFC 9112 2.2 */
    end = memmem(p, c->filled - c->from, "\r\n\r\n", 4);
    if (end) {
        c->from += (unsigned)(end - p) + 4;
        conn_answer(s, c, text_of(p, end));
        return true;
    }
    if (c->filled - c->from == IN_SIZE)
        conn_refuse(c, 431, "Request Header Fields Too Large", "the head is too large");
    return false;
}

static bool take_body(struct conn *c)
{
    unsigned there = c->filled - c->from;
    unsigned n = c->rest < there ? (unsigned)c->rest : there;

    c->from += n;
    c->rest -= n;
    if (c->rest) return false;
    c->phase = HEAD;
    return true;
}

static bool take_piece(const struct server *s, struct conn *c)
{
    if (c->phase == HEAD) return c->out_filled + REPLY_SIZE <= OUT_SIZE && take_head(s, c);
    if (c->phase == BODY) return take_body(c);
    c->from = c->filled = 0;
    return false;
}

/* Writes what there is. False when the connection is lost. */
static bool conn_flush(struct server *s, struct conn *c)
{
    struct epoll_event e = { .data.ptr = c };
    ssize_t n = 0;

    while (c->out_from < c->out_filled) {
        n = send(c->fd, c->out + c->out_from, c->out_filled - c->out_from, MSG_NOSIGNAL);
        if (n < 0) break;
        c->out_from += (unsigned)n;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (c->out_from == c->out_filled) c->out_from = c->out_filled = 0;
    if (c->waiting != (c->out_filled > 0)) {
        c->waiting = c->out_filled > 0;
        e.events = c->waiting ? EPOLLOUT : EPOLLIN;
        epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &e);
    }
    return true;
}

static bool conn_receive(struct conn *c)
{
    ssize_t n;

    if (c->from) {
        memmove(c->in, c->in + c->from, c->filled - c->from);
        c->filled -= c->from;
        c->from = 0;
    }
    if (c->eof || c->filled == IN_SIZE) return true;
    n = recv(c->fd, c->in + c->filled, IN_SIZE - c->filled, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c->eof = n == 0;
    c->filled += (unsigned)n;
    return true;
}

/* One event of one connection. False when it is over. */
static bool conn_serve(struct server *s, struct conn *c)
{
    if (c->waiting && !conn_flush(s, c)) return false;
    if (c->waiting) return true;
    if (!conn_receive(c)) return false;
    do {
        while (take_piece(s, c)) continue;
        if (c->out_filled == 0) break;
        if (!conn_flush(s, c)) return false;
    } while (!c->waiting && c->phase == HEAD && c->from < c->filled);
    if (c->waiting) return true;
    if (c->phase == LAST_REPLY) { /* closing now could reset the reply away: RFC 9112 9.6 */
        shutdown(c->fd, SHUT_WR);
        c->phase = LINGER;
    }
    return !c->eof;
}

static void server_accept(struct server *s)
{
    int on = 1;

    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct conn *c = fd >= 0 ? malloc(sizeof *c) : NULL;
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) listener_pause(s, true);
        if (fd < 0) return;
        if (!c || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
            free(c);
            close(fd);
            return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        memset(c, 0, offsetof(struct conn, in));
        c->fd = fd;
        conn_append(s, c);
    }
}

static void server_expire(struct server *s)
{
    struct conn *next;

    for (struct conn *c = s->first; c && s->now - c->seen >= LINGER_SECONDS; c = next) {
        next = c->next;
        if (c->phase == LINGER || s->now - c->seen >= IDLE_SECONDS) conn_close(s, c);
    }
    listener_pause(s, false);
}

/* ---- Start and end ---- */

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
    (void)sig;
    stopped = 1;
}

static int fail(const char *what, int port)
{
    if (errno == EADDRINUSE)
        fprintf(stderr, "square: port %d is taken\n", port);
    else
        fprintf(stderr, "square: %s: %s\n", what, strerror(errno));
    return 1;
}

/* A listening socket for IPv6 and IPv4 alike, or for IPv4 alone where the system has no IPv6. */
static int server_listen(struct server *s, uint16_t port)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 bound;
    socklen_t n = sizeof bound;
    int on = 1, off = 0, type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(AF_INET6, type, 0);
    bool has_six = fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0;

    if (!has_six) {
        if (fd >= 0) close(fd);
        fd = socket(AF_INET, type, 0);
    }
    s->listener = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) return -1;
    if ((has_six ? bind(fd, (struct sockaddr *)&six, sizeof six)
                 : bind(fd, (struct sockaddr *)&four, sizeof four)) < 0)
        return -1;
    if (listen(fd, 4096) < 0 || getsockname(fd, (struct sockaddr *)&bound, &n) < 0) return -1;
    s->port = ntohs(bound.sin6_port); /* at the same place in both kinds of address */
    return 0;
}

static void server_run(struct server *s)
{
    struct epoll_event events[EVENTS];
    time_t swept = 0;

    while (!stopped) {
        int n = epoll_wait(s->epoll, events, EVENTS, 1000);
        s->now = (time_t)(now_ns() / 1000000000);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (!c) {
                server_accept(s);
                continue;
            }
            bool ending = c->phase == LINGER; /* its time counts from the reply */
            if (!conn_serve(s, c)) {
                conn_close(s, c);
            } else if (!ending) {
                conn_unlink(s, c);
                conn_append(s, c);
            }
        }
        if (s->now != swept) server_expire(s);
        swept = s->now;
    }
    while (s->first) conn_close(s, s->first);
}

int main(int argc, char **argv)
{
    struct server s = { 0 };
    struct sigaction stop = { .sa_handler = on_signal };
    struct rlimit files;
    const char *name = getenv("PORT");
    uint64_t port = 8080;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-q") == 0)
            s.quiet = true;
        else
            name = argv[i];
    }
    if (name && (!text_to_u64((struct text){ name, strlen(name) }, &port) || port > 65535)) {
        fprintf(stderr, "usage: square [-q] [PORT]; '%s' is no port\n", name);
        return 1;
    }
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 4096);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (server_listen(&s, (uint16_t)port) < 0) return fail("listen", (int)port);
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s.epoll < 0 || epoll_ctl(s.epoll, EPOLL_CTL_ADD, s.listener,
                                 &(struct epoll_event){ .events = EPOLLIN }) < 0)
        return fail("epoll", (int)port);
    printf("{\"level\":\"info\",\"msg\":\"Running on %d", s.port);
    log_end();
    server_run(&s);
    close(s.listener);
    close(s.epoll);
    return 0;
}

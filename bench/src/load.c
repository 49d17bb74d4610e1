// SPDX-License-Identifier: Apache-2.0
/* A closed-loop HTTP/1.1 load generator, light enough to share one core with the backend.
 *
 *   load [-c CONNS] [-d SECONDS] [-w SECONDS] [-n REQUESTS] [-P PID]... [-p PATH]
 *        [-a HOST] [-H 'name: value']... [-v N] [-s] [-R] [-1] [-i] PORT
 *
 *   -c  connections, each with one request in flight           (64)
 *   -d  how long                                               (3)
 *   -w  before that, as long without counting                  (0)
 *   -n  instead of -d: each connection makes as many requests and then stays open; ends when all
 *       have, at the first error, or after a minute
 *   -P  a process of the proxy's; the CPU time that all of them use while it counts is printed
 *   -a  what Host says                                         (127.0.0.1:PORT)
 *   -v  of every '#' in -p, -a and -H there is made a digit: together they are a number below N,
 *       another one in each request, and all of them equally often
 *   -s  TLS 1.3, TLS_AES_128_GCM_SHA256; the certificate is not checked
 *   -R  with -s -1: resume the session of the slot's last connection
 *   -1  churn: a new connection for every request, closed by the client
 *   -i  idle: every connection makes one request, then all wait for -d; prints "ready" then
 *
 * One line of JSON at the end: requests, errors (anything but a whole 200 answer), seconds, body
 * bytes, TLS handshakes that were full and resumed, the proxy's CPU nanoseconds, latency in
 * microseconds from the request's send (with -1: from connect) to the answer's last byte, and the
 * generator's own CPU seconds. */
#include "common.h"
#include <openssl/ssl.h>
#include <sys/epoll.h>

enum {
    EVENTS = 512,
    IN_MAX = 16384,
    WATCHED = 64,
    BATCH = 100,
    OCTAVE = 64,
    PATIENCE = 60,
    DIGITS = 16
};

struct conn {
    int fd;
    enum { CONNECTING, HANDSHAKE, READING, PARKED } state;
    uint64_t since; /* when the request under way began, now_ns() */
    unsigned in_len;
    int in_body;
    size_t left; /* of the body */
    uint64_t made;
    SSL *ssl;
    SSL_SESSION *session;
    char in[IN_MAX];
};

struct load {
    int port, n_conns, tls, resume, churn, idle;
    uint64_t limit; /* requests a connection; 0: no end */
    double seconds, warm;
    const char *path, *host;
    char fields[2048];
    char request[4096];
    size_t request_len;
    unsigned vary, number; /* -v, and the number of the last request */
    char *digits[DIGITS];  /* where in the request it stands, from its last digit */
    int n_digits;
    int ep;
    SSL_CTX *ctx;
    struct conn *conns;
    int parked;
    uint64_t ok, errors, bytes, full, resumed;
    uint64_t hist[64 * OCTAVE]; /* of latency, see hist_add() */
    clockid_t watched[WATCHED];
    int n_watched;
    struct epoll_event events[EVENTS];
    char sink[1 << 20]; /* where bodies go */
};

/* CPU nanoseconds of all processes that -P names. */
static uint64_t watched_ns(const struct load *l)
{
    uint64_t sum = 0;

    for (int i = 0; i < l->n_watched; i++) sum += clock_ns(l->watched[i]);
    return sum;
}

/* Nanoseconds, in OCTAVE / 2 buckets for each doubling. */
static void hist_add(struct load *l, uint64_t v)
{
    int e = v < OCTAVE ? 0 : 63 - __builtin_clzll(v) - 5;

    l->hist[e * OCTAVE + (int)(v >> e) % OCTAVE]++;
}

/* Microseconds that the share q of all requests stayed below. */
static double hist_at(const struct load *l, double q)
{
    uint64_t want = (uint64_t)(q * (double)l->ok), sum = 0;

    for (int i = 0; i < 64 * OCTAVE; i++)
        if ((sum += l->hist[i]) > want)
            return (double)((uint64_t)(i % OCTAVE) << (i / OCTAVE)) / 1e3;
    return 0;
}

static void watch(struct load *l, struct conn *c, int op, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = c };

    epoll_ctl(l->ep, op, c->fd, &e);
}

static void start(struct load *l, struct conn *c)
{
    c->since = now_ns();
    c->state = CONNECTING;
    c->fd = connect_loopback(l->port);
    if (c->fd < 0) {
        l->errors++;
        return;
    }
    if (l->tls) {
        c->ssl = SSL_new(l->ctx);
        SSL_set_fd(c->ssl, c->fd);
        SSL_set_app_data(c->ssl, c);
        SSL_set_connect_state(c->ssl);
        if (l->resume && c->session) SSL_set_session(c->ssl, c->session);
    }
    watch(l, c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void stop(struct conn *c)
{
    if (c->ssl) {
        SSL_set_quiet_shutdown(c->ssl, 1);
        SSL_shutdown(c->ssl);
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
}

static void fail(struct load *l, struct conn *c)
{
    stop(c);
    if (l->errors++ < 100000) start(l, c);
}

/* (Steps of a prime, so that all numbers come up; neighbours do not follow each other.) */
static void vary_request(struct load *l)
{
    unsigned n = l->number = (l->number + 7919) % l->vary;

    for (int i = 0; i < l->n_digits; i++, n /= 10) *l->digits[i] = (char)('0' + n % 10);
}

static int send_request(struct load *l, struct conn *c)
{
    ssize_t n;

    if (l->n_digits) vary_request(l);
    if (!l->churn) c->since = now_ns();
    c->state = READING;
    c->in_len = 0;
    c->in_body = 0;
    n = c->ssl ? SSL_write(c->ssl, l->request, (int)l->request_len)
               : send(c->fd, l->request, l->request_len, MSG_NOSIGNAL);
    return n == (ssize_t)l->request_len ? 0 : -1;
}

/* A whole answer is there. */
static void done(struct load *l, struct conn *c)
{
    hist_add(l, now_ns() - c->since);
    l->ok++;
    if (l->limit && ++c->made == l->limit) {
        c->state = PARKED;
        l->parked++;
    } else if (l->churn) {
        stop(c);
        start(l, c);
    } else if (send_request(l, c)) {
        fail(l, c);
    }
}

static ssize_t receive(struct conn *c, void *buf, size_t n, int flags)
{
    int r;

    if (!c->ssl) return recv(c->fd, buf, n, flags);
    r = SSL_read(c->ssl, buf, (int)n);
    if (r > 0) return r;
    errno = SSL_get_error(c->ssl, r) == SSL_ERROR_WANT_READ ? EAGAIN : EPIPE;
    return errno == EAGAIN ? -1 : 0;
}

/* The body's length, or -1 unless this is a 200 with a Content-Length. */
static long body_length(const char *p, const char *end)
{
    if (end - p < 12 || memcmp(p + 8, " 200", 4)) return -1;
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end)
        if ((*p | 32) == 'c' && end - p > 16 && !strncasecmp(p, "content-length:", 15))
            return strtol(p + 15, NULL, 10);
    return -1;
}

/* What reading a part of the answer came to. */
enum progress { MORE, EMPTY, WHOLE, BROKEN };

static enum progress read_body(struct load *l, struct conn *c)
{
    size_t most = c->left < sizeof l->sink ? c->left : sizeof l->sink;
    /* MSG_TRUNC: the kernel drops what is asked for without copying it */
    ssize_t n = receive(c, l->sink, most, MSG_TRUNC);

    if (n <= 0) return n < 0 && errno == EAGAIN ? EMPTY : BROKEN;
    c->left -= (size_t)n;
    l->bytes += (uint64_t)n;
    return c->left ? MORE : WHOLE;
}

static enum progress read_head(struct load *l, struct conn *c)
{
    ssize_t n = receive(c, c->in + c->in_len, IN_MAX - c->in_len, 0);
    const char *end;
    size_t have;
    long length;

    if (n <= 0) return n < 0 && errno == EAGAIN ? EMPTY : BROKEN;
    c->in_len += (unsigned)n;
    end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (!end) return c->in_len == IN_MAX ? BROKEN : MORE;
    length = body_length(c->in, end + 2);
    have = c->in_len - (size_t)(end + 4 - c->in);
    if (length < 0 || have > (size_t)length) return BROKEN;
    l->bytes += have;
    c->left = (size_t)length - have;
    c->in_body = 1;
    return c->left ? MORE : WHOLE;
}

static void readable(struct load *l, struct conn *c)
{
    enum progress p;

    /* level-triggered: one read a turn; but OpenSSL may hold what epoll does not see */
    do p = c->in_body ? read_body(l, c) : read_head(l, c);
    while (p == MORE && c->ssl);
    if (p == WHOLE)
        done(l, c);
    else if (p == BROKEN)
        fail(l, c);
}

/* A connection that waits: a session ticket may come, or the end. */
static void parked_readable(struct load *l, struct conn *c)
{
    char b[64];
    ssize_t n = receive(c, b, sizeof b, 0);

    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        l->errors++;
        epoll_ctl(l->ep, EPOLL_CTL_DEL, c->fd, NULL);
    }
}

static void begin_request(struct load *l, struct conn *c)
{
    if (send_request(l, c))
        fail(l, c);
    else
        watch(l, c, EPOLL_CTL_MOD, EPOLLIN);
}

static void handshake(struct load *l, struct conn *c)
{
    int r = SSL_do_handshake(c->ssl);

    c->state = HANDSHAKE;
    if (r == 1) {
        if (SSL_session_reused(c->ssl))
            l->resumed++;
        else
            l->full++;
        begin_request(l, c);
        return;
    }
    r = SSL_get_error(c->ssl, r);
    if (r == SSL_ERROR_WANT_READ)
        watch(l, c, EPOLL_CTL_MOD, EPOLLIN);
    else if (r == SSL_ERROR_WANT_WRITE)
        watch(l, c, EPOLL_CTL_MOD, EPOLLOUT);
    else
        fail(l, c);
}

static void on_event(struct load *l, struct conn *c)
{
    switch (c->state) {
    case CONNECTING:
        if (l->tls)
            handshake(l, c);
        else
            begin_request(l, c);
        break;
    case HANDSHAKE: handshake(l, c); break;
    case READING: readable(l, c); break;
    case PARKED: parked_readable(l, c); break;
    }
}

/* Keeps the session for the slot's next connection. */
static int new_session(SSL *s, SSL_SESSION *session)
{
    struct conn *c = SSL_get_app_data(s);

    if (c->session) SSL_SESSION_free(c->session);
    c->session = session;
    return 1;
}

static void setup_tls(struct load *l)
{
    l->ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(l->ctx, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(l->ctx, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(l->ctx, "X25519");
    SSL_CTX_set_verify(l->ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_read_ahead(l->ctx, 1);
    SSL_CTX_set_session_cache_mode(l->ctx, SSL_SESS_CACHE_OFF);
    if (!l->resume) return;
    SSL_CTX_set_session_cache_mode(l->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(l->ctx, new_session);
}

/* Serves events for at most that many milliseconds. */
static void turn(struct load *l, int ms)
{
    int n = epoll_wait(l->ep, l->events, EVENTS, ms);

    for (int i = 0; i < n; i++) on_event(l, l->events[i].data.ptr);
}

static void turn_until(struct load *l, uint64_t end)
{
    uint64_t t;

    while ((t = now_ns()) < end) turn(l, (int)((end - t) / 1000000) + 1);
}

/* Until that many connections have made all their requests, or something failed. */
static void turn_until_parked(struct load *l, int n)
{
    uint64_t end = now_ns() + PATIENCE * UINT64_C(1000000000);

    while (l->parked < n && !l->errors && now_ns() < end) turn(l, 1000);
    if (l->parked < n && !l->errors) l->errors++;
}

/* Opens all connections; idle ones a batch at a time, so that no backlog overflows. */
static void open_all(struct load *l)
{
    for (int i = 0; i < l->n_conns; i++) {
        start(l, &l->conns[i]);
        if (l->idle && (i + 1) % BATCH == 0) turn_until_parked(l, i + 1);
    }
}

static double own_cpu(void)
{
    return (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
}

static void measure(struct load *l)
{
    uint64_t t0 = now_ns(), proxy0 = watched_ns(l), proxy_ns;
    double cpu0 = own_cpu(), seconds;

    if (l->limit && !l->idle)
        turn_until_parked(l, l->n_conns);
    else
        turn_until(l, t0 + (uint64_t)(l->seconds * 1e9));
    proxy_ns = watched_ns(l) - proxy0;
    seconds = (double)(now_ns() - t0) / 1e9;
    printf("{\"requests\": %llu, \"errors\": %llu, \"seconds\": %.4f, \"bytes\": %llu, "
           "\"full\": %llu, \"resumed\": %llu, \"proxy_ns\": %llu, "
           "\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"cpu\": %.4f}\n",
           (unsigned long long)l->ok, (unsigned long long)l->errors, seconds,
           (unsigned long long)l->bytes, (unsigned long long)l->full,
           (unsigned long long)l->resumed, (unsigned long long)proxy_ns, hist_at(l, .5),
           hist_at(l, .9), hist_at(l, .99), own_cpu() - cpu0);
}

static void add_field(struct load *l, const char *field)
{
    size_t used = strlen(l->fields);
    int n = snprintf(l->fields + used, sizeof l->fields - used, "%s\r\n", field);

    if ((size_t)n >= sizeof l->fields - used) {
        fprintf(stderr, "load: too many header fields\n");
        exit(2);
    }
}

static void add_watched(struct load *l, const char *pid)
{
    if (l->n_watched < WATCHED && !clock_getcpuclockid(atoi(pid), &l->watched[l->n_watched]))
        l->n_watched++;
}

static void parse_options(struct load *l, int argc, char **argv)
{
    int opt;

    while ((opt = getopt(argc, argv, "c:d:w:n:P:p:a:v:H:sR1i")) != -1) switch (opt) {
        case 'c': l->n_conns = atoi(optarg); break;
        case 'd': l->seconds = atof(optarg); break;
        case 'w': l->warm = atof(optarg); break;
        case 'n': l->limit = strtoull(optarg, NULL, 10); break;
        case 'P': add_watched(l, optarg); break;
        case 'p': l->path = optarg; break;
        case 'a': l->host = optarg; break;
        case 'v': l->vary = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'H': add_field(l, optarg); break;
        case 's': l->tls = 1; break;
        case 'R': l->resume = 1; break;
        case '1': l->churn = 1; break;
        case 'i': l->idle = 1; break;
        default: exit(2);
        }
    if (optind + 1 != argc || l->n_conns < 1) {
        fprintf(stderr, "usage: load [options] PORT\n");
        exit(2);
    }
    l->port = atoi(argv[optind]);
    if (l->idle) l->limit = 1;
}

/* False: it does not fit. */
static int make_request(struct load *l)
{
    char own[32];

    snprintf(own, sizeof own, "127.0.0.1:%d", l->port);
    l->request_len = (size_t)snprintf(l->request, sizeof l->request,
                                      "GET %s HTTP/1.1\r\nHost: %s\r\n"
                                      "User-Agent: bench-load/1\r\nAccept: */*\r\n%s\r\n",
                                      l->path, l->host ? l->host : own, l->fields);
    if (l->request_len >= sizeof l->request) return 0;
    for (char *p = l->request + l->request_len; l->vary && p-- > l->request;)
        if (*p == '#' && l->n_digits < DIGITS) l->digits[l->n_digits++] = p;
    return 1;
}

int main(int argc, char **argv)
{
    static struct load load = { .n_conns = 64, .seconds = 3, .path = "/" };
    struct load *l = &load;

    parse_options(l, argc, argv);
    if (!make_request(l)) return fprintf(stderr, "load: the request is too long\n"), 2;
    raise_nofile();
    signal(SIGPIPE, SIG_IGN);
    if (l->tls) setup_tls(l);
    /* Not the same numbers in every run. */
    if (l->vary) l->number = (unsigned)(now_ns() / 1000 % l->vary);
    l->ep = epoll_create1(EPOLL_CLOEXEC);
    l->conns = calloc((size_t)l->n_conns, sizeof *l->conns);
    if (!l->conns) die("calloc");
    open_all(l);
    if (l->idle) {
        turn_until_parked(l, l->n_conns);
        printf(l->errors ? "failed\n" : "ready\n");
        fflush(stdout);
    } else if (!l->limit) {
        turn_until(l, now_ns() + (uint64_t)(l->warm * 1e9));
        l->ok = l->bytes = l->full = l->resumed = 0;
        memset(l->hist, 0, sizeof l->hist);
    }
    measure(l);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP/1 code costs on one core, without sockets: nanoseconds for each head parsed, taken
 * over and written, and for each body decoded. Names are lower-cased where they lie, so every round
 * needs fresh bytes; a batch of them is laid out first, and only what comes then is timed.
 *
 *     h1_cost [ROUNDS [NAME]]      NAME: measure only what begins so
 *
 * Each figure is the best of two hundred runs; run it on a quiet core (taskset). */
#include "base/arena.h"
#include "base/memory.h"
#include "http/date.h"
#include "http/h1.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 200, MOST_FIELDS = 101, BYTES = 65536, BATCH = 32 };

#define CRLF "\r\n"

static const char curl_request[] = "GET /square/25 HTTP/1.1" CRLF "Host: localhost:5000" CRLF
                                   "User-Agent: curl/7.88.1" CRLF "Accept: */*" CRLF
                                   "api-key: hello" CRLF "Connection: keep-alive" CRLF CRLF;

static const char load_request[] = "GET /s HTTP/1.1" CRLF "Host: bench.local" CRLF
                                   "User-Agent: load/1.0" CRLF "Accept: */*" CRLF
                                   "Accept-Encoding: identity" CRLF "X-Id: 12345" CRLF CRLF;

static const char browser_request[] =
    "GET /articles/2026/11/how-a-gateway-reads?page=2 HTTP/1.1" CRLF "Host: www.example.com" CRLF
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" CRLF
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" CRLF
    "Accept-Language: en-US,en;q=0.5" CRLF "Accept-Encoding: gzip, deflate, br, zstd" CRLF
    "Referer: https://www.example.com/articles/" CRLF "Connection: keep-alive" CRLF
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=all" CRLF
    "Upgrade-Insecure-Requests: 1" CRLF "Sec-Fetch-Dest: document" CRLF
    "Sec-Fetch-Mode: navigate" CRLF "Sec-Fetch-Site: same-origin" CRLF "Priority: u=0, i" CRLF CRLF;

static const char response[] = "HTTP/1.1 200 OK" CRLF "Server: nginx/1.22.1" CRLF
                               "Date: Tue, 24 Nov 2026 08:00:00 GMT" CRLF
                               "Content-Type: text/plain" CRLF "Content-Length: 3" CRLF
                               "Connection: keep-alive" CRLF CRLF;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* One thing to measure. `bytes` is a copy of `fresh` in each round. */
struct work {
    const char *name;
    struct slice fresh;
    void (*run)(struct work *w);
    enum h1_result expected, got;
    size_t used;
    struct http_msg msg;
    struct arena_cache *cache;
    char *bytes, *out;
};

static const struct h1_limits limits = { 16384, MOST_FIELDS - 1 };
static struct http_field scratch[MOST_FIELDS];

static void parse_request(struct work *w)
{
    struct h1_error err;
    w->msg.fields = scratch;
    w->msg.max_fields = MOST_FIELDS;
    w->got = h1_parse_request(w->bytes, w->fresh.n, &limits, &w->msg, &w->used, &err);
}

static void parse_response(struct work *w)
{
    struct h1_error err;
    w->msg.fields = scratch;
    w->msg.max_fields = MOST_FIELDS;
    w->got = h1_parse_response(w->bytes, w->fresh.n, &limits, HTTP_GET, &w->msg, &w->used, &err);
}

static void parse_take_write(struct work *w)
{
    struct arena a;
    struct http_msg msg;
    struct h1_hop hop = { .version = HTTP_1_1, .framing = HTTP_NO_BODY };

    parse_request(w);
    arena_init(&a, w->cache);
    http_msg_take(&msg, &w->msg, w->bytes, w->used, &a);
    if (h1_write_request(w->out, BYTES, &msg, &hop) == 0) w->got = H1_BAD;
    arena_release(&a);
}

static void write_only(struct work *w)
{
    struct h1_hop hop = { .version = HTTP_1_1, .framing = HTTP_NO_BODY };
    if (w->used == 0) parse_request(w);
    if (h1_write_request(w->out, BYTES, &w->msg, &hop) == 0) w->got = H1_BAD;
}

static void decode(struct work *w)
{
    struct h1_chunks c;
    struct slice data;
    struct h1_error err;

    h1_chunks_init(&c);
    w->got = h1_chunks_decode(&c, w->bytes, w->fresh.n, &w->used, &data, &err);
}

static void write_date(struct work *w)
{
    http_date_put(w->out, 1795507200 + (w->out[0] & 1));
}

static double run_ns(struct work *w, char *area, unsigned rounds)
{
    double best = 1e30;

    for (int k = 0; k < RUNS; k++) {
        uint64_t sum = 0;
        for (unsigned done = 0; done < rounds; done += BATCH) {
            uint64_t start;
            for (size_t i = 0; i < BATCH; i++)
                memcpy(area + i * w->fresh.n, w->fresh.p, w->fresh.n);
            start = now_ns();
            for (size_t i = 0; i < BATCH; i++) {
                w->bytes = area + i * w->fresh.n;
                w->run(w);
            }
            sum += now_ns() - start;
        }
        if ((double)sum / rounds < best) best = (double)sum / rounds;
    }
    return best;
}

/* A body of `count` chunks of `size` bytes. */
static struct slice chunked_body(char *p, unsigned count, unsigned size)
{
    char *q = p;

    for (unsigned i = 0; i < count; i++) {
        q += h1_write_chunk_size(q, size);
        memset(q, 'x', size);
        q += size;
        memcpy(q, CRLF, 2);
        q += 2;
    }
    memcpy(q, "0" CRLF CRLF, 5);
    return slice_between(p, q + 5);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 6400;
    struct arena_cache cache = { 0 };
    char *area = mem_alloc((size_t)BATCH * BYTES), *out = mem_alloc(BYTES);
    char *bodies = mem_alloc(3 * (size_t)BYTES);
    struct work works[] = {
        { .name = "request, 5 fields (curl)",
          .fresh = SLICE_LIT(curl_request),
          .run = parse_request },
        { .name = "request, 5 fields (load)",
          .fresh = SLICE_LIT(load_request),
          .run = parse_request },
        { .name = "request, 13 fields (browser)",
          .fresh = SLICE_LIT(browser_request),
          .run = parse_request },
        { .name = "response, 5 fields", .fresh = SLICE_LIT(response), .run = parse_response },
        { .name = "request, 5 fields: written",
          .fresh = SLICE_LIT(curl_request),
          .run = write_only },
        { .name = "request, 5 fields: parsed, taken over, written",
          .fresh = SLICE_LIT(curl_request),
          .run = parse_take_write },
        { .name = "chunks, 100 of 16 bytes",
          .fresh = chunked_body(bodies, 100, 16),
          .run = decode },
        { .name = "chunks, 16 of 1000 bytes",
          .fresh = chunked_body(bodies + BYTES, 16, 1000),
          .run = decode },
        { .name = "chunks, 1 of 16000 bytes",
          .fresh = chunked_body(bodies + 2 * BYTES, 1, 16000),
          .run = decode },
        { .name = "date, written", .run = write_date },
    };

    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        struct work *w = &works[i];
        if (argc > 2 && strncmp(w->name, argv[2], strlen(argv[2])) != 0) continue;
        w->fresh.n -= w->fresh.n && w->fresh.p[w->fresh.n - 1] == '\0';
        w->out = out;
        w->cache = &cache;
        w->expected = w->got = H1_DONE;
        printf("%-48s %5zu bytes %8.1f ns\n", w->name, w->fresh.n,
               run_ns(w, area, rounds / BATCH * BATCH));
        if (w->got != w->expected) return fprintf(stderr, "h1_cost: %s failed\n", w->name), 1;
    }
    arena_cache_release(&cache);
    free(area);
    free(out);
    free(bodies);
    return 0;
}

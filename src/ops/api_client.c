/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the Runtime API: reads requests (a line of commands, perhaps with a payload), carries
 * them out one after another, sends the answers.
 *
 * Without `prompt` the connection closes as soon as nothing that was sent is left to be answered.
 * Each answer ends with an empty line, or in interactive mode with an empty line and "> ". */
#include "ops/api.h"

#include <stdlib.h>
#include <syslog.h>

enum {
    ENOUGH = 16384,       /* so much of an answer waits to be read: no more is made */
    ROUNDS_PER_TURN = 16, /* times ENOUGH, at most, before others get their turn */
};

struct api_client {
    struct list link; /* api->clients */
    struct api *api;
    struct api_socket *socket; /* NULL: closed since */
    struct conn conn;
    struct api_session session;

    struct buf *in;      /* from its head: the request being read or carried out, then others */
    uint32_t looked;     /* bytes of it in which its end was looked for */
    uint32_t line_n;     /* its command line, without what ends it */
    uint32_t payload_at; /* 0: it has none */
    uint32_t request_n;  /* all of it; 0: its end has not come yet */
    char *at;            /* the commands that are still to be carried out; NULL: none */

    struct api_call call;
    const char *words[API_WORDS_MAX];
    bool calling; /* call is under way … */
    bool waiting; /* … and has nothing to say for now (API_WAIT) */
    bool busy;    /* … and must not be disturbed (API_WORK) */
    bool ended;   /* the client sends no more */
    bool closing; /* what is left to be sent is all */
    struct text out;
    struct grave grave;
};

/* ---- the end ---- */

static void bury(struct grave *g, struct worker *w)
{
    (void)w;
    free(container_of(g, struct api_client, grave));
}

static void end(struct api_client *c)
{
    struct api *a = c->api;

    if (!conn_is_open(&c->conn)) return;
    conn_close(&c->conn, false);
    api_call_end(&c->call);
    buf_put(&a->worker->bufs, &c->in);
    text_release(&c->out);
    list_remove(&c->link);
    a->n_clients--;
    atomic_store_explicit(&a->engine->api.clients, a->n_clients, memory_order_relaxed);
    if (c->socket) c->socket->n_clients--;
    worker_bury(a->worker, &c->grave, bury);
    list_each(l, &a->sockets)
    {
        struct api_socket *s = list_entry(l, struct api_socket, link);
        if (s->started) listener_resume(s->listener, a->worker);
    }
}

static void on_timeout(struct timer *t)
{
    end(container_of(t, struct api_client, conn.timer));
}

static void progress(struct api_client *c)
{
    unsigned own = c->session.timeout_ms;

    conn_deadline(&c->conn, c->api->worker->now + (own ? own : c->api->timeout_ms));
}

/* ---- requests ---- */

static void prompt(struct api_client *c, const char *text)
{
    if (c->session.interactive) text_str(&c->out, text);
}

/* Looks at one more line. True when the request ends with it. */
static bool take_line(struct api_client *c, struct slice line)
{
    struct slice text = api_line_trim(line);
    bool payload_ends = c->payload_at && text.n == 0;

    if (c->payload_at) {
        if (payload_ends) c->call.payload = slice_between(buf_at(c->in) + c->payload_at, line.p);
        if (!payload_ends) prompt(c, "+ ");
        return payload_ends;
    }
    c->call.payload = (struct slice){ NULL, 0 };
    if (api_line_take_payload(&text)) {
        c->payload_at = c->looked;
        prompt(c, "+ ");
    }
    c->line_n = (uint32_t)text.n;
    return c->payload_at == 0;
}

/* A whole request in what has been read? */
static bool take_request(struct api_client *c)
{
    for (;;) {
        struct slice rest = slice_of(c->in ? buf_at(c->in) : NULL, buf_filled(c->in));
        ptrdiff_t n = slice_find(slice_from(rest, c->looked), '\n');
        struct slice line;

        if (n < 0) return false;
        line = slice_of(rest.p + c->looked, (size_t)n);
        c->looked += (uint32_t)n + 1;
        if (take_line(c, line)) break;
    }
    c->request_n = c->looked;
    c->at = buf_at(c->in);
    return true;
}

/* All commands of the request have been answered. */
static void finish_request(struct api_client *c)
{
    buf_consume(c->in, c->request_n);
    if (!buf_filled(c->in)) buf_put(&c->api->worker->bufs, &c->in);
    c->looked = c->payload_at = c->request_n = 0;
    if (!c->session.interactive && !c->in) c->closing = true;
}

static void wake(struct api_call *call)
{
    struct api_client *c = container_of(call, struct api_client, call);

    c->waiting = false;
    conn_again(&c->conn);
}

/* The command waits, and the client has sent something, or its end: what follows the request that
 * is being carried out is dropped, and the command ends. */
static void interrupt(struct api_client *c)
{
    if (c->in) c->in->tail = c->in->head + c->request_n;
    c->looked = c->request_n;
    c->call.interrupted = true;
    c->waiting = false;
}

static void begin_command(struct api_client *c)
{
    char *line_end = buf_at(c->in) + c->line_n;

    c->call.api = c->api;
    c->call.wake = wake;
    c->call.interrupted = false;
    c->call.session = &c->session;
    c->call.out = &c->out;
    c->call.words = c->words;
    c->call.n_words = api_line_command(&c->at, line_end, c->words);
    c->calling = true;
    counter_add(&c->api->engine->api.requests, 1);
    api_find(&c->call);
}

static void go_on(struct api_client *c)
{
    enum api_progress progress = api_run(&c->call);

    c->waiting = progress == API_WAIT || progress == API_WORK;
    c->busy = progress == API_WORK;
    if (progress != API_DONE) return;
    api_call_end(&c->call);
    c->calling = false;
    if (c->session.quit) {
        c->closing = true;
        return;
    }
    text_char(&c->out, '\n');
    prompt(c, "> ");
    if (!c->at) finish_request(c);
}

/* One step of the work that needs no I/O. False when it needs more input. */
static bool work(struct api_client *c)
{
    if (c->waiting) return false;
    if (c->calling)
        go_on(c);
    else if (c->at)
        begin_command(c);
    else
        return take_request(c);
    return true;
}

/* ---- I/O ---- */

/* Sends what waits. False when the client must read first, or is gone. */
static bool flush(struct api_client *c)
{
    while (text_pending(&c->out)) {
        ssize_t n = conn_write(&c->conn, c->out.p + c->out.sent, text_pending(&c->out));

        if (n == CONN_WAIT) return false;
        if (n < 0) {
            end(c);
            return false;
        }
        text_sent(&c->out, (size_t)n);
        progress(c);
    }
    return true;
}

/* A request that is longer than the buffer can't be answered. */
static bool refuse_long(struct api_client *c)
{
    c->call.session = &c->session;
    c->call.out = &c->out;
    api_say(&c->call, LOG_ERR, "The request is too long.\n");
    text_char(&c->out, '\n');
    c->closing = true;
    return true;
}

/* The client will send no more: its last line may lack its end. A payload may not. */
static bool take_end(struct api_client *c)
{
    if (c->ended || !c->in || c->payload_at) c->closing = true;
    c->ended = true;
    return c->closing || buf_append(c->in, SLICE("\n"));
}

/* Reads more. False when there is nothing to be done before the next event. */
static bool fill(struct api_client *c)
{
    ssize_t n;

    if (!c->in) c->in = buf_get(&c->api->worker->bufs);
    if (!buf_room(c->in)) buf_compact(c->in);
    if (!buf_room(c->in)) return refuse_long(c);
    n = conn_read(&c->conn, buf_end(c->in), buf_room(c->in));
    if (n > 0) {
        c->in->tail += (uint32_t)n;
        progress(c);
        return true;
    }
    if (!buf_filled(c->in)) buf_put(&c->api->worker->bufs, &c->in);
    if (n == CONN_ERROR) end(c);
    return n == CONN_EOF && take_end(c);
}

/* A command waits; the buffer must stay where it is, for the command's words lie in it. False as
 * fill. */
static bool listen_while_waiting(struct api_client *c)
{
    char drop[1024];
    ssize_t n = 1;

    if (c->busy) return false;
    if (buf_filled(c->in) <= c->request_n) n = conn_read(&c->conn, drop, sizeof drop);
    if (n == CONN_WAIT) return false;
    if (n == CONN_ERROR) {
        end(c);
        return false;
    }
    if (n == CONN_EOF) c->ended = true;
    interrupt(c);
    return true;
}

static void serve(struct api_client *c)
{
    for (int i = 0; i < ROUNDS_PER_TURN; i++) {
        bool hungry = false;

        while (!hungry && !c->closing && text_pending(&c->out) < ENOUGH) hungry = !work(c);
        if (!flush(c)) return;
        if (c->closing) {
            end(c);
            return;
        }
        if (hungry && !(c->waiting ? listen_while_waiting(c) : fill(c))) return;
    }
    conn_again(&c->conn);
}

static void on_event(struct conn *conn)
{
    serve(container_of(conn, struct api_client, conn));
}

/* ---- life ---- */

void api_client_start(struct api_socket *s, int fd)
{
    struct api_client *c = mem_zero(sizeof *c);
    struct api *a = s->api;

    c->api = a;
    c->socket = s;
    c->session.level = s->level;
    c->session.severity = s->severity;
    timer_init(&c->conn.timer, on_timeout);
    conn_init(&c->conn, a->worker, fd, on_event);
    list_append(&a->clients, &c->link);
    a->n_clients++;
    s->n_clients++;
    counter_add(&a->engine->api.connections, 1);
    atomic_store_explicit(&a->engine->api.clients, a->n_clients, memory_order_relaxed);
    progress(c);
    if (conn_watch(&c->conn) < 0) end(c);
}

void api_clients_forget(struct api_socket *s)
{
    list_each(l, &s->api->clients)
    {
        struct api_client *c = list_entry(l, struct api_client, link);
        if (c->socket == s) c->socket = NULL;
    }
}

void api_clients_stop(struct api *a)
{
    list_each(l, &a->clients) end(list_entry(l, struct api_client, link));
}

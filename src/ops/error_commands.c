/* SPDX-License-Identifier: Apache-2.0 */
/* show errors: the last invalid request of each frontend and the last invalid answer of each
 * backend, with their bytes. Management manual: "show errors". */
#include "ops/api.h"
#include "ops/session_commands.h"
#include "upstream/bad_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

enum { WIDTH = 70 }; /* of a line's bytes, as they are written */

struct dump {
    struct engine *engine;
    struct snapshot *snapshot; /* held: the answer may outlast it */
    int id;                    /* of a proxy; -1: all */
    bool requests, responses;
    unsigned place;           /* the next: twice the proxy's, and one more for its answer */
    struct bad_message *told; /* its bytes from `at` on are still to be told; NULL */
    size_t at;
    bool within; /* a line of it */
};

static void release(struct api_call *c)
{
    struct dump *d = c->state;

    bad_message_unref(d->told);
    snapshot_unref(d->engine, d->snapshot);
}

/* ---- bytes as text ---- */

/* Returns the length. */
static unsigned escape(unsigned char c, char out[5])
{
    static const char NAMED[] = "\t\n\r\033\\", NAMES[] = "tnre\\";
    const char *named = c ? strchr(NAMED, c) : NULL;

    if (named) return (unsigned)snprintf(out, 5, "\\%c", NAMES[named - NAMED]);
    if (c >= 0x20 && c < 0x7f) return (unsigned)snprintf(out, 5, "%c", c);
    return (unsigned)snprintf(out, 5, "\\x%02X", c);
}

/* One line: up to a line's end, or as much as fits. "+": it goes on where the last one stopped. */
static void put_line(struct text *t, struct dump *d)
{
    const struct bad_message *m = d->told;
    unsigned width = 0;

    text_printf(t, "  %05zu%c ", d->at, d->within ? '+' : ' ');
    d->within = true;
    while (d->at < m->n && d->within) {
        char c[5];
        unsigned n = escape((unsigned char)m->bytes[d->at], c);

        if (width + n > WIDTH) break;
        text_add(t, slice_of(c, n));
        width += n;
        d->within = m->bytes[d->at++] != '\n';
    }
    text_char(t, '\n');
}

/* ---- what is said of a message ---- */

static void put_date(struct text *t, usec_t when)
{
    time_t s = (time_t)(when / 1000000);
    struct tm tm;
    char date[32];

    localtime_r(&s, &tm);
    strftime(date, sizeof date, "%d/%b/%Y:%H:%M:%S", &tm);
    text_printf(t, "[%s.%03u]", date, (unsigned)(when / 1000 % 1000));
}

static void put_name(struct text *t, const char *kind, const char *name, unsigned id)
{
    if (name)
        text_printf(t, "%s %s (#%u)", kind, name, id);
    else
        text_printf(t, "%s <NONE> (#-1)", kind);
}

static void put_source(struct text *t, const union address *a)
{
    char host[64];

    if (a->sa.sa_family == AF_INET || a->sa.sa_family == AF_INET6)
        text_printf(t, ", src %s:%u\n", address_text(&a->sa, host), address_port(&a->sa));
    else
        text_str(t, ", src unix:1\n");
}

static void put_head(struct text *t, const struct bad_message *m)
{
    text_str(t, " \n");
    put_date(t, m->when);
    text_char(t, ' ');
    if (m->response) {
        put_name(t, "backend", m->backend, m->backend_id);
        text_str(t, ": invalid response\n  ");
        put_name(t, "frontend", m->frontend, m->frontend_id);
    } else {
        put_name(t, "frontend", m->frontend, m->frontend_id);
        text_str(t, ": invalid request\n  ");
        put_name(t, "backend", m->backend, m->backend_id);
    }
    text_str(t, ", ");
    put_name(t, "server", m->server, m->server_id);
    text_printf(t, ", event #%" PRIu64, m->event);
    put_source(t, &m->from);
    text_printf(t,
                "  buffer starts at 0 (including 0 out), %zu free,\n"
                "  len %zu, wraps at %zu, error at position %zu\n"
                "  H1 message refused for: %s :\n  \n",
                m->room > m->n ? m->room - m->n : 0, m->n, m->room, m->at,
                m->reason ? m->reason : "its form");
}

/* ---- the command ---- */

static const char *begin(struct api_call *c)
{
    struct dump *d = mem_zero(sizeof *d);
    struct engine *e = c->api->engine;
    const struct proxy_conf *p = NULL;

    d->engine = e;
    d->snapshot = e->current; /* only this thread replaces it */
    atomic_fetch_add_explicit(&d->snapshot->refs, 1, memory_order_relaxed);
    c->state = d;
    c->release = release;
    d->requests = c->n_args < 2 || strcmp(c->args[1], "response") != 0;
    d->responses = c->n_args < 2 || strcmp(c->args[1], "request") != 0;
    d->id = -1;
    if (!c->n_args) return NULL;
    for (unsigned i = 0; i < d->snapshot->n_proxies && !p; i++)
        if (strcmp(d->snapshot->proxies[i]->name, c->args[0]) == 0) p = d->snapshot->proxies[i];
    d->id = p ? (int)p->id : atoi(c->args[0]);
    return d->id ? NULL : "No such proxy.\n";
}

/* Is it of the proxy that was asked for, at either end? */
static bool wanted(const struct dump *d, const struct proxy_conf *p, const struct bad_message *m)
{
    unsigned other = m->response ? m->frontend_id : m->backend_id;

    if (d->id < 0 || (unsigned)d->id == p->id) return true;
    return (m->response || m->backend) && (unsigned)d->id == other;
}

/* Finds the next message: of each proxy first the request. False: there is none. */
static bool next(struct dump *d)
{
    while (d->place / 2 < d->snapshot->n_proxies) {
        const struct proxy_conf *p = d->snapshot->proxies[d->place / 2];
        bool response = d->place++ % 2;
        struct bad_message *m = NULL;

        if (p->state && (response ? d->responses : d->requests))
            m = bad_message_last(p->state, response);
        if (m && wanted(d, p, m)) {
            d->told = m;
            return true;
        }
        bad_message_unref(m);
    }
    return false;
}

static enum api_progress run_show(struct api_call *c)
{
    struct dump *d = c->state;
    const char *wrong;

    if (!d) {
        wrong = begin(c);
        if (wrong) return api_say(c, LOG_ERR, wrong);
        text_str(c->out, "Total events captured on ");
        put_date(c->out, clock_wall_usec());
        text_printf(c->out, " : %" PRIu64 "\n", atomic_load(&c->api->engine->n_bad_messages));
        return API_MORE;
    }
    if (d->told) {
        for (int i = 0; i < 64 && d->at < d->told->n; i++) put_line(c->out, d);
        if (d->at < d->told->n) return API_MORE;
        bad_message_unref(d->told);
        d->told = NULL;
        return API_MORE;
    }
    if (!next(d)) return API_DONE;
    d->at = 0;
    d->within = false;
    put_head(c->out, d->told);
    return API_MORE;
}

static const struct api_command rows[] = {
    { "show errors", "[<px>] [request|response]", "tell the last invalid messages of proxies",
      API_OPERATOR, run_show, false },
};

const struct api_commands error_commands = API_COMMANDS(rows);

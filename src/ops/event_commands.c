/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/event_commands.h"
#include "gateway/ring.h"
#include "ops/api.h"

#include <inttypes.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

enum { PIECE = 16384, DRAIN_MS = 100 };

/* ---- which rings there are ---- */

static void list_descriptor(struct api_call *c, const char *name, int fd, const char *what)
{
    text_printf(c->out, "    %-10s : type=fd, %" PRIu64 " dropped, %s (fd#%d)\n", name,
                log_fd_dropped(c->api->engine->logs, fd), what, fd);
}

static void list_ring(struct api_call *c, const struct event_ring *r)
{
    text_printf(c->out, "    %-10s : type=buffer, %" PRIu64 " dropped, %s\n", r->name,
                atomic_load_explicit(&r->dropped, memory_order_relaxed), r->description);
}

static enum api_progress list_rings(struct api_call *c)
{
    const struct snapshot *s = c->api->engine->current;

    text_str(c->out, "Supported events sinks are listed below. Add -w(wait), -n(new). Any key to "
                     "stop\n");
    list_descriptor(c, "stdout", STDOUT_FILENO, "standard output");
    list_descriptor(c, "stderr", STDERR_FILENO, "standard output"); /* HAProxy's word */
    list_ring(c, log_built_in_ring(c->api->engine->logs));
    for (const struct ring_conf *r = s->rings; r; r = r->next) list_ring(c, r->events);
    return API_DONE;
}

/* ---- what one holds ---- */

/* A client that reads a ring. With -w it may outlive the call by the time that a message takes. */
struct reading {
    struct event_follower follower;
    struct event_ring *ring; /* a reference */
    uint64_t position;
    bool wait;
    struct api_call *call; /* NULL: it is over */
};

static void free_reading(struct reading *r)
{
    event_ring_unref(r->ring);
    free(r);
}

static void deliver(struct message *m, struct worker *w)
{
    struct reading *r = container_of(m, struct reading, follower.message);

    (void)w;
    event_ring_delivered(r->ring, &r->follower);
    if (r->call)
        r->call->wake(r->call);
    else
        free_reading(r);
}

static void release_reading(struct api_call *c)
{
    struct reading *r = c->state;

    c->state = NULL;
    r->call = NULL;
    if (!event_ring_forget(r->ring, &r->follower)) free_reading(r);
}

static enum api_progress go_on(struct api_call *c)
{
    struct reading *r = c->state;
    char event[PIECE];
    ssize_t n;

    if (c->interrupted) return API_DONE;
    for (size_t sum = 0; sum < PIECE; sum += (size_t)n + 1) {
        n = event_ring_read(r->ring, &r->position, event, sizeof event);
        if (n < 0) break;
        text_add(c->out, slice_of(event, (size_t)n));
        text_char(c->out, '\n');
    }
    if (n >= 0) return API_MORE;
    if (!r->wait) return API_DONE;
    event_ring_wait(r->ring, r->position, &r->follower);
    return API_WAIT;
}

static struct event_ring *find_ring(const struct api_call *c, struct slice name)
{
    struct event_ring *built_in = log_built_in_ring(c->api->engine->logs);
    const struct ring_conf *r = ring_named(c->api->engine->current, name);

    if (slice_is(name, built_in->name)) return built_in;
    return r ? r->events : NULL;
}

/* "-w", "-n", "-wn", "-nw"; false: something else. */
static bool read_options(const struct api_call *c, bool *wait, bool *only_new)
{
    for (unsigned i = 1; i < c->n_args; i++) {
        const char *p = c->args[i];
        if (*p++ != '-') return false;
        for (; *p; p++) {
            if (*p != 'w' && *p != 'n') return false;
            *(*p == 'w' ? wait : only_new) = true;
        }
    }
    return true;
}

static bool is_descriptor(const char *name)
{
    return strcmp(name, "stdout") == 0 || strcmp(name, "stderr") == 0;
}

static enum api_progress show_events(struct api_call *c)
{
    bool wait = false, only_new = false;
    struct event_ring *ring;
    struct reading *r;

    if (c->state) return go_on(c);
    if (c->n_args == 0) return list_rings(c);
    ring = find_ring(c, slice_str(c->args[0]));
    if (!ring && is_descriptor(c->args[0]))
        return api_say(c, LOG_ERR, "Nothing to report for this sink");
    if (!ring) return api_say(c, LOG_ERR, "No such event sink");
    if (!read_options(c, &wait, &only_new)) return api_say(c, LOG_ERR, "unknown option");
    log_drain_wait(c->api->engine->logs, DRAIN_MS); /* what was logged before the command came */
    r = mem_zero(sizeof *r);
    list_init(&r->follower.link);
    r->follower.worker = c->api->worker;
    r->follower.message.deliver = deliver;
    r->ring = event_ring_ref(ring);
    r->position = event_ring_begin(ring, only_new);
    r->wait = wait;
    r->call = c;
    c->state = r;
    c->release = release_reading;
    return go_on(c);
}

static const struct api_command rows[] = {
    { .name = "show events",
      .args = "[<sink>] [-w] [-n]",
      .doc = "show event sink state",
      .run = show_events },
};

const struct api_commands event_commands = API_COMMANDS(rows);

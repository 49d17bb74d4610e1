/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ring.h"
#include "runtime/resolve.h"

#include <limits.h>

static struct ring_conf *ring(void *target)
{
    return ((struct section *)target)->data;
}

/* ---- the section ---- */

static bool is_built_in(const char *name)
{
    static const char *const names[] = { "buf0", "stdout", "stderr" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static bool begin_ring(struct cfg *cfg, struct section *s, struct words *w)
{
    enum { MOST = 16384 };
    struct snapshot *snap = build_of(cfg)->snapshot;
    struct ring_conf *r = arena_zero(cfg->arena, sizeof *r), **end = &snap->rings;

    (void)w;
    r->name = r->description = s->name;
    r->format = log_format_named(SLICE("raw"));
    r->max_length = MOST;
    r->size = EVENT_RING_SIZE;
    r->section = s;
    s->data = r;
    if (is_built_in(s->name))
        return cfg_error_at(cfg, &s->at, "'%s' exists already: every gateway has it", s->name);
    while (*end) end = &(*end)->next;
    *end = r;
    return true;
}

/* The servers' timeouts may stand behind them. */
static bool end_ring(struct cfg *cfg, struct section *s)
{
    struct ring_conf *r = s->data;

    for (unsigned i = 0; i < r->n_streams; i++) {
        r->streams[i].connect_ms = r->connect_ms;
        r->streams[i].server_ms = r->server_ms;
    }
    if (r->n_streams && (!r->connect_ms || !r->server_ms))
        cfg_warning_at(cfg, &s->at,
                       "missing timeouts: ring '%s' needs 'timeout connect' and 'timeout server', "
                       "or a server that is silent is never given up",
                       r->name);
    if (r->max_length <= r->size) return true;
    cfg_warning_at(cfg, &s->at, "'maxlen' of ring '%s' is more than its 'size', and is taken as it",
                   r->name);
    r->max_length = (unsigned)r->size;
    return true;
}

const struct section_kind section_ring = {
    .name = "ring",
    .in = IN_RING,
    .naming = SECTION_NAMED,
    .begin = begin_ring,
    .end = end_ring,
    .args = "<name>",
    .doc = "The last lines of a log, kept in memory: `log ring@<name> …` writes them, `show "
           "events <name>` of the Runtime API shows them. A ring can pass its lines on to syslog "
           "servers by TCP. It outlives a reload, unless its name, size or description changes. "
           "The ring `buf0` (1 MiB, format `timed`) is always there.",
};

/* ---- its lines ---- */

static bool parse_description(struct cfg *cfg, void *target, struct words *w)
{
    return words_sentence(cfg, w, &ring(target)->description);
}

static bool parse_format(struct cfg *cfg, void *target, struct words *w)
{
    return log_format_word(cfg, w, &ring(target)->format);
}

static bool parse_max_length(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &ring(target)->max_length, 1, LOG_LINE_MOST);
}

static bool parse_size(struct cfg *cfg, void *target, struct words *w)
{
    return words_size(cfg, w, &ring(target)->size, EVENT_RING_SIZE, INT_MAX);
}

static bool parse_timeout(struct cfg *cfg, void *target, struct words *w)
{
    unsigned *to = (unsigned *)((char *)ring(target) + w->keyword->param);

    return words_time(cfg, w, to, UNIT_MS, 0, INT_MAX);
}

bool log_address(struct cfg *cfg, const struct word *at, struct slice text, union address *out)
{
    struct address_spec a;
    struct sockaddr_storage found;
    const char *wrong = address_parse(text, &a);

    if (!wrong && (a.kind == ADDRESS_FD || a.any)) wrong = "this is no address to send logs to";
    if (wrong) return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(text), wrong);
    if (address_numeric(&a, a.has_port ? a.port : LOG_PORT, out)) return true;
    if (resolve_name(a.host, a.family, &found, 1) < 1)
        return cfg_error(cfg, at, "can't resolve '%.*s'", SLICE_ARG(a.host));
    memcpy(out, &found, address_length((struct sockaddr *)&found));
    address_set_port(&out->sa, a.has_port ? a.port : LOG_PORT);
    return true;
}

static bool parse_server(struct cfg *cfg, void *target, struct words *w)
{
    struct ring_conf *r = ring(target);
    const struct word *name, *at;
    struct log_stream *s;
    union address a;

    if (!words_need(cfg, w, &name) || !words_need(cfg, w, &at)) return false;
    for (unsigned i = 0; i < r->n_streams; i++)
        if (slice_is(name->text, r->stream_names[i]))
            return cfg_error(cfg, name, "this ring has a server '%s' already", name->text.p);
    if (r->n_streams == LOG_STREAMS_MOST)
        return cfg_error(cfg, name, "a ring can have %d servers at most", LOG_STREAMS_MOST);
    if (!log_address(cfg, at, at->text, &a)) return false;
    s = &r->streams[r->n_streams];
    memset(s, 0, sizeof *s);
    memcpy(&s->address, &a, address_length(&a.sa));
    s->size = address_length(&a.sa);
    r->stream_names[r->n_streams++] = arena_str(cfg->arena, name->text);
    return options_parse(cfg, "ring server option", s, w);
}

static bool parse_log_proto(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "legacy", "octet-count", NULL };
    struct log_stream *s = target;
    unsigned counted;

    if (!words_enum(cfg, w, &counted, names)) return false;
    s->counted = counted;
    return true;
}

static const struct keyword rows[] = {
    { "description", IN_RING, parse_description, "<text>", "its name", 0,
      "A text for `show events`.", 0, NULL },
    { "format", IN_RING, parse_format, "<format>", "raw", 0,
      "What stands before the message in a line, as in `log`; it holds whatever the `log` lines "
      "say.",
      0, NULL },
    { "maxlen", IN_RING, parse_max_length, "<bytes>", "16384", 0,
      "Longer lines are cut; those of a `log` line at its `len` before.", 0, NULL },
    { "size", IN_RING, parse_size, "<bytes>", "16384", 0,
      "How much the ring holds; the newest lines drive out the oldest.", 0, NULL },
    { "timeout connect", IN_RING, parse_timeout, "<time>", "none", 0,
      "How long connecting to one of its servers may take; it is tried again a second later.",
      offsetof(struct ring_conf, connect_ms), NULL },
    { "timeout server", IN_RING, parse_timeout, "<time>", "none", 0,
      "How long a server may take nothing of what waits for it; then the connection is made anew.",
      offsetof(struct ring_conf, server_ms), NULL },
    { "server", IN_RING, parse_server, "<name> <address>[:<port>] [log-proto legacy|octet-count]",
      NULL, 0,
      "A syslog server that gets every line of the ring by TCP (port 514). While it can't be "
      "reached, up to 256 KiB wait for it; what comes then is dropped and counted.",
      0, NULL },
};

static const struct keyword server_rows[] = {
    { "log-proto", 0, parse_log_proto, "legacy|octet-count", "legacy", 0,
      "How the end of a line is told: by a line end, or by its length in front of it (RFC 6587).",
      0, NULL },
};

const struct keyword_table ring_keywords = KEYWORD_TABLE("Rings", KEYWORDS, rows);
const struct keyword_table ring_server_options = KEYWORD_TABLE("Servers of rings",
                                                               "ring server option", server_rows);

/* ---- for others ---- */

struct ring_conf *ring_named(const struct snapshot *s, struct slice name)
{
    struct ring_conf *r = s->rings;

    while (r && !slice_is(name, r->name)) r = r->next;
    return r;
}

/* The events that the ring had before the reload. */
static struct event_ring *kept_events(const struct build *b, const struct ring_conf *r)
{
    const struct ring_conf *was = b->before ? ring_named(b->before, slice_str(r->name)) : NULL;

    if (!was || was->size != r->size || strcmp(was->description, r->description) != 0) return NULL;
    return event_ring_ref(was->events);
}

void rings_open(struct build *b)
{
    for (struct ring_conf *r = b->snapshot->rings; r; r = r->next) {
        r->events = kept_events(b, r);
        if (!r->events)
            r->events = event_ring_new(slice_str(r->name), slice_str(r->description), r->size);
    }
}

void rings_release(struct snapshot *s)
{
    for (struct ring_conf *r = s->rings; r; r = r->next) event_ring_unref(r->events);
    s->rings = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `log` lines of global and of proxies. */
#include "gateway/ring.h"

#include <unistd.h>

static struct log_line **lines_of(struct section *s, bool **global)
{
    if (s->kind->in == IN_GLOBAL) {
        *global = NULL;
        return &((struct global_conf *)s->data)->log_lines;
    }
    *global = &((struct proxy_conf *)s->data)->log_global;
    return &((struct proxy_conf *)s->data)->log_lines;
}

/* stdout, stderr, fd@N, ring@NAME, a UNIX path, HOST[:PORT] or udp@… for UDP, tcp@HOST[:PORT]. */
static bool parse_log_address(struct cfg *cfg, struct log_line *l, const struct word *at)
{
    static const struct {
        struct slice prefix;
        bool stream;
    } kinds[] = {
        { SLICE_LIT("tcp@"), true },  { SLICE_LIT("tcp4@"), true },  { SLICE_LIT("tcp6@"), true },
        { SLICE_LIT("udp@"), false }, { SLICE_LIT("udp4@"), false }, { SLICE_LIT("udp6@"), false },
    };
    struct slice text = at->text;

    l->fd = log_fd_named(at->text);
    if (l->fd >= 0) return true;
    if (slice_starts(text, SLICE("ring@"))) {
        l->ring = slice_from(text, 5);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!slice_starts(at->text, kinds[i].prefix)) continue;
        l->stream = kinds[i].stream;
        text = slice_from(at->text, kinds[i].prefix.n);
        break;
    }
    l->has_address = true;
    return log_address(cfg, at, text, &l->address);
}

bool log_format_word(struct cfg *cfg, struct words *w, const struct log_format **out)
{
    const struct word *at;
    struct nearest near;
    unsigned n;
    const struct log_format *rows = log_formats(&n);

    if (!words_need(cfg, w, &at)) return false;
    *out = log_format_named(at->text);
    if (*out) return true;
    nearest_init(&near, at->text);
    for (unsigned i = 0; i < n; i++) nearest_try(&near, slice_str(rows[i].name));
    return cfg_error_unknown(cfg, at, "log format", &near);
}

/* ---- sample RANGE[,RANGE…]:SIZE ---- */

static bool parse_range(struct cfg *cfg, const struct word *at, struct slice text,
                        struct log_sample *s)
{
    ptrdiff_t dash = slice_find(text, '-');
    struct slice high = dash < 0 ? text : slice_from(text, (size_t)dash + 1);
    uint64_t from, to;

    if (!slice_to_u64(dash < 0 ? text : slice_of(text.p, (size_t)dash), &from) ||
        !slice_to_u64(high, &to) || from == 0 || to < from || to > UINT32_MAX)
        return cfg_error(cfg, at, "'%.*s' is no range of numbers from 1", SLICE_ARG(text));
    for (unsigned i = 0; i < s->n; i++)
        if (from <= s->ranges[i].high && to >= s->ranges[i].low)
            return cfg_error(cfg, at, "the ranges overlap at '%.*s'", SLICE_ARG(text));
    s->ranges[s->n].low = (unsigned)from;
    s->ranges[s->n++].high = (unsigned)to;
    return true;
}

static bool parse_sample(struct cfg *cfg, struct log_line *l, struct words *w)
{
    const struct word *at;
    struct log_sample *s;
    struct slice ranges, size;
    ptrdiff_t colon;
    size_t n = 1;
    uint64_t value;

    if (!words_need(cfg, w, &at)) return false;
    colon = slice_find(at->text, ':');
    if (colon < 0)
        return cfg_error(cfg, at, "the size of the sample is missing: RANGE[,RANGE...]:SIZE");
    ranges = slice_of(at->text.p, (size_t)colon);
    size = slice_from(at->text, (size_t)colon + 1);
    if (!ranges.n) return cfg_error(cfg, at, "no range is given: RANGE[,RANGE...]:SIZE");
    for (size_t i = 0; i < ranges.n; i++) n += ranges.p[i] == ',';
    s = arena_zero(cfg->arena, offsetof(struct log_sample, ranges) + n * sizeof s->ranges[0]);
    while (ranges.n)
        if (!parse_range(cfg, at, slice_cut(&ranges, ','), s)) return false;
    if (!slice_to_u64(size, &value) || value == 0 || value > UINT32_MAX)
        return cfg_error(cfg, at, "'%.*s' is no size of a sample", SLICE_ARG(size));
    s->size = (unsigned)value;
    for (unsigned i = 0; i < s->n; i++)
        if (s->ranges[i].high > s->size)
            return cfg_error(cfg, at, "line %u of a sample of %u can't be", s->ranges[i].high,
                             s->size);
    l->sample = s;
    return true;
}

/* ---- log ---- */

static bool parse_named_number(struct cfg *cfg, const struct word *at, const char *what,
                               const char *const *names, int number, int *out)
{
    struct nearest near;

    if (number >= 0) {
        *out = number;
        return true;
    }
    nearest_init(&near, at->text);
    for (int i = 0; i < (names == log_level_names() ? LOG_LEVELS : LOG_FACILITIES); i++)
        nearest_try(&near, slice_str(names[i]));
    return cfg_error_unknown(cfg, at, what, &near);
}

/* FACILITY [MAX-LEVEL [MIN-LEVEL]] */
static bool parse_facility_and_levels(struct cfg *cfg, struct log_line *l, struct words *w)
{
    const struct word *at;
    int facility = 0;

    if (!words_need(cfg, w, &at)) return false;
    if (!parse_named_number(cfg, at, "log facility", log_facility_names(),
                            log_facility_named(at->text), &facility))
        return false;
    l->facility = (unsigned)facility;
    l->level = LOG_DEBUG;
    l->min_level = LOG_EMERG;
    at = words_next(w);
    if (at && !parse_named_number(cfg, at, "log level", log_level_names(),
                                  log_level_named(at->text), &l->level))
        return false;
    at = at ? words_next(w) : NULL;
    return !at || parse_named_number(cfg, at, "log level", log_level_names(),
                                     log_level_named(at->text), &l->min_level);
}

static bool parse_log(struct cfg *cfg, void *target, struct words *w)
{
    bool *global;
    struct log_line **lines = lines_of(target, &global), *l;
    const struct word *at;

    if (w->prefix == PREFIX_NO) {
        *lines = NULL;
        if (global) *global = false;
        return true;
    }
    if (words_is(w, "global")) {
        if (!global) return words_error(cfg, w, "'log global' is for proxies");
        words_next(w);
        *global = true;
        return true;
    }
    if (!words_need(cfg, w, &at)) return false;
    l = arena_zero(cfg->arena, sizeof *l);
    l->at = *at;
    if (!parse_log_address(cfg, l, at)) return false;
    for (;;) {
        if (words_take_if(w, "len")) {
            if (!words_uint(cfg, w, &l->length, LOG_LINE_LEAST, LOG_LINE_MOST)) return false;
        } else if (words_take_if(w, "format")) {
            if (!log_format_word(cfg, w, &l->format)) return false;
        } else if (words_take_if(w, "sample")) {
            if (!parse_sample(cfg, l, w)) return false;
            break; /* the last of them, as in HAProxy */
        } else {
            break;
        }
    }
    if (!parse_facility_and_levels(cfg, l, w)) return false;
    l->next = *lines;
    *lines = l;
    return true;
}

static bool parse_log_tag(struct cfg *cfg, void *target, struct words *w)
{
    struct section *s = target;
    const char **tag = s->kind->in == IN_GLOBAL ? &((struct global_conf *)s->data)->log_tag
                                                : &((struct proxy_conf *)s->data)->log_tag;
    return words_str(cfg, w, tag);
}

/* log-send-hostname [TEXT] */
static bool parse_log_host(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = ((struct section *)target)->data;
    char name[256];

    if (words_left(w)) return words_str(cfg, w, &g->log_send_hostname);
    if (gethostname(name, sizeof name) < 0) name[0] = '\0';
    name[sizeof name - 1] = '\0';
    g->log_send_hostname = arena_str(cfg->arena, slice_str(name));
    return true;
}

static const struct keyword rows[] = {
    { "log", IN_GLOBAL | IN_PROXY, parse_log,
      "global | <address> [len <length>] [format <format>] [sample <ranges>:<size>] <facility> "
      "[<max level> [<min level>]]",
      "no logs", KW_NO_PREFIX,
      "Where to send logs: `stdout`, `stderr`, `fd@<n>`, `ring@<name>`, the path of a UNIX "
      "datagram "
      "socket, `<host>[:<port>]` for UDP (port 514), or `tcp@<host>[:<port>]`. `sample 1,3-4:10`: "
      "of every ten lines the first, the third and the fourth. Messages less important than the "
      "first level are left "
      "out; more important ones than the second are sent as that. In a proxy, `log global` stands "
      "for global's "
      "lines; `no log` forgets what the defaults said.",
      0, NULL },
    { "log-tag", IN_GLOBAL | IN_PROXY, parse_log_tag, "<text>", "the program's name", 0,
      "The tag of syslog lines.", 0, NULL },
    { "log-send-hostname", IN_GLOBAL, parse_log_host, "[<text>]", "off", 0,
      "The name of the host in syslog lines: this text, or the system's own name. Lines are then "
      "in the format `rfc3164` where the `log` line says nothing else.",
      0, NULL },
};

const struct keyword_table log_keywords = KEYWORD_TABLE("Logs", KEYWORDS, rows);

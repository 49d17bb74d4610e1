/* SPDX-License-Identifier: Apache-2.0 */
/* `log` lines of global and of proxies. */
#include "gateway/build.h"
#include "runtime/log.h"
#include "runtime/resolve.h"

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

/* stdout, stderr, fd@N, a UNIX path, or HOST[:PORT] for UDP. */
static bool parse_log_address(struct cfg *cfg, struct log_line *l, const struct word *at)
{
    struct address_spec a;
    struct sockaddr_storage found;
    const char *wrong;

    l->fd = log_fd_named(at->text);
    if (l->fd >= 0) return true;
    if (slice_starts(at->text, SLICE("ring@")))
        return cfg_error(cfg, at, "logs to a ring are not supported by Gatehouse");
    wrong = address_parse(at->text, &a);
    if (wrong || a.kind == ADDRESS_FD || a.any)
        return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(at->text),
                         wrong ? wrong : "this is no address to send logs to");
    l->has_address = true;
    if (address_numeric(&a, a.has_port ? a.port : LOG_PORT, &l->address)) return true;
    if (resolve_name(a.host, a.family, &found, 1) < 1)
        return cfg_error(cfg, at, "can't resolve '%.*s'", SLICE_ARG(a.host));
    memcpy(&l->address, &found, address_length((struct sockaddr *)&found));
    address_set_port(&l->address.sa, a.has_port ? a.port : LOG_PORT);
    return true;
}

static bool parse_log_format(struct cfg *cfg, struct log_line *l, struct words *w)
{
    const struct word *at;
    struct nearest near;
    unsigned n;
    const struct log_format *rows = log_formats(&n);

    if (!words_need(cfg, w, &at)) return false;
    l->format = log_format_named(at->text);
    if (l->format) return true;
    nearest_init(&near, at->text);
    for (unsigned i = 0; i < n; i++) nearest_try(&near, slice_str(rows[i].name));
    return cfg_error_unknown(cfg, at, "log format", &near);
}

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
            if (!parse_log_format(cfg, l, w)) return false;
        } else if (words_is(w, "sample")) {
            return words_error(cfg, w, "'sample' is not supported by Gatehouse");
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
      "global | <address> [len <length>] [format <format>] <facility> [<max level> [<min level>]]",
      "no logs", KW_NO_PREFIX,
      "Where to send logs: `stdout`, `stderr`, `fd@<n>`, the path of a UNIX datagram socket, or "
      "`<host>[:<port>]` for UDP (port 514). Messages less important than the first level are left "
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `server` and `default-server` about checks. */
#include "runtime/resolve.h"
#include "upstream/check_parse.h"
#include "upstream/keywords.h"
#include "upstream/server.h"

#include <limits.h>

static bool parse_check(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;

    (void)cfg;
    s->check = w->keyword->param;
    return true;
}

/* The unsigned that stands at keyword.param in struct check_settings. */
static unsigned *interval(struct server_conf *s, const struct words *w)
{
    return (unsigned *)(void *)((char *)&s->checking + w->keyword->param);
}

static bool parse_interval(struct cfg *cfg, void *target, struct words *w)
{
    return words_time(cfg, w, interval(target, w), UNIT_MS, 1, INT_MAX);
}

static bool parse_rise(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_uint(cfg, w, &s->rise, 1, INT_MAX / 4);
}

static bool parse_fall(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_uint(cfg, w, &s->fall, 1, INT_MAX / 4);
}

static bool parse_port(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    unsigned port;

    if (!words_uint(cfg, w, &port, 0, 65535)) return false;
    s->checking.port = (uint16_t)port;
    return true;
}

static bool parse_name(struct cfg *cfg, const struct word *word, const struct address_spec *spec,
                       union address *out)
{
    struct sockaddr_storage found;

    if (resolve_name(spec->host, spec->family, &found, 1) < 1)
        return cfg_error(cfg, word, "can't resolve '%.*s'", SLICE_ARG(spec->host));
    memcpy(out, &found, address_length((struct sockaddr *)&found));
    address_set_port(&out->sa, spec->port);
    return true;
}

bool check_parse_address(struct cfg *cfg, const struct word *word, union address *out)
{
    struct address_spec spec;
    const char *wrong = address_parse(word->text, &spec);

    if (wrong) return cfg_error(cfg, word, "'%s': %s", word->text.p, wrong);
    if (spec.kind == ADDRESS_FD || spec.any || spec.port_sign || spec.port != spec.last_port)
        return cfg_error(cfg, word, "'%s' is not an address to connect to", word->text.p);
    return address_numeric(&spec, spec.port, out) || parse_name(cfg, word, &spec, out);
}

static bool parse_address(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    const struct word *word;

    if (!words_need(cfg, w, &word)) return false;
    s->checking.has_address = true;
    return check_parse_address(cfg, word, &s->checking.address);
}

static bool parse_observe(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "none", "layer4", "layer7", NULL };
    struct server_conf *s = target;
    unsigned mode;

    if (!words_enum(cfg, w, &mode, names)) return false;
    s->checking.observe = (uint8_t)mode;
    return true;
}

static bool parse_on_error(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "fail-check", "fastinter", "sudden-death", "mark-down",
                                         NULL };
    struct server_conf *s = target;
    unsigned what;

    if (!words_enum(cfg, w, &what, names)) return false;
    s->checking.on_error = (uint8_t)what;
    return true;
}

static bool parse_error_limit(struct cfg *cfg, void *target, struct words *w)
{
    struct server_conf *s = target;
    return words_uint(cfg, w, &s->checking.error_limit, 1, INT_MAX);
}

#define AT(field) offsetof(struct check_settings, field)

static const struct keyword rows[] = {
    { "check", 0, parse_check, "", NULL, 0,
      "The server's health is checked: by a connection, or as `option httpchk` or `option "
      "tcp-check` say.",
      1, NULL },
    { "no-check", 0, parse_check, "", NULL, 0, "Takes `check` of `default-server` back.", 0, NULL },
    { "inter", 0, parse_interval, "<time>", "2s", 0,
      "The time between two checks, and as long as there is no `timeout check` how long a check "
      "may take.",
      AT(inter_ms), NULL },
    { "fastinter", 0, parse_interval, "<time>", "`inter`", 0,
      "The same while the server is going up or down, and before its first check.", AT(fast_ms),
      NULL },
    { "downinter", 0, parse_interval, "<time>", "`inter`", 0, "The same while it is down.",
      AT(down_ms), NULL },
    { "rise", 0, parse_rise, "<number>", "2", 0,
      "So many checks in a row must pass for a server that is down to come up.", 0, NULL },
    { "fall", 0, parse_fall, "<number>", "3", 0,
      "So many checks in a row must fail for a server that is up to go down. A server's very first "
      "check counts at once.",
      0, NULL },
    { "port", 0, parse_port, "<port>", "the server's", 0, "The port that checks connect to.", 0,
      NULL },
    { "addr", 0, parse_address, "<address>[:<port>]", "the server's", 0,
      "The address that checks connect to.", 0, NULL },
    { "observe", 0, parse_observe, "none|layer4|layer7", "none", 0,
      "Traffic is looked at as well, if there is a `check`. `layer4`: connections that can't be "
      "made are errors; `layer7`: so are answers that are invalid or do not come, and statuses "
      "from 500 on but for 501 and 505.",
      0, NULL },
    { "on-error", 0, parse_on_error, "fastinter|fail-check|sudden-death|mark-down", "fail-check", 0,
      "What is done after `error-limit` errors in a row: check again soon (as all of them do); as "
      "if a check had failed; as if all but one of `fall` had; or the server is down.",
      0, NULL },
    { "error-limit", 0, parse_error_limit, "<number>", "10", 0,
      "So many errors in a row that were observed set off `on-error`.", 0, NULL },
};

const struct keyword_table check_options = KEYWORD_TABLE("Options of server: checks",
                                                         "server option", rows);

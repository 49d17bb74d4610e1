/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of the Runtime API: `stats …` of `global`, and those options of `bind` that belong to
 * its sockets. */
#include "ops/api_keywords.h"
#include "ops/api.h"
#include "runtime/accounts.h"

#include <limits.h>

enum { PORTS_MOST = 100 }; /* of one `stats socket` line's ranges */

static struct global_conf *global(void *target)
{
    return ((struct section *)target)->data;
}

/* ---- stats socket ---- */

static void append(struct global_conf *g, struct api_bind *b)
{
    struct api_bind **end = &g->api_binds;

    while (*end) end = &(*end)->next;
    *end = b;
}

static bool add_address(struct cfg *cfg, struct global_conf *g, const struct word *at,
                        struct slice text, const struct bind_conf *like)
{
    struct address_spec a;
    const char *wrong = address_parse(text, &a);

    if (wrong) return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(text), wrong);
    if (a.port_sign) return cfg_error(cfg, at, "a port offset is for servers only");
    if (a.kind == ADDRESS_IP && !a.has_port)
        return cfg_error(cfg, at, "'%.*s' has no port: write ADDRESS:PORT", SLICE_ARG(text));
    if (a.kind == ADDRESS_IP && a.port == 0)
        return cfg_error(cfg, at, "'%.*s': port 0 can't be bound", SLICE_ARG(text));
    if (a.last_port - a.port >= PORTS_MOST) return cfg_error(cfg, at, "too many ports");
    for (unsigned port = a.port; port <= a.last_port; port++) {
        struct api_bind *b = arena_zero(cfg->arena, sizeof *b);

        b->bind = *like;
        b->bind.at = *at;
        b->bind.spec.inherited_fd = a.kind == ADDRESS_FD ? (int)port : -1;
        if (a.kind != ADDRESS_FD &&
            !bind_address(cfg, at, &a, (uint16_t)port, &b->bind.spec.address))
            return false;
        append(g, b);
    }
    return true;
}

static bool parse_socket(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);
    struct bind_conf like = { .spec.options = g->unix_bind, .api_level = API_OPERATOR };
    const struct word *address;
    struct slice list;
    bool ok;

    if (!words_need(cfg, w, &address)) return false;
    if (!g->api_binds) g->api_before = build_of(cfg)->snapshot->n_proxies;
    ok = options_parse(cfg, "bind option", &like, w);
    list = address->text;
    do ok &= add_address(cfg, g, address, slice_cut(&list, ','), &like);
    while (list.p);
    return ok;
}

static bool parse_timeout(struct cfg *cfg, void *target, struct words *w)
{
    return words_time(cfg, w, &global(target)->api_timeout_ms, UNIT_MS, 1, INT_MAX);
}

static bool parse_maxconn(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->api_maxconn, 1, INT_MAX);
}

static const struct keyword rows[] = {
    { "stats socket", IN_GLOBAL, parse_socket, "<address>[,…] [<option>…]", NULL, 0,
      "A socket where commands of the Runtime API are taken: a UNIX path, an address with a port, "
      "`fd@3`. It takes the options of `bind`; `level` says what its clients may do.",
      0, NULL },
    { "stats timeout", IN_GLOBAL, parse_timeout, "<time>", "10s", 0,
      "How long a client of the Runtime API may be silent, or leave an answer unread.", 0, NULL },
    { "stats maxconn", IN_GLOBAL, parse_maxconn, "<number>", "10", 0,
      "At most so many clients of the Runtime API at once; more wait in the backlog.", 0, NULL },
};

const struct keyword_table api_keywords = KEYWORD_TABLE("Runtime API", KEYWORDS, rows);

/* ---- options ---- */

static bool parse_choice(struct cfg *cfg, struct words *w, uint8_t *out, const char *const *names)
{
    unsigned i;

    if (!words_enum(cfg, w, &i, names)) return false;
    *out = (uint8_t)i;
    return true;
}

static bool parse_level(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return parse_choice(cfg, w, &b->api_level, api_level_names);
}

static bool parse_severity(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    return parse_choice(cfg, w, &b->api_severity, api_severity_names);
}

static bool parse_expose(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const what[] = { "listeners", NULL };
    unsigned i;

    (void)target;
    return words_enum(cfg, w, &i, what);
}

static bool parse_user(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    const struct word *at = words_peek(w);
    const char *name;

    if (!words_str(cfg, w, &name)) return false;
    b->spec.options.set_uid = true;
    return account_user(name, &b->spec.options.uid) ||
           cfg_error(cfg, at, "there is no user '%s'", name);
}

static bool parse_group(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    const struct word *at = words_peek(w);
    const char *name;

    if (!words_str(cfg, w, &name)) return false;
    b->spec.options.set_gid = true;
    return account_group(name, &b->spec.options.gid) ||
           cfg_error(cfg, at, "there is no group '%s'", name);
}

static bool parse_uid(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    b->spec.options.set_uid = true;
    return words_uint(cfg, w, &b->spec.options.uid, 0, INT_MAX);
}

static bool parse_gid(struct cfg *cfg, void *target, struct words *w)
{
    struct bind_conf *b = target;
    b->spec.options.set_gid = true;
    return words_uint(cfg, w, &b->spec.options.gid, 0, INT_MAX);
}

static const struct keyword option_rows[] = {
    { "level", 0, parse_level, "user|operator|admin", "operator", 0,
      "`stats socket` only: what its clients may do. `user` sees harmless statistics, `operator` "
      "sees everything, `admin` may also change things.",
      0, NULL },
    { "severity-output", 0, parse_severity, "none|number|string", "none", 0,
      "`stats socket` only: messages begin with their severity, as in `[6]: ` or `[info]: `. A "
      "client may choose anew with `set severity-output`.",
      0, NULL },
    { "expose-fd", 0, parse_expose, "listeners", NULL, 0,
      "`stats socket` only; nothing. HAProxy hands its sockets to its successor this way; a reload "
      "of Gatehouse keeps them within the process.",
      0, NULL },
    { "user", 0, parse_user, "<name>", "the process's", 0, "The owner of a UNIX socket's path.", 0,
      NULL },
    { "group", 0, parse_group, "<name>", "the process's", 0, "The group of a UNIX socket's path.",
      0, NULL },
    { "uid", 0, parse_uid, "<number>", "the process's", 0,
      "The owner of a UNIX socket's path, as a number.", 0, NULL },
    { "gid", 0, parse_gid, "<number>", "the process's", 0,
      "The group of a UNIX socket's path, as a number.", 0, NULL },
};

const struct keyword_table api_bind_options = KEYWORD_TABLE("Options of stats socket",
                                                            "bind option", option_rows);

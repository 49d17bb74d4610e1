/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of `global` about buffers, sockets and what the kernel is asked for. */
#include "gateway/build.h"

#include <limits.h>

enum {
    BUFSIZE_LEAST = 1024,
    BUFSIZE_MOST = 16 << 20,
    PIPES_MOST = 1 << 20,
    PIPESIZE_LEAST = 64 << 10, /* below this they are of no use */
    PIPESIZE_MOST = 64 << 20,
};

static struct global_conf *global(void *target)
{
    return ((struct section *)target)->data;
}

static void *field(void *target, const struct words *w)
{
    return (char *)global(target) + w->keyword->param;
}

static bool parse_bufsize(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->bufsize, BUFSIZE_LEAST, BUFSIZE_MOST);
}

static bool parse_maxrewrite(struct cfg *cfg, void *target, struct words *w)
{
    global(target)->maxrewrite_given = true;
    return words_uint(cfg, w, &global(target)->maxrewrite, 0, BUFSIZE_MOST);
}

static bool parse_maxhdr(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->max_headers, 1, FIELDS_MAX);
}

static bool parse_logurilen(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->log_uri_most, 1, INT_MAX);
}

static bool parse_cookielen(struct cfg *cfg, void *target, struct words *w)
{
    global(target)->cookie_most_given = true;
    return words_uint(cfg, w, &global(target)->cookie_most, 0, INT_MAX);
}

static bool parse_maxaccept(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);
    int n;

    if (keyword_again(cfg, w, g->maxaccept != 0)) return true;
    if (!words_int(cfg, w, &n, -1, INT_MAX)) return false;
    g->maxaccept = n < 0 ? UINT_MAX : (unsigned)n;
    return true;
}

static bool parse_socket_buffer(struct cfg *cfg, void *target, struct words *w)
{
    int *size = field(target, w);
    return keyword_again(cfg, w, *size != 0) || words_int(cfg, w, size, 0, INT_MAX);
}

static bool parse_flag(struct cfg *cfg, void *target, struct words *w)
{
    (void)cfg;
    *(bool *)field(target, w) = true;
    return true;
}

static bool parse_maxpipes(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);

    if (keyword_again(cfg, w, g->maxpipes_given)) return true;
    g->maxpipes_given = true;
    return words_uint(cfg, w, &g->maxpipes, 0, PIPES_MOST);
}

static bool parse_pipesize(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, &global(target)->pipesize, PIPESIZE_LEAST, PIPESIZE_MOST);
}

static bool parse_shared_pools(struct cfg *cfg, void *target, struct words *w)
{
    bool shared;

    if (!words_switch(cfg, w, &shared)) return false;
    global(target)->private_pools = !shared;
    return true;
}

static bool parse_ratio(struct cfg *cfg, void *target, struct words *w)
{
    return words_uint(cfg, w, field(target, w), 0, 100);
}

/* Which options of `bind` may stand in a `unix-bind` line. */
static bool concerns_paths(struct slice name)
{
    static const char *const names[] = { "mode", "user", "uid", "group", "gid" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_is(name, names[i])) return true;
    return false;
}

static bool parse_unix_bind(struct cfg *cfg, void *target, struct words *w)
{
    struct global_conf *g = global(target);
    struct bind_conf b = { .spec.options = g->unix_bind };
    const struct keyword *own = w->keyword;
    bool ok = true;

    while (ok && words_left(w)) {
        const struct word *at = words_peek(w);

        w->keyword = own;
        if (words_take_if(w, "prefix"))
            ok = words_str(cfg, w, &g->unix_prefix);
        else if (concerns_paths(at->text) && keyword_match(cfg, "bind option", w))
            ok = w->keyword->parse(cfg, &b, w);
        else
            ok = cfg_error(cfg, at,
                           "'unix-bind' takes prefix, mode, user, uid, group and gid, not '%s'",
                           at->text.p);
    }
    w->keyword = own;
    g->unix_bind = b.spec.options;
    return ok;
}

static const struct keyword rows[] = {
    { "tune.bufsize", IN_GLOBAL, parse_bufsize, "<size>", "16384", KW_NO_RELOAD,
      "The size of a buffer in bytes, at least 1024. The head of a message has to fit into one, "
      "less `tune.maxrewrite`.",
      0, NULL },
    { "tune.maxrewrite", IN_GLOBAL, parse_maxrewrite, "<size>",
      "1024, and at most half of `tune.bufsize`", 0,
      "So many bytes of a buffer are kept free of what is read, for fields that are added.", 0,
      NULL },
    { "tune.http.cookielen", IN_GLOBAL, parse_cookielen, "<number>", "63", 0,
      "The most bytes that `capture cookie` keeps.", 0, NULL },
    { "tune.http.logurilen", IN_GLOBAL, parse_logurilen, "<number>", "1024", 0,
      "So many bytes, less one, of a request line stand in logs: of `%r`, and of the targets that "
      "`%HU` and its kin take from it.",
      0, NULL },
    { "tune.http.maxhdr", IN_GLOBAL, parse_maxhdr, "<1 to 512>", "101", 0,
      "A message whose head has more fields than this is refused: a request with 431, a response "
      "with 502.",
      0, NULL },
    { "tune.maxaccept", IN_GLOBAL, parse_maxaccept, "<number>", "64", KW_NO_RELOAD,
      "At most so many connections a thread accepts in a row from one listening socket before it "
      "turns to other work. -1: no limit.",
      0, NULL },
    { "tune.rcvbuf.client", IN_GLOBAL, parse_socket_buffer, "<bytes>", "0, as the system decides",
      KW_NO_RELOAD, "The size of the kernel's receive buffer of client connections.",
      offsetof(struct global_conf, client_socket.rcvbuf), NULL },
    { "tune.sndbuf.client", IN_GLOBAL, parse_socket_buffer, "<bytes>", "0, as the system decides",
      KW_NO_RELOAD, "The size of the kernel's send buffer of client connections.",
      offsetof(struct global_conf, client_socket.sndbuf), NULL },
    { "tune.rcvbuf.server", IN_GLOBAL, parse_socket_buffer, "<bytes>", "0, as the system decides",
      0, "The size of the kernel's receive buffer of connections to servers.",
      offsetof(struct global_conf, server_socket.rcvbuf), NULL },
    { "tune.sndbuf.server", IN_GLOBAL, parse_socket_buffer, "<bytes>", "0, as the system decides",
      0, "The size of the kernel's send buffer of connections to servers.",
      offsetof(struct global_conf, server_socket.sndbuf), NULL },
    { "tune.idle-pool.shared", IN_GLOBAL, parse_shared_pools, "on|off", "on", 0,
      "Whether a thread may use idle connections to a server that another thread has opened.", 0,
      NULL },
    { "tune.pool-low-fd-ratio", IN_GLOBAL, parse_ratio, "<0 to 100>", "20", 0,
      "So many percent of the limit of descriptors may be in use, by whatever, for connections to "
      "servers to be kept for other requests. Beyond, a connection that has answered is closed, "
      "but for one a server that each thread may keep. Independently of it, no more are kept "
      "than have been at work at once of late.",
      offsetof(struct global_conf, pool_low_ratio), NULL },
    { "tune.pool-high-fd-ratio", IN_GLOBAL, parse_ratio, "<0 to 100>", "25", 0,
      "When more percent of the limit of descriptors are in use than this, and a request needs a "
      "new connection because none of those that are idle will do, one of the server's idle ones "
      "is closed for it. When there are no descriptors left at all, half of the idle connections "
      "to any server are closed.",
      offsetof(struct global_conf, pool_high_ratio), NULL },
    { "nosplice", IN_GLOBAL, parse_flag, "", NULL, KW_NO_RELOAD,
      "The kernel's `splice` is not used, as with `-dS`: bodies are copied.",
      offsetof(struct global_conf, no_splice), NULL },
    { "maxpipes", IN_GLOBAL, parse_maxpipes, "<number>",
      "64 a thread, or what takes an eighth of the limit of descriptors", KW_NO_RELOAD,
      "At most so many pipes (each has two descriptors) are used at once for bodies that are "
      "spliced; the threads get equal shares. The other bodies are copied.",
      0, NULL },
    { "tune.pipesize", IN_GLOBAL, parse_pipesize, "<bytes>", "as much as 1 MiB", KW_NO_RELOAD,
      "The size of these pipes, at least 65536.", 0, NULL },
    { "noreuseport", IN_GLOBAL, parse_flag, "", NULL, KW_NO_RELOAD,
      "Each TCP address has one listening socket for all threads instead of one for each, as with "
      "`-dR`: SO_REUSEPORT is not used.",
      offsetof(struct global_conf, no_reuseport), NULL },
    { "unix-bind", IN_GLOBAL, parse_unix_bind,
      "[prefix <path>] [mode <octal>] [user <name>] [uid <number>] [group <name>] [gid <number>]",
      NULL, 0,
      "Before the path of a UNIX socket in the `bind` lines that follow, this prefix is put, and "
      "mode and owner are these where the line has none of its own.",
      0, NULL },
};

const struct keyword_table tuning_keywords = KEYWORD_TABLE("Tuning", KEYWORDS, rows);

/* SPDX-License-Identifier: Apache-2.0 */
/* Which request, and to which frontend. */
#include "ops/explain_private.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdlib.h>

static bool __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
    va_list ap;

    fputs("gatehouse explain: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return false;
}

/* ---- the URL ---- */

/* "host:port", "[::1]:port". */
static bool read_authority(struct explain *x, unsigned default_port)
{
    struct slice a = x->authority, port = { 0 };
    ptrdiff_t end = -1, colon;
    uint64_t number = default_port;

    if (a.n && a.p[0] == '[') end = slice_find(a, ']');
    if (end > 0) {
        x->host = slice_of(a.p + 1, (size_t)end - 1);
        if ((size_t)end + 1 < a.n) port = slice_from(a, (size_t)end + 2);
    } else {
        colon = slice_find(a, ':');
        x->host = colon < 0 ? a : slice_of(a.p, (size_t)colon);
        if (colon >= 0) port = slice_from(a, (size_t)colon + 1);
    }
    if (port.n && (!slice_to_u64(port, &number) || number > UINT16_MAX))
        return complain("'%.*s' is no port", SLICE_ARG(port));
    x->port = (uint16_t)number;
    return true;
}

static struct slice field_value(const struct explain *x, const char *name)
{
    for (unsigned i = 0; i < x->options->n_fields; i++) {
        struct slice value = slice_str(x->options->fields[i]);
        struct slice given = slice_trim(slice_cut(&value, ':'), " \t");
        if (slice_eq_nocase(given, slice_str(name))) return slice_trim(value, " \t");
    }
    return (struct slice){ 0 };
}

/* A URL, a host with a path, or a path alone, whose host is that of `-H 'host: …'`. */
static bool read_url(struct explain *x)
{
    struct slice url = slice_str(x->options->url);
    unsigned port = 80;
    size_t n = 0;

    if (slice_starts(url, SLICE("http://"))) {
        url = slice_from(url, 7);
    } else if (slice_starts(url, SLICE("https://"))) {
        url = slice_from(url, 8);
        port = 443;
    }
    while (n < url.n && url.p[n] != '/' && url.p[n] != '?') n++;
    x->authority = slice_of(url.p, n);
    x->target = slice_from(url, n);
    if (x->target.n == 0) x->target = SLICE("/");
    if (x->target.p[0] == '?')
        x->target = slice_str(arena_printf(&x->arena, "/%.*s", SLICE_ARG(x->target)));
    if (n == 0) {
        x->authority = field_value(x, "host");
        port = 0;
    }
    if (!x->authority.n) x->authority = SLICE("localhost");
    return read_authority(x, port);
}

/* ---- the head ---- */

static bool read_fields(struct explain *x, FILE *out)
{
    bool has_host = field_value(x, "host").p != NULL;

    if (!has_host) fprintf(out, "host: %.*s\r\n", SLICE_ARG(x->authority));
    for (unsigned i = 0; i < x->options->n_fields; i++) {
        const char *field = x->options->fields[i];
        if (!strchr(field, ':')) return complain("-H needs 'name: value', not '%s'", field);
        fprintf(out, "%s\r\n", field);
    }
    if (x->options->body && !field_value(x, "content-length").p)
        fprintf(out, "content-length: %zu\r\n", x->body.n);
    return true;
}

static bool make_head(struct explain *x)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    bool ok;

    if (!out) return complain("no memory");
    x->body = slice_str(x->options->body);
    x->method = slice_str(x->options->method);
    if (!x->method.n) x->method = x->body.n ? SLICE("POST") : SLICE("GET");
    fprintf(out, "%.*s %.*s HTTP/1.1\r\n", SLICE_ARG(x->method), SLICE_ARG(x->target));
    ok = read_fields(x, out);
    fputs("\r\n", out);
    fclose(out);
    x->head = arena_copy(&x->arena, slice_of(text, n));
    free(text);
    return ok;
}

/* ---- the client ---- */

static bool read_address(struct explain *x)
{
    const char *text = x->options->src ? x->options->src : "127.0.0.1";
    struct address_spec spec;
    const char *wrong;

    if (strchr(text, ':') && strchr(text, ':') != strrchr(text, ':') && *text != '[')
        text = arena_printf(&x->arena, "[%s]", text); /* IPv6 without a port */
    wrong = address_parse(slice_str(text), &spec);
    if (wrong || spec.kind != ADDRESS_IP || !address_numeric(&spec, spec.port, &x->from))
        return complain("--src needs an address, not '%s'", text);
    return true;
}

/* ---- the frontend ---- */

/* Would a connection to the URL's host and port come in here? A name may be any address. */
static bool fits(const struct explain *x, const struct bind_conf *b)
{
    const struct sockaddr *sa = &b->spec.address.sa;
    char text[64];

    if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6) return false;
    if (address_port(sa) != x->port) return false;
    address_text(sa, text);
    if (strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0) return true;
    return slice_is(x->host, text) || !x->host.n || strspn(x->host.p, "0123456789.:") < x->host.n;
}

static const struct bind_conf *bind_that_fits(const struct explain *x, const struct proxy_conf *p)
{
    for (const struct bind_conf *b = p->fe->binds; b; b = b->next)
        if (fits(x, b)) return b;
    return NULL;
}

static bool serves(const struct proxy_conf *p)
{
    return p->fe && !p->disabled;
}

static bool ambiguous(const struct explain *x, unsigned fitting)
{
    const struct snapshot *s = x->snapshot;
    const char *glue = "";

    fprintf(stderr, "gatehouse explain: %s takes what comes to port %u: --frontend says which (",
            fitting ? "more than one frontend" : "no frontend", x->port);
    for (unsigned i = 0; i < s->n_proxies; i++) {
        if (!serves(s->proxies[i])) continue;
        fprintf(stderr, "%s%s", glue, s->proxies[i]->name);
        glue = ", ";
    }
    fputs(")\n", stderr);
    return false;
}

/* The one that is named; or whose bind fits; or the only one. */
static bool find_frontend(struct explain *x)
{
    const struct snapshot *s = x->snapshot;
    const struct proxy_conf *only = NULL, *fitting = NULL;
    unsigned n = 0, n_fitting = 0;

    if (x->options->frontend) {
        x->frontend = snapshot_frontend(x->snapshot, x->options->frontend);
        return x->frontend || complain("there is no frontend '%s'", x->options->frontend);
    }
    for (unsigned i = 0; i < s->n_proxies; i++) {
        if (!serves(s->proxies[i])) continue;
        only = s->proxies[i];
        n++;
        if (!bind_that_fits(x, only)) continue;
        fitting = only;
        n_fitting++;
    }
    x->frontend = n_fitting == 1 ? fitting : n == 1 ? only : NULL;
    if (n == 0) return complain("the configuration has no frontend");
    return x->frontend || ambiguous(x, n_fitting);
}

static void find_bind(struct explain *x)
{
    x->bind = bind_that_fits(x, x->frontend);
    x->bind_fits = x->bind != NULL || (x->port == 0 && x->frontend->fe->binds);
    if (!x->bind) x->bind = x->frontend->fe->binds;
    if (x->bind) return;
    x->without_bind.frontend = x->frontend;
    x->bind = &x->without_bind;
}

bool explain_target(struct explain *x)
{
    if (!read_url(x) || !make_head(x) || !read_address(x) || !find_frontend(x)) return false;
    find_bind(x);
    if (x->port == 0) x->port = address_port(&x->bind->spec.address.sa);
    return true;
}

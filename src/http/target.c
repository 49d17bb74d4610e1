/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include "http/authority.h"
#include "http/h1_scan.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of a scheme in front of "://"; 0: there is none (RFC 3986 §3.1). */
static size_t scheme_length(struct slice t)
{
    size_t n = 0;

    if (t.n == 0 || !is_letter(t.p[0])) return 0;
    while (n < t.n && (h1_is_letter(t.p[n]) || t.p[n] == '+' || t.p[n] == '-' || t.p[n] == '.'))
        n++;
    return slice_starts(slice_from(t, n), SLICE("://")) ? n : 0;
}

void http_target_split(struct slice target, struct http_target *out)
{
    struct slice rest = target;
    size_t n, from = 0;

    *out = (struct http_target){ 0 };
    if (target.n == 0 || target.p[0] == '*') return;
    if (target.p[0] == '/') {
        out->path = target;
        return;
    }
    n = scheme_length(target);
    if (n) {
        out->scheme = slice_of(target.p, n);
        rest = slice_from(target, n + 3);
    }
    for (n = 0; n < rest.n && rest.p[n] != '/' && rest.p[n] != '?'; n++)
        if (rest.p[n] == '@') from = n + 1;
    out->authority = slice_of(rest.p + from, n - from);
    if (n < rest.n && out->scheme.p) out->path = slice_from(rest, n);
}

size_t http_path_length(struct slice path)
{
    ptrdiff_t at = slice_find(path, '?');

    return at < 0 ? path.n : (size_t)at;
}

/* Sets what follows from the target; t has its parts. */
static void take_target(struct http_msg *m, struct slice target, const struct http_target *t)
{
    m->target = target;
    m->absolute = t->authority.p != NULL;
    if (t->path.p)
        m->path = t->path;
    else if (target.p[0] == '*')
        m->path = target;
    else if (t->scheme.p)
        m->path = m->method == HTTP_OPTIONS ? SLICE("*") : SLICE("/");
    else
        m->path = slice_of(target.p, 0);
}

static bool is_connect_target(struct slice target)
{
    struct http_authority a;

    return http_authority_parse(target, &a) && a.host.n && a.port > 0;
}

/* Fields of that name: the first gets the value, the others are no longer sent. */
static void host_follows(struct http_msg *m, struct arena *a, struct slice authority)
{
    struct http_field *host = NULL;

    m->authority = authority;
    for (unsigned i = 0; i < m->n_fields; i++) {
        struct http_field *f = &m->fields[i];
        if (f->id != HTTP_FIELD_HOST) continue;
        f->hop = false;
        if (host)
            http_field_drop(m, f);
        else
            host = f;
        f->value = authority;
        f->checked = false;
    }
    if (!host) http_msg_add(m, a, SLICE("host"), authority);
}

bool http_msg_set_target(struct http_msg *m, struct arena *a, struct slice target)
{
    struct http_target t;
    struct http_field *host;

    if (target.n == 0) return false;
    if (m->method == HTTP_CONNECT && !is_connect_target(target)) return false;
    http_target_split(target, &t);
    if (t.authority.p && t.authority.n == 0) return false;
    take_target(m, target, &t);
    host = http_msg_field(m, HTTP_FIELD_HOST);
    if (t.authority.n)
        host_follows(m, a, t.authority);
    else
        m->authority = host ? host->value : slice_of(target.p, 0);
    return true;
}

/* A target of three pieces; p is NULL when it is too long. */
static struct slice join(struct arena *a, struct slice before, struct slice middle,
                         struct slice after, size_t most)
{
    size_t n = before.n + middle.n + after.n;
    char *p, *q;

    if (n > most) return slice_of(NULL, 0);
    p = arena_alloc(a, n);
    q = slice_put(p, before);
    q = slice_put(q, middle);
    slice_put(q, after);
    return slice_of(p, n);
}

/* Replaces the part of the target in the middle; authority and Host stay as they are, so that a
 * target which names another place is refused. */
static bool change(struct http_msg *m, struct arena *a, struct slice before, struct slice middle,
                   struct slice after, size_t most)
{
    struct slice target = join(a, before, middle, after, most);
    bool absolute = m->absolute;
    struct http_target t, was;

    if (target.n == 0) return false;
    http_target_split(target, &t);
    http_target_split(m->target, &was);
    if (t.scheme.p && !(absolute && slice_eq(t.authority, was.authority))) return false;
    take_target(m, target, &t);
    m->absolute = absolute && t.scheme.p;
    return true;
}

/* Behind an authority a path begins with a slash (RFC 3986 §3.3), and only then is it one. */
static bool lacks_slash(const struct http_target *t, struct slice path, bool query)
{
    if (!t->scheme.p || !t->path.p || path.n == 0) return false;
    return path.p[0] != '/' && !(query && path.p[0] == '?');
}

bool http_msg_set_path(struct http_msg *m, struct arena *a, struct slice path, bool query,
                       size_t most)
{
    struct slice target = m->target, after = slice_of(NULL, 0), before;
    struct http_target t;

    if (m->method == HTTP_CONNECT) return false;
    http_target_split(target, &t);
    if (lacks_slash(&t, path, query)) path = join(a, SLICE("/"), path, slice_of(NULL, 0), most);
    if (!t.path.p) t.path = target;
    before = slice_between(target.p, t.path.p);
    if (!query) after = slice_from(t.path, http_path_length(t.path));
    return change(m, a, before, path, after, most);
}

bool http_msg_set_query(struct http_msg *m, struct arena *a, struct slice query, size_t most)
{
    size_t at = http_path_length(m->target);
    struct slice before = slice_of(m->target.p, at), mark = SLICE("?");

    if (at < m->target.n) before.n++;
    if (before.n == at && query.n == 0) return true;
    if (m->method == HTTP_CONNECT) return false;
    return before.n > at ? change(m, a, before, query, slice_of(NULL, 0), most)
                         : change(m, a, before, mark, query, most);
}

bool http_msg_set_authority(struct http_msg *m, struct arena *a, struct slice host)
{
    struct http_authority parsed;
    struct http_target t;
    struct slice target;

    if (!http_authority_parse(host, &parsed)) return false;
    if (m->absolute) {
        if (parsed.host.n == 0) return false;
        if (m->method == HTTP_CONNECT && parsed.port <= 0) return false;
        http_target_split(m->target, &t);
        target = join(a, slice_between(m->target.p, t.authority.p), host,
                      slice_between(t.authority.p + t.authority.n, m->target.p + m->target.n),
                      SIZE_MAX);
        http_target_split(target, &t);
        take_target(m, target, &t);
        m->authority = t.authority;
        return true;
    }
    m->authority = host;
    return true;
}

bool http_msg_set_method(struct http_msg *m, struct slice name)
{
    enum http_method method;

    if (!h1_slice_is_token(name)) return false;
    method = http_method_find(name);
    if ((method == HTTP_CONNECT) != (m->method == HTTP_CONNECT)) return false;
    if (method == HTTP_TRACE && m->framing != HTTP_NO_BODY) return false;
    if (!m->method_set) m->asked = m->method;
    m->method_set = true;
    m->method = (uint8_t)method;
    m->method_name = name;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/secrets.h"

#include "base/memory.h"

#include <string.h>

/* Parts of names, in lower case, `_` written as `-`. */
static const char *const PARTS[] = {
    "api-key",    "apikey",     "access-key", "authent",  "authoriz",    "cookie",
    "credential", "passphrase", "passwd",     "password", "private-key", "secret",
    "session",    "signature",  "token",      "pwd",
};

/* Fetches that give secrets whatever their arguments are. Beginnings of names. */
static const char *const FETCHES[] = {
    "cook",     "http_auth", "req.body", "req.cook", "req.hdrs",    "res.body",    "res.cook",
    "res.hdrs", "scook",     "auth.",    "payload",  "req.payload", "res.payload",
};

bool secret_name(struct slice name)
{
    enum { MOST = 64 };
    char lower[MOST];
    size_t n = name.n < MOST ? name.n : MOST;

    for (size_t i = 0; i < n; i++) {
        char c = name.p[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c == '_' || c == '.' ? '-' : c);
    }
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        if (memmem(lower, n, PARTS[i], strlen(PARTS[i]))) return true;
    return false;
}

/* The argument in "req.hdr(host,1),lower"; none: empty. */
static struct slice first_argument(const struct expr *e)
{
    struct slice rest = e->text;
    size_t n = strlen(e->fetch->name);

    if (rest.n <= n || rest.p[n] != '(') return slice_of(NULL, 0);
    rest = slice_from(rest, n + 1);
    for (n = 0; n < rest.n && rest.p[n] != ',' && rest.p[n] != ')';) n++;
    return slice_trim(slice_of(rest.p, n), "\"' ");
}

bool secret_expr(const struct expr *e)
{
    struct slice fetch = slice_str(e->fetch->name);

    for (size_t i = 0; i < ARRAY_LEN(FETCHES); i++)
        if (slice_starts(fetch, slice_str(FETCHES[i]))) return true;
    return secret_name(first_argument(e));
}

bool secret_inside(const struct http_msg *req, struct slice text)
{
    enum { LEAST = 4 }; /* what is shorter is found by chance */

    for (unsigned i = 0; req && i < req->n_fields; i++) {
        struct slice value = req->fields[i].value;
        if (value.n < LEAST || value.n > text.n || !secret_name(req->fields[i].name)) continue;
        if (memmem(text.p, text.n, value.p, value.n)) return true;
    }
    return false;
}

/* ---- targets ---- */

/* "name=value", or "name=***" when that is a secret. */
static char *put_parameter(char *p, struct slice one)
{
    ptrdiff_t equals = slice_find(one, '=');

    if (equals < 0 || !secret_name(slice_of(one.p, (size_t)equals))) return slice_put(p, one);
    p = slice_put(p, slice_of(one.p, (size_t)equals));
    return slice_put(p, SLICE("=***"));
}

static bool any_secret(struct slice query)
{
    while (query.n) {
        struct slice one = slice_cut(&query, '&');
        ptrdiff_t equals = slice_find(one, '=');
        if (equals >= 0 && secret_name(slice_of(one.p, (size_t)equals))) return true;
    }
    return false;
}

struct slice secret_target(struct arena *a, struct slice target)
{
    ptrdiff_t mark = slice_find(target, '?');
    struct slice query;
    char *out, *p;

    query = slice_from(target, (size_t)(mark + 1));
    if (!any_secret(query)) return target;
    out = arena_alloc(a, target.n * 4); /* no parameter is shorter than "a=", or gets more than 3 */
    p = slice_put(out, slice_of(target.p, (size_t)(mark + 1)));
    while (query.p) {
        p = put_parameter(p, slice_cut(&query, '&'));
        if (query.p) *p++ = '&';
    }
    return slice_between(out, p);
}

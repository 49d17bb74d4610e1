/* SPDX-License-Identifier: Apache-2.0 */
/* Names that only ACLs know: criteria that imply a method ("path_beg"), and predefined ACLs
 * ("METH_GET"). HAProxy's manual, 7.3.6 and 7.4. */
#include "policy/acl.h"

#include "base/memory.h"

/* ---- criteria ---- */

/* As an ACL's criterion, the name on the left is that fetch; derivatives are made of it. */
static const struct acl_base {
    const char *name, *fetch;
    bool derived;
    enum match_kind kind; /* MATCH_FOUND: what the type says */
} bases[] = {
    { "base", "base", true, MATCH_FOUND },
    { "cook", "req.cook", true, MATCH_FOUND },
    { "hdr", "req.hdr", true, MATCH_FOUND },
    { "method", "method", false, MATCH_METH },
    { "path", "path", true, MATCH_FOUND },
    { "payload", "req.payload", false, MATCH_BIN },
    { "payload_lv", "req.payload_lv", false, MATCH_BIN },
    { "req_rdp_cookie", "req.rdp_cookie", false, MATCH_FOUND },
    { "req_rdp_cookie_cnt", "req.rdp_cookie_cnt", false, MATCH_FOUND },
    { "scook", "res.cook", true, MATCH_FOUND },
    { "shdr", "res.hdr", true, MATCH_FOUND },
    { "url", "url", true, MATCH_FOUND },
    { "urlp", "urlp", true, MATCH_FOUND },
};

/* The methods that derivatives are made with. */
static const enum match_kind derivatives[] = {
    MATCH_BEG, MATCH_DIR, MATCH_DOM, MATCH_END, MATCH_LEN, MATCH_REG, MATCH_SUB,
};

static const struct acl_base *base_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(bases); i++)
        if (slice_is(name, bases[i].name)) return &bases[i];
    return NULL;
}

/* The method that a name ends with, behind a '_'; *stem is what stands before that. */
static const struct match *method_at_end(struct slice name, struct slice *stem)
{
    for (size_t i = 0; i < ARRAY_LEN(derivatives); i++) {
        const struct match *m = &matches[derivatives[i]];
        struct slice end = slice_str(m->name);
        if (name.n <= end.n + 1 || !slice_ends(name, end)) continue;
        *stem = slice_of(name.p, name.n - end.n - 1);
        if (name.p[stem->n] == '_') return m;
    }
    return NULL;
}

static bool is_derived(const struct policy_rows *rows, struct slice stem,
                       const struct acl_base *base)
{
    const struct fetch *f = base ? NULL : hashmap_get(&rows->fetches, stem);
    return base ? base->derived : f && f->flags & FETCH_DERIVED;
}

struct acl_criterion acl_criterion_of(const struct policy_rows *rows, struct slice word)
{
    size_t n = 0;
    struct acl_criterion c = { 0 };
    struct slice stem;
    const struct acl_base *base;
    const struct match *m;

    while (n < word.n && word.p[n] != '(' && word.p[n] != ',') n++;
    c.name = c.fetch = slice_of(word.p, n);
    base = base_find(c.name);
    if (base) {
        c.fetch = slice_str(base->fetch);
        c.match = base->kind ? &matches[base->kind] : NULL;
        return c;
    }
    m = hashmap_get(&rows->fetches, c.name) ? NULL : method_at_end(c.name, &stem);
    base = m ? base_find(stem) : NULL;
    if (!m || !is_derived(rows, stem, base)) return c;
    c.fetch = base ? slice_str(base->fetch) : stem;
    c.match = m;
    return c;
}

/* ---- predefined ACLs ---- */

enum { PREDEFINED_WORDS = 4 };

static const struct predefined {
    const char *name;
    const char *words[PREDEFINED_WORDS];
} predefined[] = {
    { "FALSE", { "always_false" } },
    { "HTTP", { "req.proto_http" } },
    { "HTTP_1.0", { "req.ver", "1.0" } },
    { "HTTP_1.1", { "req.ver", "1.1" } },
    { "HTTP_2.0", { "req.ver", "2.0" } },
    { "HTTP_CONTENT", { "req.hdr_val(content-length)", "gt", "0" } },
    { "HTTP_URL_ABS", { "url_reg", "^[^/:]*://" } },
    { "HTTP_URL_SLASH", { "url_beg", "/" } },
    { "HTTP_URL_STAR", { "url", "*" } },
    { "LOCALHOST", { "src", "127.0.0.1/8", "::1" } },
    { "METH_CONNECT", { "method", "CONNECT" } },
    { "METH_DELETE", { "method", "DELETE" } },
    { "METH_GET", { "method", "GET", "HEAD" } },
    { "METH_HEAD", { "method", "HEAD" } },
    { "METH_OPTIONS", { "method", "OPTIONS" } },
    { "METH_POST", { "method", "POST" } },
    { "METH_PUT", { "method", "PUT" } },
    { "METH_TRACE", { "method", "TRACE" } },
    { "RDP_COOKIE", { "req.rdp_cookie_cnt", "gt", "0" } },
    { "REQ_CONTENT", { "req.len", "gt", "0" } },
    { "TRUE", { "always_true" } },
    { "WAIT_END", { "wait_end" } },
};

const char *const *acl_predefined(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(predefined); i++)
        if (slice_is(name, predefined[i].name)) return predefined[i].words;
    return NULL;
}

void acl_predefined_nearest(struct nearest *n)
{
    for (size_t i = 0; i < ARRAY_LEN(predefined); i++)
        nearest_try(n, slice_str(predefined[i].name));
}

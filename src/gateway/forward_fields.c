/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that tell the server where a request came from and where to: `option forwardfor`, `option
 * originalto`. Either side of a request may ask for one; the backend's name for it wins. */
#include "gateway/rules.h"
#include "policy/field_name.h"

#include <arpa/inet.h>

/* ---- keywords ---- */

static bool read_network(struct cfg *cfg, struct words *w, struct forward_field *f)
{
    const struct word *at;
    struct slice rest, host;
    char text[64];
    uint64_t bits;

    if (!words_need(cfg, w, &at)) return false;
    rest = at->text;
    host = slice_cut(&rest, '/');
    slice_copy(host, text, sizeof text);
    f->except = (struct sockaddr_storage){ 0 };
    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&f->except)->sin_addr) == 1)
        f->except.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&f->except)->sin6_addr) == 1)
        f->except.ss_family = AF_INET6;
    else
        return cfg_error(cfg, at, "'%.*s' is no address or network", SLICE_ARG(at->text));
    bits = f->except.ss_family == AF_INET ? 32 : 128;
    if (rest.p &&
        (!slice_to_u64(rest, &bits) || bits > (f->except.ss_family == AF_INET ? 32 : 128)))
        return cfg_error(cfg, at, "'%.*s' is no length of a network", SLICE_ARG(rest));
    f->except_bits = (unsigned)bits;
    f->except_given = true;
    return true;
}

static bool parse_field(struct cfg *cfg, void *target, struct words *w)
{
    struct proxy_conf *p = ((struct section *)target)->data;
    struct forward_field *f = (struct forward_field *)((char *)p->rules + w->keyword->param);

    *f = (struct forward_field){ .on = w->prefix == PREFIX_NONE };
    if (!f->on) return true;
    while (words_left(w)) {
        if (words_take_if(w, "if-none")) {
            f->if_none = true;
        } else if (words_take_if(w, "except")) {
            if (!read_network(cfg, w, f)) return false;
        } else if (words_take_if(w, "header")) {
            if (!words_field_name(cfg, w, &f->name)) return false;
        } else {
            return words_error(cfg, w, "'if-none', 'except' or 'header' may stand here");
        }
    }
    return true;
}

static const struct keyword rows[] = {
    { "option forwardfor", IN_PROXY, parse_field, "[except <network>] [header <name>] [if-none]",
      NULL, KW_NO_PREFIX,
      "Servers are told the client's address in an `X-Forwarded-For` field of its own, behind "
      "those "
      "that are there. `header` names another field, `except` leaves out clients of a network, "
      "`if-none` requests that have the field already.",
      offsetof(struct proxy_rules, forwarded_for), NULL },
    { "option originalto", IN_PROXY, parse_field, "[except <network>] [header <name>] [if-none]",
      NULL, KW_NO_PREFIX,
      "Servers are told in `X-Original-To` which address the client connected to. The words are "
      "those of `option forwardfor`.",
      offsetof(struct proxy_rules, original_to), NULL },
};

const struct keyword_table forward_keywords = KEYWORD_TABLE("Where requests come from", KEYWORDS,
                                                            rows);

/* ---- requests ---- */

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(a, b, whole) != 0) return false;
    return !rest || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static const uint8_t *bytes_of(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET)
        return (const uint8_t *)&((const struct sockaddr_in *)sa)->sin_addr;
    return (const uint8_t *)&((const struct sockaddr_in6 *)sa)->sin6_addr;
}

static bool is_excepted(const struct forward_field *f, const struct sockaddr *sa)
{
    return f && f->on && f->except_given && f->except.ss_family == sa->sa_family &&
           same_bits(bytes_of(sa), bytes_of((const struct sockaddr *)&f->except), f->except_bits);
}

/* What both sides of the request say together. */
static void add_field(struct request *r, const struct forward_field *fe,
                      const struct forward_field *be, const struct sockaddr *sa, struct slice usual)
{
    bool always = (fe && fe->on && !fe->if_none) || (be && be->on && !be->if_none);
    struct slice name = be && be->on && be->name.n   ? be->name
                        : fe && fe->on && fe->name.n ? fe->name
                                                     : usual;
    char text[64];

    if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)) return;
    if (is_excepted(fe, sa) || is_excepted(be, sa)) return;
    if (!always && http_msg_field_named(&r->req, name)) return;
    http_msg_add(&r->req, &r->arena, name,
                 arena_copy(&r->arena, slice_str(address_text(sa, text))));
}

void rules_add_forward_fields(struct request *r)
{
    const struct proxy_rules *fe = r->flow.frontend->rules, *be = r->flow.backend->rules;

    if (fe->forwarded_for.on || be->forwarded_for.on)
        add_field(r, &fe->forwarded_for, &be->forwarded_for, context_src(request_context(r)),
                  SLICE("x-forwarded-for"));
    if (fe->original_to.on || be->original_to.on)
        add_field(r, &fe->original_to, &be->original_to, context_dst(request_context(r)),
                  SLICE("x-original-to"));
}

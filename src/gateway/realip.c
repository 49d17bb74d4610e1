/* SPDX-License-Identifier: Apache-2.0 */
/* `option realip from ACL header NAME`: behind proxies of one's own, the client is whom they say in
 * a field such as X-Forwarded-For. Each hop adds the address that it saw behind those that were
 * there; so the list is read from its end, as long as whoever wrote an address is trusted. */
#include "gateway/rules.h"
#include "policy/field_name.h"

#include <arpa/inet.h>

struct realip {
    const struct condition *trusted; /* holds while `src` is one of ours */
    struct slice header;             /* lower case */
};

/* ---- the keyword ---- */

static bool read_acl(struct policy_cfg *pc, struct words *w, struct realip *ip)
{
    struct words one = *w;

    if (!words_left(w)) return words_error(pc->cfg, w, "the name of an ACL is missing");
    one.n = one.at + 1;
    words_next(w);
    return condition_parse_terms(pc, &one, false, &ip->trusted);
}

static bool parse_realip(struct cfg *cfg, void *target, struct words *w)
{
    struct section *s = target;
    struct proxy_conf *p = s->data;
    struct policy_cfg *pc = policy_of(cfg);
    struct realip *ip;

    p->rules->realip = NULL;
    if (w->prefix != PREFIX_NONE) return true;
    ip = arena_zero(cfg->arena, sizeof *ip);
    pc->scope = (struct policy_scope){
        .section = s, .acls = p->rules->acls, .proxy = p, .place = PLACE_FRONTEND_REQUEST
    };
    if (!words_take_if(w, "from"))
        return words_error(cfg, w, "'from' and the name of an ACL are missing");
    if (!read_acl(pc, w, ip)) return false;
    if (!words_take_if(w, "header"))
        return words_error(cfg, w, "'header' and its name are missing");
    if (!words_field_name(cfg, w, &ip->header)) return false;
    p->rules->realip = ip;
    return true;
}

static const struct keyword rows[] = {
    { "option realip", IN_FRONTEND, parse_realip, "from <acl> header <name>", NULL,
      KW_OURS | KW_NO_PREFIX,
      "Requests that come from a proxy which the ACL trusts are taken to come from the client that "
      "it names in this field: of the addresses in it the right-most one that is not trusted "
      "itself. It stands in for the client's own wherever that is asked for: `src`, limits, logs, "
      "`option forwardfor`. The ACL is one on `src`.",
      0, NULL },
};

const struct keyword_table realip_keywords = KEYWORD_TABLE("Clients behind proxies", KEYWORDS,
                                                           rows);

/* ---- requests ---- */

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80", in quotes or
 * not. */
static bool read_address(struct slice text, union address *out)
{
    struct slice host = text, port = SLICE("");
    ptrdiff_t colon, end;
    char host_text[64];
    uint64_t number = 0;

    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        host = text = slice_of(text.p + 1, text.n - 2);
    colon = slice_find(text, ':');
    if (text.n && text.p[0] == '[') {
        end = slice_find(text, ']');
        if (end < 0) return false;
        host = slice_of(text.p + 1, (size_t)end - 1);
        port = slice_from(text, (size_t)end + 1);
        if (port.n && port.p[0] != ':') return false;
        if (port.n) port = slice_from(port, 1);
    } else if (colon >= 0 && slice_find(slice_from(text, (size_t)colon + 1), ':') < 0) {
        host = slice_of(text.p, (size_t)colon);
        port = slice_from(text, (size_t)colon + 1);
    }
    if (!host.n || host.n >= sizeof host_text) return false;
    if (port.n && (!slice_to_u64(port, &number) || number > UINT16_MAX)) return false;
    slice_copy(host, host_text, sizeof host_text);
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host_text, &out->in.sin_addr) == 1)
        out->sa.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, host_text, &out->in6.sin6_addr) == 1)
        out->sa.sa_family = AF_INET6;
    else
        return false;
    address_set_port(&out->sa, (uint16_t)number);
    return true;
}

/* Takes the last element off a comma-separated list; false: there is none. */
static bool take_last(struct slice *list, struct slice *element)
{
    size_t at = list->n;

    if (!list->p) return false;
    while (at > 0 && list->p[at - 1] != ',') at--;
    *element = slice_trim(slice_from(*list, at), " \t");
    *list = at ? slice_of(list->p, at - 1) : (struct slice){ NULL, 0 };
    return true;
}

/* Goes one field up from the end. False: what it says can't be believed, or nothing is left. */
static bool walk(struct context *c, const struct realip *ip, struct slice list)
{
    struct slice element;

    while (take_last(&list, &element)) {
        union address a, *own;

        if (!element.n) continue;
        if (!read_address(element, &a)) return false;
        own = memcpy(arena_alloc(c->arena, sizeof a), &a, sizeof a);
        c->src = own;
        if (!condition_holds(ip->trusted, c)) return false;
    }
    return true;
}

void request_find_client(struct request *r)
{
    const struct realip *ip = r->flow.frontend->rules->realip;
    struct context *c = request_context(r);

    c->place = PLACE_FRONTEND_REQUEST;
    if (!condition_holds(ip->trusted, c)) return;
    for (unsigned i = r->req.n_fields; i-- > 0;) {
        const struct http_field *f = &r->req.fields[i];
        if (slice_eq(f->name, ip->header) && !walk(c, ip, f->value)) return;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `option http-restrict-req-hdr-names`: fields whose names are not of letters, digits and hyphens,
 * which some servers mix up with others. */
#include "gateway/rules.h"

/* ---- the keyword ---- */

static bool parse_restrict(struct cfg *cfg, void *target, struct words *w)
{
    static const char *const names[] = { "preserve", "delete", "reject", NULL };
    struct proxy_conf *p = ((struct section *)target)->data;
    unsigned which;

    if (!words_enum(cfg, w, &which, names)) return false;
    p->rules->odd_names = (uint8_t)which;
    return true;
}

static const struct keyword rows[] = {
    { "option http-restrict-req-hdr-names", IN_PROXY, parse_restrict,
      "{ preserve | delete | reject }", "preserve", 0,
      "What becomes of request fields whose name has other characters than letters, digits and "
      "hyphens, when the proxy's `http-request` rules have been run: they go on, they are left "
      "out, or the request gets 403 and counts as denied. A server that turns `-` into `_` mixes "
      "them up with others.",
      0, NULL },
};

const struct keyword_table name_keywords = KEYWORD_TABLE("Names of fields", KEYWORDS, rows);

/* ---- requests ---- */

static bool is_odd(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return true;
    }
    return false;
}

enum step request_restrict_names(struct request *r, const struct proxy_conf *p, enum step next)
{
    for (unsigned i = r->req.n_fields; i-- > 0;) {
        if (!is_odd(r->req.fields[i].name)) continue;
        if (p->rules->odd_names == NAMES_DELETE) {
            http_msg_drop(&r->req, i);
            continue;
        }
        r->reason = "option http-restrict-req-hdr-names refuses the name of a field";
        request_count_denied(r);
        return request_refuse(r, 403, 'P', 'R');
    }
    return next;
}

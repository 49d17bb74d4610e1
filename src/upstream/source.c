/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/source.h"

#include "runtime/resolve.h"

static bool parse_address(struct cfg *cfg, const struct word *at, struct source_address *out)
{
    struct address_spec a;
    struct sockaddr_storage found;
    const char *wrong = address_parse(at->text, &a);

    if (wrong) return cfg_error(cfg, at, "'%.*s': %s", SLICE_ARG(at->text), wrong);
    if (a.kind != ADDRESS_IP || a.port_sign)
        return cfg_error(cfg, at, "'%s' is no address to connect from", at->text.p);
    if (a.last_port != a.port)
        return cfg_error(cfg, at, "a range of ports to connect from is not supported by Gatehouse");
    out->has_address = !a.any || a.port;
    if (address_numeric(&a, a.port, &out->address)) return true;
    if (resolve_name(a.host, a.family, &found, 1) < 1)
        return cfg_error(cfg, at, "can't resolve '%.*s'", SLICE_ARG(a.host));
    memcpy(&out->address, &found, address_length((struct sockaddr *)&found));
    address_set_port(&out->address.sa, a.port);
    return true;
}

bool source_address_parse(struct cfg *cfg, struct words *w, struct source_address *out)
{
    const struct word *at;

    if (!words_need(cfg, w, &at)) return false;
    *out = (struct source_address){ .given = true };
    if (!parse_address(cfg, at, out)) return false;
    if (words_is(w, "usesrc")) return words_error(cfg, w, "'usesrc' is not supported by Gatehouse");
    return !words_take_if(w, "interface") || words_str(cfg, w, &out->interface);
}

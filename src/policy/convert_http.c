/* SPDX-License-Identifier: Apache-2.0 */
/* Converters of what requests say: hosts and ports, addresses, languages. */
#include "policy/converters.h"

/* ---- Host ---- */

/* The port begins behind the last ':', unless a ']' comes behind that (RFC 9110 §7.2). */
static struct slice host_part(struct slice host)
{
    for (size_t i = host.n; i; i--) {
        if (host.p[i - 1] == ']') break;
        if (host.p[i - 1] == ':') return slice_of(host.p, i - 1);
    }
    return host;
}

static bool host_only(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice host = host_part(s->str);
    char *out = context_room(c, host.n);

    (void)args;
    if (!out) return false;
    for (size_t i = 0; i < host.n; i++) {
        char b = host.p[i];
        out[i] = b >= 'A' && b <= 'Z' ? b | 0x20 : b;
    }
    return sample_str(s, slice_of(out, host.n));
}

/* As HAProxy reads it: each byte is a digit, whatever it is, in 32 bits. */
static bool port_only(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice host = host_part(s->str), port = slice_from(s->str, host.n + 1);
    uint32_t n = 0;

    (void)c;
    (void)args;
    for (size_t i = 0; i < port.n; i++) n = n * 10 + (uint8_t)port.p[i] - '0';
    return sample_sint(s, n);
}

/* ---- addresses ---- */

static bool ipmask(struct context *c, const struct arg *args, struct sample *s)
{
    struct sample v4 = *s;

    if (s->type == SAMPLE_IPV4 || sample_cast(&v4, SAMPLE_IPV4, c)) {
        s->type = SAMPLE_IPV4;
        s->ipv4.s_addr = v4.ipv4.s_addr & args[0].ipv4.s_addr;
        return true;
    }
    if (!args[1].given) return false;
    for (int i = 0; i < 16; i++) s->ipv6.s6_addr[i] &= args[1].ipv6.s6_addr[i];
    return true;
}

/* ---- Accept-Language ---- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice skip_space(struct slice s)
{
    while (s.n && is_space(s.p[0])) s = slice_from(s, 1);
    return s;
}

static bool starts_with(struct slice s, char c)
{
    return s.n && s.p[0] == c;
}

/* Of a list with ';' between languages the first that `wanted` is, or is a variant of ("en" for
 * "en-US"); a NULL pointer: none. */
static struct slice language_in(struct slice list, struct slice wanted)
{
    struct slice one;

    do {
        one = slice_cut(&list, ';');
        if (slice_starts(wanted, one) && (wanted.n == one.n || wanted.p[one.n] == '-')) return one;
    } while (list.p);
    return (struct slice){ 0 };
}

static bool starts_with_digit(struct slice s)
{
    return s.n && s.p[0] >= '0' && s.p[0] <= '9';
}

/* "0.5" in thousandths; 1000 for what is none. Steps over what was read, and over the byte behind a
 * digit that should be a point: so is in HAProxy the element lost that follows "q=0,". */
static unsigned quality(struct slice *s)
{
    unsigned q = 0;

    if (!starts_with_digit(*s)) return 1000;
    q = (unsigned)(s->p[0] - '0') * 1000;
    if (s->n > 1 && s->p[1] == '.') {
        *s = slice_from(*s, 2);
        for (unsigned weight = 100; weight && starts_with_digit(*s); weight /= 10) {
            q += (unsigned)(s->p[0] - '0') * weight;
            *s = slice_from(*s, 1);
        }
    } else {
        *s = slice_from(*s, 2);
    }
    return q < 1000 ? q : 1000;
}

/* What follows a language: perhaps "; q = 0.5". False: something else, and the language does not
 * count. */
static bool quality_of(struct slice *s, unsigned *q)
{
    *q = 1000;
    *s = skip_space(*s);
    if (s->n == 0 || s->p[0] == ',') return true;
    if (s->p[0] != ';') return false;
    *s = skip_space(slice_from(*s, 1));
    if (!starts_with(*s, 'q')) return true;
    *s = skip_space(slice_from(*s, 1));
    if (!starts_with(*s, '=')) return true;
    *s = skip_space(slice_from(*s, 1));
    *q = quality(s);
    return true;
}

static bool language(struct context *c, const struct arg *args, struct sample *s)
{
    struct slice left = s->str, best = { 0 };
    unsigned best_q = 0, q;

    (void)c;
    for (; left.n; slice_cut(&left, ',')) {
        struct slice found;
        size_t n = 0;
        left = skip_space(left);
        while (n < left.n && left.p[n] != ';' && left.p[n] != ',' && !is_space(left.p[n])) n++;
        if (n == 0) continue;
        found = language_in(args[0].str, slice_of(left.p, n));
        left = slice_from(left, n);
        if (!found.p || !quality_of(&left, &q) || q <= best_q) continue;
        best = found;
        best_q = q;
        if (q == 1000) break;
    }
    if (best.n == 0 && args[1].given) best = args[1].str;
    return best.n && sample_str(s, best);
}

static const struct converter ROWS[] = {
    { "host_only", ARGS(0, ARG_END), SAMPLE_STR, SAMPLE_STR, host_only,
      .doc = "A Host field's value without its port, in lower case." },
    { "ipmask", ARGS(1, ARG_MASK4, ARG_MASK6), SAMPLE_ADDR, SAMPLE_IPV4, ipmask,
      .doc = "The network of an address: with the first mask for IPv4 (also when it is mapped into "
             "IPv6), with the second for IPv6; without one an IPv6 address gives nothing." },
    { "language", ARGS(1, ARG_STR, ARG_STR), SAMPLE_STR, SAMPLE_STR, language,
      .doc = "Of the languages that the first argument lists (`en;de;pt-BR`) the one that an "
             "Accept-Language field likes best, else the second argument. A language without "
             "variant stands for its variants too." },
    { "port_only", ARGS(0, ARG_END), SAMPLE_STR, SAMPLE_SINT, port_only,
      .doc = "A Host field's port, 0 when it has none." },
};

const struct converter_table http_converters = CONVERTER_TABLE("Hosts, addresses and languages",
                                                               ROWS);

/* SPDX-License-Identifier: Apache-2.0 */
/* What items write with. */
#include "policy/format.h"

static const char HEX[] = "0123456789ABCDEF";

/* Moves what is there to twice the room; false when that is not allowed. */
static bool grow(struct format_out *o, size_t more)
{
    size_t n = (size_t)(o->at - o->start), room = n * 2 > n + more ? n * 2 : n + more;
    char *p;

    if (!o->arena || room <= n) return false;
    if (room > o->most) room = o->most;
    if (room <= (size_t)(o->end - o->start)) return false;
    p = arena_alloc(o->arena, room);
    memcpy(p, o->start, n);
    o->start = p;
    o->at = p + n;
    o->end = p + room;
    return (size_t)(o->end - o->at) >= more;
}

void format_put(struct format_out *o, struct slice s)
{
    if (s.n > (size_t)(o->end - o->at) && !grow(o, s.n)) {
        s.n = (size_t)(o->end - o->at);
        o->cut = true;
    }
    o->at = slice_put(o->at, s);
}

void format_put_u64(struct format_out *o, uint64_t n)
{
    char digits[20];

    format_put(o, slice_between(digits, slice_put_u64(digits, n)));
}

void format_put_i64(struct format_out *o, int64_t n)
{
    if (n < 0) format_put(o, SLICE("-"));
    format_put_u64(o, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void format_put_hex(struct format_out *o, uint64_t n, unsigned digits)
{
    char text[16];

    if (digits > sizeof text) digits = sizeof text;
    for (unsigned i = digits; i-- > 0; n >>= 4) text[i] = HEX[n & 15];
    format_put(o, slice_of(text, digits));
}

/* Bytes that become #XX. */
enum coded { CODED_NONE, CODED_CONTROL, CODED_URI, CODED_CAPTURES };

static bool is_coded(uint8_t b, enum coded coded)
{
    if (coded == CODED_NONE) return false;
    if (b < 32 || b == 127) return true;
    if (coded == CODED_CONTROL) return false;
    if (b > 127 || b == '"' || b == '#') return true;
    return coded == CODED_CAPTURES && (b == '{' || b == '|' || b == '}');
}

static void put_bytes(struct format_out *o, struct slice s, unsigned flags, enum coded coded)
{
    size_t from = 0;

    for (size_t i = 0; i < s.n && !o->cut; i++) {
        uint8_t b = (uint8_t)s.p[i];
        char code[3] = { '#', HEX[b >> 4], HEX[b & 15] };
        bool escaped = flags & FORMAT_ESCAPE && (b == '"' || b == '\\' || b == ']');
        if (is_coded(b, coded)) {
            format_put(o, slice_of(s.p + from, i - from));
            format_put(o, slice_of(code, 3));
            from = i + 1;
        } else if (escaped) {
            format_put(o, slice_of(s.p + from, i - from));
            format_put(o, SLICE("\\"));
            from = i;
        }
    }
    if (!o->cut) format_put(o, slice_from(s, from));
}

static void put_quoted(struct format_out *o, struct slice s, unsigned flags, enum coded coded)
{
    if (flags & FORMAT_QUOTE) format_put(o, SLICE("\""));
    put_bytes(o, s, flags, coded);
    if (flags & FORMAT_QUOTE) format_put(o, SLICE("\""));
}

void format_put_text(struct format_out *o, struct slice s, unsigned flags)
{
    ptrdiff_t nul;

    if (s.n == 0 && !(flags & (FORMAT_QUOTE | FORMAT_OPTIONAL))) {
        format_put(o, SLICE("-"));
        return;
    }
    if (flags & FORMAT_RAW) {
        nul = slice_find(s, '\0');
        if (nul >= 0) s.n = (size_t)nul;
    }
    put_quoted(o, s, flags, flags & FORMAT_RAW ? CODED_NONE : CODED_CONTROL);
}

void format_put_encoded(struct format_out *o, struct slice s, unsigned flags, enum format_set set)
{
    put_quoted(o, s, flags, set == FORMAT_SET_URI ? CODED_URI : CODED_CAPTURES);
}

static struct slice address_bytes(const struct sockaddr *sa)
{
    const union address *u = (const union address *)sa;

    if (sa && sa->sa_family == AF_INET) return slice_of((const char *)&u->in.sin_addr, 4);
    if (sa && sa->sa_family == AF_INET6) return slice_of((const char *)&u->in6.sin6_addr, 16);
    return slice_of(NULL, 0);
}

void format_put_address(struct format_out *o, const struct sockaddr *sa, unsigned flags)
{
    struct slice bytes = address_bytes(sa);
    char text[64];

    if (flags & FORMAT_HEX) {
        for (size_t i = 0; i < bytes.n; i++) format_put_hex(o, (uint8_t)bytes.p[i], 2);
        return;
    }
    format_put_text(o, sa ? slice_str(address_text(sa, text)) : slice_of(NULL, 0), flags);
}

void format_put_port(struct format_out *o, const struct sockaddr *sa, unsigned flags)
{
    uint16_t port = sa ? address_port(sa) : 0;

    if (flags & FORMAT_HEX)
        format_put_hex(o, port, 4);
    else if (!address_bytes(sa).p)
        format_put_text(o, slice_of(NULL, 0), flags);
    else
        format_put_u64(o, port); /* never in quotes */
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/authority.h"

#include <arpa/inet.h>

enum { PORT_DIGITS = 5, PORT_MOST = 65535 };

/* Bytes of a name; '%' is one too where two hexadecimal digits follow. */
static const bool is_name_byte[256] = {
    ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['0' ... '9'] = 1, ['-'] = 1, ['.'] = 1,  ['_'] = 1,
    ['~'] = 1,         ['!'] = 1,         ['$'] = 1,         ['&'] = 1, ['\''] = 1, ['('] = 1,
    [')'] = 1,         ['*'] = 1,         ['+'] = 1,         [';'] = 1, ['='] = 1,
};

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The end of the name at the start of s. */
static size_t name_length(struct slice s)
{
    const char *p = s.p, *end;

    if (s.n == 0) return 0; /* an empty slice may have no place */
    end = p + s.n;
    for (;;) {
        while (p < end && is_name_byte[(uint8_t)*p]) p++;
        if (end - p < 3 || *p != '%' || !is_hex(p[1]) || !is_hex(p[2])) break;
        p += 3;
    }
    return (size_t)(p - s.p);
}

/* The end of the bracketed IPv6 address at the start of s, or 0. */
static size_t literal_length(struct slice s)
{
    ptrdiff_t close = slice_find(s, ']');
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (close < 0 || (size_t)close > sizeof text) return 0;
    slice_copy(slice_of(s.p + 1, (size_t)close - 1), text, sizeof text);
    if (memchr(s.p, '\0', (size_t)close)) return 0;
    return inet_pton(AF_INET6, text, &address) == 1 ? (size_t)close + 1 : 0;
}

static bool port_parse(struct slice s, int *port)
{
    int v = 0;

    if (s.n > PORT_DIGITS) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *port = s.n ? v : HTTP_NO_PORT;
    return v <= PORT_MOST;
}

bool http_authority_parse(struct slice s, struct http_authority *out)
{
    size_t n = s.n && s.p[0] == '[' ? literal_length(s) : name_length(s);

    out->host = slice_of(s.p, n);
    out->port = HTTP_NO_PORT;
    if (n == s.n) return true;
    if (s.p[n] != ':' || n == 0) return false;
    return port_parse(slice_from(s, n + 1), &out->port);
}

bool http_authority_same(const struct http_authority *a, const struct http_authority *b,
                         int default_port)
{
    int port_a = a->port == HTTP_NO_PORT ? default_port : a->port;
    int port_b = b->port == HTTP_NO_PORT ? default_port : b->port;

    return port_a == port_b && slice_eq_nocase(a->host, b->host);
}

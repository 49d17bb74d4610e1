/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>

static const struct prefix {
    struct slice text;
    enum address_kind kind;
    int family;
} prefixes[] = {
    { SLICE_LIT("ipv4@"), ADDRESS_IP, AF_INET },
    { SLICE_LIT("ipv6@"), ADDRESS_IP, AF_INET6 },
    { SLICE_LIT("ip@"), ADDRESS_IP, AF_UNSPEC },
    { SLICE_LIT("unix@"), ADDRESS_UNIX, AF_UNIX },
    { SLICE_LIT("uxst@"), ADDRESS_UNIX, AF_UNIX },
    { SLICE_LIT("uxdg@"), ADDRESS_UNIX, AF_UNIX },
    { SLICE_LIT("abns@"), ADDRESS_ABSTRACT, AF_UNIX },
    { SLICE_LIT("fd@"), ADDRESS_FD, AF_UNSPEC },
};

static bool number(struct slice s, uint64_t most, uint16_t *out)
{
    uint64_t v;
    if (!slice_to_u64(s, &v) || v > most) return false;
    *out = (uint16_t)v;
    return true;
}

/* "80", "80-90", "+10", "-10" */
static const char *parse_port(struct slice s, struct address_spec *out)
{
    ptrdiff_t dash;

    if (s.n == 0) return NULL;
    out->has_port = true;
    if (s.p[0] == '+' || s.p[0] == '-') {
        out->port_sign = s.p[0];
        s = slice_from(s, 1);
    }
    dash = out->port_sign ? -1 : slice_find(s, '-');
    if (dash < 0) {
        if (!number(s, 65535, &out->port)) return "the port must be a number up to 65535";
        out->last_port = out->port;
        return NULL;
    }
    if (!number(slice_of(s.p, (size_t)dash), 65535, &out->port) ||
        !number(slice_from(s, (size_t)dash + 1), 65535, &out->last_port))
        return "a port range is two numbers up to 65535, as in 8000-8009";
    if (out->port == 0 || out->last_port < out->port) return "the port range is empty";
    return NULL;
}

/* Where the port begins: behind the last colon. An IPv6 address may stand in brackets. */
static const char *parse_ip(struct slice s, struct address_spec *out)
{
    const char *colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
    struct slice port = { NULL, 0 };

    if (s.n && s.p[0] == '[') {
        const char *close = memchr(s.p, ']', s.n);
        if (!close) return "']' is missing";
        if (close + 1 < s.p + s.n && close[1] != ':') return "':' and a port must follow ']'";
        out->host = slice_between(s.p + 1, close);
        out->family = AF_INET6;
        port = slice_from(s, (size_t)(close - s.p) + 2);
    } else if (colon) {
        out->host = slice_between(s.p, colon);
        port = slice_between(colon + 1, s.p + s.n);
    } else {
        out->host = s;
    }
    out->any = out->host.n == 0 || slice_eq(out->host, SLICE("*"));
    if (slice_find(out->host, ':') >= 0) out->family = AF_INET6;
    return parse_port(port, out);
}

const char *address_parse(struct slice text, struct address_spec *out)
{
    *out = (struct address_spec){ .kind = ADDRESS_IP, .family = AF_UNSPEC };
    if (text.n && text.p[0] == '/') {
        out->kind = ADDRESS_UNIX;
        out->family = AF_UNIX;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (slice_starts(text, prefixes[i].text)) {
            out->kind = prefixes[i].kind;
            out->family = prefixes[i].family;
            text = slice_from(text, prefixes[i].text.n);
            break;
        }
    switch (out->kind) {
    case ADDRESS_IP: return parse_ip(text, out);
    case ADDRESS_FD:
        out->has_port = true;
        if (!number(text, 65535, &out->port)) return "a descriptor number must follow fd@";
        out->last_port = out->port;
        return NULL;
    case ADDRESS_UNIX:
    case ADDRESS_ABSTRACT:
        out->host = text;
        if (text.n == 0) return "the socket's path is missing";
        if (text.n >= sizeof((struct sockaddr_un *)0)->sun_path) return "the path is too long";
        return NULL;
    }
    return NULL;
}

static bool numeric_ip(const struct address_spec *spec, union address *out)
{
    char host[INET6_ADDRSTRLEN];

    if (spec->any) {
        out->sa.sa_family = spec->family == AF_INET6 ? AF_INET6 : AF_INET;
        return true;
    }
    if (spec->host.n >= sizeof host) return false;
    slice_copy(spec->host, host, sizeof host);
    if (spec->family != AF_INET6 && inet_pton(AF_INET, host, &out->in.sin_addr) == 1) {
        out->sa.sa_family = AF_INET;
        return true;
    }
    if (spec->family != AF_INET && inet_pton(AF_INET6, host, &out->in6.sin6_addr) == 1) {
        out->sa.sa_family = AF_INET6;
        return true;
    }
    return false;
}

bool address_numeric(const struct address_spec *spec, uint16_t port, union address *out)
{
    char *path = out->un.sun_path;

    memset(out, 0, sizeof *out);
    if (spec->kind == ADDRESS_IP) {
        if (!numeric_ip(spec, out)) return false;
        address_set_port(&out->sa, port);
        return true;
    }
    if (spec->kind == ADDRESS_FD) return false;
    out->sa.sa_family = AF_UNIX;
    if (spec->kind == ADDRESS_ABSTRACT) *path++ = '\0';
    memcpy(path, spec->host.p, spec->host.n);
    return true;
}

socklen_t address_length(const struct sockaddr *sa)
{
    switch (sa->sa_family) {
    case AF_INET: return sizeof(struct sockaddr_in);
    case AF_INET6: return sizeof(struct sockaddr_in6);
    case AF_UNIX: {
        const struct sockaddr_un *un = (const struct sockaddr_un *)sa;
        size_t n = strlen(un->sun_path);
        if (n == 0) return sizeof *un; /* abstract: the whole field is the name, as in HAProxy */
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    }
    }
    return 0;
}

uint16_t address_port(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) return ntohs(((const struct sockaddr_in *)sa)->sin_port);
    if (sa->sa_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)sa)->sin6_port);
    return 0;
}

void address_set_port(struct sockaddr *sa, uint16_t port)
{
    if (sa->sa_family == AF_INET) ((struct sockaddr_in *)sa)->sin_port = htons(port);
    if (sa->sa_family == AF_INET6) ((struct sockaddr_in6 *)sa)->sin6_port = htons(port);
}

bool address_equal(const struct sockaddr *a, const struct sockaddr *b)
{
    socklen_t n = address_length(a);
    return a->sa_family == b->sa_family && n == address_length(b) && memcmp(a, b, n) == 0;
}

char *address_text(const struct sockaddr *sa, char buf[static 64])
{
    const void *bytes = &((const struct sockaddr_in *)sa)->sin_addr;

    if (sa->sa_family == AF_INET6) bytes = &((const struct sockaddr_in6 *)sa)->sin6_addr;
    if (sa->sa_family == AF_UNIX || sa->sa_family == AF_UNSPEC)
        snprintf(buf, 64, "unix");
    else
        inet_ntop(sa->sa_family, bytes, buf, 64);
    return buf;
}

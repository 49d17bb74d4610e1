/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: what a configuration writes ("*:80", "ipv6@:443-445", "unix@/run/x", "fd@3",
 * "app:8080") and what sockets have. Manual: "Address formats". */
#ifndef GATEHOUSE_NET_ADDRESS_H
#define GATEHOUSE_NET_ADDRESS_H

#include "base/slice.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A socket address of any family that we use. */
union address {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

/* The address of a peer, small enough for every connection to carry. A UNIX peer has its family
 * only. */
union peer_address {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

enum address_kind {
    ADDRESS_IP,   /* host (perhaps empty: any) and ports */
    ADDRESS_UNIX, /* host is the path */
    ADDRESS_ABSTRACT,
    ADDRESS_FD, /* port is the number of an inherited descriptor */
};

/* An address as written. */
struct address_spec {
    enum address_kind kind;
    int family;        /* AF_INET, AF_INET6, or AF_UNSPEC where both would do */
    bool any;          /* "*" or nothing: every address */
    struct slice host; /* name, numeric address without brackets, or path */
    bool has_port;
    char port_sign; /* '+' or '-': an offset to the client's port (servers only); else 0 */
    uint16_t port, last_port; /* equal but for ranges */
};

/* Reads one address (no list). NULL, or what is wrong with it. The slices point into text. */
const char *address_parse(struct slice text, struct address_spec *out);

/* The socket address of a numeric host, "any" or a path, with that port. False when the host is a
 * name, or does not fit the family. */
bool address_numeric(const struct address_spec *spec, uint16_t port, union address *out);

socklen_t address_length(const struct sockaddr *sa);
uint16_t address_port(const struct sockaddr *sa);
void address_set_port(struct sockaddr *sa, uint16_t port);
bool address_equal(const struct sockaddr *a, const struct sockaddr *b);

/* Writes the address without its port as text ("127.0.0.1", "::1", "unix:1" as in HAProxy's logs
 * for UNIX peers); at most 64 bytes with the NUL. Returns buf. */
char *address_text(const struct sockaddr *sa, char buf[static 64]);

#endif

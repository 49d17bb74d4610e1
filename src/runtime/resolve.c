/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

enum { NAME_MOST = 253 }; /* RFC 1035 §2.3.4, as text */

/* Appends the addresses of one family; returns the new count. */
static unsigned add(const struct addrinfo *list, int family, struct sockaddr_storage *out,
                    unsigned n, unsigned max)
{
    for (const struct addrinfo *a = list; a && n < max; a = a->ai_next) {
        struct sockaddr_storage one = { 0 };
        unsigned i = 0;

        if (a->ai_family != family || a->ai_addrlen > sizeof one) continue;
        memcpy(&one, a->ai_addr, a->ai_addrlen);
        while (i < n && memcmp(&out[i], &one, sizeof one) != 0) i++;
        if (i == n) out[n++] = one;
    }
    return n;
}

int resolve_name(struct slice host, int family, struct sockaddr_storage *out, unsigned max)
{
    const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    char name[NAME_MOST + 2]; /* a dot may end it */
    unsigned n;
    int error;

    if (host.n == 0 || host.n >= sizeof name || slice_find(host, '\0') >= 0) return EAI_NONAME;
    slice_copy(host, name, sizeof name);
    error = getaddrinfo(name, NULL, &hints, &list);
    if (error) return error < 0 ? error : EAI_FAIL;
    n = add(list, AF_INET, out, 0, max);
    n = add(list, AF_INET6, out, n, max);
    freeaddrinfo(list);
    return n ? (int)n : EAI_NONAME;
}

const char *resolve_error(int error)
{
    return gai_strerror(error);
}

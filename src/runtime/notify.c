/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/notify.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGE_MOST = 512 };

/* The socket's address; 0 when the path is none. */
static socklen_t address_of(const char *path, struct sockaddr_un *to)
{
    size_t n = path ? strlen(path) : 0;

    if (n < 2 || n >= sizeof to->sun_path || (path[0] != '/' && path[0] != '@')) return 0;
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    memcpy(to->sun_path, path, n);
    if (path[0] == '@') to->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] == '/'));
}

bool notify_open(struct notify *n, const char *path)
{
    struct sockaddr_un to;
    socklen_t size = address_of(path, &to);

    n->fd = -1;
    if (!size) return true;
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd >= 0 && connect(n->fd, (struct sockaddr *)&to, size) == 0) return true;
    notify_close(n);
    return false;
}

void notify_close(struct notify *n)
{
    int error = errno;

    if (n->fd >= 0) close(n->fd);
    n->fd = -1;
    errno = error;
}

void notify_send(const struct notify *n, const char *fmt, ...)
{
    char text[MESSAGE_MOST];
    va_list ap;
    int size;

    if (n->fd < 0) return;
    va_start(ap, fmt);
    size = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (size < 0) return;
    if ((size_t)size >= sizeof text) size = (int)sizeof text - 1;
    (void)send(n->fd, text, (size_t)size, MSG_NOSIGNAL);
}

void notify_ready(const struct notify *n, const char *status)
{
    notify_send(n, "READY=1\nSTATUS=%s\nMAINPID=%d\n", status, (int)getpid());
}

void notify_reloading(const struct notify *n)
{
    notify_send(n, "RELOADING=1\nSTATUS=Reading the configuration\nMONOTONIC_USEC=%" PRIu64 "\n",
                (uint64_t)clock_usec());
}

void notify_stopping(const struct notify *n)
{
    notify_send(n, "STOPPING=1\nSTATUS=Waiting for connections to end\n");
}

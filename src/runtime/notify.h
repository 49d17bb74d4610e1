/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the service manager how we are: sd_notify(3)'s protocol, which is datagrams of
 * "NAME=value" lines to the UNIX socket that the environment names in NOTIFY_SOCKET.
 *
 * The socket is connected once, at start: later the path may be out of reach (chroot) or not ours
 * to use (another user). One thread. */
#ifndef GATEHOUSE_RUNTIME_NOTIFY_H
#define GATEHOUSE_RUNTIME_NOTIFY_H

#include <stdbool.h>

struct notify {
    int fd; /* -1: nobody to tell */
};

/* Connects to `path`: an absolute path, or '@' and an abstract name; NULL or what is not one of
 * these: nobody is told anything. False when the socket can't be reached (errno says why). */
bool notify_open(struct notify *n, const char *path);

void notify_close(struct notify *n);

/* Lines such as "READY=1\nSTATUS=…". Never waits, and what can't be delivered is lost. */
void notify_send(const struct notify *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The state that systemd waits for: we are up; we read our configuration again; we are about to
 * end. After notify_reloading there must be a notify_ready, whatever came of it. */
void notify_ready(const struct notify *n, const char *status);
void notify_reloading(const struct notify *n);
void notify_stopping(const struct notify *n);

#endif

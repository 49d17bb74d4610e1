/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is opened or bound by name, and nothing else in the program does that: files,
 * listening sockets, the pid file, the sockets of log targets. One place, because a privileged
 * keeper will answer the same calls for an engine that runs chrooted as another user.
 *
 * Descriptors of ours are close-on-exec, all of them. That is also how a descriptor that the
 * parent process handed over is told from our own: it survived an exec, so it has no such flag.
 *
 * What returns a descriptor or 0 returns a negative errno when it failed, and then has put a
 * sentence into *err, unless that is NULL. Any thread; files may block on their disk. */
#ifndef GATEHOUSE_RUNTIME_RESOURCES_H
#define GATEHOUSE_RUNTIME_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct resource_error {
    int code;       /* negative errno */
    char text[256]; /* "cannot open '/etc/x': No such file or directory" */
};

/* --- files --- */

/* A descriptor for reading. */
int resource_open_read(const char *path, struct resource_error *err);

/* The whole of a file (or of a pipe, until its end) as a new string, ended by a NUL that *n does
 * not count; the caller frees it. NULL when it failed: -EFBIG if there are more than `max` bytes,
 * -EISDIR for a directory. */
char *resource_read_file(const char *path, size_t max, size_t *n, struct resource_error *err);

bool resource_is_directory(const char *path);

/* The names in a directory without those that begin with a dot, in the order of their bytes; NULL
 * when it failed. resource_free_names frees both the names and the array. */
char **resource_list_directory(const char *path, size_t *n, struct resource_error *err);
void resource_free_names(char **names, size_t n);

/* Writes our pid and a line end over what was there, mode 0644. */
int resource_pidfile(const char *path, struct resource_error *err);

/* Removes a file or the path of a UNIX socket; one that is not there is no error. */
int resource_remove(const char *path, struct resource_error *err);

/* --- sockets --- */

struct resource_listen {
    const struct sockaddr *addr; /* IPv4, IPv6 or UNIX (a path, or an abstract name) */
    socklen_t size;
    int backlog;           /* 0: SOMAXCONN */
    bool reuseport;        /* several sockets share the port, one for each worker */
    bool bound_only;       /* TCP: has the port, and does not listen: nobody can connect yet */
    bool v6only;           /* an IPv6 address takes no IPv4 clients … */
    bool v4v6;             /* … or does take them; neither: as the system is set up */
    bool transparent;      /* IP_TRANSPARENT: any address, whether ours or not */
    const char *interface; /* only what comes in by this device; NULL: any */
    /* Of a UNIX socket's path: */
    mode_t mode;  /* 0: as the umask says */
    bool set_uid; /* give it to uid … */
    bool set_gid; /* … and gid */
    uid_t uid;
    gid_t gid;
};

/* A non-blocking stream socket that listens. A UNIX socket is made under another name, gets its
 * mode and owner there and is then renamed over `path`, so clients never find the path missing or
 * open to more than may use it; an old socket at the path is replaced, anything else is -ENOTSOCK.
 * Remove the path with resource_remove. */
int resource_listen(const struct resource_listen *l, struct resource_error *err);

/* Gives the path that resource_listen made this mode and owner; where l sets none, those that it
 * has stay. */
int resource_path_owner(const struct resource_listen *l, struct resource_error *err);

/* Takes over a socket from the parent process: `fd` must be one that we did not open ourselves, a
 * stream socket that is bound. It is made non-blocking, and made to listen if it does not yet.
 * It stays open for another reload to take it again. Returns fd. */
int resource_inherited(int fd, int backlog, struct resource_error *err);

/* Would resource_inherited take it? Touches nothing. 0 or the error. */
int resource_check_inherited(int fd, struct resource_error *err);

/* Is fd open, and inherited rather than opened by ourselves? */
bool resource_is_inherited(int fd);

/* A non-blocking datagram socket for sending to that address. For a UNIX path it is connected, so
 * that poll() knows of the receiver's queue (-ENOENT, -ECONNREFUSED: nobody there); for IPv4 and
 * IPv6 it is not, so that a receiver that comes back is found without our doing. */
int resource_datagram(const struct sockaddr *to, socklen_t size, struct resource_error *err);

/* A non-blocking TCP connection to that address, which may still be under way. */
int resource_stream(const struct sockaddr *to, socklen_t size, struct resource_error *err);

/* A descriptor of our own for the pipe or terminal that fd stands for: non-blocking, without
 * changing that for the processes that share fd. Fails for sockets (-ENXIO) and where /proc or
 * the permission is missing. */
int resource_reopen(int fd, struct resource_error *err);

#endif

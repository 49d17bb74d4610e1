/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/resources.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Puts "what: why" into *err and returns the error. */
static int __attribute__((format(printf, 3, 4)))
failed(struct resource_error *err, int code, const char *what, ...)
{
    va_list ap;
    int n;

    if (!err) return code;
    err->code = code;
    va_start(ap, what);
    n = vsnprintf(err->text, sizeof err->text, what, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->text)
        snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", strerrordesc_np(-code));
    return code;
}

/* --- files --- */

int resource_open_read(const char *path, struct resource_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd >= 0 ? fd : failed(err, -errno, "cannot open '%s'", path);
}

/* Reads until the end; 0, or a negative errno. One byte beyond `max` is read, to know of it. */
static int read_all(int fd, size_t max, char **bytes, size_t *n)
{
    size_t room = 0, got = 0;
    ssize_t more;

    for (;;) {
        if (got + 1 >= room) {
            room = room ? room * 2 : 4096;
            *bytes = mem_resize(*bytes, room);
        }
        more = read(fd, *bytes + got, room - got - 1);
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return -errno;
        if (more == 0) break;
        got += (size_t)more;
        if (got > max) return -EFBIG;
    }
    (*bytes)[got] = '\0';
    *n = got;
    return 0;
}

char *resource_read_file(const char *path, size_t max, size_t *n, struct resource_error *err)
{
    char *bytes = NULL;
    int fd = resource_open_read(path, err);
    int error;

    if (fd < 0) return NULL;
    error = read_all(fd, max, &bytes, n);
    close(fd);
    if (error == 0) return bytes;
    free(bytes);
    failed(err, error, "cannot read '%s'", path);
    return NULL;
}

bool resource_is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **resource_list_directory(const char *path, size_t *n, struct resource_error *err)
{
    DIR *dir = opendir(path);
    char **names = NULL;
    size_t room = 0;

    if (!dir) {
        failed(err, -errno, "cannot read directory '%s'", path);
        return NULL;
    }
    *n = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        if (*n == room) {
            room = room ? room * 2 : 16;
            names = mem_resize(names, room * sizeof *names);
        }
        names[(*n)++] = mem_strdup(e->d_name);
    }
    closedir(dir);
    if (!names) return mem_alloc(sizeof *names);
    qsort(names, *n, sizeof *names, by_bytes);
    return names;
}

void resource_free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++) free(names[i]);
    free(names);
}

int resource_pidfile(const char *path, struct resource_error *err)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    int error;

    if (fd < 0) return failed(err, -errno, "cannot create pid file '%s'", path);
    error = write(fd, text, (size_t)n) == n ? 0 : -errno;
    close(fd);
    return error ? failed(err, error, "cannot write pid file '%s'", path) : 0;
}

int resource_remove(const char *path, struct resource_error *err)
{
    if (unlink(path) == 0 || errno == ENOENT) return 0;
    return failed(err, -errno, "cannot remove '%s'", path);
}

int resource_reopen(int fd, struct resource_error *err)
{
    char path[32];
    int own;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    return own >= 0 ? own : failed(err, -errno, "cannot reopen descriptor %d", fd);
}

/* --- sockets --- */

/* An address in words, for errors. */
static const char *address_text(const struct sockaddr *a, socklen_t size, char *buf, size_t room)
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)a;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(buf, room, "%s:%u", host, ntohs(in->sin_port));
    } else if (a->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)a;
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
        snprintf(buf, room, "[%s]:%u", host, ntohs(in->sin6_port));
    } else {
        const struct sockaddr_un *un = (const void *)a;
        int n = (int)size - (int)offsetof(struct sockaddr_un, sun_path);
        if (n > 0 && un->sun_path[0] == '\0')
            snprintf(buf, room, "abns@%.*s", n - 1, un->sun_path + 1);
        else
            snprintf(buf, room, "%.*s", n < 0 ? 0 : n, un->sun_path);
    }
    return buf;
}

/* Closes fd and passes the error on. */
static int closed(int fd, int error)
{
    close(fd);
    return error;
}

static int set_flag(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

/* The options that must be there before bind. Returns 0, or the error with its text in *what. */
static int set_options(int fd, const struct resource_listen *l, const char **what)
{
    bool v6 = l->addr->sa_family == AF_INET6;
    int error = 0;

    *what = "SO_REUSEADDR";
    error = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!error && l->reuseport) {
        *what = "SO_REUSEPORT";
        error = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    }
    if (!error && v6 && (l->v6only || l->v4v6)) {
        *what = "IPV6_V6ONLY";
        error = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, l->v6only);
    }
    if (!error && l->transparent) {
        *what = "transparent";
        error = v6 ? set_flag(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
                   : set_flag(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
    }
    if (!error && l->interface) {
        *what = l->interface;
        if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, l->interface,
                       (socklen_t)strlen(l->interface) + 1) < 0)
            error = -errno;
    }
    return error;
}

static int listen_on(int fd, int backlog)
{
    return listen(fd, backlog > 0 ? backlog : SOMAXCONN) == 0 ? 0 : -errno;
}

static int listen_tcp(int fd, const struct resource_listen *l, const char *name,
                      struct resource_error *err)
{
    const char *what;
    int error = set_options(fd, l, &what);

    if (error) return failed(err, error, "cannot set %s on %s", what, name);
    if (bind(fd, l->addr, l->size) < 0) return failed(err, -errno, "cannot bind to %s", name);
    if (l->bound_only) return 0;
    error = listen_on(fd, l->backlog);
    return error ? failed(err, error, "cannot listen on %s", name) : 0;
}

/* The mode and owner of `path`, which is called `name` in errors. */
static int set_owner(const struct resource_listen *l, const char *path, const char *name,
                     struct resource_error *err)
{
    if (l->mode && chmod(path, l->mode) < 0)
        return failed(err, -errno, "cannot set the mode of '%s'", name);
    if ((l->set_uid || l->set_gid) &&
        chown(path, l->set_uid ? l->uid : (uid_t)-1, l->set_gid ? l->gid : (gid_t)-1) < 0)
        return failed(err, -errno, "cannot set the owner of '%s'", name);
    return 0;
}

/* Binds under a name of its own, and gives that name its mode and owner. */
static int bind_path(int fd, const struct resource_listen *l, const char *path, const char *what,
                     struct sockaddr_un *own, struct resource_error *err)
{
    int n = snprintf(own->sun_path, sizeof own->sun_path, "%s.%d.tmp", path, (int)getpid());

    if (n < 0 || (size_t)n >= sizeof own->sun_path)
        return failed(err, -ENAMETOOLONG, "cannot bind to '%s' (its path needs room for a suffix)",
                      path);
    unlink(own->sun_path);
    if (bind(fd, (struct sockaddr *)own, sizeof *own) < 0)
        return failed(err, -errno, "cannot bind to '%s'", what);
    return set_owner(l, own->sun_path, path, err);
}

static int listen_path(int fd, const struct resource_listen *l, const char *path,
                       struct resource_error *err)
{
    struct sockaddr_un own = { .sun_family = AF_UNIX };
    struct stat st;
    int error;

    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return failed(err, -ENOTSOCK, "cannot bind to '%s', which is there already", path);
    error = bind_path(fd, l, path, path, &own, err);
    if (error == -ENAMETOOLONG) return error;
    if (!error && (error = listen_on(fd, l->backlog)))
        failed(err, error, "cannot listen on '%s'", path);
    if (!error && rename(own.sun_path, path) < 0)
        error = failed(err, -errno, "cannot rename a socket to '%s'", path);
    if (error) unlink(own.sun_path);
    return error;
}

/* The path of a UNIX socket's address; NULL when its name is abstract. */
static const char *path_of(const struct resource_listen *l,
                           char path[static sizeof(struct sockaddr_un)])
{
    const struct sockaddr_un *un = (const void *)l->addr;
    size_t n = l->size - offsetof(struct sockaddr_un, sun_path);

    if (un->sun_path[0] == '\0') return NULL;
    memcpy(path, un->sun_path, n);
    path[n] = '\0';
    return path;
}

int resource_path_owner(const struct resource_listen *l, struct resource_error *err)
{
    char buf[sizeof(struct sockaddr_un)];
    const char *path = path_of(l, buf);

    return path ? set_owner(l, path, path, err) : 0;
}

static int listen_unix(int fd, const struct resource_listen *l, const char *name,
                       struct resource_error *err)
{
    char buf[sizeof(struct sockaddr_un)];
    const char *path = path_of(l, buf);
    int error;

    if (path) return listen_path(fd, l, path, err);
    if (bind(fd, l->addr, l->size) < 0) return failed(err, -errno, "cannot bind to %s", name);
    error = listen_on(fd, l->backlog);
    return error ? failed(err, error, "cannot listen on %s", name) : 0;
}

static bool address_is_good(const struct sockaddr *a, socklen_t size)
{
    switch (a->sa_family) {
    case AF_INET: return size >= sizeof(struct sockaddr_in);
    case AF_INET6: return size >= sizeof(struct sockaddr_in6);
    case AF_UNIX:
        return size > offsetof(struct sockaddr_un, sun_path) && size <= sizeof(struct sockaddr_un);
    default: return false;
    }
}

int resource_listen(const struct resource_listen *l, struct resource_error *err)
{
    char name[sizeof(struct sockaddr_un) + 8];
    int fd, error;

    if (!address_is_good(l->addr, l->size))
        return failed(err, -EAFNOSUPPORT, "cannot listen on an address of family %d",
                      l->addr->sa_family);
    address_text(l->addr, l->size, name, sizeof name);
    fd = socket(l->addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed(err, -errno, "cannot create a socket for %s", name);
    error = l->addr->sa_family == AF_UNIX ? listen_unix(fd, l, name, err)
                                          : listen_tcp(fd, l, name, err);
    return error ? closed(fd, error) : fd;
}

bool resource_is_inherited(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && !(flags & FD_CLOEXEC);
}

static int get_option(int fd, int option)
{
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -errno;
}

/* Has the socket an address of its own, and no peer? The system would give one without an address
 * any port that is free. */
static bool is_bound_alone(int fd)
{
    struct sockaddr_storage a = { 0 };
    socklen_t size = sizeof a, peer_size = sizeof a;

    if (getpeername(fd, (struct sockaddr *)&a, &peer_size) == 0) return false;
    if (getsockname(fd, (struct sockaddr *)&a, &size) < 0) return false;
    if (a.ss_family == AF_INET) return ((struct sockaddr_in *)&a)->sin_port != 0;
    if (a.ss_family == AF_INET6) return ((struct sockaddr_in6 *)&a)->sin6_port != 0;
    return size > offsetof(struct sockaddr_un, sun_path);
}

int resource_check_inherited(int fd, struct resource_error *err)
{
    int type;

    if (fcntl(fd, F_GETFD) < 0) return failed(err, -errno, "descriptor %d is not open", fd);
    if (!resource_is_inherited(fd))
        return failed(err, -EBADF, "descriptor %d was not handed over by the parent process", fd);
    type = get_option(fd, SO_TYPE);
    if (type < 0) return failed(err, type, "descriptor %d is not a socket", fd);
    if (type != SOCK_STREAM)
        return failed(err, -EPROTOTYPE, "descriptor %d is not a stream socket", fd);
    if (get_option(fd, SO_ACCEPTCONN) != 1 && !is_bound_alone(fd))
        return failed(err, -EINVAL, "descriptor %d is not a bound or listening socket", fd);
    return 0;
}

int resource_inherited(int fd, int backlog, struct resource_error *err)
{
    int error = resource_check_inherited(fd, err), flags;

    if (error) return error;
    if (get_option(fd, SO_ACCEPTCONN) != 1) {
        error = listen_on(fd, backlog);
        if (error) return failed(err, error, "cannot listen on descriptor %d", fd);
    }
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return failed(err, -errno, "cannot make descriptor %d non-blocking", fd);
    return fd;
}

int resource_datagram(const struct sockaddr *to, socklen_t size, struct resource_error *err)
{
    char name[sizeof(struct sockaddr_un) + 8];
    int fd;

    if (!address_is_good(to, size))
        return failed(err, -EAFNOSUPPORT, "cannot send to an address of family %d", to->sa_family);
    fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed(err, -errno, "cannot create a datagram socket");
    if (to->sa_family != AF_UNIX || connect(fd, to, size) == 0) return fd;
    return closed(fd, failed(err, -errno, "cannot connect to '%s'",
                             address_text(to, size, name, sizeof name)));
}

int resource_stream(const struct sockaddr *to, socklen_t size, struct resource_error *err)
{
    char name[sizeof(struct sockaddr_un) + 8];
    int fd;

    if (!address_is_good(to, size))
        return failed(err, -EAFNOSUPPORT, "cannot send to an address of family %d", to->sa_family);
    fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed(err, -errno, "cannot create a socket");
    if (connect(fd, to, size) == 0 || errno == EINPROGRESS) return fd;
    return closed(fd, failed(err, -errno, "cannot connect to '%s'",
                             address_text(to, size, name, sizeof name)));
}

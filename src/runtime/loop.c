/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 512 };

void io_init(struct io *io, int fd, void (*on_event)(struct io *))
{
    *io = (struct io){ .fd = fd, .on_event = on_event };
    list_init(&io->again);
}

int loop_init(struct loop *l)
{
    list_init(&l->again);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return l->epoll_fd < 0 ? -errno : 0;
}

void loop_release(struct loop *l)
{
    if (l->epoll_fd >= 0) close(l->epoll_fd);
    l->epoll_fd = -1;
}

static int control(struct loop *l, int op, struct io *io, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = io };
    return epoll_ctl(l->epoll_fd, op, io->fd, &e) < 0 ? -errno : 0;
}

int loop_add(struct loop *l, struct io *io)
{
    io->watched = true;
    return control(l, EPOLL_CTL_ADD, io, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int loop_add_level(struct loop *l, struct io *io, bool shared)
{
    io->watched = true;
    return control(l, EPOLL_CTL_ADD, io, EPOLLIN | (shared ? EPOLLEXCLUSIVE : 0));
}

void loop_pause(struct loop *l, struct io *io)
{
    if (!io->watched) return;
    io->watched = false;
    control(l, EPOLL_CTL_DEL, io, 0);
}

void loop_resume(struct loop *l, struct io *io, bool shared)
{
    if (!io->watched && io->fd >= 0) loop_add_level(l, io, shared);
}

void loop_close(struct loop *l, struct io *io)
{
    (void)l; /* closing the last descriptor of a socket takes it out of the epoll set */
    list_remove(&io->again);
    if (io->fd >= 0) close(io->fd);
    io->fd = -1;
    io->watched = false;
}

void loop_again(struct loop *l, struct io *io)
{
    if (list_empty(&io->again)) list_append(&l->again, &io->again);
}

static uint8_t ready_bits(uint32_t events)
{
    uint8_t r = 0;
    if (events & EPOLLIN) r |= IO_READ;
    if (events & EPOLLOUT) r |= IO_WRITE;
    if (events & EPOLLRDHUP) r |= IO_READ | IO_HUP;
    if (events & (EPOLLERR | EPOLLHUP)) r |= IO_READ | IO_WRITE | IO_ERR | IO_HUP;
    return r;
}

static void serve_again(struct list *again)
{
    struct list *m;

    while ((m = list_pop(again)) != NULL) {
        struct io *io = list_entry(m, struct io, again);
        if (io->fd >= 0) io->on_event(io);
    }
}

void loop_turn(struct loop *l, int timeout_ms, void (*woke)(void *), void *arg)
{
    struct epoll_event events[BATCH];
    struct list again;
    int n;

    list_init(&again);
    list_splice(&again, &l->again);
    n = epoll_wait(l->epoll_fd, events, BATCH, list_empty(&again) ? timeout_ms : 0);
    woke(arg);
    for (int i = 0; i < n; i++) {
        struct io *io = events[i].data.ptr;
        io->ready |= ready_bits(events[i].events);
    }
    serve_again(&again);
    for (int i = 0; i < n; i++) {
        struct io *io = events[i].data.ptr;
        if (io->fd >= 0) io->on_event(io);
    }
}

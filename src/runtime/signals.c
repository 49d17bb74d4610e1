/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_readable(struct io *io)
{
    struct signals *s = container_of(io, struct signals, io);
    struct signalfd_siginfo info;

    while (read(io->fd, &info, sizeof info) == sizeof info) s->on_signal(s, (int)info.ssi_signo);
}

void signals_block(struct signals *s, const int *numbers)
{
    sigemptyset(&s->set);
    for (; *numbers; numbers++) sigaddset(&s->set, *numbers);
    pthread_sigmask(SIG_BLOCK, &s->set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void signals_unblock(const struct signals *s)
{
    pthread_sigmask(SIG_UNBLOCK, &s->set, NULL);
}

int signals_watch(struct signals *s, struct worker *w,
                  void (*on_signal)(struct signals *, int number))
{
    s->on_signal = on_signal;
    io_init(&s->io, signalfd(-1, &s->set, SFD_NONBLOCK | SFD_CLOEXEC), on_readable);
    if (s->io.fd < 0) return -errno;
    return loop_add_level(&w->loop, &s->io, false);
}

void signals_release(struct signals *s, struct worker *w)
{
    loop_close(&w->loop, &s->io);
}

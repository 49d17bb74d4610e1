/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pipe.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LEAST_SIZE = 64 * 1024, /* what pipe(7) gives by default, and too little to be of use below */
    GO_WITHOUT = 1000,
};

void pipes_init(struct pipes *p, unsigned most, uint32_t size)
{
    *p = (struct pipes){ .most = most, .size = size };
}

static void close_pipe(struct pipes *p, struct pipe *pipe)
{
    close(pipe->from);
    close(pipe->to);
    free(pipe);
    counter_add(&p->n_open, (uint64_t)-1);
}

unsigned pipes_close_idle(struct pipes *p)
{
    unsigned n = 0;

    for (; p->idle; n++) {
        struct pipe *pipe = p->idle;
        p->idle = pipe->next;
        counter_add(&p->n_idle, (uint64_t)-1);
        close_pipe(p, pipe);
    }
    return n;
}

void pipes_release(struct pipes *p)
{
    pipes_close_idle(p);
}

/* What an ordinary user may have is limited: fs.pipe-max-size for one pipe, and for all of them
 * fs.pipe-user-pages-soft, beyond which a pipe is born with two pages. */
static uint32_t grow(int fd, uint32_t size)
{
    for (; size > LEAST_SIZE; size /= 2) {
        int got = fcntl(fd, F_SETPIPE_SZ, (int)size);
        if (got > 0) return (uint32_t)got;
    }
    return (uint32_t)fcntl(fd, F_GETPIPE_SZ);
}

static struct pipe *open_pipe(struct pipes *p)
{
    struct pipe *pipe;
    int fd[2];

    if (pipe2(fd, O_NONBLOCK | O_CLOEXEC) < 0) return NULL;
    pipe = mem_zero(sizeof *pipe);
    pipe->from = fd[0];
    pipe->to = fd[1];
    pipe->size = grow(fd[1], p->size);
    counter_add(&p->n_open, 1);
    if (pipe->size >= LEAST_SIZE) return pipe;
    close_pipe(p, pipe);
    return NULL;
}

struct pipe *pipe_get(struct pipes *p)
{
    struct pipe *pipe = p->idle;

    if (pipe) {
        p->idle = pipe->next;
        counter_add(&p->n_idle, (uint64_t)-1);
        return pipe;
    }
    if (counter_get(&p->n_open) >= p->most) return NULL;
    if (p->go_without) {
        p->go_without--;
        return NULL;
    }
    pipe = open_pipe(p);
    if (!pipe) p->go_without = GO_WITHOUT;
    return pipe;
}

void pipe_put(struct pipes *p, struct pipe **pipe)
{
    struct pipe *done = *pipe;

    if (!done) return;
    *pipe = NULL;
    if (done->held) {
        close_pipe(p, done);
        return;
    }
    done->next = p->idle;
    p->idle = done;
    counter_add(&p->n_idle, 1);
}

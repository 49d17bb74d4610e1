/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as events of one loop (the control thread's). signals_block must run before any thread is
 * started, so that all of them inherit the mask. */
#ifndef GATEHOUSE_RUNTIME_SIGNALS_H
#define GATEHOUSE_RUNTIME_SIGNALS_H

#include "runtime/worker.h"

#include <signal.h>

struct signals {
    struct io io;
    sigset_t set;
    void (*on_signal)(struct signals *, int number);
    void *user;
};

/* Blocks the numbers (ending with 0) in this thread and those that it starts; ignores SIGPIPE. */
void signals_block(struct signals *s, const int *numbers);

/* Undoes the mask, for a child process. */
void signals_unblock(const struct signals *s);

/* 0 or a negative errno. */
int signals_watch(struct signals *s, struct worker *w,
                  void (*on_signal)(struct signals *, int number));
void signals_release(struct signals *s, struct worker *w);

#endif

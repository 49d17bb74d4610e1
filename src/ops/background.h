/* SPDX-License-Identifier: Apache-2.0 */
/* Going into the background (-D, `daemon`): the process that was started forks, and ends when its
 * child is ready, or has failed, so that whoever started it knows which. */
#ifndef GATEHOUSE_OPS_BACKGROUND_H
#define GATEHOUSE_OPS_BACKGROUND_H

struct background {
    int parent;  /* who waits for a word from us; -1: nobody */
    int nowhere; /* what becomes of the standard descriptors; opened while it can be found */
};

/* Forks; returns in the child only, which is a session's leader then. Call it before any thread,
 * epoll set or signalfd is made: they do not survive a fork. 0 or a negative errno. */
int background_enter(struct background *b);

/* The child is ready: its parent ends with status 0; standard input, output and error go nowhere
 * from now on. Does nothing in a process that did not fork. */
void background_ready(struct background *b);

#endif

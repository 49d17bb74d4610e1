/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/background.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for the child's word; without one it has ended, and its status is ours. */
static _Noreturn void wait_for_child(int from, pid_t child)
{
    sigset_t none;
    int status;
    char word;
    ssize_t n;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* we can be interrupted; the child goes on */
    do n = read(from, &word, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1) _exit(EXIT_SUCCESS);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) _exit(EXIT_FAILURE);
    _exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

int background_enter(struct background *b)
{
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    child = fork();
    if (child < 0) {
        int error = -errno;
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    close(ends[child > 0 ? 1 : 0]);
    if (child > 0) wait_for_child(ends[0], child);
    setsid();
    b->parent = ends[1];
    b->nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    return 0;
}

void background_ready(struct background *b)
{
    ssize_t n;

    if (b->parent < 0) return;
    for (int fd = STDIN_FILENO; b->nowhere >= 0 && fd <= STDERR_FILENO; fd++) dup2(b->nowhere, fd);
    if (b->nowhere > STDERR_FILENO) close(b->nowhere);
    n = write(b->parent, "", 1);
    (void)n; /* who waited may be gone: we are not */
    close(b->parent);
    b->parent = -1;
}

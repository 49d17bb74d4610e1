// SPDX-License-Identifier: Apache-2.0
/* How fast this core is right now at what a proxy does: calib [SECONDS]
 *
 * One thread sends 100 bytes through a loopback TCP connection to itself and reads them, over
 * and over; prints nanoseconds a round trip (CPU time). Shared machines change speed from one
 * second to the next; a figure divided by this one, taken right before it, drifts less. */
#include "common.h"

enum { AT_ONCE = 20 }; /* round trips between two looks at the clock */

static void round_trip(int out, int in)
{
    char buf[100] = "";

    if (send(out, buf, sizeof buf, 0) != sizeof buf) die("send");
    if (recv(in, buf, sizeof buf, MSG_WAITALL) != sizeof buf) die("recv");
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : .1;
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    int lfd = socket(AF_INET, SOCK_STREAM, 0), out, in;
    uint64_t n = 0, t0, end;

    if (bind(lfd, (struct sockaddr *)&a, sizeof a) || listen(lfd, 1)) die("listen");
    getsockname(lfd, (struct sockaddr *)&a, &len);
    out = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(out, (struct sockaddr *)&a, sizeof a)) die("connect");
    in = accept(lfd, NULL, NULL);
    set_nodelay(out);
    end = now_ns() + (uint64_t)(seconds * 1e9);
    t0 = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    while (now_ns() < end)
        for (int i = 0; i < AT_ONCE; i++, n++) round_trip(out, in);
    printf("%.1f\n", (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - t0) / (double)n);
    return 0;
}

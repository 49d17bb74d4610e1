/* SPDX-License-Identifier: Apache-2.0 */
/* Time. Durations and deadlines are milliseconds of the monotonic clock (CLOCK_MONOTONIC), which
 * starts anywhere above 0 and never goes back; 0 therefore means "none" wherever a deadline is
 * kept. Latencies are microseconds of the same clock. Dates are the wall clock's.
 *
 * A worker reads the clock once a loop turn and hands the value on, so code on the hot path takes
 * `now` as an argument or from its worker. Tests call clock_pretend. */
#ifndef GATEHOUSE_BASE_CLOCK_H
#define GATEHOUSE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t msec_t; /* milliseconds, a time or a duration */
typedef uint64_t usec_t; /* microseconds, likewise */

usec_t clock_usec(void);      /* monotonic */
msec_t clock_msec(void);      /* the same clock */
usec_t clock_wall_usec(void); /* since 1970, UTC */

/* From now on both clocks stand at these values until the next call, in all threads. 0 for
 * `monotonic` gives the real clocks back. Tests only. */
void clock_pretend(usec_t monotonic, usec_t wall);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Pumps: a body on its way, from a source through filters to a sink. A pump runs when one of its
 * ends may go on; it pulls one part at a time and pushes it, and stops when the source has nothing,
 * the sink is blocked, or its budget of this turn is used up. It never waits itself.
 *
 * Where both ends are plain sockets and much is ahead, the parts come in pipes (splice(2)): nothing
 * of them is copied, and nobody sees them. Everything else is as ever. */
#ifndef GATEHOUSE_GATEWAY_PUMP_H
#define GATEHOUSE_GATEWAY_PUMP_H

#include "http/body.h"

enum pump_state {
    PUMP_OFF, /* not started */
    PUMP_RUNNING,
    PUMP_DONE,      /* the last part has left the sink's hands or is on its way */
    PUMP_CUT,       /* the source went away before the end */
    PUMP_BROKEN,    /* the source's framing is wrong */
    PUMP_SINK_GONE, /* nobody takes it any more */
    PUMP_REFUSED,   /* too large, or a filter said no */
};

struct pump {
    struct body_source *from;
    struct body_sink *to; /* the first filter, or the sink itself */
    uint8_t state;        /* enum pump_state */
    bool blocked;         /* waiting for the sink; else for the source */
    bool ended;           /* the last part was pushed; the sink is still sending */
    bool tired;           /* stopped for its budget: run it again in the next turn */
    bool moved;           /* the last run moved something */
    bool pushed;          /* the sink has been pushed to: a head before the body is out */
    bool spliced;         /* the last part came in a pipe */
    size_t last_part;     /* its bytes */
    uint64_t bytes;       /* pulled so far */
    uint64_t limit;       /* more than this is refused */
};

void pump_start(struct pump *p, struct body_source *from, struct body_sink *to, uint64_t limit);

/* Moves what can be moved now. Harmless in any state. */
enum pump_state pump_run(struct pump *p);

/* Gives up, telling both ends, if it is running. */
void pump_stop(struct pump *p);

static inline bool pump_active(const struct pump *p)
{
    return p->state == PUMP_RUNNING;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: where they come from, what changes them on the way, where they go.
 *
 * A source is pulled; a sink is pushed to. A pump (gateway/pump.h) pulls one part at a time and
 * pushes it, and pulls no further until the sink is ready again: that is all the backpressure there
 * is, and all that is needed. A filter (decompressor, JSON transform, compressor, …) is a sink in
 * front of another sink; the order of filters is that of their phases, not of who came first. */
#ifndef GATEHOUSE_HTTP_BODY_H
#define GATEHOUSE_HTTP_BODY_H

#include "base/slice.h"

struct pipe;

/* A piece of a body. Its bytes are valid until the next pull; or they are in a pipe, which belongs
 * to the sink once it is pushed (runtime/pipe.h). */
struct body_part {
    size_t most; /* set by who pulls: no more bytes than this, please; 0: as many as you like */
    struct slice data;
    struct pipe *pipe;    /* not NULL: the bytes are there, and data is empty */
    struct slice trailer; /* with last: the checked lines of the trailer section, if any */
    bool last;            /* the body ends with this part */
};

enum body_pull {
    BODY_PART,   /* *part is filled in; its data may be empty only when it is the last. A source may
                    give more than was asked for where that costs it nothing. */
    BODY_WAIT,   /* nothing now; the source's owner runs the pump again when there may be */
    BODY_CUT,    /* the sender went away before the end */
    BODY_BROKEN, /* the framing is wrong */
};

struct body_source;

struct body_source_ops {
    enum body_pull (*pull)(struct body_source *, struct body_part *part);
    /* How many bytes of the body are known to come, beyond what was pulled; may be NULL. */
    uint64_t (*ahead)(const struct body_source *);
    /* As pull, but the bytes may come in a pipe; only where the sink takes them so, and there are
     * many ahead. May be NULL. */
    enum body_pull (*pull_pipe)(struct body_source *, struct body_part *part);
    /* Nobody will pull again; what is left unread is the owner's business. */
    void (*stop)(struct body_source *);
};

struct body_source {
    const struct body_source_ops *ops;
};

enum body_push {
    SINK_READY,   /* push again when you like */
    SINK_BLOCKED, /* all taken, but not again before the sink's owner has run the pump */
    SINK_BROKEN,  /* nobody is there any more */
    SINK_REFUSED, /* a filter won't let this pass (too large, not what it must be) */
};

/* The order in which filters see the bytes on their way to the final sink. */
enum body_phase {
    BODY_PHASE_DECODE,    /* decompress */
    BODY_PHASE_LIMIT,     /* size limits */
    BODY_PHASE_TRANSFORM, /* JSON, … */
    BODY_PHASE_STORE,     /* cache, replay */
    BODY_PHASE_ENCODE,    /* compress */
    BODY_PHASE_SHAPE,     /* bandwidth */
    BODY_PHASE_SINK,
};

struct body_sink;

struct body_sink_ops {
    enum body_push (*push)(struct body_sink *, const struct body_part *part);
    /* Whether a part's bytes may come in a pipe: nobody looks at them on their way out. May be
     * NULL, which means no: filters look. */
    bool (*takes_pipe)(const struct body_sink *);
    /* No part will follow, and the last one has not come: the body stays incomplete. */
    void (*stop)(struct body_sink *);
};

struct body_sink {
    const struct body_sink_ops *ops;
    struct body_sink *next; /* filters only */
    uint8_t phase;          /* enum body_phase */
    /* The final sink's: more bytes than this it had better not be given at once, for it gets rid of
     * them so slowly that most of a larger part would have to be kept. 0: any number. */
    uint32_t part_most;
};

/* The sink behind all filters. */
static inline const struct body_sink *body_sink_final(const struct body_sink *s)
{
    while (s->next) s = s->next;
    return s;
}

/* Puts a filter at its phase's place in front of *first (after those of the same phase). */
static inline void body_filter_add(struct body_sink **first, struct body_sink *filter)
{
    while ((*first)->phase <= filter->phase && (*first)->phase != BODY_PHASE_SINK)
        first = &(*first)->next;
    filter->next = *first;
    *first = filter;
}

#endif

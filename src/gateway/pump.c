/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/pump.h"
#include "runtime/pipe.h"

enum {
    PARTS_PER_RUN = 4,
    BYTES_PER_RUN = 256 * 1024,
    SPLICE_FROM = 128 * 1024, /* with less ahead, copying it costs no more */
    SPLICE_PARTS = 8 * 1024,  /* the same, if it comes in parts no longer than this */
};

void pump_start(struct pump *p, struct body_source *from, struct body_sink *to, uint64_t limit)
{
    *p = (struct pump){ .from = from, .to = to, .state = PUMP_RUNNING, .limit = limit };
    p->last_part = SPLICE_PARTS; /* for all we know */
}

/* Pushes a part and notes what the sink said. False: the pump has come to its end. */
static bool push(struct pump *p, const struct body_part *part)
{
    p->pushed = true;
    switch (p->to->ops->push(p->to, part)) {
    case SINK_READY: p->blocked = false; return true;
    case SINK_BLOCKED: p->blocked = true; return true;
    case SINK_BROKEN: p->state = PUMP_SINK_GONE; return false;
    case SINK_REFUSED: p->state = PUMP_REFUSED; return false;
    }
    return false;
}

/* An empty part asks the sink to send what it has, and nothing else. */
static bool flush(struct pump *p)
{
    static const struct body_part nothing;
    return push(p, &nothing);
}

/* More than is allowed has come, or has been announced (by a chunk's size). */
static bool too_large(const struct pump *p)
{
    const struct body_source_ops *ops = p->from->ops;

    if (p->limit == UINT64_MAX) return false;
    return p->bytes > p->limit || (ops->ahead && ops->ahead(p->from) > p->limit - p->bytes);
}

/* Whether the next part had better come in a pipe. A body that began so ends so. What comes in one
 * can't become too large: all that is ahead is allowed. */
static bool splice_pays(const struct pump *p)
{
    const struct body_source_ops *from = p->from->ops;

    if (!from->pull_pipe || !p->to->ops->takes_pipe || p->last_part < SPLICE_PARTS || too_large(p))
        return false;
    return from->ahead(p->from) >= (p->spliced ? SPLICE_PARTS : SPLICE_FROM) &&
           p->to->ops->takes_pipe(p->to);
}

static enum body_pull pull(struct pump *p, struct body_part *part)
{
    enum body_pull r = splice_pays(p) ? p->from->ops->pull_pipe(p->from, part)
                                      : p->from->ops->pull(p->from, part);
    if (r != BODY_PART) return r;
    p->spliced = part->pipe != NULL;
    p->last_part = p->spliced ? part->pipe->held : part->data.n;
    p->bytes += p->last_part;
    return BODY_PART;
}

/* True when a part was moved and the sink would take another. */
static bool move_part(struct pump *p)
{
    struct body_part part = { .most = body_sink_final(p->to)->part_most };

    switch (pull(p, &part)) {
    case BODY_PART: break;
    case BODY_WAIT:
        if (too_large(p))
            p->state = PUMP_REFUSED;
        else if (!p->pushed)
            flush(p); /* the head need not wait for the body */
        return false;
    case BODY_CUT: p->state = PUMP_CUT; return false;
    case BODY_BROKEN: p->state = PUMP_BROKEN; return false;
    }
    p->moved = true;
    if (too_large(p)) {
        p->state = PUMP_REFUSED;
        return false;
    }
    if (!push(p, &part)) return false;
    p->ended = part.last;
    return !p->ended && !p->blocked;
}

/* A blocked sink first gets the chance to send what it has. */
static bool unblocked(struct pump *p)
{
    if (!p->blocked) return true;
    if (!flush(p)) return false;
    p->moved |= !p->blocked;
    return !p->blocked;
}

/* What comes in pipes is cheap by the byte and not by the piece: one in a turn, so that the next is
 * the longer for what arrives meanwhile. */
enum pump_state pump_run(struct pump *p)
{
    uint64_t from = p->bytes;

    p->tired = p->moved = false;
    if (p->state != PUMP_RUNNING || !unblocked(p)) return p->state;
    for (unsigned parts = 1; !p->ended && move_part(p) && !p->tired; parts++)
        p->tired = parts == PARTS_PER_RUN || p->bytes - from >= BYTES_PER_RUN || p->spliced;
    if (p->state == PUMP_RUNNING && p->ended && !p->blocked) p->state = PUMP_DONE;
    return p->state;
}

void pump_stop(struct pump *p)
{
    if (p->state != PUMP_RUNNING) return;
    p->from->ops->stop(p->from);
    p->to->ops->stop(p->to);
    p->state = PUMP_OFF;
}

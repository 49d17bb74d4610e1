/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/service_text.h"

/* A piece is full when it is this long; what is added then makes it no longer than SERVICE_PIECE,
 * as a rule. */
enum { PIECE_FULL = SERVICE_PIECE / 2 };

static enum body_pull pull(struct body_source *s, struct body_part *part)
{
    struct service_text *t = container_of(s, struct service_text, source);

    t->text.n = 0;
    while (!t->ended && t->text.n < PIECE_FULL) t->ended = !t->more(t);
    *part = (struct body_part){ .data = slice_of(t->text.p, t->text.n), .last = t->ended };
    return BODY_PART;
}

static void stop(struct body_source *s)
{
    (void)s;
}

static const struct body_source_ops ops = { .pull = pull, .stop = stop };

void service_text_init(struct service_text *t, bool (*more)(struct service_text *t))
{
    *t = (struct service_text){ .source = { &ops }, .more = more };
}

void service_text_release(struct service_text *t)
{
    text_release(&t->text);
}

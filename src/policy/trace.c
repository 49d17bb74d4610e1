/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/trace.h"

#include "policy/expr_private.h"

/* As steps_run in expr.c, but it remembers where the value was lost. */
static bool run_steps(const struct expr *e, struct context *c, struct sample *s,
                      struct trace_value *told, struct sample *before)
{
    for (unsigned i = 0; i < e->n_steps; i++) {
        const struct expr_step *step = &e->steps[i];

        *before = *s;
        told->lost = step->row->name;
        told->before = before;
        if (step->in && step->in != s->type && !sample_prepare(s, step->in, c)) return false;
        if (!step->convert(c, step->args, s)) return false;
    }
    return true;
}

bool trace_eval(const struct expr *e, struct context *c, struct sample *out)
{
    struct trace *t = c->trace;
    struct trace_value told = { .expr = e, .lost = e->fetch->name };
    struct sample before;
    bool found = e->fetch->get(c, e->args, out) && run_steps(e, c, out, &told, &before);

    if (t->describing) return found;
    if (found) told = (struct trace_value){ .expr = e, .value = out };
    t->value(t, c, &told);
    return found;
}

struct slice trace_describe(struct context *c, const struct rule *r)
{
    struct trace *t = c->trace;
    struct slice words;

    if (!r->action->describe) return SLICE("");
    if (t) t->describing = true;
    words = r->action->describe(c, r);
    if (t) t->describing = false;
    return words;
}

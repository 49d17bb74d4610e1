/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating expressions; expr_parse.c compiles them. */
#include "policy/expr.h"

#include "policy/expr_private.h"
#include "policy/trace.h"

/* Values are what they are at run time, not what rows say that they give (a variable can be
 * anything, and `bytes` leaves a string a string), so each cast is looked up by the value's type.
 */
static inline bool steps_run(const struct expr *e, struct context *c, struct sample *s)
{
    const struct expr_step *step = e->steps;

    for (unsigned n = e->n_steps; n; n--, step++) {
        if (step->in && step->in != s->type && !sample_prepare(s, step->in, c)) return false;
        if (!step->convert(c, step->args, s)) return false;
    }
    return true;
}

bool expr_eval(const struct expr *e, struct context *c, struct sample *out)
{
    *out = (struct sample){ 0 };
    if (c->trace) return trace_eval(e, c, out);
    return e->fetch->get(c, e->args, out) && steps_run(e, c, out);
}

bool expr_run(const struct expr *e, struct context *c, struct sample *out)
{
    if (c->trace) return trace_eval(e, c, out);
    return e->fetch->get(c, e->args, out) && steps_run(e, c, out);
}

bool expr_eval_as(const struct expr *e, struct context *c, enum sample_type type,
                  struct sample *out)
{
    return expr_eval(e, c, out) && sample_cast(out, type, c);
}

bool expr_string(const struct expr *e, struct context *c, struct slice *out)
{
    struct sample s;

    if (!expr_eval(e, c, &s)) return false;
    if (s.type != SAMPLE_STR && !sample_cast(&s, SAMPLE_STR, c)) return false;
    *out = s.str;
    return true;
}

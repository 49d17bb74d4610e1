/* SPDX-License-Identifier: Apache-2.0 */
/* Converters that leave something behind: they set or unset a variable and give their input on. */
#include "policy/converters.h"

static bool set_var(struct context *c, const struct arg *args, struct sample *s)
{
    return var_set(c, &args[0].var, s, (unsigned)args_param(args));
}

static bool check_set_var(struct policy_cfg *pc, struct arg *args)
{
    int64_t all = 0;
    unsigned one, i = 1;

    for (; args[i].type != ARG_END; i++) {
        if (!args[i].given) continue;
        one = var_condition_find(args[i].str);
        if (one == 0)
            return arg_error(pc, &args[i],
                             "'%.*s' is no condition: there are ifexists, ifempty, ifset, the same "
                             "with 'not' (ifnotset), ifgt and iflt",
                             SLICE_ARG(args[i].str));
        all |= one;
    }
    args[i].sint = all;
    return true;
}

static bool unset_var(struct context *c, const struct arg *args, struct sample *s)
{
    (void)s;
    return var_unset(c, &args[0].var);
}

static const struct converter ROWS[] = {
    { "set-var", ARGS(1, ARG_VAR, ARG_STR, ARG_STR, ARG_STR, ARG_STR), SAMPLE_ANY, SAMPLE_ANY,
      set_var, .check = check_set_var,
      .doc = "Sets a variable to the input and gives that on. Up to four conditions may be named: "
             "`ifexists`, `ifempty`, `ifset`, their opposites `ifnotexists`, `ifnotempty`, "
             "`ifnotset`, and `ifgt`, `iflt`, which compare the old value with the input. When one "
             "does not hold nothing is set, and there is no result." },
    { "unset-var", ARGS(1, ARG_VAR), SAMPLE_ANY, SAMPLE_ANY, unset_var,
      .doc = "Forgets the value of a variable, and gives the input on." },
};

const struct converter_table state_converters = CONVERTER_TABLE("Variables", ROWS);

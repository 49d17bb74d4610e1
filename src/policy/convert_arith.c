/* SPDX-License-Identifier: Apache-2.0 */
/* Converters that calculate: signed numbers of 64 bits, which stop at the ends of their range
 * instead of wrapping around. An operand is a number or a variable; a variable without a value (or
 * whose value is no number) leaves no result. */
#include "policy/converters.h"

/* A boolean that is calculated with stays one, as in HAProxy: "bool(true),add(1)" prints 2, and is
 * true. */
static bool result(struct sample *s, int64_t n)
{
    s->sint = n;
    return true;
}

/* HAProxy's sum of two negative numbers is the largest number, or the lowest where it would be
 * lower still. Configurations may not notice, but comparisons do: so it is here. */
static int64_t sum(int64_t a, int64_t b)
{
    int64_t n;
    bool over = __builtin_add_overflow(a, b, &n);

    if (a < 0 && b < 0) return over ? INT64_MIN : INT64_MAX;
    return over ? INT64_MAX : n;
}

static bool calc_add(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;

    return arg_number(c, &args[0], &n) && result(s, sum(s->sint, n));
}

static bool calc_sub(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;

    if (!arg_number(c, &args[0], &n)) return false;
    if (n != INT64_MIN) return result(s, sum(s->sint, -n));
    return result(s, s->sint < 0 ? s->sint - n : INT64_MAX); /* it has no opposite */
}

static bool calc_mul(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n, product;

    if (!arg_number(c, &args[0], &n)) return false;
    if (__builtin_mul_overflow(s->sint, n, &product))
        product = (s->sint < 0) != (n < 0) ? INT64_MIN : INT64_MAX;
    return result(s, product);
}

static bool calc_div(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;

    if (!arg_number(c, &args[0], &n)) return false;
    if (n == 0 || (n == -1 && s->sint == INT64_MIN)) return result(s, INT64_MAX);
    return result(s, s->sint / n);
}

static bool calc_mod(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;

    if (!arg_number(c, &args[0], &n)) return false;
    if (n == 0 || n == -1) return result(s, 0); /* the lowest number has no opposite */
    return result(s, s->sint % n);
}

static bool calc_and(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;

    return arg_number(c, &args[0], &n) && result(s, s->sint & n);
}

static bool calc_or(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;

    return arg_number(c, &args[0], &n) && result(s, s->sint | n);
}

static bool calc_xor(struct context *c, const struct arg *args, struct sample *s)
{
    int64_t n;

    return arg_number(c, &args[0], &n) && result(s, s->sint ^ n);
}

static bool calc_neg(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    return result(s, s->sint == INT64_MIN ? INT64_MAX : -s->sint);
}

static bool calc_cpl(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    return result(s, ~s->sint);
}

static bool calc_even(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    return sample_bool(s, !(s->sint & 1));
}

static bool calc_odd(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    return sample_bool(s, s->sint & 1);
}

static bool calc_bool(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    return sample_bool(s, s->sint != 0);
}

static bool calc_not(struct context *c, const struct arg *args, struct sample *s)
{
    (void)c;
    (void)args;
    return sample_bool(s, s->sint == 0);
}

#define OPERAND ARGS(1, ARG_VAR_OR_SINT), SAMPLE_SINT, SAMPLE_SINT
#define ALONE(result) ARGS(0, ARG_END), SAMPLE_SINT, result

static const struct converter ROWS[] = {
    { "add", OPERAND, calc_add,
      .doc =
          "The sum of the input and the operand; at an end of the range where it would not fit." },
    { "and", OPERAND, calc_and, .doc = "The bits that are set in both the input and the operand." },
    { "bool", ALONE(SAMPLE_BOOL), calc_bool, .doc = "True unless the input is 0." },
    { "cpl", ALONE(SAMPLE_SINT), calc_cpl, .doc = "The input with all its bits flipped." },
    { "div", OPERAND, calc_div,
      .doc = "The input divided by the operand, towards 0. Divided by 0 it is the largest number, "
             "2^63-1." },
    { "even", ALONE(SAMPLE_BOOL), calc_even, .doc = "True when the input is even." },
    { "mod", OPERAND, calc_mod,
      .doc = "What is left when the input is divided by the operand, with the input's sign; 0 when "
             "that is 0." },
    { "mul", OPERAND, calc_mul,
      .doc = "The product of the input and the operand; at an end of the range where it would not "
             "fit." },
    { "neg", ALONE(SAMPLE_SINT), calc_neg,
      .doc = "The opposite of the input. `neg,add(5)` takes the input off 5." },
    { "not", ALONE(SAMPLE_BOOL), calc_not, .doc = "True when the input is 0." },
    { "odd", ALONE(SAMPLE_BOOL), calc_odd, .doc = "True when the input is odd." },
    { "or", OPERAND, calc_or, .doc = "The bits that are set in the input, the operand or both." },
    { "sub", OPERAND, calc_sub,
      .doc = "The input less the operand; at an end of the range where it would not fit." },
    { "xor", OPERAND, calc_xor,
      .doc = "The bits that are set in one of the input and the operand." },
};

const struct converter_table arith_converters = CONVERTER_TABLE("Arithmetic and logic", ROWS);

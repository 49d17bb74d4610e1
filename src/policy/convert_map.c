/* SPDX-License-Identifier: Apache-2.0 */
/* Converters that look their value up in a map: map, map_beg, … HAProxy's manual, 7.3.1. */
#include "policy/actions.h"
#include "policy/converters.h"
#include "policy/match.h"

/* A row's param: the method, the type of the map's values, and whether they are replacements. */
enum { OUT_SHIFT = 8, GROUPS = 1 << 16 };

static enum match_kind kind_of(intptr_t param)
{
    return (enum match_kind)(param & 0xff);
}

static enum sample_type out_of(intptr_t param)
{
    return (enum sample_type)(param >> OUT_SHIFT & 0xff);
}

/* args[0] becomes the set; an address as default value becomes a sample. */
static bool check(struct policy_cfg *pc, struct arg *args)
{
    intptr_t param = args_param(args);
    enum sample_type out = out_of(param);
    struct slice path = args[0].str;
    struct sample *value;

    args[0].thing = patterns_file(pc, &args[0].at, path, &matches[kind_of(param)],
                                  PATTERNS_MAP | PATTERNS_BY_MAP | PATTERNS_NO_DNS, out);
    if (!args[0].thing) return false;
    if (out != SAMPLE_ADDR || !args[1].given) return true;
    value = arena_zero(pc->cfg->arena, sizeof *value);
    if (!pattern_value(args[1].str, SAMPLE_ADDR, value))
        return cfg_error(pc->cfg, &args[1].at, "'%.*s' is no address", SLICE_ARG(args[1].str));
    args[1].thing = value;
    return true;
}

/* The input is kept apart: `into` has its own iteration. */
static bool give(struct sample *into, const struct sample *value)
{
    into->type = value->type;
    switch ((enum sample_type)value->type) {
    case SAMPLE_SINT: into->sint = value->sint; break;
    case SAMPLE_IPV4: into->ipv4 = value->ipv4; break;
    case SAMPLE_IPV6: into->ipv6 = value->ipv6; break;
    default: into->str = value->str; break;
    }
    return true;
}

static bool give_default(const struct arg *args, enum sample_type out, struct sample *s)
{
    if (!args[1].given) return false;
    if (out == SAMPLE_SINT) return sample_sint(s, args[1].sint);
    if (out == SAMPLE_ADDR) return give(s, args[1].thing);
    return sample_str(s, args[1].str);
}

static bool replace_groups(struct context *c, const struct pattern_hit *hit, struct sample *s)
{
    struct slice value;

    return action_replacement(c, hit->value.str, hit->groups, &value) && sample_str(s, value);
}

static bool look_up(struct context *c, const struct arg *args, struct sample *s)
{
    intptr_t param = args_param(args);
    struct regex_match groups;
    struct pattern_hit hit = { 0 };

    groups.n = 0;
    if (param & GROUPS) hit.groups = &groups;
    if (!patterns_match(args[0].thing, c, s, &hit)) return give_default(args, out_of(param), s);
    if (!hit.has_value) return sample_sint(s, 1); /* added as a pattern of an ACL */
    if (param & GROUPS) return replace_groups(c, &hit, s);
    return give(s, &hit.value);
}

#define LIKE "Looks the value up in a map: a file with a key and a value a line. "
#define NONE " Without a match, the second argument is given; without that, there is no value."

#define MAP(name, kind, in, out, default_type, flags, doc)                            \
    {                                                                                 \
        name, ARGS(1, ARG_STR, default_type), in, out, look_up, LIKE doc NONE, check, \
            (kind) | (out) << OUT_SHIFT | (flags), 0                                  \
    }
#define MAPS(name, kind, in, doc)                                                              \
    MAP(name, kind, in, SAMPLE_STR, ARG_STR, 0, doc),                                          \
        MAP(name "_int", kind, in, SAMPLE_SINT, ARG_SINT, 0, doc " The values are integers."), \
        MAP(name "_ip", kind, in, SAMPLE_ADDR, ARG_STR, 0, doc " The values are addresses.")

static const struct converter rows[] = {
    MAP("map", MATCH_STR, SAMPLE_STR, SAMPLE_STR, ARG_STR, 0, "The key must equal the value."),
    MAPS("map_str", MATCH_STR, SAMPLE_STR, "The key must equal the value."),
    MAPS("map_beg", MATCH_BEG, SAMPLE_STR, "The value must begin with the key; the longest wins."),
    MAPS("map_sub", MATCH_SUB, SAMPLE_STR, "The value must contain the key; the first wins."),
    MAPS("map_dir", MATCH_DIR, SAMPLE_STR,
         "The value must contain the key between slashes; the first wins."),
    MAPS("map_dom", MATCH_DOM, SAMPLE_STR,
         "The value must contain the key between dots, colons or slashes; the first wins."),
    MAPS("map_end", MATCH_END, SAMPLE_STR, "The value must end with the key; the first wins."),
    MAPS("map_reg", MATCH_REG, SAMPLE_STR,
         "The key is a regular expression that must match; the first wins."),
    MAP("map_regm", MATCH_REG, SAMPLE_STR, SAMPLE_STR, ARG_STR, GROUPS,
        "The key is a regular expression; in the map's value, \\0 to \\9 stand for the match and "
        "its groups."),
    MAPS("map_int", MATCH_INT, SAMPLE_SINT, "The key is an integer, or a range of them."),
    MAPS("map_ip", MATCH_IP, SAMPLE_ADDR, "The key is an address or a network; the longest wins."),
};

const struct converter_table map_converters = CONVERTER_TABLE("Maps", rows);

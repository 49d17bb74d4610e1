/* SPDX-License-Identifier: Apache-2.0 */
/* Converters that look their value up in a stick table, and fetches on tables. HAProxy's manual,
 * 7.3.1 and 7.3.2. */
#include "policy/converters.h"
#include "policy/stick_fetches.h"
#include "policy/stick_table.h"

enum { KBYTES_SHIFT = 10 };

/* The entry of the value's key: `*found` NULL when there is none. False: the value can't be a
 * key. */
static bool look_up(struct context *c, const struct stick_conf *conf, const struct sample *s,
                    struct stick_entry **found)
{
    struct sample value = *s;
    struct stick_key key;

    if (!stick_key_make(conf->state, &value, c, &key)) return false;
    *found = stick_recall(c, conf->state, &key, false);
    return true;
}

static bool convert_in_table(struct context *c, const struct arg *args, struct sample *s)
{
    struct stick_entry *e;

    return look_up(c, args[0].thing, s, &e) && sample_bool(s, e != NULL);
}

/* 0 where there is no entry, no value where the table does not store that. */
static bool give(struct context *c, const struct stick_conf *conf, struct sample *s,
                 enum stick_data d, unsigned i)
{
    struct stick_entry *e;

    if (!look_up(c, conf, s, &e)) return false;
    if (!e) return sample_sint(s, 0);
    if (i >= stick_elements(conf->state, d)) return false;
    return sample_sint(s, (int64_t)stick_read(conf->state, e, d, i, stick_now(c)));
}

/* A row's param is what it reads. */
static bool convert_data(struct context *c, const struct arg *args, struct sample *s)
{
    return give(c, args[0].thing, s, (enum stick_data)args_param(args), 0);
}

static bool convert_element(struct context *c, const struct arg *args, struct sample *s)
{
    unsigned i = args[0].sint < 0 || args[0].sint >= STICK_ELEMENTS_MOST ? STICK_ELEMENTS_MOST
                                                                         : (unsigned)args[0].sint;

    return give(c, args[1].thing, s, (enum stick_data)args_param(args), i);
}

static bool convert_kbytes(struct context *c, const struct arg *args, struct sample *s)
{
    if (!convert_data(c, args, s)) return false;
    s->sint = (int64_t)((uint64_t)s->sint >> KBYTES_SHIFT);
    return true;
}

/* As in HAProxy, whoever asks counts as one. */
static bool convert_trackers(struct context *c, const struct arg *args, struct sample *s)
{
    struct stick_entry *e;

    return look_up(c, args[0].thing, s, &e) && sample_sint(s, e ? stick_trackers(e) + 1 : 0);
}

/* The row's param: whether what is left of its life is asked for, or what has passed. */
static bool convert_life(struct context *c, const struct arg *args, struct sample *s)
{
    const struct stick_conf *conf = args[0].thing;
    struct stick_entry *e;
    msec_t now = stick_now(c);

    if (!look_up(c, conf, s, &e)) return false;
    if (!e) return args[1].given && sample_sint(s, args[1].sint);
    return sample_sint(s, args_param(args) ? stick_expires_in(conf->state, e, now)
                                           : stick_idle(conf->state, e, now));
}

#define KEYED "Looks the value up as a key of the table. "
#define NO_ENTRY " 0 when there is no entry; no value when the table does not store that."

#define DATA(suffix, function, what, text)                                                         \
    {                                                                                              \
        .name = "table_" suffix, .args = ARGS(1, ARG_TABLE), .in = SAMPLE_ANY, .out = SAMPLE_SINT, \
        .convert = function, .doc = KEYED text NO_ENTRY, .flags = FETCH_COUNTS, .param = (what)    \
    }
#define ELEMENT(suffix, what, text)                                                      \
    {                                                                                    \
        .name = "table_" suffix, .args = ARGS(2, ARG_SINT, ARG_TABLE), .in = SAMPLE_ANY, \
        .out = SAMPLE_SINT, .convert = convert_element, .doc = KEYED text NO_ENTRY,      \
        .flags = FETCH_COUNTS, .param = (what)                                           \
    }
#define LIFE(suffix, left, text)                                                            \
    {                                                                                       \
        .name = "table_" suffix, .args = ARGS(1, ARG_TABLE, ARG_SINT), .in = SAMPLE_ANY,    \
        .out = SAMPLE_SINT, .convert = convert_life,                                        \
        .doc = KEYED text " When there is no entry, the second argument is given; without " \
                          "that, there is no value.",                                       \
        .flags = FETCH_COUNTS, .param = (left)                                              \
    }

static const struct converter rows[] = {
    { .name = "in_table",
      .args = ARGS(1, ARG_TABLE),
      .in = SAMPLE_ANY,
      .out = SAMPLE_BOOL,
      .convert = convert_in_table,
      .flags = FETCH_COUNTS,
      .doc = KEYED "Whether there is an entry." },
    DATA("bytes_in_rate", convert_data, STICK_BYTES_IN_RATE,
         "The bytes that came from its clients in a period."),
    DATA("bytes_out_rate", convert_data, STICK_BYTES_OUT_RATE,
         "The bytes that went to its clients in a period."),
    DATA("conn_cnt", convert_data, STICK_CONN_CNT, "Its connections so far."),
    DATA("conn_cur", convert_data, STICK_CONN_CUR, "Its connections of now."),
    DATA("conn_rate", convert_data, STICK_CONN_RATE, "Its connections in a period."),
    LIFE("expire", true, "The milliseconds until the entry expires."),
    ELEMENT("gpc", STICK_GPC, "The counter of that number in its array `gpc`."),
    DATA("gpc0", convert_data, STICK_GPC0, "Its first counter, `gpc0` or the first of `gpc`."),
    DATA("gpc0_rate", convert_data, STICK_GPC0_RATE,
         "How often its first counter was raised in a period."),
    DATA("gpc1", convert_data, STICK_GPC1, "Its second counter, `gpc1` or the second of `gpc`."),
    DATA("gpc1_rate", convert_data, STICK_GPC1_RATE,
         "How often its second counter was raised in a period."),
    ELEMENT("gpc_rate", STICK_GPC_RATE,
            "How often the counter of that number was raised in a period, from the array "
            "`gpc_rate`."),
    ELEMENT("gpt", STICK_GPT, "The tag of that number in its array `gpt`."),
    DATA("gpt0", convert_data, STICK_GPT0, "Its first tag, `gpt0` or the first of `gpt`."),
    DATA("http_err_cnt", convert_data, STICK_HTTP_ERR_CNT,
         "Its requests so far that were answered 4xx."),
    DATA("http_err_rate", convert_data, STICK_HTTP_ERR_RATE,
         "Its requests in a period that were answered 4xx."),
    DATA("http_fail_cnt", convert_data, STICK_HTTP_FAIL_CNT,
         "Its requests so far that were answered 5xx, but for 501 and 505."),
    DATA("http_fail_rate", convert_data, STICK_HTTP_FAIL_RATE,
         "Its requests in a period that were answered 5xx, but for 501 and 505."),
    DATA("http_req_cnt", convert_data, STICK_HTTP_REQ_CNT, "Its requests so far."),
    DATA("http_req_rate", convert_data, STICK_HTTP_REQ_RATE, "Its requests in a period."),
    LIFE("idle", false, "The milliseconds since the entry was made or last tracked."),
    DATA("kbytes_in", convert_kbytes, STICK_BYTES_IN_CNT,
         "What came from its clients so far, in units of 1024 bytes."),
    DATA("kbytes_out", convert_kbytes, STICK_BYTES_OUT_CNT,
         "What went to its clients so far, in units of 1024 bytes."),
    DATA("server_id", convert_data, STICK_SERVER_ID,
         "The number of the server that it was sent to by a `stick` rule."),
    DATA("sess_cnt", convert_data, STICK_SESS_CNT, "Its sessions so far."),
    DATA("sess_rate", convert_data, STICK_SESS_RATE, "Its sessions in a period."),
    { .name = "table_trackers",
      .args = ARGS(1, ARG_TABLE),
      .in = SAMPLE_ANY,
      .out = SAMPLE_SINT,
      .convert = convert_trackers,
      .flags = FETCH_COUNTS,
      .doc = KEYED
      "How many connections and requests track the entry now, and one for the look-up, as in "
      "HAProxy; 0 when there is no entry." },
};

const struct converter_table table_converters = CONVERTER_TABLE("Stick tables", rows);

/* ---- fetches ---- */

static bool get_used(struct context *c, const struct arg *args, struct sample *out)
{
    const struct stick_conf *conf = args[0].thing;

    return sample_sint(out, stick_used(conf->state, stick_now(c)));
}

static bool get_available(struct context *c, const struct arg *args, struct sample *out)
{
    const struct stick_conf *conf = args[0].thing;
    uint32_t used = stick_used(conf->state, stick_now(c)), size = stick_size(conf->state);

    return sample_sint(out, used < size ? size - used : 0);
}

static const struct fetch fetch_rows[] = {
    { .name = "table_avl",
      .args = ARGS(0, ARG_TABLE),
      .type = SAMPLE_SINT,
      .need = NEED_PROCESS,
      .get = get_available,
      .flags = FETCH_COUNTS,
      .doc = "How many entries more the table could have: the one named, or the proxy's own." },
    { .name = "table_cnt",
      .args = ARGS(0, ARG_TABLE),
      .type = SAMPLE_SINT,
      .need = NEED_PROCESS,
      .get = get_used,
      .flags = FETCH_COUNTS,
      .doc = "How many entries the table has: the one named, or the proxy's own." },
};

const struct fetch_table table_fetches = FETCH_TABLE("Stick tables", fetch_rows);

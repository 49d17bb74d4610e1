/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches on entries of stick tables: of what a tracker tracks (sc_conn_cnt and its kin), and of
 * the client's address (src_conn_cnt …). HAProxy's manual, 7.3.3. */
#include "policy/expr.h"
#include "policy/message_fetches.h"
#include "policy/stick_table.h"

#include <assert.h>

/* Whose entry, by the name's beginning. */
enum whose {
    OF_SC0,
    OF_SC1,
    OF_SC2,
    OF_SC,  /* the tracker's number is an argument */
    OF_SRC, /* no tracker: the client's address is looked up */
};

/* A row's param: whose, of which data; and for arrays that the element's number is an argument. */
enum { DATA_BITS = 8, ARRAY_BIT = 1 << 7 };

#define PARAM(whose, data) ((intptr_t)(whose) << DATA_BITS | (intptr_t)(data))

static_assert((int)STICK_DATA < ARRAY_BIT, "a row's param holds both");

/* What a fetch looks at. */
struct subject {
    enum stick_data data;
    unsigned index; /* of an array's element */
    enum whose whose;
    struct stick_table *table;
    struct stick_entry *entry; /* NULL: there is none */
};

/* ---- finding it ---- */

static const struct stick_conf *table_arg(const struct arg *a)
{
    return a->given || a->type == ARG_TABLE ? a->thing : NULL;
}

static bool address_key(struct context *c, const struct stick_table *t, struct sample *s,
                        struct stick_key *key)
{
    const struct sockaddr *sa = context_src(c);

    *s = (struct sample){ 0 };
    return sa && sample_address(s, sa) && stick_key_make(t, s, c, key);
}

/* The entry of the client's address; one that is made is found as well. */
static bool find_address(struct context *c, struct subject *u, const struct arg *a, bool make)
{
    struct stick_key key;
    struct sample s;

    u->table = table_arg(a)->state;
    if (!address_key(c, u->table, &s, &key)) return false;
    u->entry = stick_recall(c, u->table, &key, make);
    return true;
}

/* The key of what is tracked, in another table. */
static void find_elsewhere(struct context *c, struct subject *u, struct stick_table *t)
{
    struct stick_key key;
    bool same = stick_key_again(t, u->table, u->entry, &key);

    u->entry = same ? stick_recall(c, t, &key, false) : NULL;
    u->table = t;
}

/* False: nothing is tracked, and the fetch has no value. */
static bool find(struct context *c, const struct arg *args, bool make, struct subject *u)
{
    intptr_t param = args_param(args);
    const struct stick_conf *other;
    const struct tracker *t;
    uint64_t n;

    *u = (struct subject){ .data = (enum stick_data)(param & (ARRAY_BIT - 1)),
                           .whose = (enum whose)(param >> DATA_BITS) };
    if (param & ARRAY_BIT) u->index = (unsigned)(args++)->sint;
    if (u->whose == OF_SRC) return find_address(c, u, args, make);
    n = u->whose == OF_SC ? (uint64_t)(args++)->sint : (uint64_t)u->whose;
    t = track_find(c, n);
    if (!t) return false;
    u->table = t->table;
    u->entry = t->entry;
    other = table_arg(args);
    if (other && other->state != t->table) find_elsewhere(c, u, other->state);
    return true;
}

static bool stored(const struct subject *u, enum stick_data d)
{
    return u->index < stick_elements(u->table, d);
}

static int64_t value(struct context *c, const struct subject *u, enum stick_data d)
{
    return (int64_t)stick_read(u->table, u->entry, d, u->index, stick_now(c));
}

/* ---- reading ---- */

/* An entry that is not there counts as one that has seen nothing. */
static bool get_value(struct context *c, const struct arg *args, struct sample *out)
{
    struct subject u;

    if (!find(c, args, false, &u)) return false;
    if (!u.entry) return sample_sint(out, 0);
    return stored(&u, u.data) && sample_sint(out, value(c, &u, u.data));
}

static bool get_kbytes(struct context *c, const struct arg *args, struct sample *out)
{
    if (!get_value(c, args, out)) return false;
    out->sint >>= 10;
    return true;
}

static bool get_tracked(struct context *c, const struct arg *args, struct sample *out)
{
    struct subject u;

    return sample_bool(out, find(c, args, false, &u));
}

static bool get_trackers(struct context *c, const struct arg *args, struct sample *out)
{
    struct subject u;

    if (!find(c, args, false, &u)) return false;
    return sample_sint(out, u.entry ? stick_trackers(u.entry) : 0);
}

/* ---- changing ---- */

static enum stick_data rate_of(enum stick_data d)
{
    switch (d) {
    case STICK_GPC0: return STICK_GPC0_RATE;
    case STICK_GPC1: return STICK_GPC1_RATE;
    case STICK_GPC: return STICK_GPC_RATE;
    default: return STICK_NOTHING;
    }
}

/* Increments both the counter and its rate; gives the first of them that is stored. */
static bool get_incremented(struct context *c, const struct arg *args, struct sample *out)
{
    struct subject u;
    enum stick_data rate;
    msec_t now = stick_now(c);
    uint64_t n, events;

    if (!find(c, args, true, &u)) return false;
    if (!u.entry) return sample_sint(out, 0);
    rate = rate_of(u.data);
    events = stick_add(u.table, u.entry, rate, u.index, 1, now);
    n = stick_add(u.table, u.entry, u.data, u.index, 1, now);
    stick_touch(u.table, u.entry, now);
    return sample_sint(out, (int64_t)(stored(&u, u.data) ? n : events));
}

/* Gives what it was before. */
static bool get_cleared(struct context *c, const struct arg *args, struct sample *out)
{
    struct subject u;

    if (!find(c, args, true, &u)) return false;
    if (!u.entry) return sample_sint(out, 0);
    if (!stored(&u, u.data)) return false;
    sample_sint(out, (int64_t)stick_write(u.table, u.entry, u.data, u.index, 0, stick_now(c)));
    stick_touch(u.table, u.entry, stick_now(c));
    return true;
}

/* src_updt_conn_cnt: counts a connection of that address. */
static bool get_updated(struct context *c, const struct arg *args, struct sample *out)
{
    struct subject u;
    msec_t now = stick_now(c);
    uint64_t n;

    if (!find(c, args, true, &u) || !u.entry || !stored(&u, u.data)) return false;
    n = stick_add(u.table, u.entry, u.data, 0, 1, now);
    stick_touch(u.table, u.entry, now);
    return sample_sint(out, (int64_t)n);
}

/* ---- rows ---- */

#define ROW(fullname, fullargs, gives, needs, function, whose, data, text)                 \
    {                                                                                      \
        .name = fullname, .args = fullargs, .type = gives, .need = needs, .get = function, \
        .flags = FETCH_COUNTS, .param = PARAM(whose, data), .doc = text                    \
    }

/* sc0_NAME[(TABLE)] … */
#define SHORT(n, name, gives, needs, function, data)                                        \
    ROW("sc" #n "_" name, ARGS(0, ARG_OTHER_TABLE), gives, needs, function, OF_SC##n, data, \
        "`sc_" name "(" #n "[,<table>])`.")

#define SC(name, gives, needs, function, data, text)                                         \
    ROW("sc_" name, ARGS(1, ARG_SINT, ARG_OTHER_TABLE), gives, needs, function, OF_SC, data, \
        text),                                                                               \
        SHORT(0, name, gives, needs, function, data),                                        \
        SHORT(1, name, gives, needs, function, data), SHORT(2, name, gives, needs, function, data)

#define SRC(name, function, data)                                                          \
    ROW("src_" name, ARGS(0, ARG_TABLE), SAMPLE_SINT, NEED_CLIENT, function, OF_SRC, data, \
        "As `sc_" name                                                                     \
        "`, but of the entry of the client's address, whether it is tracked or not.")

/* One thing that is asked of a tracker or of the client's address: five rows. */
#define COUNT(name, data, text) \
    SC(name, SAMPLE_SINT, NEED_PROCESS, get_value, data, text), SRC(name, get_value, data)
#define CHANGE(name, function, data, text) \
    SC(name, SAMPLE_SINT, NEED_PROCESS, function, data, text), SRC(name, function, data)
#define KBYTES(name, data, text) \
    SC(name, SAMPLE_SINT, NEED_CLIENT, get_kbytes, data, text), SRC(name, get_kbytes, data)

/* An array's element: sc_NAME(INDEX,TRACKER[,TABLE]) and src_NAME(INDEX[,TABLE]). */
#define ELEMENT(name, function, data, text)                                                        \
    ROW("sc_" name, ARGS(2, ARG_SINT, ARG_SINT, ARG_OTHER_TABLE), SAMPLE_SINT, NEED_PROCESS,       \
        function, OF_SC, ARRAY_BIT | (data), text),                                                \
        ROW("src_" name, ARGS(1, ARG_SINT, ARG_TABLE), SAMPLE_SINT, NEED_CLIENT, function, OF_SRC, \
            ARRAY_BIT | (data),                                                                    \
            "As `sc_" name                                                                         \
            "`, but of the entry of the client's address, whether it is tracked or "               \
            "not.")

static const struct fetch ROWS[] = {
    SC("tracked", SAMPLE_BOOL, NEED_PROCESS, get_tracked, STICK_NOTHING,
       "Does the tracker of that number (0 to 2) track an entry?"),
    SC("trackers", SAMPLE_SINT, NEED_PROCESS, get_trackers, STICK_NOTHING,
       "How many connections and requests track the same entry now."),
    COUNT("conn_cnt", STICK_CONN_CNT,
          "How many connections (or requests) have tracked the entry. Without a tracked entry this "
          "and its kin have no value, nor where the table does not store what is asked. With a "
          "table, the same key is looked up there; 0 if it has no such entry."),
    COUNT("conn_cur", STICK_CONN_CUR, "How many track the entry now."),
    COUNT("conn_rate", STICK_CONN_RATE,
          "How many began to track it during the period that the table says."),
    COUNT("sess_cnt", STICK_SESS_CNT,
          "How many connections that tracked the entry have become sessions: were accepted by the "
          "rules `tcp-request connection` and `tcp-request session`."),
    COUNT("sess_rate", STICK_SESS_RATE, "How many of them in a period."),
    COUNT("http_req_cnt", STICK_HTTP_REQ_CNT,
          "How many requests there have been, valid ones or not."),
    COUNT("http_req_rate", STICK_HTTP_REQ_RATE, "How many of them in a period."),
    COUNT("http_err_cnt", STICK_HTTP_ERR_CNT,
          "How many requests were in error: invalid, denied, or answered by a server with 4xx."),
    COUNT("http_err_rate", STICK_HTTP_ERR_RATE, "How many of them in a period."),
    COUNT("http_fail_cnt", STICK_HTTP_FAIL_CNT,
          "How many answers of servers were failures: none, an invalid one, or 5xx, but for 501 "
          "and 505."),
    COUNT("http_fail_rate", STICK_HTTP_FAIL_RATE, "How many of them in a period."),
    KBYTES("kbytes_in", STICK_BYTES_IN_CNT, "What has come from clients, in kilobytes."),
    KBYTES("kbytes_out", STICK_BYTES_OUT_CNT, "What has gone to clients, in kilobytes."),
    COUNT("bytes_in_rate", STICK_BYTES_IN_RATE, "How many bytes came in a period."),
    COUNT("bytes_out_rate", STICK_BYTES_OUT_RATE, "How many bytes went in a period."),
    COUNT("get_gpt0", STICK_GPT0, "The tag `gpt0`, or the first of the array `gpt`."),
    COUNT("get_gpc0", STICK_GPC0, "The counter `gpc0`, or the first of the array `gpc`."),
    COUNT("get_gpc1", STICK_GPC1, "The counter `gpc1`, or the second of the array `gpc`."),
    COUNT("gpc0_rate", STICK_GPC0_RATE,
          "How often `gpc0` was incremented in a period, or the first of the array `gpc_rate`."),
    COUNT("gpc1_rate", STICK_GPC1_RATE, "The same of `gpc1`."),
    CHANGE("inc_gpc0", get_incremented, STICK_GPC0,
           "Increments `gpc0` and `gpc0_rate`, and gives the new count."),
    CHANGE("inc_gpc1", get_incremented, STICK_GPC1, "The same of `gpc1`."),
    CHANGE("clr_gpc0", get_cleared, STICK_GPC0, "Clears `gpc0`, and gives what it was."),
    CHANGE("clr_gpc1", get_cleared, STICK_GPC1, "The same of `gpc1`."),
    ELEMENT("get_gpt", get_value, STICK_GPT, "An element of the array `gpt`, from 0 on."),
    ELEMENT("get_gpc", get_value, STICK_GPC, "An element of the array `gpc`."),
    ELEMENT("gpc_rate", get_value, STICK_GPC_RATE, "An element of the array `gpc_rate`."),
    ELEMENT("inc_gpc", get_incremented, STICK_GPC,
            "Increments an element of the arrays `gpc` and `gpc_rate`, and gives the new count."),
    ELEMENT("clr_gpc", get_cleared, STICK_GPC,
            "Clears an element of the array `gpc`, and gives what it was."),
    ROW("sc1_clr_gpc", ARGS(1, ARG_SINT, ARG_OTHER_TABLE), SAMPLE_SINT, NEED_PROCESS, get_cleared,
        OF_SC1, ARRAY_BIT | STICK_GPC,
        "`sc_clr_gpc(<index>,1[,<table>])`. (As in HAProxy, the "
        "only one of its kind.)"),
    ROW("src_updt_conn_cnt", ARGS(0, ARG_TABLE), SAMPLE_SINT, NEED_CLIENT, get_updated, OF_SRC,
        STICK_CONN_CNT,
        "Counts a connection in the entry of the client's address, which is made where it is not "
        "there, and gives the new count. Of no use where that is tracked already."),
};

const struct fetch_table track_fetches = FETCH_TABLE("What is tracked", ROWS);

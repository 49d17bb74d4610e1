/* SPDX-License-Identifier: Apache-2.0 */
/* What entries of stick tables hold. Values are read and changed while others do the same, and no
 * event is lost. */
#include "policy/stick_private.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>

enum form { NUMBER, LONG_NUMBER, RATE, SERVER };

struct data_kind {
    const char *name;
    uint8_t form;
    bool array;
    uint8_t of, element; /* the array that it is an element of, where the table has that instead */
};

#define ONE(name, form)                         \
    {                                           \
        name, form, false, STICK_NOTHING, false \
    }
#define ELEMENT(name, form, of, element) \
    {                                    \
        name, form, false, of, element   \
    }
#define ARRAY(name, form)                      \
    {                                          \
        name, form, true, STICK_NOTHING, false \
    }

static const struct data_kind kinds[STICK_DATA] = {
    [STICK_SERVER_ID] = ONE("server_id", NUMBER),
    [STICK_GPT0] = ELEMENT("gpt0", NUMBER, STICK_GPT, 0),
    [STICK_GPC0] = ELEMENT("gpc0", NUMBER, STICK_GPC, 0),
    [STICK_GPC0_RATE] = ELEMENT("gpc0_rate", RATE, STICK_GPC_RATE, 0),
    [STICK_CONN_CNT] = ONE("conn_cnt", NUMBER),
    [STICK_CONN_RATE] = ONE("conn_rate", RATE),
    [STICK_CONN_CUR] = ONE("conn_cur", NUMBER),
    [STICK_SESS_CNT] = ONE("sess_cnt", NUMBER),
    [STICK_SESS_RATE] = ONE("sess_rate", RATE),
    [STICK_HTTP_REQ_CNT] = ONE("http_req_cnt", NUMBER),
    [STICK_HTTP_REQ_RATE] = ONE("http_req_rate", RATE),
    [STICK_HTTP_ERR_CNT] = ONE("http_err_cnt", NUMBER),
    [STICK_HTTP_ERR_RATE] = ONE("http_err_rate", RATE),
    [STICK_BYTES_IN_CNT] = ONE("bytes_in_cnt", LONG_NUMBER),
    [STICK_BYTES_IN_RATE] = ONE("bytes_in_rate", RATE),
    [STICK_BYTES_OUT_CNT] = ONE("bytes_out_cnt", LONG_NUMBER),
    [STICK_BYTES_OUT_RATE] = ONE("bytes_out_rate", RATE),
    [STICK_GPC1] = ELEMENT("gpc1", NUMBER, STICK_GPC, 1),
    [STICK_GPC1_RATE] = ELEMENT("gpc1_rate", RATE, STICK_GPC_RATE, 1),
    [STICK_SERVER_KEY] = ONE("server_key", SERVER),
    [STICK_HTTP_FAIL_CNT] = ONE("http_fail_cnt", NUMBER),
    [STICK_HTTP_FAIL_RATE] = ONE("http_fail_rate", RATE),
    [STICK_GPT] = ARRAY("gpt", NUMBER),
    [STICK_GPC] = ARRAY("gpc", NUMBER),
    [STICK_GPC_RATE] = ARRAY("gpc_rate", RATE),
};

/* Events of the window that began at `began` and of the one before. */
struct stick_rate {
    _Atomic uint32_t began; /* a time's lowest 32 bits; the very lowest: ROTATING. 0: never */
    _Atomic uint32_t events, before;
};

#define ROTATING UINT32_C(1)

static unsigned size_of(enum form form)
{
    switch (form) {
    case LONG_NUMBER:
    case SERVER: return sizeof(uint64_t);
    case RATE: return sizeof(struct stick_rate);
    default: return sizeof(uint32_t);
    }
}

static_assert(sizeof(char *) == sizeof(uint64_t), "of a server its name's address is stored");

static bool is_wide(enum form form)
{
    return form == LONG_NUMBER || form == SERVER;
}

const char *stick_data_name(enum stick_data d)
{
    return kinds[d].name;
}

enum stick_data stick_data_find(struct slice name)
{
    unsigned d = 0;

    while (d < STICK_DATA && !slice_is(name, kinds[d].name)) d++;
    return (enum stick_data)d;
}

bool stick_data_is_rate(enum stick_data d)
{
    return kinds[d].form == RATE;
}

bool stick_data_is_array(enum stick_data d)
{
    return kinds[d].array;
}

/* ---- where they are ---- */

static void place(struct stick_table *t, const struct stick_conf *conf, bool wide)
{
    for (unsigned d = 0; d < STICK_DATA; d++) {
        if (!(conf->stored >> d & 1) || is_wide((enum form)kinds[d].form) != wide) continue;
        t->at[d] = (uint16_t)t->data_size;
        t->n[d] = (uint8_t)conf->data[d].n;
        t->data_size += conf->data[d].n * size_of((enum form)kinds[d].form);
    }
}

unsigned stick_data_place(struct stick_table *t, const struct stick_conf *conf)
{
    unsigned align;

    place(t, conf, true);
    align = t->data_size ? sizeof(uint64_t) : sizeof(uint32_t);
    place(t, conf, false);
    for (unsigned d = 0; d < STICK_DATA; d++) {
        const struct data_kind *k = &kinds[d];
        if (t->n[d] || k->of == STICK_NOTHING || t->n[k->of] <= k->element) continue;
        t->at[d] = (uint16_t)(t->at[k->of] + k->element * size_of((enum form)k->form));
        t->n[d] = 1;
    }
    return align;
}

bool stick_stores(const struct stick_table *t, enum stick_data d)
{
    return t->n[d] > 0;
}

unsigned stick_elements(const struct stick_table *t, enum stick_data d)
{
    return t->n[d];
}

uint32_t stick_period(const struct stick_table *t, enum stick_data d)
{
    if (!(t->stored >> d & 1) && t->n[d]) d = (enum stick_data)kinds[d].of;
    return atomic_load_explicit(&t->period[d], memory_order_relaxed);
}

static void *value_at(const struct stick_table *t, const struct stick_entry *e, enum stick_data d,
                      unsigned i)
{
    if (i >= t->n[d]) return NULL;
    return (char *)e->rest + t->at[d] + i * size_of((enum form)kinds[d].form);
}

/* ---- rates ---- */

/* Who begins a new window, or sets one: nobody else does meanwhile. False: it is no longer the one
 * that began at *began. */
static bool rate_lock(struct stick_rate *r, uint32_t began)
{
    return atomic_compare_exchange_strong_explicit(&r->began, &began, began | ROTATING,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

static uint32_t rate_began(const struct stick_rate *r)
{
    uint32_t began;

    for (unsigned spins = 1;; spins++) {
        began = atomic_load_explicit(&r->began, memory_order_acquire);
        if (!(began & ROTATING)) return began;
        if (spins % 64 == 0) sched_yield();
    }
}

/* A time as `began`: of two milliseconds the first. */
static uint32_t rate_time(uint32_t now)
{
    return now & ~ROTATING;
}

/* How long the window has lasted; `period` or more: it is over. */
static uint64_t rate_lasted(uint32_t began, uint32_t now, uint32_t period)
{
    return began ? stick_elapsed(now, began) : 2 * (uint64_t)period;
}

static void rate_rotate(struct stick_rate *r, uint32_t began, uint32_t now, uint32_t period)
{
    bool next = rate_lasted(began, now, period) < 2 * (uint64_t)period;
    uint32_t events;

    if (!rate_lock(r, began)) return;
    events = atomic_exchange_explicit(&r->events, 0, memory_order_acq_rel);
    atomic_store_explicit(&r->before, next ? events : 0, memory_order_release);
    atomic_store_explicit(&r->began, rate_time(next ? began + period : now), memory_order_release);
}

/* The events of a period that ends now: those of this window, and of the one before the share that
 * is not over yet. A single event before counts until the end, or a slow rate would read as 0. */
static uint64_t rate_read(const struct stick_rate *r, uint32_t now, uint32_t period)
{
    uint32_t began, events, before;
    uint64_t lasted;

    do {
        began = rate_began(r);
        before = atomic_load_explicit(&r->before, memory_order_acquire);
        events = atomic_load_explicit(&r->events, memory_order_acquire);
    } while (atomic_load_explicit(&r->began, memory_order_relaxed) != began);
    lasted = rate_lasted(began, now, period);
    if (lasted >= period) {
        before = events;
        events = 0;
        lasted -= period;
    }
    if (lasted >= period) return 0;
    if (!events && before <= 1) return before;
    return events + before * (period - lasted) / period;
}

static void rate_add(struct stick_rate *r, uint32_t n, uint32_t now, uint32_t period)
{
    uint32_t began = atomic_load_explicit(&r->began, memory_order_acquire);

    if (!(began & ROTATING) && rate_lasted(began, now, period) >= period)
        rate_rotate(r, began, now, period);
    atomic_fetch_add_explicit(&r->events, n, memory_order_relaxed);
}

static void rate_set(struct stick_rate *r, uint32_t value, uint32_t now)
{
    while (!rate_lock(r, rate_began(r))) {
    }
    atomic_store_explicit(&r->before, 0, memory_order_release);
    atomic_store_explicit(&r->events, value, memory_order_release);
    atomic_store_explicit(&r->began, rate_time(now), memory_order_release);
}

/* ---- numbers ---- */

/* Down to 0, and no further. */
static uint32_t subtract(_Atomic uint32_t *v, uint64_t n)
{
    uint32_t is = atomic_load_explicit(v, memory_order_relaxed), left;

    do left = is > n ? is - (uint32_t)n : 0;
    while (!atomic_compare_exchange_weak_explicit(v, &is, left, memory_order_relaxed,
                                                  memory_order_relaxed));
    return left;
}

static uint32_t add(_Atomic uint32_t *v, int64_t n)
{
    if (n < 0) return subtract(v, 0 - (uint64_t)n);
    return atomic_fetch_add_explicit(v, (uint32_t)n, memory_order_relaxed) + (uint32_t)n;
}

static uint64_t add_long(_Atomic uint64_t *v, int64_t n)
{
    return atomic_fetch_add_explicit(v, (uint64_t)n, memory_order_relaxed) + (uint64_t)n;
}

/* ---- all ---- */

uint64_t stick_read(const struct stick_table *t, const struct stick_entry *e, enum stick_data d,
                    unsigned i, msec_t now)
{
    void *v = value_at(t, e, d, i);

    if (!v) return 0;
    switch ((enum form)kinds[d].form) {
    case LONG_NUMBER: return atomic_load_explicit((_Atomic uint64_t *)v, memory_order_relaxed);
    case RATE: return rate_read(v, (uint32_t)now, stick_period(t, d));
    case SERVER: return 0; /* stick_read_server_key */
    default: return atomic_load_explicit((_Atomic uint32_t *)v, memory_order_relaxed);
    }
}

uint64_t stick_add(struct stick_table *t, struct stick_entry *e, enum stick_data d, unsigned i,
                   int64_t n, msec_t now)
{
    void *v = value_at(t, e, d, i);

    if (!v) return 0;
    switch ((enum form)kinds[d].form) {
    case LONG_NUMBER: return add_long(v, n);
    case RATE:
        rate_add(v, (uint32_t)n, (uint32_t)now, stick_period(t, d));
        return rate_read(v, (uint32_t)now, stick_period(t, d));
    case SERVER: return 0;
    default: return add(v, n);
    }
}

uint64_t stick_write(struct stick_table *t, struct stick_entry *e, enum stick_data d, unsigned i,
                     uint64_t value, msec_t now)
{
    void *v = value_at(t, e, d, i);

    if (!v) return 0;
    switch ((enum form)kinds[d].form) {
    case LONG_NUMBER:
        return atomic_exchange_explicit((_Atomic uint64_t *)v, value, memory_order_relaxed);
    case NUMBER:
        return atomic_exchange_explicit((_Atomic uint32_t *)v, (uint32_t)value,
                                        memory_order_relaxed);
    case RATE: rate_set(v, (uint32_t)value, (uint32_t)now); break;
    case SERVER: break; /* stick_write_server_key */
    }
    return 0;
}

/* ---- servers ---- */

/* The text that the table keeps, once for all entries: servers are few. Under the lock. */
static const char *kept_name(struct stick_table *t, struct slice server)
{
    uint32_t i = 0;

    while (i < t->n_servers && !slice_is(server, t->servers[i])) i++;
    if (i < t->n_servers) return t->servers[i];
    t->servers = mem_resize(t->servers, (i + 1) * sizeof *t->servers);
    t->servers[t->n_servers++] = mem_strndup(server.p, server.n);
    return t->servers[i];
}

/* Most clients stay where they were: only what is new to the entry takes the lock. */
void stick_write_server_key(struct stick_table *t, struct stick_entry *e, struct slice server)
{
    _Atomic(const char *) *v = value_at(t, e, STICK_SERVER_KEY, 0);
    const char *name = NULL;

    if (!v || slice_eq(server, stick_read_server_key(t, e))) return;
    if (server.n) {
        pthread_mutex_lock(&t->server_lock);
        name = kept_name(t, server);
        pthread_mutex_unlock(&t->server_lock);
    }
    atomic_store_explicit(v, name, memory_order_release);
}

struct slice stick_read_server_key(const struct stick_table *t, const struct stick_entry *e)
{
    _Atomic(const char *) *v = value_at(t, e, STICK_SERVER_KEY, 0);
    const char *name = v ? atomic_load_explicit(v, memory_order_acquire) : NULL;

    return name ? slice_str(name) : SLICE("");
}

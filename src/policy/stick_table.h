/* SPDX-License-Identifier: Apache-2.0 */
/* Stick tables: what is remembered of keys (addresses, API keys, …) for a while: counters, rates,
 * tags, the server that a client was sent to. HAProxy's manual: "stick-table" and section 7.3.
 *
 * `struct stick_conf` is what a section says, part of a snapshot; `struct stick_table` is the
 * runtime object of that name, which outlives snapshots as long as type, key length and stored data
 * stay the same. A table is sharded by the key's hash and shared by all workers, so that its counts
 * are exact. Looking an entry up takes its shard's lock; whoever has an entry holds a reference,
 * and reads and counts in it without a lock.
 *
 * Any thread. `now` is the worker's clock. */
#ifndef GATEHOUSE_POLICY_STICK_TABLE_H
#define GATEHOUSE_POLICY_STICK_TABLE_H

#include "base/clock.h"
#include "base/object.h"
#include "lang/lexer.h"
#include "policy/sample.h"

/* What an entry may hold, in the order in which it is shown. */
enum stick_data {
    STICK_SERVER_ID,
    STICK_GPT0,
    STICK_GPC0,
    STICK_GPC0_RATE,
    STICK_CONN_CNT,
    STICK_CONN_RATE,
    STICK_CONN_CUR,
    STICK_SESS_CNT,
    STICK_SESS_RATE,
    STICK_HTTP_REQ_CNT,
    STICK_HTTP_REQ_RATE,
    STICK_HTTP_ERR_CNT,
    STICK_HTTP_ERR_RATE,
    STICK_BYTES_IN_CNT,
    STICK_BYTES_IN_RATE,
    STICK_BYTES_OUT_CNT,
    STICK_BYTES_OUT_RATE,
    STICK_GPC1,
    STICK_GPC1_RATE,
    STICK_SERVER_KEY,
    STICK_HTTP_FAIL_CNT,
    STICK_HTTP_FAIL_RATE,
    STICK_GPT,
    STICK_GPC,
    STICK_GPC_RATE,
    STICK_DATA,
    STICK_NOTHING = STICK_DATA,
};

enum { STICK_ELEMENTS_MOST = 100 }; /* in an array */

struct stick_table; /* stick_private.h */
struct stick_entry;

struct stick_conf {
    const char *name; /* the section's */
    struct word at;   /* its type: for messages */
    uint8_t type;     /* enum sample_type of its keys: IPV4, IPV6, SINT, STR, BIN */
    bool nopurge;
    bool server_addr;  /* srvkey addr: servers are known by their address; else by their name */
    uint32_t key_size; /* bytes; of strings the longest, without a NUL */
    uint32_t size;     /* the most entries */
    uint32_t expire;   /* milliseconds; 0: never */
    uint32_t stored;   /* bits of enum stick_data; `stick` rules may add STICK_SERVER_ID and
                          STICK_SERVER_KEY until all rules are resolved: `state` comes after */
    struct {
        uint32_t period; /* of a rate, milliseconds */
        uint32_t n;      /* of an array: its elements; else 1, stored or not */
    } data[STICK_DATA];
    struct stick_table *state; /* holds a reference */
};

/* ---- the runtime object; control thread ---- */

/* The table of that name, if it has the same layout; else a new one, which stick_table_adopt must
 * make known; *replaces tells whether it will then take the place of another. The caller gets a
 * reference; the layout is copied, conf->name must outlive it or its adoption. */
struct stick_table *stick_table_get(struct objects *all, const struct stick_conf *conf,
                                    bool *replaces);

/* The configuration is now in use: conf->state is found by name from now on, and takes over its
 * size, expire, nopurge and periods. */
void stick_table_adopt(struct objects *all, const struct stick_conf *conf);

/* Any thread; ref once it is adopted. */
void stick_table_ref(struct stick_table *t);
void stick_table_unref(struct stick_table *t);

/* ---- entries ---- */

/* A key in the table's type. Its bytes are those of the sample that it was made of. */
struct stick_key {
    struct slice bytes;
    uint64_t hash;
};

/* The key that a sample stands for in a table of that kind, cut at the table's key length; false:
 * it can't be one. May change the sample (a cast), which must last as long as the key. */
bool stick_key_make(const struct stick_table *t, struct sample *s, struct context *c,
                    struct stick_key *out);

/* The entry of that key, with a reference; NULL: there is none (or it has expired). Does not
 * prolong its life. */
struct stick_entry *stick_lookup(struct stick_table *t, const struct stick_key *key, msec_t now);

/* The same, but makes it where there is none. NULL: the table is full, and nothing can go. */
struct stick_entry *stick_enter(struct stick_table *t, const struct stick_key *key, msec_t now);

/* Its life begins anew. */
void stick_touch(struct stick_table *t, struct stick_entry *e, msec_t now);

/* A reference keeps the entry's memory, and keeps it from being given up when the table is full;
 * not from expiring or being cleared: it is then no longer found, but can still be read. */
struct stick_entry *stick_ref(struct stick_entry *e);
void stick_unref(struct stick_table *t, struct stick_entry *e);

/* Whoever tracks the entry holds a reference too. While somebody does it neither expires nor can be
 * cleared. */
void stick_track(struct stick_entry *e);
void stick_untrack(struct stick_entry *e);

/* How many do (sc_trackers; `use=` of `show table`). */
unsigned stick_trackers(const struct stick_entry *e);

/* Milliseconds since the entry's life began anew, and what is left of it. Both are 0 where nothing
 * expires, as in HAProxy. */
uint32_t stick_idle(const struct stick_table *t, const struct stick_entry *e, msec_t now);
uint32_t stick_expires_in(const struct stick_table *t, const struct stick_entry *e, msec_t now);

/* Its key, padded with NULs to the table's key length; of strings without them. Valid as long as a
 * reference is held. */
struct slice stick_entry_key(const struct stick_table *t, const struct stick_entry *e);

/* The key of an entry of table `from`, as a key of t; false: their types differ. */
bool stick_key_again(const struct stick_table *t, const struct stick_table *from,
                     const struct stick_entry *e, struct stick_key *out);

/* ---- look-ups of a request (stick_recall.c) ---- */

/* The entry of that key, made where there is none if `make`, through the context: what its last
 * look-up has found is found again without a look at the table. The reference is the context's:
 * valid until the next call or the context's end; take one of your own (stick_ref) to keep it. */
struct stick_entry *stick_recall(struct context *c, struct stick_table *t,
                                 const struct stick_key *key, bool make);

/* Gives the context's reference back; context_end does it. */
void stick_recall_end(struct context *c);

/* The context's clock, for the functions here. */
msec_t stick_now(const struct context *c);

/* ---- values; `i` is an element's number in an array, else 0 ---- */

/* "gpc0", "gpc_rate", …. And the one of that name; STICK_NOTHING: there is none. */
const char *stick_data_name(enum stick_data d);
enum stick_data stick_data_find(struct slice name);
bool stick_data_is_rate(enum stick_data d);
bool stick_data_is_array(enum stick_data d);

/* Can d be read? gpt0, gpc0, gpc1 and the rates of both are also the first elements of an array, if
 * that is what the table has. */
bool stick_stores(const struct stick_table *t, enum stick_data d);

/* How many elements: 0 when it does not store any, 1 for what is no array. */
unsigned stick_elements(const struct stick_table *t, enum stick_data d);

/* Of a rate, milliseconds. */
uint32_t stick_period(const struct stick_table *t, enum stick_data d);

/* A counter or tag as it is, a rate in events a period. 0 where nothing is stored. */
uint64_t stick_read(const struct stick_table *t, const struct stick_entry *e, enum stick_data d,
                    unsigned i, msec_t now);

/* Adds n to a counter or rate that is stored; else does nothing. Returns the new value. */
uint64_t stick_add(struct stick_table *t, struct stick_entry *e, enum stick_data d, unsigned i,
                   int64_t n, msec_t now);

/* Sets a counter or tag, and returns what it was; a rate reads as `value` for a period, and then
 * fades out. */
uint64_t stick_write(struct stick_table *t, struct stick_entry *e, enum stick_data d, unsigned i,
                     uint64_t value, msec_t now);

/* server_key: the name or address (stick_conf.server_addr) of a server; empty: none. The text that
 * is given back lives as long as the table. */
void stick_write_server_key(struct stick_table *t, struct stick_entry *e, struct slice server);
struct slice stick_read_server_key(const struct stick_table *t, const struct stick_entry *e);

/* ---- the whole table ---- */

uint32_t stick_size(const struct stick_table *t);

/* Entries in it; what has expired is removed first, as far as that is quickly done. */
uint32_t stick_used(struct stick_table *t, msec_t now);

/* Removes up to `most` entries that have expired; returns how many it did. */
unsigned stick_reap(struct stick_table *t, unsigned most, msec_t now);

/* How often an entry was given up, or refused, because the table was full. */
uint64_t stick_full_count(const struct stick_table *t);

/* The same, but only what came since the last call, and only once a minute: 0 in between. */
uint64_t stick_full_news(struct stick_table *t, msec_t now);

/* Removes the entry; false: it is tracked. The caller keeps his reference. */
bool stick_remove(struct stick_table *t, struct stick_entry *e);

/* Looks at all entries, a few at a time (stick_walk.c): each that is there from the beginning to
 * the end is seen once. Up to STICK_SORTED entries come in the order of their keys, more come in
 * none. */
enum { STICK_SORTED = 65536 };

struct stick_walk {
    struct stick_table *table;
    struct stick_entry **sorted; /* with references; NULL: not sorted */
    uint32_t n, at;
    unsigned shard; /* not sorted: the next place */
    uint32_t slot;
};

void stick_walk_begin(struct stick_walk *w, struct stick_table *t, msec_t now);
void stick_walk_end(struct stick_walk *w);

/* Calls see for up to `most` more entries, on which a reference is held meanwhile. False: that was
 * the end. */
bool stick_walk_on(struct stick_walk *w, unsigned most, msec_t now,
                   void (*see)(struct stick_entry *e, void *arg), void *arg);

#endif

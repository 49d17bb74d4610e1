/* SPDX-License-Identifier: Apache-2.0 */
/* Matches: how a sample is compared with patterns ("-m beg"), and sets of patterns, which answer
 * for ten thousand as fast as for ten: exact strings, directories and domains by a hash,
 * beginnings, ends and networks by tries; number ranges, regexes and substrings one by one.
 * HAProxy's manual, 7.1.1 to 7.1.6.
 *
 * Three things make a set:
 * - a pattern_ref (pattern_ref.h): its patterns as text, in order. A runtime object: that of a file
 *   (or of an id, `-u`) is found again after a reload. When the file is what it was, all that the
 *   Runtime API and actions changed stays; when it differs, it is read anew and replaces the set as
 *   a whole, once the new configuration takes over.
 * - patterns: a ref's patterns as one method reads them, ready to be looked up. Everybody who uses
 *   one file by one method shares one.
 * - a pattern_set: what one configuration says of a ref: its number, and where it is used.
 *
 * Threads. A set is immutable until it is changed for the first time, and looking something up in
 * it costs no lock. The first change makes a second copy, which can be changed, and publishes it by
 * a pointer; from then on a reader takes a lock that belongs to its worker and this set alone, on a
 * cache line of its own, and who writes takes those of all workers for the few instructions that
 * hook one pattern in or out. So a reader never waits for another reader. The first copy stays as
 * long as the ref, for those that are just looking at it. A set that a rule may change (set-map, …)
 * is made changeable when the configuration is read. */
#ifndef GATEHOUSE_POLICY_MATCH_H
#define GATEHOUSE_POLICY_MATCH_H

#include "policy/expr.h"
#include "policy/regex.h"

enum match_kind {
    MATCH_FOUND,
    MATCH_BOOL,
    MATCH_INT,
    MATCH_IP,
    MATCH_BIN,
    MATCH_LEN,
    MATCH_STR,
    MATCH_BEG,
    MATCH_SUB,
    MATCH_DIR,
    MATCH_DOM,
    MATCH_END,
    MATCH_REG,
    MATCH_METH, /* the criterion `method` is matched so; has no name for -m */
    N_MATCHES,
};

/* A method is a row. */
struct match {
    const char *name; /* "beg": of -m, and of derivatives (hdr_beg, map_beg) */
    enum match_kind kind;
    uint8_t type; /* enum sample_type that samples are cast to; SAMPLE_ANY: they are not */
    const char *doc;
};
extern const struct match matches[N_MATCHES];
const struct match *match_find(struct slice name); /* NULL: none that may be named */

/* Adds the names that match_find knows. */
void match_nearest(struct nearest *n);

/* What a value of that type is matched by when nothing is said; NULL: -m is needed. */
const struct match *match_default(enum sample_type t);

/* Can values of type t be matched so? */
bool match_fits(const struct match *m, enum sample_type t);

/* ---- sets, as a configuration is read ---- */

struct pattern_ref;
struct pattern_sets;
struct patterns;

/* What one configuration says of a ref. All of them are pc->patterns, which goes with the
 * configuration (policy_keep). Control thread. */
struct pattern_set {
    struct pattern_set *next; /* in the order of their coming */
    struct pattern_ref *ref;
    const char *path;    /* "" for one written in the configuration */
    const char *lasting; /* "#id", of an inline set that is found again; else NULL */
    char *display;       /* "pattern loaded from file '…' used by acl at file '…' line 3" */
    int id;              /* shown as #id; -1 until pattern_sets_finish */
    bool acl, map;       /* an ACL uses it; it has two columns */
    struct pattern_use *uses, **uses_end;
};

/* One place that looks something up in a set. */
struct pattern_use {
    struct pattern_use *next;
    struct patterns *patterns;
};

/* Numbers the sets, finds those that rules change, and makes them changeable. Called when all
 * sections have been read. */
void pattern_sets_finish(struct policy_cfg *pc);

/* The configuration takes over: what comes later finds its files' sets and not those of before. */
void pattern_sets_adopt(struct pattern_sets *all, struct objects *objects);

/* The first set; pattern_set.next is the one behind it. NULL: none. By id only when finished. */
const struct pattern_set *pattern_sets_first(const struct pattern_sets *all);

/* The set that `name` names: a path, or "#id"; NULL. */
const struct pattern_set *pattern_sets_find(const struct pattern_sets *all, struct slice name);

/* Sets *out to the set of that path when all is read: for actions. It stays NULL where no ACL and
 * no map uses the path. The action lives as long as the snapshot does. */
void pattern_sets_want(struct policy_cfg *pc, struct slice path, struct pattern_ref **out);

enum {
    PATTERNS_NOCASE = 1 << 0,
    PATTERNS_NO_DNS = 1 << 1, /* -n */
    PATTERNS_MAP = 1 << 2,    /* files have two columns: key and value (-M, map) */
    PATTERNS_BY_MAP = 1 << 3, /* a map's use, not an ACL's */
};

/* An empty set written in the configuration: patterns_add, then it can be used. `name`: the
 * criterion's, for `show acl`. id: -u, which is not taken yet, or -1. */
bool patterns_id_taken(struct policy_cfg *pc, int id);
struct patterns *patterns_new(struct policy_cfg *pc, const struct word *at, struct slice name,
                              const struct match *m, unsigned flags, int id);

/* One pattern as the configuration writes it (for MATCH_INT and MATCH_LEN with operators already
 * joined: "4:", "1:9"). False and *why (in pc->cfg's arena): it is none. */
bool patterns_add(struct policy_cfg *pc, struct patterns *p, struct slice text, const char **why);

/* No more are added: an id's set is found again. Returns what to use from then on. */
struct patterns *patterns_seal(struct policy_cfg *pc, struct patterns *p);

/* The patterns of a file, read by this method. `out`: the type of a map's values, SAMPLE_STR,
 * SAMPLE_SINT or SAMPLE_ADDR; SAMPLE_ANY for ACLs. NULL: an error was reported at `at`. */
struct patterns *patterns_file(struct policy_cfg *pc, const struct word *at, struct slice path,
                               const struct match *m, unsigned flags, enum sample_type out);

/* The value of a map of that type; false: the text is none. */
bool pattern_value(struct slice text, enum sample_type type, struct sample *out);

/* ---- looking up ---- */

/* One pattern that matched. */
struct pattern_hit {
    struct slice text;   /* as written; only filled in for the Runtime API (wants_text) */
    struct sample value; /* a map's */
    bool has_value;
    bool wants_text;            /* set by the caller */
    bool in_tree;               /* HAProxy would have found it in a tree rather than in a list */
    struct regex_match *groups; /* set by the caller where it wants them (map_regm); else NULL */
};

/* The pattern that HAProxy would find first; *hit may be NULL. s must be of the method's type, and
 * is not changed. Any worker, c->worker's thread. Bytes of *hit are copied to c's arena where the
 * set may change. */
bool patterns_match(const struct patterns *p, struct context *c, const struct sample *s,
                    struct pattern_hit *hit);

const struct match *patterns_method(const struct patterns *p);
bool patterns_nocase(const struct patterns *p);
enum sample_type
patterns_value_type(const struct patterns *p); /* SAMPLE_ANY: values are not read */

#endif

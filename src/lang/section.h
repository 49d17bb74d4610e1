/* SPDX-License-Identifier: Apache-2.0 */
/* Sections, and the driver that reads a configuration: files → lines → sections → keyword rows.
 *
 * Every error of every file is reported in one run: a bad line costs only itself, a section of
 * unknown kind is reported once and its lines are skipped. */
#ifndef GATEHOUSE_LANG_SECTION_H
#define GATEHOUSE_LANG_SECTION_H

#include "base/hashmap.h"
#include "lang/cond.h"
#include "lang/keyword.h"

struct policy_cfg;
struct policy_rows;
struct http_service;

enum section_naming {
    SECTION_UNNAMED,  /* global */
    SECTION_MAY_NAME, /* defaults [NAME] */
    SECTION_NAMED,    /* backend NAME */
};

enum {
    SECTION_ONCE = 1 << 0, /* however often it is written, it is one section: global */
    SECTION_DEFAULTS =
        1 << 1,            /* what `from` may name; the last one serves proxies without `from` */
    SECTION_FROM = 1 << 2, /* takes defaults: section.from is set */
};

/* Sections of kinds that share a bit of `in` may not share a name (a frontend and a backend may).
 */
struct section_kind {
    const char *name; /* "backend" */
    unsigned in;      /* IN_… */
    enum section_naming naming;
    unsigned flags; /* SECTION_… */

    /* Called when the section opens, to make section->data; w stands behind the name and `from`.
     * Words left over are reported by the driver. May be NULL. For SECTION_ONCE only the first
     * time. False: an error was reported; the section's lines are parsed all the same, so data must
     * be usable, unless it is NULL: then they are skipped. */
    bool (*begin)(struct cfg *cfg, struct section *s, struct words *w);

    /* Called when all its lines have been read (SECTION_ONCE: when all files have). May be NULL. */
    bool (*end)(struct cfg *cfg, struct section *s);

    const char *args; /* "<name> [from <defaults>]" */
    const char *doc;
};

struct section {
    const struct section_kind *kind;
    const char *name;     /* "" when it has none */
    struct place at;      /* of its name, or of its keyword */
    struct section *twin; /* an earlier one of that name (defaults may repeat one), or NULL */
    struct section *from; /* the defaults that apply, or NULL; ended before this one begins */
    struct section *next; /* in the order of the files */
    void *data;           /* whoever gives sections meaning */
    unsigned index;       /* 0, 1, 2, … among all */
    bool skipped;         /* begin failed and left no data; nobody's `from` points here */
};

/* The keywords and kinds of section that there are, with the index that finds them. Made once;
 * immutable after, so any number of threads may parse with it. */
struct vocabulary {
    struct arena arena;
    const struct keyword_table *const *tables; /* end with NULL */
    const struct section_kind *const *kinds;   /* end with NULL */
    struct keyword_set *sets;                  /* one for each `what` */
    const struct policy_rows *policy; /* fetches, converters, actions (policy/policy_cfg.h); NULL */
    const struct http_service *const *services; /* gateway/service.h; end with NULL; NULL */
};

/* Keeps the two arrays, which must outlive it. */
void vocabulary_init(struct vocabulary *v, const struct keyword_table *const *tables,
                     const struct section_kind *const *kinds);
void vocabulary_release(struct vocabulary *v);

const struct section_kind *vocabulary_kind(const struct vocabulary *v, struct slice name);

/* "global, frontend and listen": the kinds of section where `where` allows a keyword. */
const char *vocabulary_where(const struct vocabulary *v, unsigned where, char *buf, size_t size);

/* How files are read; runtime/resources is behind it. */
struct cfg_reader {
    /* The bytes of a file in memory from malloc (at most *n; n is set to how many), or NULL with
     * errno set. */
    char *(*read_file)(const char *path, size_t *n, void *user);
    /* The names of the regular files in a directory, malloc'ed each, as is the array, which ends
     * with NULL. NULL when path is no directory. May be NULL: there are no directories. */
    char **(*list_dir)(const char *path, void *user);
    void *user;
};

enum {
    CFG_FILE_MAX = 64 << 20, /* bytes of one file */
    CFG_FILES_MAX = 4096,    /* files of one run */
    CFG_IF_NESTING = 100,    /* of .if; HAProxy's limit */
};

/* One run of the parser. */
struct cfg {
    struct arena *arena; /* where words, sections and what keywords make of them live */
    struct diag *diag;
    const struct vocabulary *words;
    struct environment env;
    struct cond_world world;  /* defined() asks env, which is its user: a cfg may not be moved */
    struct section *sections; /* in the order of the files */
    struct section **sections_end;
    unsigned n_sections;
    struct section *current;   /* the section being read */
    struct section *anonymous; /* the last defaults section: it serves who has no `from` */
    struct hashmap names[32];  /* by bit of section_kind.in: name → struct section */
    struct keyword_use *fixed; /* uses of KW_NO_RELOAD rows (reload.h) */
    const char **files;        /* every file that was read, for HAPROXY_CFGFILES */
    unsigned n_files;
    unsigned n_sources;
    bool diagnostics;          /* -dD: .diag is printed */
    void *user;                /* whoever gives sections meaning */
    struct policy_cfg *policy; /* whoever gives expressions meaning (policy/policy_cfg.h) */
    struct compat *compat;     /* check --compat notes there what is missing (compat.h); NULL */
};

/* arena and diag are the caller's and must outlive the cfg; so must vocabulary. Set user,
 * diagnostics and what env and world shall hold before cfg_parse. */
void cfg_init(struct cfg *cfg, struct arena *arena, struct diag *diag,
              const struct vocabulary *words);

/* Frees what is not in the arena. Sections stay valid as long as the arena. */
void cfg_release(struct cfg *cfg);

/* Reads files (and of directories all *.cfg, in order of their names; of "-f DIR" none is an error)
 * and runs their keywords. True when no error was reported. Call once. */
bool cfg_parse(struct cfg *cfg, const char *const *paths, unsigned n,
               const struct cfg_reader *reader);

/* What -cc does: expands variables and evaluates. An error is reported in the cfg's diag. */
enum cond_result cfg_condition(struct cfg *cfg, const char *text);

/* The section of that name whose kind has a bit of `in`, or NULL. */
struct section *cfg_section(const struct cfg *cfg, unsigned in, struct slice name);

#endif

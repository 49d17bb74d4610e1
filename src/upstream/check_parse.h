/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the rules of health checks; internal to check_rules.c and check_parse_*.c. */
#ifndef GATEHOUSE_UPSTREAM_CHECK_PARSE_H
#define GATEHOUSE_UPSTREAM_CHECK_PARSE_H

#include "upstream/check_script.h"

/* Each reads the words behind "http-check expect" and its kin to the line's end into *s. False: an
 * error was reported. */
bool check_parse_connect(struct policy_cfg *pc, struct check_step *s, struct words *w);
bool check_parse_expect(struct policy_cfg *pc, struct check_step *s, struct words *w, bool http);
bool check_parse_http_send(struct policy_cfg *pc, struct check_step *s, struct words *w);
bool check_parse_tcp_send(struct policy_cfg *pc, struct check_step *s, struct words *w,
                          const char *how);

/* `comment <text>`. */
bool check_parse_comment(struct policy_cfg *pc, struct check_step *s, struct words *w);

/* The next word as a format. */
bool check_parse_format(struct policy_cfg *pc, struct words *w, unsigned flags,
                        const struct format **out);

/* An address, with or without a port (0: none), for a check. */
bool check_parse_address(struct cfg *cfg, const struct word *word, union address *out);

/* "a b": a name and where to read on. Rows of words that may stand in any order. */
struct check_word {
    const char *name;
    bool (*parse)(struct policy_cfg *pc, struct check_step *s, struct words *w);
};

/* Reads words by those rows until the line ends. */
bool check_parse_words(struct policy_cfg *pc, struct check_step *s, struct words *w,
                       const struct check_word *rows, unsigned n, const char *what);

#endif

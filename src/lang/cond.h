/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: what `.if`, `.elif` and `-cc` evaluate (HAProxy's manual, 2.4).
 *
 *     or   := and { "||" and }
 *     and  := term { "&&" term }
 *     term := "!" term | "(" or ")" | integer | predicate [ "(" [ argument { "," argument } ] ")" ]
 *
 * Arguments may be quoted, and escape like words; spaces in them count. The whole text must be
 * sound, so an error is found on either side of a `||`.
 *
 * Versions are compared with HAPROXY_VERSION, whose language this is. One that can't be read is
 * older than any, as in HAProxy. (Unlike there, the third number of an OpenSSL 3 version counts.)
 */
#ifndef GATEHOUSE_LANG_COND_H
#define GATEHOUSE_LANG_COND_H

#include "base/slice.h"

#define HAPROXY_VERSION "2.6.12"

/* What the predicates ask. Each function may be NULL: the answer is then no. */
struct cond_world {
    bool (*defined)(void *user, struct slice name); /* is there such a variable? */
    bool (*feature)(void *user, struct slice name); /* is it in the list of -vv, with a '+'? */
    void *user;
    const char *tls_name; /* "OpenSSL 3.0.11 19 Sep 2023"; NULL without TLS */
    uint32_t tls_version; /* OPENSSL_VERSION_NUMBER */
};

enum cond_result { COND_FALSE = 0, COND_TRUE = 1, COND_ERROR = -1 };

struct cond_error {
    size_t at, width; /* what is wrong: offset into the text */
    char text[128];
    const char *near; /* the nearest known predicate, or NULL */
};

enum { COND_NESTING = 256 }; /* parentheses and '!' */

/* An empty text is false. err is set only on COND_ERROR. */
enum cond_result cond_eval(struct slice text, const struct cond_world *world,
                           struct cond_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the language stand on: rows, a configuration to compile them in, and a context with
 * a request and a response given as text. There is no event loop and no socket; the clock stands.
 *
 *     struct policy_fixture f;
 *     fixture_init(&f, FETCHES, CONVERTERS);
 *     fixture_request(&f, "GET /a HTTP/1.1\r\nhost: X\r\n\r\n");
 *     assert_string_equal(fixture_eval(&f, "req.hdr(host),lower"), "x");
 *     fixture_release(&f);
 */
#ifndef GATEHOUSE_TESTS_POLICY_FIXTURE_H
#define GATEHOUSE_TESTS_POLICY_FIXTURE_H

#include "policy/expr.h"

enum {
    FIXTURE_FIELDS = 100,
    FIXTURE_WALL = 1700000000, /* the clock's seconds, with 123456 microseconds */
};

struct fixture_message {
    struct http_msg msg;
    struct http_field fields[FIXTURE_FIELDS];
    char *bytes;
};

struct policy_fixture {
    /* the configuration */
    struct arena config;
    struct diag diag;
    struct vocabulary vocabulary;
    struct cfg cfg;
    struct source source; /* of what was compiled last */
    struct policy_rows rows;
    struct objects objects;
    struct policy_cfg pc; /* scope.place is PLACE_FRONTEND_REQUEST: tests may change it */
    /* what happens */
    struct arena arena;
    struct worker worker; /* a buffer size and a clock, no more */
    struct vars_process proc;
    struct client_facts client; /* from 192.0.2.7:1234 */
    struct fixture_message req, res;
    struct context c;
    char *text; /* what the functions below return */
};

/* Tables end with NULL; either may be NULL. */
void fixture_init(struct policy_fixture *f, const struct fetch_table *const *fetches,
                  const struct converter_table *const *converters);
/* The same with items of formats and actions. */
void fixture_init_all(struct policy_fixture *f, const struct fetch_table *const *fetches,
                      const struct converter_table *const *converters,
                      const struct format_item_table *const *items,
                      const struct action_table *const *actions);
void fixture_release(struct policy_fixture *f);

/* A new request on the same connection, from a head and perhaps a body behind it (which is then the
 * context's body, and whole). Forgets the last one with its variables and its response. */
void fixture_request(struct policy_fixture *f, const char *text);
void fixture_request_bytes(struct policy_fixture *f, struct slice text);

/* Its response: the context is then in the response's phase. */
void fixture_response(struct policy_fixture *f, const char *text);

/* The value of an expression, as text; "-" where there is none; "! " and the first message where it
 * can't be compiled. What is returned is valid until the next call. */
const char *fixture_eval(struct policy_fixture *f, const char *expr);
/* The same with the value's type in front: "sint 5". */
const char *fixture_typed(struct policy_fixture *f, const char *expr);
/* All values, with '|' between. */
const char *fixture_all(struct policy_fixture *f, const char *expr);
/* The same as fixture_eval for a line of a configuration, which is read by the lexer's rules, and
 * in which words may follow that are converters. */
const char *fixture_eval_line(struct policy_fixture *f, const char *line);

/* The words of a line of a configuration, to be parsed by whoever. Clears earlier messages. */
struct words fixture_words(struct policy_fixture *f, const char *line);

/* A word that is that text as a whole, not read by the lexer. Clears earlier messages. */
struct word fixture_word(struct policy_fixture *f, const char *text);

/* All messages since then, as they are printed. */
const char *fixture_messages(struct policy_fixture *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of ACLs and at last a condition, read and evaluated before a fixed message. Checked: what
 * was refused has a message and what was not has none; a condition and its negation disagree; a
 * condition with "or" holds if one of its parts does; sets give the same answer before and after
 * they were made changeable. The first byte chooses the place. */
#include "../unit/policy_fixture.h"

#include "base/memory.h"
#include "policy/condition.h"
#include "policy/converters.h"
#include "policy/fetch_basic.h"
#include "policy/message_fetches.h"
#include "policy/pattern_ref.h"

#include <stdlib.h>

static const struct fetch_table *const FETCHES[] = {
    &basic_fetches, &request_fetches, &field_fetches, &cookie_fetches, &query_fetches, NULL,
};

static const struct converter_table *const CONVERTERS[] = { &arith_converters, &string_converters,
                                                            NULL };

static void check(bool holds)
{
    if (!holds) abort();
}

/* Reads no file and asks no name server. */
static bool is_local(const char *line)
{
    return !strstr(line, "-f") && (!strstr(line, "ip") || strstr(line, "-n"));
}

/* Tests of chance or of the clock give another answer each time. */
static bool is_steady(const char *line)
{
    return !strstr(line, "rand") && !strstr(line, "uuid") && !strstr(line, "date");
}

static void define(struct policy_fixture *f, const char *line)
{
    struct words w = fixture_words(f, line);
    unsigned before = f->diag.n_errors;
    bool good = w.n && acl_parse(&f->pc, f->pc.scope.acls, &w);

    check(!w.n || good == (f->diag.n_errors == before));
    args_resolve(&f->pc);
}

static const struct condition *compile(struct policy_fixture *f, const char *line, bool negate)
{
    struct words w = fixture_words(f, line);
    unsigned before = f->diag.n_errors;
    const struct condition *cond = NULL;
    bool good;

    if (!w.n) return NULL;
    good = condition_parse_terms(&f->pc, &w, negate, &cond);
    check(good == (f->diag.n_errors == before));
    return good && args_resolve(&f->pc) ? cond : NULL;
}

/* The same from its parts. */
static bool from_parts(const struct condition *cond, struct context *c)
{
    const struct condition_term *terms;
    unsigned n = condition_terms(cond, &terms);
    bool any = false, all = false;

    for (unsigned i = 0; i < n; i++) {
        bool holds = condition_term_holds(&terms[i], c);
        any |= terms[i].begins && all;
        all = terms[i].begins ? holds : all && holds;
    }
    return (any || all) != condition_negated(cond);
}

static void evaluate(struct policy_fixture *f, const char *line)
{
    const struct condition *cond = compile(f, line, false), *other = compile(f, line, true);
    bool holds;

    check((cond == NULL) == (other == NULL));
    if (!cond) return;
    holds = condition_holds(cond, &f->c);
    if (!is_steady(line)) return;
    check(holds != condition_holds(other, &f->c));
    check(holds == from_parts(cond, &f->c));
    pattern_sets_finish(&f->pc);
    for (const struct pattern_set *s = pattern_sets_first(f->pc.patterns); s; s = s->next)
        pattern_ref_make_changeable(s->ref);
    check(holds == condition_holds(cond, &f->c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_fixture f;
    char *text, *line, *next;

    if (size == 0) return 0;
    text = line = mem_strndup((const char *)data + 1, size - 1);
    fixture_init(&f, FETCHES, CONVERTERS);
    fixture_request(&f, "POST /a/b.c?x=1&y=%41+b&x=2 HTTP/1.1\r\nhost: www.Example.org:8080\r\n"
                        "cookie: a=1; b=2\r\nx-list: one, two,, three\r\nx-ip: 192.0.2.1\r\n\r\n");
    f.pc.scope.place = (enum policy_place)(data[0] % N_PLACES);
    f.pc.scope.acls = acl_set_new(&f.config, NULL);
    for (; (next = strchr(line, '\n')); line = next + 1) {
        *next = '\0';
        if (is_local(line) && is_steady(line)) define(&f, line);
    }
    /* It is read twice, and an id may be given only once. */
    if (is_local(line) && !strstr(line, "-u")) evaluate(&f, line);
    fixture_release(&f);
    free(text);
    return 0;
}

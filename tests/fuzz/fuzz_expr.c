/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as an expression, with the rows of a message and converters, compiled in each place and
 * evaluated before a fixed message. Checked: what was refused has a message and what was not has
 * none; what was read is read the same again; a cast that rows promise is one; values are of a real
 * type and no longer than they may be. The first byte chooses the place. */
#include "../unit/policy_fixture.h"

#include "base/memory.h"
#include "policy/converters.h"
#include "policy/fetch_basic.h"
#include "policy/message_fetches.h"

#include <stdlib.h>

static const struct fetch_table *const FETCHES[] = {
    &basic_fetches,  &request_fetches,  &field_fetches,
    &cookie_fetches, &query_fetches,    &body_fetches,
    &auth_fetches,   &response_fetches, NULL,
};

static const struct converter_table *const CONVERTERS[] = {
    &arith_converters,    &string_converters,
    &regsub_converters,   &http_converters,
    &json_converters,     &digest_converters,
    &date_converters,     &state_converters,
    &encoding_converters, NULL,
};

static void check(bool holds)
{
    if (!holds) abort();
}

static void check_value(struct policy_fixture *f, struct sample s, size_t most)
{
    check(s.type > SAMPLE_ANY && s.type < SAMPLE_TYPES && s.type != SAMPLE_ADDR);
    if (s.type == SAMPLE_STR || s.type == SAMPLE_BIN) {
        check(s.str.n <= most);
        for (size_t i = 0; i < s.str.n; i++) (void)*(volatile const char *)(s.str.p + i);
    }
    for (unsigned to = SAMPLE_BOOL; to < SAMPLE_TYPES; to++) {
        struct sample other = s;
        bool done = sample_cast(&other, to, &f->c);
        check(!done || sample_castable(s.type, to));
        check(!done || to == SAMPLE_ADDR || other.type == to);
    }
}

static void evaluate(struct policy_fixture *f, const struct expr *e, size_t most)
{
    struct sample s;
    bool is = expr_eval(e, &f->c, &s);

    for (unsigned i = 0; is && i < 1000; i++) {
        check_value(f, s, most);
        is = s.more && expr_next(e, &f->c, &s);
    }
}

static void compile(struct policy_fixture *f, const char *text)
{
    struct word w = fixture_word(f, text);
    struct slice rest = w.text, again;
    const struct expr *e = expr_parse(&f->pc, &w, &rest, false);
    size_t most = w.text.n > 16384 ? w.text.n : 16384;

    if (!args_resolve(&f->pc)) e = NULL;
    check((e == NULL) == (f->diag.n_errors > 0));
    if (!e) return;
    check(e->text.p == w.text.p && e->text.n + rest.n == w.text.n);
    again = e->text;
    check(expr_parse(&f->pc, &w, &again, false) && again.n == 0);
    check(args_resolve(&f->pc));
    evaluate(f, e, most);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One fixture serves many inputs, since making one takes longer than they do; what they leave
 * behind is forgotten in between. */
static struct policy_fixture *fixture(void)
{
    enum { INPUTS = 500 };
    static struct policy_fixture f;
    static unsigned n;

    if (n++ % INPUTS == 0) {
        if (n > 1) fixture_release(&f);
        fixture_init(&f, FETCHES, CONVERTERS);
    }
    vars_release(&f.client.sess, NULL, NULL);
    vars_process_release(&f.proc);
    vars_process_init(&f.proc);
    return &f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_fixture *f = fixture();
    char *text;

    if (size == 0) return 0;
    text = mem_strndup((const char *)data + 1, size - 1);
    fixture_request(f, "POST /a/b.c?x=1&y=%41+b&x=2 HTTP/1.1\r\nhost: www.Example.org:8080\r\n"
                       "cookie: a=1; b=2\r\nx-list: one, two,, three\r\nx-ip: 192.0.2.1\r\n"
                       "authorization: Basic dXNlcjpwdw==\r\ncontent-length: 11\r\n"
                       "\r\n{\"k\":[1,2]}");
    if (data[0] & 1)
        fixture_response(f, "HTTP/1.1 302 Found\r\nlocation: /x\r\nset-cookie: s=1; Path=/\r\n"
                            "content-length: 2\r\n\r\nok");
    f->pc.scope.place = (enum policy_place)((data[0] >> 1) % N_PLACES);
    compile(f, text);
    free(text);
    return 0;
}

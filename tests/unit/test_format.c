/* SPDX-License-Identifier: Apache-2.0 */
/* format.c and format_put.c: compiling and evaluating format strings. Texts are what HAProxy 2.6
 * makes of the same format, but for control bytes in logs. */
#include "policy/fetch_basic.h"
#include "policy/format.h"
#include "policy/message_fetches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "policy_fixture.h"

/* ---- items of these tests ---- */

static void put_ci(struct context *c, struct format_out *o, unsigned flags, const struct arg *args)
{
    (void)args;
    format_put_address(o, context_src(c), flags);
}

static void put_cp(struct context *c, struct format_out *o, unsigned flags, const struct arg *args)
{
    (void)args;
    format_put_port(o, context_src(c), flags);
}

static void put_none(struct context *c, struct format_out *o, unsigned flags,
                     const struct arg *args)
{
    (void)c;
    (void)args;
    format_put_text(o, slice_of(NULL, 0), flags);
}

static void put_uri(struct context *c, struct format_out *o, unsigned flags, const struct arg *args)
{
    (void)args;
    format_put_encoded(o, c->req->target, flags, FORMAT_SET_URI);
}

static const struct format_item ITEMS[] = {
    { "ci", NEED_CLIENT, 0, put_ci, "Client." },
    { "cp", NEED_CLIENT, 0, put_cp, "Port." },
    { "s", NEED_SERVER, 0, put_none, "Server." },
    { "HU", NEED_REQUEST_KEPT, 1, put_uri, "Target." },
};
static const struct format_item_table ITEM_TABLE = { "Items", ITEMS, 4 };
static const struct format_item_table *const ITEM_TABLES[] = { &ITEM_TABLE, NULL };
static const struct fetch_table *const FETCHES[] = { &basic_fetches, &request_fetches,
                                                     &field_fetches, NULL };

static int start(void **state)
{
    struct policy_fixture *f = calloc(1, sizeof *f);

    fixture_init_all(f, FETCHES, NULL, ITEM_TABLES, NULL);
    fixture_request(f, "GET /p?q=1 HTTP/1.1\r\nhost: h.example\r\ny: a\"b]c\\d\r\n"
                       "z: 1, 2\r\ne:\r\n\r\n");
    *state = f;
    return 0;
}

static int finish(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

static const struct format *parse(struct policy_fixture *f, const char *text, unsigned flags)
{
    struct word w = fixture_word(f, text);

    return format_parse(&f->pc, &w, flags);
}

/* ---- texts ---- */

struct entry {
    unsigned flags;
    const char *format, *text;
};

static const struct entry ENTRIES[] = {
    { FORMAT_FOR_HTTP, "plain", "plain" },
    { FORMAT_FOR_HTTP, "", "" },
    { FORMAT_FOR_HTTP, "a%%b%%%%c", "a%b%%c" },
    { FORMAT_FOR_HTTP, "%%%ci%%", "%192.0.2.7%" },
    { FORMAT_FOR_HTTP, "a%-b", "a-b" },
    { FORMAT_FOR_HTTP, "a%\"b", "a\"b" },
    { FORMAT_FOR_HTTP, "  a  b%[str(x)]   c ", "  a  bx   c " },
    { FORMAT_FOR_HTTP, "[%[req.hdr(none)]]", "[]" },
    { FORMAT_FOR_HTTP, "%{+M}[req.hdr(none)]", "" },
    { FORMAT_FOR_HTTP, "%{+Q}[req.hdr(host)]", "h.example" },
    { FORMAT_FOR_HTTP, "%[req.hdr(host)]", "h.example" },
    { FORMAT_FOR_HTTP, "%[int(-5)]-%[bool(true)]-%[ipv4(192.0.2.7)]", "-5-1-192.0.2.7" },
    { FORMAT_FOR_HTTP, "%{+E}[req.hdr(y)]", "a\\\"b\\]c\\\\d" },
    { FORMAT_FOR_HTTP, "%[req.hdr(y)]", "a\"b]c\\d" },
    { FORMAT_FOR_HTTP, "%{+Q}ci-%{+X}ci-%{+X}cp-%cp", "\"192.0.2.7\"-C0000207-04D2-1234" },
    { FORMAT_FOR_HTTP, "%{Q}ci %{+Q+X}ci %{foo}ci %{+X,-X}ci %{}ci",
      "192.0.2.7 C0000207 192.0.2.7 192.0.2.7 192.0.2.7" },
    { FORMAT_FOR_HTTP, "%{+Q}o %ci %{-Q}ci %HU %[req.hdr(host)]",
      " \"192.0.2.7\" 192.0.2.7 \"/p?q=1\" h.example" },
    { FORMAT_FOR_HTTP, "%s|%{+M}s|%{+Q}s", "|-|\"\"" },
    { FORMAT_FOR_LOG, "  a   b  ", "a b " },
    { FORMAT_FOR_LOG, "%s %{-M}s %{+Q}s x", "-  \"\" x" },
    { FORMAT_FOR_LOG, "%[int(5)] %[req.hdr(none)] %{+Q}[req.hdr(none)] %{-M}[req.hdr(none)] x",
      "5 - \"\"  x" },
    { FORMAT_FOR_LOG, "a  %{-M}[req.hdr(none)]  b", "a  b" },
    { FORMAT_FOR_LOG, "%{+Q}o %[req.hdr(none)] %ci %{-Q}s", "\"\" \"192.0.2.7\" -" },
    { FORMAT_FOR_LOG, "%{+Q,+E}[req.hdr(y)]|", "\"a\\\"b\\]c\\\\d\"|" },
    { FORMAT_FOR_LOG, "%[str(a  b)]", "a  b" },
    { FORMAT_FOR_LOG, "%{+Q}HU", "\"/p?q=1\"" },
    { FORMAT_FOR_TEXT, "%{+Q}[req.hdr(host)]z%{+M}[req.hdr(none)]", "\"h.example\"z-" },
    { FORMAT_FOR_TEXT, " a  b ", " a  b " },
    { FORMAT_FOR_ID, "  a   %ci", "a 192.0.2.7" },
};

static void texts(void **state)
{
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < sizeof ENTRIES / sizeof *ENTRIES; i++) {
        const struct format *fmt = parse(f, ENTRIES[i].format, ENTRIES[i].flags);
        char line[256];
        struct slice s;
        size_t n;
        if (!fmt) fail_msg("'%s': %s", ENTRIES[i].format, fixture_messages(f));
        s = format_text(fmt, &f->c, 1000);
        if (!slice_is(s, ENTRIES[i].text))
            fail_msg("'%s': '%.*s'", ENTRIES[i].format, SLICE_ARG(s));
        n = format_write(fmt, &f->c, line, sizeof line);
        assert_true(slice_eq(slice_of(line, n), s));
    }
}

/* ---- bytes that would break what the text stands in ---- */

static const struct format *bytes_format(struct policy_fixture *f, unsigned flags)
{
    return parse(f, "%[bin(610d0a62017f0964ff)]", flags);
}

static void control_bytes(void **state)
{
    struct policy_fixture *f = *state;
    const struct format *http = bytes_format(f, FORMAT_FOR_HTTP);
    const struct format *log = bytes_format(f, FORMAT_FOR_LOG);
    const struct format *text = bytes_format(f, FORMAT_FOR_TEXT);

    assert_non_null(http);
    assert_true(slice_eq(format_text(http, &f->c, 100), SLICE("a%0D%0Ab%01%7F\td\xff")));
    assert_true(slice_eq(format_text(log, &f->c, 100), SLICE("a#0D#0Ab#01#7F#09d\xff")));
    assert_true(slice_eq(format_text(text, &f->c, 100), SLICE("a\r\nb\x01\x7f\td\xff")));
}

static void encoded(void **state)
{
    char text[64];
    struct format_out o = { .at = text, .end = text + sizeof text };

    (void)state;
    format_put_encoded(&o, SLICE("a\"#{|}\x80\n"), 0, FORMAT_SET_URI);
    format_put(&o, SLICE(" "));
    format_put_encoded(&o, SLICE("a\"#{|}\x80\n"), FORMAT_QUOTE, FORMAT_SET_CAPTURES);
    assert_true(
        slice_eq(slice_between(text, o.at), SLICE("a#22#23{|}#80#0A \"a#22#23#7B#7C#7D#80#0A\"")));
}

static void numbers(void **state)
{
    char text[100];
    struct format_out o = { .at = text, .end = text + sizeof text };

    (void)state;
    format_put_i64(&o, INT64_MIN);
    format_put_u64(&o, UINT64_MAX);
    format_put_i64(&o, 0);
    format_put_hex(&o, 0xabc, 4);
    assert_true(slice_eq(slice_between(text, o.at),
                         SLICE("-92233720368547758081844674407370955161500ABC")));
}

/* ---- bounds ---- */

static void bounded(void **state)
{
    struct policy_fixture *f = *state;
    const struct format *fmt = parse(f, "12%[str(345)]67%ci", FORMAT_FOR_HTTP);
    const struct format *constant = parse(f, "1234567", FORMAT_FOR_HTTP);
    const struct format *one = parse(f, "%[str(1234567)]", FORMAT_FOR_HTTP);
    char all[] = "1234567192.0.2.7";

    for (size_t most = 0; most < sizeof all; most++) {
        char *exact = malloc(most + (most == 0));
        struct slice want = slice_of(all, most);
        assert_true(slice_eq(format_text(fmt, &f->c, most), want));
        assert_int_equal(format_write(fmt, &f->c, exact, most), most);
        assert_memory_equal(exact, all, most);
        if (most <= 7) assert_true(slice_eq(format_text(constant, &f->c, most), want));
        if (most <= 7) assert_true(slice_eq(format_text(one, &f->c, most), want));
        free(exact);
    }
}

/* Longer than the first piece of memory, by every way. */
static void grows(void **state)
{
    struct policy_fixture *f = *state;
    char pattern[4000];
    const struct format *fmt;
    struct slice s;

    memset(pattern, 'x', sizeof pattern - 1);
    pattern[sizeof pattern - 1] = '\0';
    memcpy(pattern + 3000, "%ci-", 4);
    fmt = parse(f, pattern, FORMAT_FOR_HTTP);
    s = format_text(fmt, &f->c, 10000);
    assert_int_equal(s.n, 3999 - 3 + 9);
    assert_memory_equal(s.p + 3000, "192.0.2.7", 9);
    assert_int_equal(format_text(fmt, &f->c, 3004).n, 3004);
}

static void constants(void **state)
{
    struct policy_fixture *f = *state;
    struct slice s;

    assert_true(format_is_constant(parse(f, "a%%  b", FORMAT_FOR_LOG), &s));
    assert_true(slice_is(s, "a% b"));
    assert_true(format_is_constant(parse(f, "%{+Q}o-a", FORMAT_FOR_HTTP), &s));
    assert_true(slice_is(s, "-a"));
    assert_false(format_is_constant(parse(f, "a%ci", FORMAT_FOR_HTTP), &s));
    assert_false(format_is_constant(parse(f, "%[str(a)]", FORMAT_FOR_HTTP), &s));
}

/* ---- errors ---- */

struct refused {
    unsigned flags;
    const char *format, *message, *hint; /* parts of what is said */
    unsigned column, width;
};

static const struct refused REFUSED[] = {
    { 0, "a%", "single '%'", "'%%'", 2, 1 },
    { 0, "a% b", "begins with ' '", "'%%'", 2, 2 },
    { 0, "a%1", "begins with '1'", "'%%'", 2, 2 },
    { 0, "ab%cj", "unknown format item '%cj'", "did you mean '%c", 4, 2 },
    { 0, "%{+Q}zzzzz", "unknown format item '%zzzzz'", "'%%'", 6, 5 },
    { 0, "%{+Q}1", "unknown format item '%1'", NULL, 6, 1 },
    { 0, "%{+Q", "no '}'", NULL, 1, 4 },
    { 0, "a%{+Q}", "must stand before", NULL, 2, 5 },
    { 0, "%{+Q}-", "must stand before", NULL, 1, 5 },
    { 0, "%[req.hdr(a)", "no ']'", NULL, 2, 11 },
    { 0, "%[req.hdr(host) ]", "expected ']'", NULL, 16, 1 },
    { 0, "%[status]", "", NULL, 3, 6 },
    { FORMAT_TCP, "x%HU", "mode http", NULL, 3, 2 },
};

static void refused(void **state)
{
    struct policy_fixture *f = *state;

    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        const struct refused *r = &REFUSED[i];
        char place[32], caret[64] = "";
        const char *all;
        assert_null(parse(f, r->format, r->flags));
        all = fixture_messages(f);
        snprintf(place, sizeof place, "test:1:%u: error: ", r->column);
        memset(caret, '^', r->width);
        if (!strstr(all, place) || !strstr(all, r->message) || !strstr(all, caret) ||
            (r->hint && !strstr(all, r->hint)) || f->diag.n_errors != 1)
            fail_msg("'%s': %s", r->format, all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts, start, finish),
        cmocka_unit_test_setup_teardown(control_bytes, start, finish),
        cmocka_unit_test(encoded),
        cmocka_unit_test(numbers),
        cmocka_unit_test_setup_teardown(bounded, start, finish),
        cmocka_unit_test_setup_teardown(grows, start, finish),
        cmocka_unit_test_setup_teardown(constants, start, finish),
        cmocka_unit_test_setup_teardown(refused, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sections `userlist`, and the fetches that ask them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "policy_fixture.h"

#include "base/memory.h"
#include "policy/message_fetches.h"
#include "policy/userlist.h"

#include <stdlib.h>

static const struct fetch_table *const fetches[] = { &auth_fetches, NULL };
static const struct section_kind *const kinds[] = { &section_userlist, NULL };
static const struct keyword_table *const keywords[] = { &userlist_keywords, &user_options,
                                                        &group_options, NULL };

/* A configuration of userlists beside the fixture's own. */
struct lists {
    struct policy_fixture f;
    struct arena arena;
    struct diag diag;
    struct vocabulary words;
    struct cfg cfg;
    char *messages;
};

static char *read_text(const char *path, size_t *n, void *user)
{
    (void)path;
    *n = strlen(user);
    return mem_strdup(user);
}

static const void *resolve(struct policy_cfg *pc, enum arg_type type,
                           const struct policy_scope *scope, struct slice name)
{
    (void)scope;
    return type == ARG_USERLIST ? userlist_find(pc->user, name) : NULL;
}

static bool lists_init(struct lists *l, const char *text)
{
    static const char *const path = "a.cfg";
    struct cfg_reader reader = { .read_file = read_text, .user = (void *)(uintptr_t)text };
    bool fine;
    size_t n;
    FILE *out;

    fixture_init(&l->f, fetches, NULL);
    arena_init(&l->arena, NULL);
    diag_init(&l->diag);
    vocabulary_init(&l->words, keywords, kinds);
    cfg_init(&l->cfg, &l->arena, &l->diag, &l->words);
    l->cfg.policy = &l->f.pc;
    l->f.pc.cfg = &l->cfg;
    fine = cfg_parse(&l->cfg, &path, 1, &reader);
    l->f.pc.cfg = &l->f.cfg;
    l->f.pc.resolve = resolve;
    l->f.pc.user = &l->cfg;
    out = open_memstream(&l->messages, &n);
    diag_print(&l->diag, out);
    fclose(out);
    return fine;
}

static void lists_release(struct lists *l)
{
    free(l->messages);
    fixture_release(&l->f);
    cfg_release(&l->cfg);
    vocabulary_release(&l->words);
    diag_release(&l->diag);
    arena_release(&l->arena);
}

static const char people[] = "userlist people\n"
                             "  group readers users bob\n"
                             "  group writers\n"
                             "  group owners users ,bob,al,\n"
                             "  user bob insecure-password secret\n"
                             "  user al insecure-password pw groups writers\n"
                             "  user ghost\n"
                             "  user empty insecure-password \"\"\n"
                             "  user bob insecure-password other groups writers\n"
                             "userlist others\n"
                             "  user bob insecure-password second\n";

static bool lets_in(const struct userlist *u, const char *name, const char *password)
{
    const struct user *who = userlist_check(u, slice_str(name), slice_str(password));

    assert_true(!who || slice_is(who->name, name));
    return who;
}

static void test_check(void **state)
{
    struct lists l;
    const struct userlist *u;

    (void)state;
    assert_true(lists_init(&l, people));
    assert_non_null(strstr(l.messages, "a.cfg:9:8: warning: user 'bob' is there already"));
    u = userlist_find(&l.cfg, SLICE("people"));
    assert_non_null(u);
    assert_true(lets_in(u, "bob", "secret"));
    assert_true(lets_in(u, "al", "pw"));
    assert_true(lets_in(u, "empty", ""));
    assert_false(lets_in(u, "bob", "other"));
    assert_false(lets_in(u, "bob", "second"));
    assert_false(lets_in(u, "bob", "secre"));
    assert_false(lets_in(u, "bob", "secrets"));
    assert_false(lets_in(u, "bob", "secretsecret"));
    assert_false(lets_in(u, "bob", ""));
    assert_false(lets_in(u, "Bob", "secret"));
    assert_false(lets_in(u, "", ""));
    assert_false(lets_in(u, "ghost", ""));
    assert_false(lets_in(u, "nobody", "nobody's"));
    assert_true(lets_in(userlist_find(&l.cfg, SLICE("others")), "bob", "second"));
    assert_null(userlist_find(&l.cfg, SLICE("none")));
    lists_release(&l);
}

static void test_fetches(void **state)
{
    struct lists l;
    struct policy_fixture *f = &l.f;

    (void)state;
    assert_true(lists_init(&l, people));
    fixture_request(f, "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YWw6cHc=\r\n\r\n");
    assert_string_equal(fixture_typed(f, "http_auth(people)"), "bool 1");
    assert_string_equal(fixture_typed(f, "http_auth(others)"), "bool 0");
    assert_string_equal(fixture_typed(f, "http_auth_group(people)"), "str al");
    assert_string_equal(fixture_typed(f, "http_auth_group(others)"), "-");
    assert_string_equal(fixture_all(f, "http_auth_group(people)"), "writers|owners");
    assert_int_equal(fixture_eval(f, "http_auth(none)")[0], '!');
    fixture_request(f, "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic ZW1wdHk6\r\n\r\n");
    assert_string_equal(fixture_typed(f, "http_auth(people)"), "bool 1");
    assert_string_equal(fixture_all(f, "http_auth_group(people)"), "");
    fixture_request(f, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(fixture_typed(f, "http_auth(people)"), "-");
    lists_release(&l);
}

static const struct {
    const char *lines, *message;
} wrong[] = {
    { " group g users x", "a.cfg:2:16: error: this userlist has no user 'x'" },
    { " group g\n user x groups gg", "a.cfg:3:16: error: this userlist has no group 'gg'" },
    { " group g\n user x groups gg", "did you mean 'g'?" },
    { " user x groups a,b\n group a", "a.cfg:2:18: error: this userlist has no group 'b'" },
    { " user x password $5$a$b", "a.cfg:2:9: error: " },
    { " user x password $5$a$b", "use 'insecure-password'" },
    { " user x insecure-pasword y", "did you mean 'insecure-password'?" },
    { " user x insecure-password", "a.cfg:2:" },
    { " user a/b", "'/' can't stand in the name of a user" },
    { " group \"\"", "a.cfg:2:8: error: a group's name can't be empty" },
    { " user", "a.cfg:2:" },
    { " group g foo", "a.cfg:2:10: error: unknown group option 'foo'" },
};

static void test_wrong(void **state)
{
    char text[256];
    struct lists l;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        snprintf(text, sizeof text, "userlist l\n%s\n", wrong[i].lines);
        assert_false(lists_init(&l, text));
        if (!strstr(l.messages, wrong[i].message))
            fail_msg("'%s': no '%s' in:\n%s", wrong[i].lines, wrong[i].message, l.messages);
        lists_release(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_fetches),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

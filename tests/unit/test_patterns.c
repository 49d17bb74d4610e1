/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of patterns: what they find against a search one by one, files, changes, threads, reloads.
 */
#include "policy_fixture.h"

#include "base/memory.h"
#include "policy/pattern_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static struct word at_nothing(struct policy_fixture *f)
{
    return fixture_word(f, "here");
}

/* ---- against a search one by one ---- */

enum { MANY = 300, ROUNDS = 2000 };

static unsigned random_below(unsigned n)
{
    return (unsigned)rand() % n;
}

/* Words of a few letters between delimiters, so that much is alike. */
static struct slice random_text(char *buf, unsigned most)
{
    static const char LETTERS[] = "abAB/..:";
    unsigned n = random_below(most + 1);

    for (unsigned i = 0; i < n; i++) buf[i] = LETTERS[random_below(sizeof LETTERS - 1)];
    return slice_of(buf, n);
}

static bool same(struct slice a, struct slice b, bool nocase)
{
    return nocase ? slice_eq_nocase(a, b) : slice_eq(a, b);
}

static bool begins(struct slice s, struct slice p, bool nocase)
{
    return s.n >= p.n && same(slice_of(s.p, p.n), p, nocase);
}

static bool has_word(enum match_kind kind, struct slice s, struct slice p, bool nocase)
{
    while (p.n && pattern_is_delimiter(kind, p.p[0])) p = slice_from(p, 1);
    while (p.n && pattern_is_delimiter(kind, p.p[p.n - 1])) p.n--;
    for (size_t i = 0; i < s.n; i++) {
        bool starts = i == 0 || pattern_is_delimiter(kind, s.p[i - 1]);
        if (!starts || pattern_is_delimiter(kind, s.p[i])) continue;
        if (!begins(slice_from(s, i), p, nocase)) continue;
        if (i + p.n == s.n || pattern_is_delimiter(kind, s.p[i + p.n])) return true;
    }
    return false;
}

static bool fits(enum match_kind kind, struct slice s, struct slice p, bool nocase)
{
    switch (kind) {
    case MATCH_STR: return same(s, p, nocase);
    case MATCH_BEG: return begins(s, p, nocase);
    case MATCH_END: return s.n >= p.n && same(slice_from(s, s.n - p.n), p, nocase);
    case MATCH_SUB:
        for (size_t i = 0; i + p.n <= s.n; i++)
            if (begins(slice_from(s, i), p, nocase)) return true;
        return false;
    default: return has_word(kind, s, p, nocase);
    }
}

/* Which pattern wins: the longest of those that a tree holds, else the first. */
static const char *expected(enum match_kind kind, char (*texts)[8], struct slice s, bool nocase)
{
    const char *best = NULL;

    for (unsigned i = 0; i < MANY; i++) {
        struct slice p = slice_str(texts[i]);
        if (!p.n || !fits(kind, s, p, nocase)) continue;
        if (!best) best = texts[i];
        if (kind != MATCH_BEG || nocase) break;
        if (p.n > strlen(best)) best = texts[i];
    }
    return best;
}

static bool only_delimiters(enum match_kind kind, const char *text)
{
    for (; *text; text++)
        if (!pattern_is_delimiter(kind, *text)) return false;
    return true;
}

/* A set of n patterns. */
static void compare(struct policy_fixture *f, enum match_kind kind, bool nocase, bool changeable,
                    unsigned n)
{
    char texts[MANY][8] = { 0 };
    struct word at = at_nothing(f);
    struct patterns *p = patterns_new(&f->pc, &at, SLICE("x"), &matches[kind],
                                      nocase ? PATTERNS_NOCASE : 0, -1);
    const char *why;

    for (unsigned i = 0; i < n; i++) {
        char buf[8];
        slice_copy(random_text(buf, 5), texts[i], sizeof texts[i]);
        if ((kind == MATCH_DIR || kind == MATCH_DOM) && only_delimiters(kind, texts[i]))
            texts[i][0] = '\0';
        if (*texts[i]) assert_true(patterns_add(&f->pc, p, slice_str(texts[i]), &why));
    }
    if (changeable) {
        pattern_ref_make_changeable(p->ref);
        for (unsigned i = 0; i < n; i += 3) {
            pattern_ref_delete(p->ref, slice_str(texts[i]));
            for (unsigned k = 0; k < MANY; k++)
                if (k != i && strcmp(texts[k], texts[i]) == 0) texts[k][0] = '\0';
            texts[i][0] = '\0';
        }
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        char buf[16];
        struct sample s = { .type = SAMPLE_STR, .str = random_text(buf, 12) };
        struct pattern_hit hit = { .wants_text = true };
        bool found = patterns_match(p, &f->c, &s, &hit);
        const char *want = expected(kind, texts, s.str, nocase);
        if (found != (want != NULL) || (found && !slice_is(hit.text, want)))
            fail_msg("%s of '%.*s': '%.*s', not '%s'", matches[kind].name, SLICE_ARG(s.str),
                     found ? (int)hit.text.n : 0, found ? hit.text.p : "", want ? want : "(none)");
    }
}

static void test_strings(void **state)
{
    static const enum match_kind KINDS[] = { MATCH_STR, MATCH_BEG, MATCH_END,
                                             MATCH_SUB, MATCH_DIR, MATCH_DOM };
    struct policy_fixture *f = *state;

    srand(4711);
    for (size_t k = 0; k < ARRAY_LEN(KINDS); k++)
        for (unsigned way = 0; way < 4; way++) {
            compare(f, KINDS[k], way & 1, way & 2, MANY);
            for (unsigned n = 1; n <= 5; n++) compare(f, KINDS[k], way & 1, way & 2, n);
        }
}

static void test_networks(void **state)
{
    struct policy_fixture *f = *state;
    struct word at = at_nothing(f);
    struct patterns *p = patterns_new(&f->pc, &at, SLICE("src"), &matches[MATCH_IP],
                                      PATTERNS_NO_DNS, -1);
    struct {
        uint32_t address, bits;
    } nets[MANY];
    const char *why;

    srand(42);
    for (unsigned i = 0; i < MANY; i++) {
        char text[32];
        nets[i].bits = 4 + random_below(29);
        nets[i].address = (random_below(4) << 28 | random_below(1 << 16)) &
                          UINT32_MAX << (32 - nets[i].bits);
        snprintf(text, sizeof text, "%u.%u.%u.%u/%u", nets[i].address >> 24,
                 nets[i].address >> 16 & 255, nets[i].address >> 8 & 255, nets[i].address & 255,
                 nets[i].bits);
        assert_true(patterns_add(&f->pc, p, slice_str(text), &why));
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t address = random_below(4) << 28 | random_below(1 << 16);
        struct sample s = { .type = SAMPLE_IPV4, .ipv4.s_addr = htonl(address) };
        struct pattern_hit hit = { .wants_text = true };
        bool found = patterns_match(p, &f->c, &s, &hit);
        unsigned most = 0;
        for (unsigned k = 0; k < MANY; k++)
            if (nets[k].address == (address & UINT32_MAX << (32 - nets[k].bits)) &&
                nets[k].bits > most)
                most = nets[k].bits;
        assert_int_equal(found, most > 0);
        if (found) assert_int_equal(atoi(strchr(strndupa(hit.text.p, hit.text.n), '/') + 1), most);
    }
}

/* ---- files ---- */

static const char *write_file(const char *text)
{
    static char path[64];
    FILE *out;

    snprintf(path, sizeof path, "/tmp/gatehouse-patterns-%d", (int)getpid());
    out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    return path;
}

static struct patterns *open_file(struct policy_fixture *f, const char *text, enum match_kind kind,
                                  unsigned flags, enum sample_type out)
{
    const char *path = write_file(text);
    struct word at = at_nothing(f);
    struct patterns *p = patterns_file(&f->pc, &at, slice_str(path), &matches[kind], flags, out);

    unlink(path);
    return p;
}

static bool has(struct policy_fixture *f, const struct patterns *p, const char *text)
{
    struct sample s = { .type = SAMPLE_STR, .str = slice_str(text) };
    return patterns_match(p, &f->c, &s, NULL);
}

static const char *value_of(struct policy_fixture *f, const struct patterns *p, const char *text)
{
    struct sample s = { .type = SAMPLE_STR, .str = slice_str(text) };
    struct pattern_hit hit = { 0 };

    if (!patterns_match(p, &f->c, &s, &hit)) return "-";
    return hit.has_value ? arena_str(&f->arena, hit.value.str) : "(none)";
}

static void test_file(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *p = open_file(f, "# no\nabc\n \t lead\ntrail  \n\n   \n #sharp\r\nlast",
                                   MATCH_STR, 0, SAMPLE_ANY);

    assert_non_null(p);
    assert_int_equal(pattern_ref_state(p->ref).n, 5);
    assert_true(has(f, p, "abc") && has(f, p, "lead") && has(f, p, "trail  "));
    assert_true(has(f, p, "#sharp") && has(f, p, "last"));
    assert_false(has(f, p, "") || has(f, p, "trail") || has(f, p, "# no"));
}

static void test_map_file(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *p = open_file(f, "k1 v1\n k2\t\tv 2  \nk3\nk1 other\n", MATCH_STR,
                                   PATTERNS_MAP | PATTERNS_BY_MAP, SAMPLE_STR);

    assert_string_equal(value_of(f, p, "k1"), "v1");
    assert_string_equal(value_of(f, p, "k2"), "v 2");
    assert_string_equal(value_of(f, p, "k3"), "");
    assert_string_equal(value_of(f, p, "k4"), "-");
}

static void test_wrong_files(void **state)
{
    struct policy_fixture *f = *state;
    struct word at = at_nothing(f);

    assert_null(
        patterns_file(&f->pc, &at, SLICE("/nonexistent/x"), &matches[MATCH_STR], 0, SAMPLE_ANY));
    assert_non_null(strstr(fixture_messages(f), "No such file"));
    assert_null(open_file(f, "1.2.3.4\nfoo\n", MATCH_IP, PATTERNS_NO_DNS, SAMPLE_ANY));
    assert_non_null(
        strstr(fixture_messages(f), "'foo' is not a valid IPv4 or IPv6 address at line 2"));
}

static void test_wrong_value(void **state)
{
    struct policy_fixture *f = *state;

    assert_null(open_file(f, "a 1\nb x\n", MATCH_STR, PATTERNS_MAP | PATTERNS_BY_MAP, SAMPLE_SINT));
    assert_non_null(strstr(fixture_messages(f), "unable to parse 'x' at line 2"));
}

/* ---- changes ---- */

static struct slice text(const char *s)
{
    return slice_str(s);
}

static void test_changes(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *p = open_file(f, "a 1\nb 2\na 3\n", MATCH_STR, PATTERNS_MAP | PATTERNS_BY_MAP,
                                   SAMPLE_STR);
    struct pattern_ref *r = p->ref;
    struct slice v = text("9");
    char why[PATTERN_WHY_MAX];

    pattern_sets_finish(&f->pc);
    assert_int_equal(pattern_ref_set(r, text("a"), v), PATTERN_CHANGED);
    assert_string_equal(value_of(f, p, "a"), "9");
    assert_int_equal(pattern_ref_set(r, text("x"), v), PATTERN_NOT_FOUND);
    assert_int_equal(pattern_ref_add(r, 0, text("x"), &v, why), PATTERN_CHANGED);
    assert_string_equal(value_of(f, p, "x"), "9");
    assert_int_equal(pattern_ref_put(r, text("x"), &v), PATTERN_CHANGED);
    assert_int_equal(pattern_ref_state(r).n, 4);
    assert_int_equal(pattern_ref_delete(r, text("a")), PATTERN_CHANGED);
    assert_int_equal(pattern_ref_delete(r, text("a")), PATTERN_NOT_FOUND);
    assert_string_equal(value_of(f, p, "a"), "-");
    assert_string_equal(value_of(f, p, "b"), "2");
    pattern_ref_clear(r, 0);
    assert_string_equal(value_of(f, p, "b"), "-");
    assert_int_equal(pattern_ref_state(r).n, 0);
}

/* Who looks at the immutable index sees the first value, and no other is kept for him. */
static void test_values_kept(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *p = open_file(f, "a 1\n", MATCH_STR, PATTERNS_MAP | PATTERNS_BY_MAP,
                                   SAMPLE_STR);
    struct sample s = { .type = SAMPLE_STR, .str = SLICE("a") };
    struct pattern_ref *r = p->ref;
    const struct pattern_entry *e;
    unsigned kept = 0;

    pattern_sets_finish(&f->pc);
    for (unsigned i = 0; i < 100; i++) {
        char value[16];
        struct slice v = slice_of(value, (size_t)snprintf(value, sizeof value, "value %u", i));
        assert_int_equal(pattern_ref_put(r, text("a"), &v), PATTERN_CHANGED);
    }
    assert_string_equal(value_of(f, p, "a"), "value 99");
    e = pattern_index_find(&p->base, &s, NULL);
    assert_true(e && slice_is(e->value.str, "1"));
    list_each(l, &r->gone) kept++;
    assert_int_equal(kept, 1);
}

/* As many locks as there are workers, and one; what stays as it is takes none of them. */
static void test_locks(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *p = open_file(f, "a 1\nb 2\n", MATCH_STR, PATTERNS_MAP | PATTERNS_BY_MAP,
                                   SAMPLE_STR);
    struct pattern_ref *r = p->ref, *wanted = NULL;
    struct slice same = text("1");

    pattern_sets_want(&f->pc, slice_str(pattern_sets_first(f->pc.patterns)->path), &wanted);
    f->pc.n_workers = 3;
    pattern_sets_finish(&f->pc);
    assert_ptr_equal(wanted, r);
    assert_int_equal(r->n_locks, 4);
    assert_non_null(r->locks);
    pthread_mutex_lock(&r->locks[2].lock);
    assert_int_equal(pattern_ref_put(r, text("a"), &same), PATTERN_CHANGED);
    assert_int_equal(pattern_ref_set(r, text("a"), same), PATTERN_CHANGED);
    pthread_mutex_unlock(&r->locks[2].lock);
    assert_string_equal(value_of(f, p, "a"), "1");
    assert_true(list_empty(&r->gone));
}

static void test_refused_change(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *p = open_file(f, "a 1\n", MATCH_STR, PATTERNS_MAP | PATTERNS_BY_MAP,
                                   SAMPLE_SINT);
    struct slice wrong = text("x");
    char why[PATTERN_WHY_MAX];

    pattern_sets_finish(&f->pc);
    assert_int_equal(pattern_ref_add(p->ref, 0, text("b"), &wrong, why), PATTERN_WRONG);
    assert_string_equal(why, "unable to parse 'x'");
    assert_int_equal(pattern_ref_set(p->ref, text("a"), wrong), PATTERN_WRONG);
    assert_int_equal(pattern_ref_state(p->ref).n, 1);
    assert_false(has(f, p, "b"));
}

static void test_generations(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *p = open_file(f, "old\n", MATCH_BEG, 0, SAMPLE_ANY);
    struct pattern_ref *r = p->ref;
    char why[PATTERN_WHY_MAX];

    pattern_sets_finish(&f->pc);
    assert_int_equal(pattern_ref_prepare(r), 1);
    assert_int_equal(pattern_ref_prepare(r), 2);
    assert_int_equal(pattern_ref_add(r, 2, text("new"), NULL, why), PATTERN_CHANGED);
    assert_int_equal(pattern_ref_add(r, 1, text("between"), NULL, why), PATTERN_CHANGED);
    assert_true(has(f, p, "older") && !has(f, p, "newer"));
    assert_false(pattern_ref_commit(r, 0));
    assert_false(pattern_ref_commit(r, 3));
    assert_true(pattern_ref_commit(r, 2));
    assert_false(pattern_ref_commit(r, 2));
    assert_false(has(f, p, "older") || has(f, p, "between"));
    assert_true(has(f, p, "newer"));
    assert_int_equal(pattern_ref_state(r).n, 1);
}

/* ---- numbers, and what is found again ---- */

static void test_numbers(void **state)
{
    struct policy_fixture *f = *state;
    struct word at = at_nothing(f);
    static const int IDS[] = { -1, 1, -1, 0, -1 };
    static const int WANT[] = { 2, 1, 3, 0, 4 };
    struct patterns *p[5];

    for (unsigned i = 0; i < 5; i++) {
        p[i] = patterns_new(&f->pc, &at, SLICE("x"), &matches[MATCH_STR], 0, IDS[i]);
        assert_ptr_equal(patterns_seal(&f->pc, p[i]), p[i]);
    }
    assert_true(patterns_id_taken(&f->pc, 1));
    pattern_sets_finish(&f->pc);
    for (unsigned i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "#%d", WANT[i]);
        assert_ptr_equal(pattern_sets_find(f->pc.patterns, slice_str(name))->ref, p[i]->ref);
    }
    assert_null(pattern_sets_find(f->pc.patterns, SLICE("#5")));
}

/* A second configuration beside the first, with the same objects. */
static struct patterns *reload(struct policy_fixture *f, const char *content)
{
    pattern_sets_finish(&f->pc);
    pattern_sets_adopt(f->pc.patterns, &f->objects);
    f->pc.patterns = NULL;
    return open_file(f, content, MATCH_STR, 0, SAMPLE_ANY);
}

static void test_reload(void **state)
{
    struct policy_fixture *f = *state;
    struct patterns *first = open_file(f, "a\n", MATCH_STR, 0, SAMPLE_ANY), *again, *other;
    char why[PATTERN_WHY_MAX];

    again = reload(f, "a\n");
    assert_ptr_equal(again, first);
    assert_int_equal(pattern_ref_add(first->ref, 0, text("b"), NULL, why), PATTERN_CHANGED);
    again = reload(f, "a\n");
    assert_true(has(f, again, "b"));
    other = reload(f, "c\n");
    assert_ptr_not_equal(other->ref, first->ref);
    assert_true(has(f, first, "b") && has(f, other, "c") && !has(f, other, "b"));
    again = reload(f, "a\n"); /* the file of before is the one that counts */
    assert_false(has(f, again, "b"));
}

/* ---- threads ---- */

enum { READERS = 2, CHANGES = 3000 };

struct reader {
    pthread_t thread;
    const struct patterns *p;
    atomic_bool *stop;
    unsigned id;
    unsigned long looked;
};

static void *read_on(void *arg)
{
    struct reader *r = arg;
    struct worker w = { .id = r->id };
    struct arena a;

    arena_init(&a, NULL);
    while (!atomic_load(r->stop)) {
        struct context c = { .arena = &a, .worker = &w };
        struct sample s = { .type = SAMPLE_STR, .str = SLICE("fixed/and/more") };
        struct pattern_hit hit = { .wants_text = true };
        assert_true(patterns_match(r->p, &c, &s, &hit));
        assert_true(hit.has_value && slice_is(hit.text, "fixed"));
        assert_true(slice_starts(hit.value.str, SLICE("value")));
        s.str = SLICE("coming");
        patterns_match(r->p, &c, &s, &hit);
        r->looked++;
        arena_release(&a);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct policy_fixture *f = *state;
    struct reader readers[READERS];
    struct patterns *p;
    atomic_bool stop = false;

    f->pc.n_workers = READERS;
    p = open_file(f, "fixed value\n", MATCH_BEG, PATTERNS_MAP | PATTERNS_BY_MAP, SAMPLE_STR);
    pattern_sets_finish(&f->pc);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ .p = p, .stop = &stop, .id = i };
        pthread_create(&readers[i].thread, NULL, read_on, &readers[i]);
    }
    for (unsigned i = 0; i < CHANGES; i++) {
        char value[32];
        struct slice v = slice_of(value, (size_t)snprintf(value, sizeof value, "value %u", i));
        pattern_ref_set(p->ref, text("fixed"), v);
        pattern_ref_put(p->ref, text("coming"), &v);
        if (i % 3 == 0) pattern_ref_delete(p->ref, text("coming"));
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < READERS; i++) pthread_join(readers[i].thread, NULL);
    assert_string_equal(value_of(f, p, "fixed"), "value 2999");
}

/* ---- */

static int setup(void **state)
{
    struct policy_fixture *f = mem_zero(sizeof *f);

    fixture_init(f, NULL, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct policy_fixture *f = *state;

    fixture_release(f);
    free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_networks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_locks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_generations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API's commands on ACLs and maps. The answers are haproxy 2.6's, but for addresses. */
#include "ops/pattern_commands.h"
#include "ops/api.h"
#include "policy/pattern_ref.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* One ACL, #0, and one map of integers, #1, whose name is MAP in commands and answers. */
struct state {
    struct arena arena;
    struct diag diag;
    struct vocabulary vocabulary;
    struct cfg cfg;
    struct objects objects;
    struct policy_cfg pc;
    struct worker worker;
    struct snapshot snapshot;
    struct engine *engine;
    struct api api;
    char path[64];
};

static const struct api_commands *const TABLES[] = { &pattern_commands, NULL };

static void write_map(struct state *s)
{
    FILE *out;

    snprintf(s->path, sizeof s->path, "/tmp/gatehouse-map-%d", (int)getpid());
    out = fopen(s->path, "w");
    assert_non_null(out);
    fputs("k1 1\nk2 2\n", out);
    fclose(out);
}

static int setup(void **state)
{
    static const struct keyword_table *const NO_KEYWORDS[] = { NULL };
    static const struct section_kind *const NO_SECTIONS[] = { NULL };
    static const struct source SOURCE = { .name = "x.cfg" };
    const struct word at = { .text = SLICE("x"), .at = { &SOURCE, 7, 1, 1 } };
    struct state *s = mem_zero_aligned(sizeof *s);
    struct patterns *acl;
    const char *why;

    arena_init(&s->arena, NULL);
    diag_init(&s->diag);
    vocabulary_init(&s->vocabulary, NO_KEYWORDS, NO_SECTIONS);
    cfg_init(&s->cfg, &s->arena, &s->diag, &s->vocabulary);
    objects_init(&s->objects);
    s->pc = (struct policy_cfg){ .cfg = &s->cfg, .objects = &s->objects };
    acl = patterns_new(&s->pc, &at, SLICE("path_beg"), &matches[MATCH_BEG], 0, -1);
    assert_true(patterns_add(&s->pc, acl, SLICE("/a"), &why));
    patterns_seal(&s->pc, acl);
    write_map(s);
    assert_non_null(patterns_file(&s->pc, &at, slice_str(s->path), &matches[MATCH_STR],
                                  PATTERNS_MAP | PATTERNS_BY_MAP, SAMPLE_SINT));
    unlink(s->path);
    pattern_sets_finish(&s->pc);
    s->snapshot.patterns = s->pc.patterns;
    atomic_init(&s->snapshot.refs, 1);
    s->engine = mem_zero_aligned(sizeof *s->engine);
    s->engine->current = &s->snapshot;
    s->worker.bufs.size = 16384;
    s->api = (struct api){ .worker = &s->worker, .engine = s->engine, .commands = TABLES };
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;

    keepsakes_release(s->pc.kept);
    objects_release(&s->objects);
    cfg_release(&s->cfg);
    vocabulary_release(&s->vocabulary);
    diag_release(&s->diag);
    arena_release(&s->arena);
    free(s->engine);
    free(s);
    return 0;
}

/* The answer to a command with each address as "PTR". */
static void answer(struct state *s, const char *command, const char *payload, char *out,
                   size_t size)
{
    struct text text = { 0 };
    struct api_session session = { .level = API_USER };
    struct api_call call = { .api = &s->api, .session = &session, .out = &text };
    const char *words[API_WORDS_MAX], *rest;
    char line[256], *at = line, *end;
    size_t n = 0;

    snprintf(line, sizeof line, "%s", command);
    call.words = words;
    call.n_words = api_line_command(&at, line + strlen(line), words);
    call.payload = slice_str(payload);
    api_find(&call);
    while (api_run(&call) == API_MORE) continue;
    api_call_end(&call);
    text_char(&text, '\0');
    for (rest = text.p; *rest && n + 4 < size;) {
        if (strncmp(rest, "0x", 2) != 0) {
            out[n++] = *rest++;
            continue;
        }
        strtoull(rest, &end, 16);
        rest = end;
        n += (size_t)sprintf(out + n, "PTR");
    }
    out[n] = '\0';
    text_release(&text);
}

#define UNKNOWN(kind) "Unknown " kind " identifier. Please use #<id> or <file>.\n"

static const struct {
    const char *command, *payload, *answer;
} CASES[] = {
    { "show acl", NULL,
      "# id (file) description\n"
      "0 () acl 'path_beg' file 'x.cfg' line 7. curr_ver=0 next_ver=0 entry_cnt=1\n" },
    { "show acl #0", NULL, "PTR /a\n" },
    { "show acl #1", NULL, UNKNOWN("ACL") },
    { "show map #1", NULL, "PTR k1 1\nPTR k2 2\n" },
    { "get acl #0 /abc", NULL, "type=beg, case=sensitive, match=yes, idx=tree, pattern=\"/a\"\n" },
    { "get acl #0 x", NULL, "type=beg, case=sensitive, match=no\n" },
    { "get map #1 k1", NULL,
      "type=str, case=sensitive, found=yes, idx=tree, key=\"k1\", value=\"1\", type=\"sint\"\n" },
    { "get map #1", NULL, "Missing map identifier and/or key.\n" },
    { "add acl #0", NULL, "'add acl' expects two parameters: ACL identifier and pattern.\n" },
    { "add acl #0 /b\\ c", NULL, "" },
    { "show acl #0", NULL, "PTR /a\nPTR /b c\n" },
    { "del acl #0 /a", NULL, "" },
    { "del acl #0 /a", NULL, "Key not found.\n" },
    { "del acl #0 #0x1", NULL, "Key not found.\n" },
    { "del acl #0", NULL, "This command expects two parameters: ACL identifier and key.\n" },
    { "del acl #9 x", NULL, UNKNOWN("map") },
    { "add map #1 k3 x", NULL, "unable to parse 'x'.\n" },
    { "add map #1 k3 3", NULL, "" },
    { "add map #1", "k4 4\nk5\n", "Missing value for key 'k5'.\n" },
    { "add acl #1 x", NULL,
      "This ACL is shared with a map containing samples. You must use the command 'add map' to add "
      "values.\n" },
    { "set map #1 k1 11", NULL, "" },
    { "set map #1 k2 x", NULL, "" },
    { "set map #1 k9 1", NULL, "entry not found.\n" },
    { "set map #1 k9", NULL,
      "'set map' expects three parameters: map identifier, key and value.\n" },
    { "show map #1", NULL, "PTR k1 11\nPTR k2 2\nPTR k3 3\nPTR k4 4\n" },
    { "prepare acl #0", NULL, "New version created: 1\n" },
    { "add acl @2 #0 /n", NULL,
      "Version number in the future, please use 'prepare acl' before.\n" },
    { "add acl @1 #0 /n", NULL, "" },
    { "show acl #0", NULL, "PTR /b c\n" },
    { "show acl @1 #0", NULL, "PTR /n\n" },
    { "commit acl #0", NULL, "Missing version number.\n" },
    { "commit acl @1", NULL, "Missing ACL identifier.\n" },
    { "commit acl @1 #0", NULL, "" },
    { "commit acl @1 #0", NULL, "Version number out of range.\n" },
    { "show acl", NULL,
      "# id (file) description\n"
      "0 () acl 'path_beg' file 'x.cfg' line 7. curr_ver=1 next_ver=1 entry_cnt=1\n" },
    { "clear map #0", NULL, UNKNOWN("map") },
    { "clear map", NULL, "Missing map identifier.\n" },
    { "clear map #1", NULL, "" },
    { "show map #1", NULL, "" },
};

static void answers(void **state)
{
    struct state *s = *state;
    char out[2048];

    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        answer(s, CASES[i].command, CASES[i].payload, out, sizeof out);
        if (strcmp(out, CASES[i].answer) != 0) fail_msg("%s:\n%s", CASES[i].command, out);
    }
}

/* A long list comes in pieces; what is deleted meanwhile does no harm. */
static void a_list_in_pieces(void **state)
{
    enum { N = 5000 };
    struct state *s = *state;
    struct text text = { 0 };
    struct api_session session = { .level = API_USER };
    const char *const words[] = { "show", "map", "#1" };
    struct api_call call = {
        .api = &s->api, .session = &session, .out = &text, .words = words, .n_words = 3
    };
    struct pattern_ref *r = pattern_sets_find(s->pc.patterns, SLICE("#1"))->ref;
    unsigned pieces = 0, lines = 0;
    char why[PATTERN_WHY_MAX], key[16];

    for (unsigned i = 0; i < N; i++) {
        struct slice value = SLICE("1");
        struct slice k = slice_of(key, (size_t)snprintf(key, sizeof key, "n%u", i));
        assert_int_equal(pattern_ref_add(r, 0, k, &value, why), PATTERN_CHANGED);
    }
    api_find(&call);
    while (api_run(&call) == API_MORE) {
        snprintf(key, sizeof key, "n%u", N - 1 - pieces++);
        pattern_ref_delete(r, slice_str(key));
    }
    api_call_end(&call);
    for (size_t i = 0; i < text.n; i++) lines += text.p[i] == '\n';
    assert_in_range(pieces, N / 1000, N / 10);
    assert_int_equal(lines, N + 2 - pieces);
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_list_in_pieces, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a client sends to the Runtime API: cut into lines, commands and words as the
 * client's code does it. Checked: everything stays within the line, words hold no byte that was not
 * there, there are as many commands as semicolons tell, and words that are written down again with
 * backslashes read the same. The commands are looked up, too, and listed where they are unknown. */
#include "base/memory.h"
#include "ops/api.h"

#include <stdlib.h>

static void check(bool holds)
{
    if (!holds) abort();
}

/* ---- commands to be found ---- */

static enum api_progress run_nothing(struct api_call *c)
{
    text_char(c->out, '.');
    return API_DONE;
}

static const struct api_command rows[] = {
    { "show stat", "[<x>]", "x", API_USER, run_nothing, false },
    { "show stat more", "", "x", API_OPERATOR, run_nothing, false },
    { "set weight", "<n>", "x", API_ADMIN, run_nothing, false },
    { "help", "", "x", API_USER, run_nothing, true },
};
static const struct api_commands table = API_COMMANDS(rows);
static const struct api_commands *const tables[] = { &table, NULL };

static void check_call(const char *const *words, unsigned n, uint8_t level)
{
    struct api api = { .commands = tables };
    struct api_session session = { .level = level };
    struct text out = { 0 };
    struct api_call c = {
        .api = &api, .session = &session, .words = words, .n_words = n, .out = &out
    };

    api_find(&c);
    check(c.n_args <= n && c.args + c.n_args == words + n);
    check(api_run(&c) == API_DONE);
    check(text_pending(&out) > 0);
    if (!c.command) check(slice_starts(slice_of(out.p, out.n), SLICE("Unknown command")));
    if (c.command && c.command->level <= level) check(out.n == 1 && *out.p == '.');
    api_call_end(&c);
    text_release(&out);
}

/* ---- lines ---- */

/* Semicolons that no backslash stands before. */
static unsigned count_separators(struct slice line)
{
    unsigned n = 0;

    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\\')
            i++;
        else
            n += line.p[i] == ';';
    }
    return n;
}

static void write_down(struct text *t, const char *const *words, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (i) text_char(t, ' ');
        for (const char *p = words[i]; *p; p++) {
            text_char(t, '\\');
            text_char(t, *p);
        }
    }
}

static void check_same_again(const char *const *words, unsigned n)
{
    const char *again[API_WORDS_MAX];
    struct text t = { 0 };
    char *at;

    write_down(&t, words, n);
    text_char(&t, '\0');
    at = t.p;
    check(api_line_command(&at, t.p + t.n - 1, again) == n);
    check(at == NULL);
    for (unsigned i = 0; i < n; i++) check(strcmp(words[i], again[i]) == 0);
    text_release(&t);
}

static void check_line(struct slice line)
{
    struct slice text = api_line_trim(line);
    unsigned separators, commands = 0;
    char *copy, *at, *end;

    check(text.n <= line.n && text.p == line.p);
    check(slice_find(text, '\0') < 0);
    if (api_line_take_payload(&text)) check(line.p[text.n] == '<' && line.p[text.n + 1] == '<');
    separators = count_separators(text);
    copy = mem_alloc(text.n + 1); /* exactly: a sanitizer sees a step beyond */
    slice_put(copy, text);
    at = copy;
    for (end = copy + text.n; at; commands++) {
        const char *words[API_WORDS_MAX];
        char *begin = at;
        unsigned n = api_line_command(&at, end, words);

        check(n <= API_WORDS_MAX);
        check(!at || (at > begin && at <= end));
        for (unsigned i = 0; i < n; i++) {
            check(words[i] >= begin && words[i] + strlen(words[i]) <= end);
            check(i == 0 || words[i] > words[i - 1] + strlen(words[i - 1]));
        }
        check_same_again(words, n);
        check_call(words, n, commands % 3);
    }
    check(commands == separators + 1);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);

    while (rest.p) check_line(slice_cut(&rest, '\n'));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any lines as commands on three stick tables, and between them time that passes. Checked: a
 * command ends, and what it says is whole lines; no table grows beyond its size; a list tells as
 * many entries as it says there are, without a word that a key has broken in two; what `set`
 * accepted can be shown by the same words. */
#include "ops/api.h"
#include "ops/table_commands.h"
#include "policy/stick_table.h"

#include <stdlib.h>

enum { TABLES = 3, SIZE = 5, PASS_MS = 400 };

static void check(bool holds)
{
    if (!holds) abort();
}

/* ---- what there is ---- */

static struct stick_conf confs[TABLES] = {
    { .name = "s", .type = SAMPLE_STR, .key_size = 6, .size = SIZE, .expire = 1000 },
    { .name = "i", .type = SAMPLE_IPV4, .key_size = 4, .size = SIZE, .expire = 1000 },
    { .name = "n", .type = SAMPLE_SINT, .key_size = 4, .size = SIZE, .nopurge = true },
};

static struct proxy_conf proxies[TABLES];
static struct proxy_conf *all_proxies[TABLES];
static struct snapshot snapshot;
static struct engine engine;
static struct worker worker;
static const struct api_commands *const commands[] = { &table_commands, NULL };
static struct api api = { .worker = &worker, .engine = &engine, .commands = commands };

static void begin(void)
{
    static const uint32_t STORED[TABLES] = {
        1u << STICK_GPC0 | 1u << STICK_HTTP_REQ_RATE | 1u << STICK_BYTES_IN_CNT,
        1u << STICK_GPC | 1u << STICK_GPC_RATE | 1u << STICK_SERVER_KEY,
        0,
    };
    bool replaces;

    objects_init(&engine.objects);
    for (unsigned i = 0; i < TABLES; i++) {
        confs[i].stored = STORED[i];
        for (unsigned d = 0; d < STICK_DATA; d++) {
            confs[i].data[d].n = stick_data_is_array((enum stick_data)d) ? 3 : 1;
            confs[i].data[d].period = 500;
        }
        confs[i].state = stick_table_get(&engine.objects, &confs[i], &replaces);
        stick_table_adopt(&engine.objects, &confs[i]);
        proxies[i] = (struct proxy_conf){ .name = confs[i].name, .table = &confs[i] };
        all_proxies[i] = &proxies[i];
    }
    snapshot.proxies = all_proxies;
    snapshot.n_proxies = TABLES;
    atomic_init(&snapshot.refs, 1);
    atomic_init(&engine.current, &snapshot);
    worker.now = 1000000;
}

static void end(void)
{
    for (unsigned i = 0; i < TABLES; i++) stick_table_unref(confs[i].state);
    objects_release(&engine.objects);
}

/* ---- commands ---- */

static void run(const char *const *words, unsigned n, uint8_t level, struct text *out)
{
    struct api_session session = { .level = level };
    struct api_call c = {
        .api = &api, .session = &session, .words = words, .n_words = n, .out = out
    };
    unsigned pieces = 0;

    api_find(&c);
    while (api_run(&c) == API_MORE) check(pieces++ < 100);
    api_call_end(&c);
    check(out->n == 0 || out->p[out->n - 1] == '\n');
}

/* What follows the word, in which a backslash stands before a blank. */
static struct slice behind_word(struct slice line)
{
    size_t n = 0;

    while (n < line.n && line.p[n] != ' ') n += line.p[n] == '\\' ? 2 : 1;
    return slice_from(line, n + 1);
}

/* A list's head is followed by that many lines, and each has one "key=" that begins its second
 * word. */
static void check_list(struct stick_conf *t)
{
    const char *const words[] = { "show", "table", t->name };
    struct text out = { 0 };
    struct slice rest, line;
    uint32_t n = 0;

    run(words, 3, API_ADMIN, &out);
    rest = slice_of(out.p, out.n);
    line = slice_cut(&rest, '\n');
    check(slice_starts(line, SLICE("# table: ")));
    while (rest.n) {
        line = slice_cut(&rest, '\n');
        check(slice_starts(line, SLICE("0x")));
        slice_cut(&line, ' ');
        check(slice_starts(line, SLICE("key=")));
        line = behind_word(line);
        check(slice_starts(line, SLICE("use=0 exp=")));
        n++;
    }
    check(n == stick_used(t->state, worker.now) && n <= SIZE);
    text_release(&out);
}

static struct stick_conf *table_named(const char *name)
{
    for (unsigned i = 0; i < TABLES; i++)
        if (strcmp(confs[i].name, name) == 0) return &confs[i];
    return NULL;
}

/* words: "set table T key K …", which was accepted. */
static void check_set(const char *const *words)
{
    const char *const again[] = { "show", "table", words[2], "key", words[4] };
    struct text out = { 0 };

    run(again, 5, API_ADMIN, &out);
    check(slice_starts(slice_of(out.p, out.n), SLICE("# table: ")));
    text_release(&out);
}

static void run_line(char *line, char *end_of_line)
{
    for (char *at = line; at;) {
        const char *words[API_WORDS_MAX];
        unsigned n = api_line_command(&at, end_of_line, words);
        struct text out = { 0 };
        struct stick_conf *t = n > 2 ? table_named(words[2]) : NULL;

        run(words, n, API_ADMIN, &out);
        if (t && n > 4 && strcmp(words[0], "set") == 0 && strcmp(words[1], "table") == 0 &&
            strcmp(words[3], "key") == 0 && out.n == 0)
            check_set(words);
        text_release(&out);
        out = (struct text){ 0 };
        run(words, n, API_USER, &out);
        text_release(&out);
        if (t) check_list(t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);

    begin();
    while (rest.p) {
        struct slice text = api_line_trim(slice_cut(&rest, '\n'));
        char *copy = mem_alloc(text.n + 1);
        slice_put(copy, text);
        run_line(copy, copy + text.n);
        free(copy);
        worker.now += PASS_MS;
    }
    end();
    return 0;
}

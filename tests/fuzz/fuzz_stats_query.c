/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what stands behind the URI of statistics, and as the form that their page sends.
 * Checked: a scope holds nothing but what a name may hold, and no more than it should; what the
 * form gives has no NUL in it, is no longer than what came, and stays within the arena; and what
 * the page shows of any of it has no character left that HTML takes for its own. */
#include "base/memory.h"
#include "ops/html.h"
#include "ops/stats_query.h"

#include <stdlib.h>

static void check(bool holds)
{
    if (!holds) abort();
}

static void check_text(struct slice s, size_t most)
{
    check(s.n <= most && s.p[s.n] == '\0' && slice_find(s, '\0') < 0);
}

static void check_query(struct slice in)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
    struct stats_query q;

    stats_query_parse(in, &q);
    check(q.what <= STATS_SCHEMA && q.result <= RESULT_NOT_ASKED);
    check(strlen(q.scope) <= STATS_SCOPE_MAX && strlen(q.scope) == strspn(q.scope, allowed));
    check(strlen(stats_result_code(q.result)) == 4);
}

static void check_form(struct slice in)
{
    struct stats_form f;
    struct arena a;
    size_t pairs = 1;

    for (size_t i = 0; i < in.n; i++) pairs += in.p[i] == '&';
    arena_init(&a, NULL);
    stats_form_parse(in, &a, &f);
    check(f.n_servers <= pairs);
    for (unsigned i = 0; i < f.n_servers; i++) check_text(f.servers[i], in.n);
    if (f.action.p) check_text(f.action, in.n);
    if (f.backend.p) check_text(f.backend, in.n);
    arena_release(&a);
}

static void check_html(struct slice in)
{
    struct text t = { 0 };

    html_text(&t, in);
    for (size_t i = 0; i < t.n; i++) check(!strchr("<>\"'", t.p[i]) || !t.p[i]);
    text_release(&t);
    html_url(&t, in);
    for (size_t i = 0; i < t.n; i++)
        check(t.p[i] > ' ' && t.p[i] < 0x7f && !strchr("<>\"'", t.p[i]));
    text_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = mem_alloc(size + 1);
    struct slice in = slice_of(copy, size);

    memcpy(copy, data, size);
    check_query(in);
    check_form(in);
    check_html(in);
    free(copy);
    return 0;
}

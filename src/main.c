/* SPDX-License-Identifier: Apache-2.0 */
/* Gatehouse: an API gateway that reads HAProxy's configuration language. */
#include "lang/absent.h"
#include "lang/manual.h"
#include "ops/loading.h"
#include "ops/process.h"
#include "registry.h"

#ifndef GATEHOUSE_VERSION
#define GATEHOUSE_VERSION "unknown"
#endif

static int print_version(bool all)
{
    puts("Gatehouse version " GATEHOUSE_VERSION
         ", configuration language of HAProxy " HAPROXY_VERSION);
    if (all) features_print(stdout);
    return 0;
}

static bool is_defined(void *user, struct slice name)
{
    return environment_get(user, name) != NULL;
}

static int evaluate(const char *condition)
{
    struct arena a;
    struct environment env;
    struct cond_error err;
    enum cond_result r;

    arena_init(&a, NULL);
    environment_init(&env, &a);
    r = cond_eval(
        slice_str(condition),
        &(struct cond_world){ .defined = is_defined, .feature = feature_built, .user = &env },
        &err);
    if (r == COND_ERROR) fprintf(stderr, "gatehouse: %s at character %zu\n", err.text, err.at + 1);
    environment_release(&env);
    arena_release(&a);
    return r == COND_TRUE ? 0 : 1;
}

static int act(const struct command_line *o, const struct vocabulary *words)
{
    switch (o->action) {
    case ACTION_VERSION: return print_version(false);
    case ACTION_BUILT: return print_version(true);
    case ACTION_HELP: command_line_usage("gatehouse"); return 0;
    case ACTION_CONDITION: return evaluate(o->condition);
    case ACTION_DUMP_KEYWORDS: keywords_dump(stdout, words); return 0;
    case ACTION_DUMP_ABSENT: absent_dump(stdout); return 0;
    case ACTION_DUMP_MANUAL: manual_print(stdout, words); return 0;
    case ACTION_CHECK:
    case ACTION_RUN: break;
    }
    if (o->n_files == 0) {
        fputs("gatehouse: no configuration: -f FILE; -h lists all flags\n", stderr);
        return 1;
    }
    return o->action == ACTION_CHECK ? process_check(o, words) : process_run(o, words);
}

int main(int argc, char **argv)
{
    struct vocabulary words;
    struct command_line o;
    int rc = 1;

    vocabulary_init(&words, registry_keywords, registry_sections);
    if (command_line_parse(&o, argc, argv)) rc = act(&o, &words);
    command_line_release(&o);
    vocabulary_release(&words);
    return rc;
}

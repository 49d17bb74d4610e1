/* SPDX-License-Identifier: Apache-2.0 */
/* Gatehouse: an API gateway that reads HAProxy's configuration language. */
#include "lang/absent.h"
#include "lang/manual.h"
#include "ops/compat.h"
#include "ops/explain.h"
#include "ops/loading.h"
#include "ops/process.h"
#include "policy/manual.h"
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

static int print_usage(void)
{
    command_line_usage(stdout);
    return 0;
}

static int print_rows(void (*print)(FILE *, const struct vocabulary *),
                      void (*print_policy)(FILE *, const struct policy_rows *),
                      const struct vocabulary *words)
{
    print(stdout, words);
    print_policy(stdout, words->policy);
    return 0;
}

static int explain_or_usage(const struct command_line *o, const struct vocabulary *words)
{
    if (o->explain.url) return explain(o, words);
    fputs("gatehouse explain: which request? A URL is missing\n", stderr);
    return 1;
}

static int run(const struct command_line *o, const struct vocabulary *words)
{
    if (o->n_files == 0) {
        fputs("gatehouse: no configuration: -f FILE\n\n", stderr);
        command_line_usage(stderr);
        return 1;
    }
    if (o->action == ACTION_CHECK) return process_check(o, words);
    if (o->action == ACTION_COMPAT) return compat_check(o, words);
    if (o->action == ACTION_EXPLAIN) return explain_or_usage(o, words);
    return process_run(o, words, registry_commands);
}

static int act(const struct command_line *o, const struct vocabulary *words)
{
    switch (o->action) {
    case ACTION_VERSION: return print_version(false);
    case ACTION_BUILT: return print_version(true);
    case ACTION_HELP: return print_usage();
    case ACTION_CONDITION: return evaluate_condition(o, words);
    case ACTION_DUMP_KEYWORDS: return print_rows(keywords_dump, policy_rows_dump, words);
    case ACTION_DUMP_MANUAL: return print_rows(manual_print, policy_manual_print, words);
    case ACTION_DUMP_ABSENT: absent_dump(stdout); return 0;
    case ACTION_CHECK:
    case ACTION_COMPAT:
    case ACTION_EXPLAIN:
    case ACTION_RUN: break;
    }
    return run(o, words);
}

int main(int argc, char **argv)
{
    struct vocabulary words;
    struct policy_rows policy;
    struct command_line o;
    int rc = 1;

    vocabulary_init(&words, registry_keywords, registry_sections);
    policy_rows_init(&policy, registry_fetches, registry_converters, registry_items,
                     registry_actions);
    words.policy = &policy;
    words.services = registry_services;
    if (command_line_parse(&o, argc, argv)) rc = act(&o, &words);
    command_line_release(&o);
    vocabulary_release(&words);
    policy_rows_release(&policy);
    return rc;
}

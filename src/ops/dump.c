/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/dump.h"
#include "base/memory.h"
#include "lang/manual.h"
#include "policy/manual.h"

#include <link.h>
#include <stdio.h>
#include <unistd.h>

static void print_keywords(const struct vocabulary *words)
{
    puts("# List of registered configuration keywords:");
    keywords_dump(stdout, words);
}

static void print_fetches(const struct vocabulary *words)
{
    puts("# List of registered sample fetch functions:");
    policy_dump_fetches(stdout, words->policy);
}

static void print_converters(const struct vocabulary *words)
{
    puts("# List of registered sample converter functions:");
    policy_dump_converters(stdout, words->policy);
}

static void print_criteria(const struct vocabulary *words)
{
    puts("# List of registered ACL keywords:");
    policy_dump_criteria(stdout, words->policy);
}

/* HAProxy's classes. A class without a function has nothing in it yet. */
static const struct {
    const char *name, *doc;
    void (*print)(const struct vocabulary *);
} classes[] = {
    { "acl", "ACL keywords", print_criteria },
    { "cfg", "configuration keywords", print_keywords },
    { "cli", "CLI keywords", NULL },
    { "cnv", "sample converter keywords", print_converters },
    { "flt", "filter names", NULL },
    { "smp", "sample fetch functions", print_fetches },
    { "svc", "service names", NULL },
};

static void print_help(void)
{
    puts("# List of supported keyword classes:\nall: list all keywords");
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        printf("%s: %s\n", classes[i].name, classes[i].doc);
}

static void dump_class(const struct vocabulary *words, struct slice name)
{
    bool all = slice_is(name, "all"), known = all;

    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (!all && !slice_is(name, classes[i].name)) continue;
        known = true;
        if (classes[i].print) classes[i].print(words);
    }
    if (slice_is(name, "help"))
        print_help();
    else if (!known)
        fprintf(stderr, "gatehouse: -dK: unknown class '%.*s', -dKhelp lists them\n",
                SLICE_ARG(name));
}

/* The program itself comes first, and without a name. The kernel's own object has no file. */
static int print_library(struct dl_phdr_info *info, size_t size, void *user)
{
    char path[4096];
    ssize_t n;

    (void)size, (void)user;
    if (info->dlpi_name[0] == '/') {
        puts(info->dlpi_name);
    } else if (info->dlpi_name[0] == '\0') {
        n = readlink("/proc/self/exe", path, sizeof path - 1);
        if (n > 0) printf("%.*s\n", (int)n, path);
    }
    return 0;
}

void dump_requested(const struct command_line *o, const struct vocabulary *words, bool valid)
{
    struct slice rest = slice_str(o->dump_classes);

    while (rest.n) dump_class(words, slice_cut(&rest, ','));
    if (o->dump_libraries && valid) dl_iterate_phdr(print_library, NULL);
    fflush(stdout);
}

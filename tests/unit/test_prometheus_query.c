/* SPDX-License-Identifier: Apache-2.0 */
/* What a scrape may ask for. tests/system/test_prometheus.py asks HAProxy the same. */
#include "base/memory.h"
#include "ops/prometheus_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
    const char *target;
    int scopes; /* -1: refused */
    bool no_maint;
} cases[] = {
    { "/metrics", SCOPES_ALL, false },
    { "/metrics?", SCOPES_ALL, false },
    { "/metrics?scope=global", SCOPE_PROCESS, false },
    { "/metrics?scope=server&scope=rule", SCOPE_SERVER | SCOPE_RULE, false },
    { "/metrics?no-maint&scope=backend", SCOPE_BACKEND, true },
    { "/metrics?scope=", 0, false },
    { "/metrics?scope=*&scope=", 0, false },
    { "/metrics?scope=&scope=listener", SCOPE_LISTENER, false },
    { "/metrics?%73cope=glob%61l", SCOPE_PROCESS, false },
    { "/metrics?scope=global%00x", SCOPE_PROCESS, false },
    { "/metrics?other=1&&=x&no-maint=0", SCOPES_ALL, true },
    { "/metrics?a-word-that-is-longer-than-all-that-are-known=scope", SCOPES_ALL, false },
    { "/metrics?scope", -1, false },
    { "/metrics?scope=Global", -1, false },
    { "/metrics?scope=sticktable-and-so-on", -1, false },
    { "/metrics?scope=global=", -1, false },
    { "/metrics?other=%zz", -1, false },
    { "/metrics?%4", -1, false },
};

static void test_cases(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct prometheus_query q;
        bool ok = prometheus_query_parse(slice_str(cases[i].target), &q);

        if (ok != (cases[i].scopes >= 0)) fail_msg("%s: %s", cases[i].target, ok ? "ok" : "no");
        if (!ok) continue;
        if (q.scopes != (unsigned)cases[i].scopes || q.no_maint != cases[i].no_maint)
            fail_msg("%s: scopes %x, no-maint %d", cases[i].target, q.scopes, q.no_maint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

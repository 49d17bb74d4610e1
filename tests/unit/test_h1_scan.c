/* SPDX-License-Identifier: Apache-2.0 */
/* The scanners that take a vector at a time find what those find that go byte by byte. */
#include "http/h1_scan.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { LONGEST = 50 };

struct scanner {
    const char *name;
    char *(*fast)(char *p, const char *end, const char *base);
    char *(*plain)(char *p, const char *end);
    char filler;
};

static const struct scanner scanners[] = {
    { "text", h1_scan_text, h1_scan_text_bytes, 'v' },
    { "target", h1_scan_target, h1_scan_target_bytes, '/' },
};

/* Every byte at every place of every length, in memory that ends where the bytes end. */
static void vectors_and_bytes_agree(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(scanners); s++) {
        const struct scanner *scan = &scanners[s];
        for (size_t n = 0; n <= LONGEST; n++) {
            char *bytes = mem_alloc(n ? n : 1);
            memset(bytes, scan->filler, n);
            for (size_t i = 0; i < n * 256; i++) {
                char *from = bytes + i % n / 2, *base = i % 3 ? bytes : from;
                bytes[i / 256] = (char)(i % 256);
                if (scan->fast(from, bytes + n, base) != scan->plain(from, bytes + n))
                    fail_msg("%s: byte %zu at %zu of %zu", scan->name, i % 256, i / 256, n);
                bytes[i / 256] = scan->filler;
            }
            assert_ptr_equal(scan->fast(bytes, bytes + n, bytes), bytes + n);
            free(bytes);
        }
    }
}

/* A line: a name of mixed case, a colon, a value in capitals that must stay, and CR LF. */
static void names_are_lowered_and_nothing_else(void **state)
{
    (void)state;
    for (unsigned name = 0; name <= LONGEST; name++) {
        for (unsigned value = 0; value <= 20; value++) {
            for (unsigned byte = 1; byte < 256; byte += byte == 9 ? 2 : 1) { /* LF ends the line */
                size_t line = name + 1 + value, n = line + 2;
                char *bytes = mem_alloc(n), *copy = mem_alloc(n), *fast, *plain;
                if (byte == '\r') byte++;
                memset(bytes, 'A', n);
                for (unsigned i = 1; i < name; i += 3) bytes[i] = "-9zZ_"[i % 5];
                if (name) bytes[name / 2] = (char)byte;
                bytes[name] = ':';
                memcpy(bytes + line, "\r\n", 2);
                memcpy(copy, bytes, n);
                fast = h1_scan_name(bytes, bytes + line, bytes + n);
                plain = h1_scan_name_bytes(copy, copy + line);
                assert_int_equal(fast - bytes, plain - copy);
                if (memcmp(bytes, copy, (size_t)(plain - copy)) != 0)
                    fail_msg("%.*s became %.*s", (int)n, copy, (int)n, bytes);
                if (*plain == ':') assert_memory_equal(bytes, copy, n);
                free(bytes);
                free(copy);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_and_bytes_agree),
        cmocka_unit_test(names_are_lowered_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

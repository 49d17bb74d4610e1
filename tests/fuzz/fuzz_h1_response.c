/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a response head; the first says which method it answers. */
#include "h1_head_checks.h"

static void check_response(const struct head_kind *k, const char *p, size_t n)
{
    char *copy = exact_copy(p, n);
    struct parsed r;

    parse_in_place(k, copy, n, &r);
    if (r.result == H1_DONE) {
        const struct http_msg *m = &r.msg;
        bool none = m->status < 200 || m->status == 204 || m->status == 304 ||
                    k->method == HTTP_HEAD || (k->method == HTTP_CONNECT && m->status < 300);
        CHECK(m->status >= 100 && m->status <= 599);
        CHECK((m->framing == HTTP_NO_BODY) == none);
        if (m->framing == HTTP_UNTIL_CLOSE) CHECK(!m->keep_alive);
        if (m->status < 200 || m->status == 204) CHECK(!m->has_content_length);
    } else if (r.result == H1_BAD) {
        CHECK(r.err.status == 502);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum http_method methods[] = { HTTP_GET, HTTP_HEAD, HTTP_CONNECT };
    struct head_kind k = { .request = false };

    if (size == 0) return 0;
    k.method = methods[data[0] % ARRAY_LEN(methods)];
    check_head(&k, (const char *)data + 1, size - 1);
    check_response(&k, (const char *)data + 1, size - 1);
    return 0;
}

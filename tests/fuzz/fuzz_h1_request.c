/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request head: prefixes agree with the whole, and what is accepted is written as
 * one unambiguous request. */
#include "h1_head_checks.h"

/* A request that was accepted has one Host at most, one framing, no dangerous upgrade. */
static void check_request(const char *p, size_t n)
{
    const struct head_kind request = { .request = true };
    char *copy = exact_copy(p, n);
    unsigned hosts = 0, lengths = 0, codings = 0;
    struct parsed r;

    parse_in_place(&request, copy, n, &r);
    if (r.result == H1_DONE) {
        for (unsigned i = 0; i < r.msg.n_fields; i++) {
            const struct http_field *f = &r.fields[i];
            hosts += f->id == HTTP_FIELD_HOST;
            lengths += f->id == HTTP_FIELD_CONTENT_LENGTH && !f->hop;
            codings += f->id == HTTP_FIELD_TRANSFER_ENCODING;
            if (f->id == HTTP_FIELD_HOST) CHECK(!f->hop);
        }
        CHECK(hosts <= 1 && lengths <= 1 && codings <= 1 && lengths + codings <= 1);
        CHECK(hosts == 1 || r.msg.version == HTTP_1_0);
        CHECK((r.msg.framing == HTTP_CHUNKED) == (codings == 1));
        CHECK(r.msg.framing != HTTP_UNTIL_CLOSE);
        if (r.msg.upgrade) CHECK(!http_list_has(r.msg.upgrade_value, SLICE("h2c")));
    } else if (r.result == H1_BAD) {
        unsigned s = r.err.status;
        CHECK(s == 400 || s == 414 || s == 417 || s == 431 || s == 501 || s == 505);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct head_kind request = { .request = true };

    check_head(&request, (const char *)data, size);
    check_request((const char *)data, size);
    return 0;
}

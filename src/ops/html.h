/* SPDX-License-Identifier: Apache-2.0 */
/* Writing HTML: whatever comes from a configuration or a client is escaped here, in text and in
 * attributes alike; and numbers as people read them. */
#ifndef GATEHOUSE_OPS_HTML_H
#define GATEHOUSE_OPS_HTML_H

#include "ops/api_text.h"

void html_text(struct text *t, struct slice s);

static inline void html_str(struct text *t, const char *s)
{
    html_text(t, slice_str(s));
}

/* As html_text, for a part of a URL's path in an attribute: what can't stand there is %XX. */
void html_url(struct text *t, struct slice s);

/* "1 234 567", with thin spaces. */
void html_number(struct text *t, uint64_t n);

/* "1.2 GB": at most four figures. */
void html_bytes(struct text *t, uint64_t n);

/* "3d4h", "12m5s": the two largest units, as HAProxy's page has it. */
void html_age(struct text *t, uint64_t seconds);

#endif

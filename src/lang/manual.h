/* SPDX-License-Identifier: Apache-2.0 */
/* The reference part of docs/manual.md, and --dump-keywords, made from the rows. */
#ifndef GATEHOUSE_LANG_MANUAL_H
#define GATEHOUSE_LANG_MANUAL_H

#include "lang/section.h"

/* Markdown: a part for each table, an entry for each row, in the order they have. */
void manual_print(FILE *out, const struct vocabulary *v);

/* One line a row: "what<TAB>name<TAB>sections<TAB>flags", sections and flags joined by commas, "-"
 * for none. */
void keywords_dump(FILE *out, const struct vocabulary *v);

#endif

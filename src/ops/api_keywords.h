/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of keywords of the Runtime API. */
#ifndef GATEHOUSE_OPS_API_KEYWORDS_H
#define GATEHOUSE_OPS_API_KEYWORDS_H

#include "lang/keyword.h"

extern const struct keyword_table api_keywords, api_bind_options;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Every table of the program, by name and in order. To add a keyword, a section or (later) a fetch,
 * a converter, an action, add a row to one of these tables; to add a table, name it in registry.c.
 */
#ifndef GATEHOUSE_REGISTRY_H
#define GATEHOUSE_REGISTRY_H

#include "lang/section.h"
#include "ops/api_command.h"
#include "policy/policy_cfg.h"

extern const struct keyword_table *const registry_keywords[]; /* end with NULL */
extern const struct section_kind *const registry_sections[];
extern const struct api_commands *const registry_commands[];
extern const struct fetch_table *const registry_fetches[];
extern const struct converter_table *const registry_converters[];
extern const struct format_item_table *const registry_items[];
extern const struct action_table *const registry_actions[];
extern const struct http_service *const registry_services[];

#endif

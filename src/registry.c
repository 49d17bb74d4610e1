/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"
#include "gateway/build.h"
#include "gateway/log_items.h"
#include "gateway/rule_actions.h"
#include "ops/api_keywords.h"
#include "ops/pattern_commands.h"
#include "policy/actions.h"
#include "policy/converters.h"
#include "policy/fetch_basic.h"
#include "policy/message_fetches.h"
#include "policy/userlist.h"
#include "upstream/keywords.h"

const struct section_kind *const registry_sections[] = {
    &section_global, &section_defaults, &section_frontend,    &section_backend,
    &section_listen, &section_userlist, &section_http_errors, NULL,
};

const struct keyword_table *const registry_keywords[] = {
    &limit_keywords,    &identity_keywords,   &process_keywords,   &environment_keywords,
    &tuning_keywords,   &api_keywords,        &log_keywords,       &proxy_keywords,
    &timeout_keywords,  &option_keywords,     &keepalive_keywords, &frontend_keywords,
    &rule_keywords,     &forward_keywords,    &name_keywords,      &realip_keywords,
    &capture_keywords,  &log_format_keywords, &variable_keywords,  &error_keywords,
    &userlist_keywords, &user_options,        &group_options,      &bind_options,
    &api_bind_options,  &backend_keywords,    &server_options,     NULL,
};

const struct fetch_table *const registry_fetches[] = {
    &basic_fetches, &request_fetches,
    &field_fetches, &cookie_fetches,
    &query_fetches, &body_fetches,
    &auth_fetches,  &response_fetches,
    &rule_fetches,  &capture_fetches,
    &proxy_fetches, &connection_fetches,
    &id_fetches,    NULL,
};

const struct converter_table *const registry_converters[] = {
    &arith_converters,
    &string_converters,
    &regsub_converters,
    &encoding_converters,
    &digest_converters,
    &date_converters,
    &http_converters,
    &json_converters,
    &map_converters,
    &state_converters,
    &capture_converters,
    &name_converters,
    NULL,
};

const struct format_item_table *const registry_items[] = { &log_items, NULL };

const struct action_table *const registry_actions[] = {
    &answer_actions, &redirect_actions,  &connection_actions, &flow_actions,     &field_actions,
    &uri_actions,    &normalize_actions, &response_actions,   &variable_actions, &client_actions,
    &map_actions,    &capture_actions,   &wait_actions,       &hint_actions,     NULL,
};

const struct api_commands *const registry_commands[] = { &stats_commands, &api_basic_commands,
                                                         &pattern_commands, NULL };

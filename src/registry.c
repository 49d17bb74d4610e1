/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"
#include "gateway/build.h"
#include "gateway/health.h"
#include "gateway/log_items.h"
#include "gateway/json_log.h"
#include "gateway/ring.h"
#include "gateway/trace_context.h"
#include "gateway/rule_actions.h"
#include "gateway/service.h"
#include "gateway/stick_tables.h"
#include "ops/api_keywords.h"
#include "ops/event_commands.h"
#include "ops/pattern_commands.h"
#include "ops/prometheus.h"
#include "ops/stats_service.h"
#include "ops/server_commands.h"
#include "ops/session_commands.h"
#include "ops/table_commands.h"
#include "policy/actions.h"
#include "policy/converters.h"
#include "policy/fetch_basic.h"
#include "policy/message_fetches.h"
#include "policy/stick_fetches.h"
#include "policy/userlist.h"
#include "upstream/keywords.h"

const struct section_kind *const registry_sections[] = {
    &section_global,      &section_defaults, &section_frontend,
    &section_backend,     &section_listen,   &section_userlist,
    &section_http_errors, &section_ring,     NULL,
};

const struct keyword_table *const registry_keywords[] = {
    &limit_keywords,       &identity_keywords,  &process_keywords,
    &environment_keywords, &tuning_keywords,    &api_keywords,
    &log_keywords,         &ring_keywords,      &json_log_keywords,
    &ring_server_options,  &proxy_keywords,     &timeout_keywords,
    &option_keywords,      &keepalive_keywords, &frontend_keywords,
    &rule_keywords,        &forward_keywords,   &name_keywords,
    &realip_keywords,      &capture_keywords,   &log_format_keywords,
    &variable_keywords,    &error_keywords,     &stats_keywords,
    &stick_keywords,       &stick_options,      &stickiness_keywords,
    &userlist_keywords,    &user_options,       &group_options,
    &bind_options,         &api_bind_options,   &backend_keywords,
    &server_options,       &state_options,      &check_keywords,
    &check_options,        &health_keywords,    NULL,
};

const struct fetch_table *const registry_fetches[] = {
    &basic_fetches,      &request_fetches,  &field_fetches,
    &cookie_fetches,     &query_fetches,    &body_fetches,
    &auth_fetches,       &response_fetches, &rule_fetches,
    &contents_fetches,   &capture_fetches,  &proxy_fetches,
    &connection_fetches, &id_fetches,       &trace_fetches,
    &table_fetches,      &track_fetches,    NULL,
};

const struct converter_table *const registry_converters[] = {
    &arith_converters,   &string_converters,
    &regsub_converters,  &encoding_converters,
    &digest_converters,  &date_converters,
    &http_converters,    &json_converters,
    &map_converters,     &state_converters,
    &capture_converters, &name_converters,
    &table_converters,   NULL,
};

const struct format_item_table *const registry_items[] = { &log_items, NULL };

const struct action_table *const registry_actions[] = {
    &answer_actions,
    &redirect_actions,
    &connection_actions,
    &flow_actions,
    &field_actions,
    &uri_actions,
    &normalize_actions,
    &response_actions,
    &variable_actions,
    &client_actions,
    &map_actions,
    &track_actions,
    &capture_actions,
    &wait_actions,
    &hint_actions,
    &service_actions,
    NULL,
};

const struct api_commands *const registry_commands[] = { &stats_commands,      &api_basic_commands,
                                                         &pattern_commands,    &server_commands,
                                                         &server_set_commands, &table_commands,
                                                         &event_commands,      &session_commands,
                                                         &frontend_commands,   &limit_commands,
                                                         &error_commands,      &clear_commands,
                                                         &process_commands,    NULL };

const struct http_service *const registry_services[] = { &stats_service, &prometheus_service,
                                                         NULL };

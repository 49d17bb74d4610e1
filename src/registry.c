/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"
#include "gateway/build.h"
#include "ops/api_keywords.h"
#include "upstream/keywords.h"

const struct section_kind *const registry_sections[] = {
    &section_global, &section_defaults, &section_frontend, &section_backend, &section_listen, NULL,
};

const struct keyword_table *const registry_keywords[] = {
    &limit_keywords,
    &identity_keywords,
    &process_keywords,
    &environment_keywords,
    &tuning_keywords,
    &api_keywords,
    &log_keywords,
    &proxy_keywords,
    &timeout_keywords,
    &option_keywords,
    &keepalive_keywords,
    &frontend_keywords,
    &bind_options,
    &api_bind_options,
    &backend_keywords,
    &server_options,
    NULL,
};

const struct api_commands *const registry_commands[] = { &stats_commands, &api_basic_commands,
                                                         NULL };

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/need.h"

/* clang-format off */
/* What HAProxy 2.6 says that it accepts (`haproxy -dKsmp`, whose rows are these). */
static const struct {
    const char *name;
    const char *places; /* by enum policy_place: 'y' where it can be had */
} NEEDS[N_NEEDS] = {
    /*                                                          any
     *                                                          |connection
     *                                                          ||session
     *                                                          |||frontend's request
     *                                                          ||||use_backend
     *                                                          |||||backend's request
     *                                                          ||||||use-server
     *                                                          |||||||backend's response
     *                                                          ||||||||frontend's response
     *                                                          |||||||||after-response
     *                                                          ||||||||||log
     *                                                          |||||||||||configuration
     *                                                          ||||||||||||API
     *                                                          |||||||||||||check */
    [NEED_NOTHING] = { "nothing",                              "yyyyyyyyyyyyyy" },
    [NEED_PROCESS] = { "the running process",                  "-yyyyyyyyyy-yy" },
    [NEED_LISTENER] = { "the client's connection",             "-yyyyyyyyyy---" },
    [NEED_FRONTEND] = { "a frontend",                          "-yyyyyyyyyy---" },
    [NEED_CLIENT] = { "the client's connection",               "-yyyyyyyyyy--y" },
    [NEED_SESSION] = { "the client's session",                 "--yyyyyyyyy---" },
    [NEED_REQUEST] = { "the head of a request",                "---yyyy-------" },
    [NEED_REQUEST_KEPT] = { "a request",                       "---yyyyyyyy---" },
    [NEED_REQUEST_BODY] = { "the body of a request",           "---yyyy-------" },
    [NEED_MESSAGE] = { "the head of a request or a response",  "---yyyyyyy---y" },
    [NEED_BACKEND] = { "a backend",                            "-----yyyyyy--y" },
    [NEED_SERVER] = { "a server",                              "-------yyyy--y" },
    [NEED_SERVER_CONN] = { "a connection to a server",         "-------yyyy--y" },
    [NEED_RESPONSE] = { "the head of a response",              "-------yyy---y" },
    [NEED_RESPONSE_KEPT] = { "a response",                     "-------yyyy--y" },
    [NEED_RESPONSE_BODY] = { "the body of a response",         "-------yyy---y" },
    [NEED_END] = { "the end of a request",                     "----------y---" },
};
/* clang-format on */

static const char *const PLACES[N_PLACES] = {
    [PLACE_ANYWHERE] = "this place",
    [PLACE_TCP_CONNECTION] = "a tcp-request connection rule",
    [PLACE_TCP_SESSION] = "a tcp-request session rule",
    [PLACE_FRONTEND_REQUEST] = "a frontend's http-request rule",
    [PLACE_USE_BACKEND] = "a use_backend rule",
    [PLACE_BACKEND_REQUEST] = "a backend's http-request rule",
    [PLACE_USE_SERVER] = "a use-server rule",
    [PLACE_BACKEND_RESPONSE] = "a backend's http-response rule",
    [PLACE_FRONTEND_RESPONSE] = "a frontend's http-response rule",
    [PLACE_AFTER_RESPONSE] = "an http-after-response rule",
    [PLACE_LOG] = "a log format",
    [PLACE_CONFIG] = "the global section",
    [PLACE_API] = "the Runtime API",
    [PLACE_CHECK] = "a health check",
};

bool policy_need_met(enum policy_need need, enum policy_place place)
{
    return NEEDS[need].places[place] == 'y';
}

const char *policy_need_name(enum policy_need need)
{
    return NEEDS[need].name;
}

const char *policy_place_name(enum policy_place place)
{
    return PLACES[place];
}

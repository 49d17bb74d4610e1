/* SPDX-License-Identifier: Apache-2.0 */
#include "http/status.h"

static const struct status_row {
    uint16_t status;
    struct slice reason;
} status_rows[] = {
    { 100, SLICE_LIT("Continue") },
    { 101, SLICE_LIT("Switching Protocols") },
    { 102, SLICE_LIT("Processing") },
    { 103, SLICE_LIT("Early Hints") },
    { 200, SLICE_LIT("OK") },
    { 201, SLICE_LIT("Created") },
    { 202, SLICE_LIT("Accepted") },
    { 203, SLICE_LIT("Non-Authoritative Information") },
    { 204, SLICE_LIT("No Content") },
    { 205, SLICE_LIT("Reset Content") },
    { 206, SLICE_LIT("Partial Content") },
    { 207, SLICE_LIT("Multi-Status") },
    { 210, SLICE_LIT("Content Different") },
    { 226, SLICE_LIT("IM Used") },
    { 300, SLICE_LIT("Multiple Choices") },
    { 301, SLICE_LIT("Moved Permanently") },
    { 302, SLICE_LIT("Moved Temporarily") },
    { 303, SLICE_LIT("See Other") },
    { 304, SLICE_LIT("Not Modified") },
    { 305, SLICE_LIT("Use Proxy") },
    { 307, SLICE_LIT("Temporary Redirect") },
    { 308, SLICE_LIT("Permanent Redirect") },
    { 310, SLICE_LIT("Too many Redirects") },
    { 400, SLICE_LIT("Bad Request") },
    { 401, SLICE_LIT("Unauthorized") },
    { 402, SLICE_LIT("Payment Required") },
    { 403, SLICE_LIT("Forbidden") },
    { 404, SLICE_LIT("Not Found") },
    { 405, SLICE_LIT("Method Not Allowed") },
    { 406, SLICE_LIT("Not Acceptable") },
    { 407, SLICE_LIT("Proxy Authentication Required") },
    { 408, SLICE_LIT("Request Time-out") },
    { 409, SLICE_LIT("Conflict") },
    { 410, SLICE_LIT("Gone") },
    { 411, SLICE_LIT("Length Required") },
    { 412, SLICE_LIT("Precondition Failed") },
    { 413, SLICE_LIT("Request Entity Too Large") },
    { 414, SLICE_LIT("Request-URI Too Long") },
    { 415, SLICE_LIT("Unsupported Media Type") },
    { 416, SLICE_LIT("Requested range unsatisfiable") },
    { 417, SLICE_LIT("Expectation failed") },
    { 418, SLICE_LIT("I'm a teapot") },
    { 421, SLICE_LIT("Misdirected Request") },
    { 422, SLICE_LIT("Unprocessable Content") },
    { 423, SLICE_LIT("Locked") },
    { 424, SLICE_LIT("Method failure") },
    { 425, SLICE_LIT("Too Early") },
    { 426, SLICE_LIT("Upgrade Required") },
    { 428, SLICE_LIT("Precondition Required") },
    { 429, SLICE_LIT("Too Many Requests") },
    { 431, SLICE_LIT("Request Header Fields Too Large") },
    { 449, SLICE_LIT("Retry With") },
    { 450, SLICE_LIT("Blocked by Windows Parental Controls") },
    { 451, SLICE_LIT("Unavailable For Legal Reasons") },
    { 456, SLICE_LIT("Unrecoverable Error") },
    { 499, SLICE_LIT("client has closed connection") },
    { 500, SLICE_LIT("Internal Server Error") },
    { 501, SLICE_LIT("Not Implemented") },
    { 502, SLICE_LIT("Bad Gateway or Proxy Error") },
    { 503, SLICE_LIT("Service Unavailable") },
    { 504, SLICE_LIT("Gateway Time-out") },
    { 505, SLICE_LIT("HTTP Version not supported") },
    { 506, SLICE_LIT("Variant also negotiate") },
    { 507, SLICE_LIT("Insufficient storage") },
    { 508, SLICE_LIT("Loop detected") },
    { 509, SLICE_LIT("Bandwidth Limit Exceeded") },
    { 510, SLICE_LIT("Not extended") },
    { 511, SLICE_LIT("Network authentication required") },
    { 520, SLICE_LIT("Web server is returning an unknown error") },
};

static struct slice class_reason(unsigned status)
{
    switch (status / 100) {
    case 1: return SLICE("Informational");
    case 2: return SLICE("Success");
    case 3: return SLICE("Redirection");
    case 4: return SLICE("Client Error");
    case 5: return SLICE("Server Error");
    default: return SLICE("Other");
    }
}

struct slice http_status_reason(unsigned status)
{
    size_t low = 0, high = sizeof status_rows / sizeof *status_rows;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (status_rows[middle].status == status) return status_rows[middle].reason;
        if (status_rows[middle].status < status)
            low = middle + 1;
        else
            high = middle;
    }
    return class_reason(status);
}

/* length is that of the body, in digits; the unit test holds them together. */
#define REPLY(status, reason, length, text)                                                      \
    {                                                                                            \
        (status), SLICE_LIT(reason),                                                             \
            {                                                                                    \
                { .name = SLICE_LIT("content-length"),                                           \
                  .value = SLICE_LIT(length),                                                    \
                  .id = HTTP_FIELD_CONTENT_LENGTH },                                             \
                { .name = SLICE_LIT("cache-control"), .value = SLICE_LIT("no-cache") },          \
                { .name = SLICE_LIT("content-type"), .value = SLICE_LIT("text/html") },          \
            },                                                                                   \
            SLICE_LIT("<html><body><h1>" #status " " reason "</h1>\n" text "\n</body></html>\n") \
    }

static const struct http_error_reply replies[] = {
    REPLY(200, "OK", "58", "Service ready."),
    REPLY(400, "Bad request", "90", "Your browser sent an invalid request."),
    REPLY(401, "Unauthorized", "112", "You need a valid user and password to access this content."),
    REPLY(403, "Forbidden", "93", "Request forbidden by administrative rules."),
    REPLY(404, "Not Found", "83", "The resource could not be found."),
    REPLY(405, "Method Not Allowed", "146",
          "A request was made of a resource using a request method not supported by that resource"),
    REPLY(407, "Unauthorized", "112", "You need a valid user and password to access this content."),
    REPLY(408, "Request Time-out", "110", "Your browser didn't send a complete request in time."),
    REPLY(410, "Gone", "114",
          "The resource is no longer available and will not be available again."),
    REPLY(411, "Length Required", "94", "The request needs to tell its length."),
    REPLY(413, "Payload Too Large", "106", "The request entity exceeds the maximum allowed."),
    REPLY(414, "URI Too Long", "99", "The request line exceeds the maximum allowed."),
    REPLY(417, "Expectation Failed", "111", "The request expects what this gateway can't fulfil."),
    REPLY(421, "Misdirected Request", "104", "Request sent to a non-authoritative server."),
    REPLY(422, "Unprocessable Content", "116",
          "The server cannot process the contained instructions."),
    REPLY(425, "Too Early", "80", "Your browser sent early data."),
    REPLY(429, "Too Many Requests", "117",
          "You have sent too many requests in a given amount of time."),
    REPLY(431, "Request Header Fields Too Large", "128",
          "The request's header fields exceed the maximum allowed."),
    REPLY(500, "Internal Server Error", "97", "An internal server error occurred."),
    REPLY(501, "Not Implemented", "136",
          ".The server does not support the functionality required to fulfill the request."),
    REPLY(502, "Bad Gateway", "107", "The server returned an invalid or incomplete response."),
    REPLY(503, "Service Unavailable", "107", "No server is available to handle this request."),
    REPLY(504, "Gateway Time-out", "92", "The server didn't respond in time."),
    REPLY(505, "HTTP Version Not Supported", "107", "This gateway speaks HTTP/1.1, HTTP/1.0."),
};

const struct http_error_reply *http_error_reply(unsigned status)
{
    const struct http_error_reply *fallback = NULL;

    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        if (replies[i].status == status) return &replies[i];
        if (replies[i].status == 500) fallback = &replies[i];
    }
    return fallback;
}

void http_error_msg(const struct http_error_reply *reply, struct http_msg *msg, struct arena *a)
{
    enum { ROOM = HTTP_ERROR_FIELDS + 5 };

    *msg = (struct http_msg){ .status = reply->status,
                              .reason = reply->reason,
                              .version = HTTP_1_1,
                              .framing = HTTP_LENGTH,
                              .keep_alive = true,
                              .content_length = reply->body.n,
                              .has_content_length = true,
                              .n_fields = HTTP_ERROR_FIELDS,
                              .max_fields = ROOM,
                              .fields = arena_alloc(a, ROOM * sizeof *msg->fields) };
    memcpy(msg->fields, reply->fields, sizeof reply->fields);
}

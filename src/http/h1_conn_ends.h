/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of an HTTP/1 connection (http/h1_conn.h), as their common life sees them. Reading
 * is in http/h1_conn_read.c, writing in http/h1_conn_write.c; neither knows of the other. Internal
 * to src/http. */
#ifndef GATEHOUSE_HTTP_H1_CONN_ENDS_H
#define GATEHOUSE_HTTP_H1_CONN_ENDS_H

#include "http/h1_conn.h"

/* Nothing read or queued yet, nothing counted. */
void h1_conn_begin_reading(struct h1_conn *h);
void h1_conn_begin_writing(struct h1_conn *h);

/* Give the buffers (and the pipe) back. */
void h1_conn_end_reading(struct h1_conn *h);
void h1_conn_end_writing(struct h1_conn *h);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_conn_ends.h"

void h1_conn_init(struct h1_conn *h)
{
    h1_conn_begin_reading(h);
    h1_conn_begin_writing(h);
}

void h1_conn_close(struct h1_conn *h, bool reset)
{
    h1_conn_end_reading(h);
    h1_conn_end_writing(h);
    conn_close(&h->conn, reset);
}

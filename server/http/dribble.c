/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer whose body comes piece by piece. Before each piece the connection is suspended, as a
 * request that waits is, and timed by the same thread: no thread waits with it.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "kv/base/secret.h"

#define PIECE_MAX 16384 /* bytes of a body that the library asks for at once */

struct dribble {
    struct kv_exchange *exchange; /* the connection's, which outlives the answer */
    char *text;
    size_t len;
    size_t piece;   /* bytes of each but the last */
    size_t allowed; /* bytes that may have gone by now */
    bool is_waiting;
};

static void free_dribble(void *argument)
{
    struct dribble *dribble = argument;

    kv_wipe_free(dribble->text);
    free(dribble);
}

/* The library asks again once the connection is resumed, by whatever. */
static ssize_t begin_pause(struct dribble *dribble)
{
    struct kv_request *request = &dribble->exchange->request;

    dribble->is_waiting = true;
    request->choice = (struct kv_choice){ .next = KV_NEXT_WAIT,
                                          .until = kv_clock_monotonic() + request->cut.pause };
    kv_hold_begin(dribble->exchange);
    return 0;
}

/* False if it ended otherwise: the client left, coffer shuts down, too many wait. */
static bool end_pause(struct dribble *dribble)
{
    const struct kv_exchange *exchange = dribble->exchange;
    size_t left = dribble->len - dribble->allowed;

    dribble->is_waiting = false;
    dribble->allowed += left < dribble->piece ? left : dribble->piece;
    return kv_traffic_state(exchange->service->traffic, &exchange->stay) == KV_STAY_DUE;
}

static ssize_t read_dribble(void *argument, uint64_t at, char *ret_bytes, size_t max)
{
    struct dribble *dribble = argument;

    if (dribble->is_waiting && !end_pause(dribble)) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t left = dribble->allowed - (size_t) at;
    size_t len = left < max ? left : max;
    if (len == 0) {
        return begin_pause(dribble);
    }
    memcpy(ret_bytes, dribble->text + at, len);
    return (ssize_t) len;
}

static struct MHD_Response *make_response(struct kv_exchange *exchange, struct kv_buf *body)
{
    struct dribble *dribble = calloc(1, sizeof(*dribble));

    if (dribble == NULL) {
        return NULL;
    }
    size_t pieces = (size_t) exchange->request.cut.length;
    dribble->exchange = exchange;
    dribble->text = kv_buf_take(body, &dribble->len);
    dribble->piece = pieces < dribble->len ? (dribble->len + pieces - 1) / pieces : 1;
    struct MHD_Response *made = MHD_create_response_from_callback(
        dribble->len, PIECE_MAX, read_dribble, dribble, free_dribble);
    if (made == NULL) {
        free_dribble(dribble);
    }
    return made;
}

enum MHD_Result kv_dribble_send(struct kv_exchange *exchange, struct kv_response *response)
{
    struct MHD_Connection *connection = exchange->stay.connection;

    if (response->body.len == 0 || exchange->request.verb == KV_HEAD) {
        return kv_answer_send(connection, response); /* there is no body to be late */
    }
    response->close = true;
    return kv_answer_queue(connection, response, make_response(exchange, &response->body), NULL);
}

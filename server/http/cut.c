/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that end in any way but with a complete answer: everything that libmicrohttpd 0.9.75
 * and GnuTLS can be made to do to a client (limits.md §5). Cuts that send nothing of an answer
 * bypass the library, which is then told to drop the connection; cuts of an answer use a library
 * body whose reader fails at the chosen byte, or whose announced length is wrong.
 */
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "guests.h"
#include "kv/base/base.h"
#include "kv/base/log.h"
#include "kv/base/secret.h"

#define PIECE_MAX 16384 /* bytes of a body that the library asks for at once */

/* Not a status line, not text, not a TLS record. */
static const unsigned char garbage[] = {
    0x00, 0x16, 0x8f, 0xd3, 0x0a, 0xff, 0xfe, 0x7f, 0x0d, 0x81, 0xc0, 0x01, 0xe5, 0x0a, 0x00, 0x9c,
};

/* On the connection's thread, when nothing of an answer is left to be sent. */
static void send_garbage(struct MHD_Connection *connection)
{
    kv_answer_last_words(connection, garbage, sizeof(garbage));
}

/*
 * Dissolving the association of a socket resets its connection at once, and leaves the descriptor
 * to its owner. SO_LINGER would not work: the library shuts its side down before it closes.
 */
void kv_cut_reset(struct MHD_Connection *connection)
{
    const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
    int descriptor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

    kv_guest_give_up(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
    (void) connect(descriptor, &nobody, sizeof(nobody)); /* unless the peer was faster */
}

static void say_nothing(struct MHD_Connection *connection)
{
    (void) connection;
}

static void send_status_line(struct MHD_Connection *connection, int status, const char *rest)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "HTTP/1.1 %d %s\r\n%s", status,
                       MHD_get_reason_phrase_for((unsigned) status), rest);

    kv_answer_last_words(connection, text, (size_t) len);
}

/* A body, and how much of it is sent. */
struct piece {
    char *text;
    size_t len, sent;
    bool was_asked;
};

static void free_piece(void *argument)
{
    struct piece *piece = argument;

    kv_wipe_free(piece->text);
    free(piece);
}

/*
 * At our end, which the library does not expect yet, it fails: that ends the connection. Not so in
 * the first call, right after the head was sent: the library then leaves the connection open until
 * it is idle for too long. "Nothing yet" has it ask again.
 */
static ssize_t read_piece(void *argument, uint64_t at, char *ret_bytes, size_t max)
{
    struct piece *piece = argument;
    size_t left = piece->sent - (size_t) at;
    size_t len = left < max ? left : max;
    bool is_first = !piece->was_asked;

    piece->was_asked = true;
    if (len == 0) {
        return is_first ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    memcpy(ret_bytes, piece->text + at, len);
    return (ssize_t) len;
}

/* `sent` bytes of the body, of which the library expects and announces `expected`. NULL: out of
 * memory. */
static struct MHD_Response *make_response(struct kv_buf *body, size_t sent, uint64_t expected)
{
    struct piece *piece = calloc(1, sizeof(*piece));

    if (piece == NULL) {
        return NULL;
    }
    piece->text = kv_buf_take(body, &piece->len);
    piece->sent = sent;
    struct MHD_Response *made =
        MHD_create_response_from_callback(expected, PIECE_MAX, read_piece, piece, free_piece);
    if (made == NULL) {
        free_piece(piece);
    }
    return made;
}

static bool may_have_body(const struct kv_response *response)
{
    return response->status != MHD_HTTP_NO_CONTENT && response->status != MHD_HTTP_NOT_MODIFIED;
}

static enum MHD_Result send_truncated(struct kv_exchange *exchange, struct kv_response *response)
{
    struct MHD_Connection *connection = exchange->stay.connection;
    size_t whole = response->body.len;
    uint64_t wanted = exchange->request.cut.length;

    if (whole == 0 || exchange->request.verb == KV_HEAD || !may_have_body(response)) {
        send_status_line(connection, response->status, "");
        return MHD_NO;
    }
    size_t sent = wanted < whole ? (size_t) wanted : whole - 1;
    return kv_answer_queue(connection, response, make_response(&response->body, sent, whole), NULL);
}

static enum MHD_Result send_wrong_length(struct kv_exchange *exchange, struct kv_response *response)
{
    static const uint64_t most = MHD_SIZE_UNKNOWN - 1;
    struct MHD_Connection *connection = exchange->stay.connection;
    struct kv_buf *body = &response->body;
    uint64_t length = exchange->request.cut.length < most ? exchange->request.cut.length : most;

    size_t sent = body->len;

    if (may_have_body(response) && length >= sent) {
        return kv_answer_queue(connection, response, make_response(body, sent, length), NULL);
    }
    uint64_t expected = may_have_body(response) ? MHD_SIZE_UNKNOWN : 0;
    return kv_answer_queue(connection, response, make_response(body, sent, expected), &length);
}

static enum MHD_Result send_bad_chunk(struct kv_exchange *exchange, struct kv_response *response)
{
    send_status_line(exchange->stay.connection, response->status,
                     "Transfer-Encoding: chunked\r\n\r\nno size\r\nno chunk\r\n");
    return MHD_NO;
}

struct way {
    const char *name;
    void (*end)(struct MHD_Connection *connection); /* NULL: it sends part of the answer */
    enum MHD_Result (*send)(struct kv_exchange *exchange, struct kv_response *response);
};

static const struct way ways[] = {
    [KV_CUT_EMPTY] = { "empty", .end = say_nothing },
    [KV_CUT_RESET] = { "reset", .end = kv_cut_reset },
    [KV_CUT_GARBAGE] = { "garbage", .end = send_garbage },
    [KV_CUT_BAD_CHUNK] = { "bad_chunk", .send = send_bad_chunk },
    [KV_CUT_TRUNCATED] = { "truncated", .send = send_truncated },
    [KV_CUT_WRONG_LENGTH] = { "wrong_length", .send = send_wrong_length },
    [KV_CUT_DRIBBLE] = { "dribble", .send = kv_dribble_send },
};

const char *kv_cut_name(enum kv_cut_kind kind)
{
    return ways[kind].name;
}

bool kv_cut_is_wordless(enum kv_cut_kind kind)
{
    return ways[kind].end != NULL;
}

enum MHD_Result kv_cut_send(struct kv_exchange *exchange, struct kv_response *response)
{
    const struct way *way = &ways[exchange->request.cut.kind];

    if (way->end != NULL) {
        way->end(exchange->stay.connection);
        return MHD_NO;
    }
    return way->send != NULL ? way->send(exchange, response)
                             : kv_answer_send(exchange->stay.connection, response);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* From our struct kv_response to one of libmicrohttpd, which adds Connection and Content-Length. */
#include "exchange.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <gnutls/gnutls.h>

#include "kv/base/secret.h"
#include "library.h"

static struct MHD_Response *make_response(struct kv_buf *body)
{
    size_t len;
    char *text = kv_buf_take(body, &len);

    if (len == 0) {
        kv_wipe_free(text); /* a buffer that was cleared keeps its memory */
        return MHD_create_response_from_buffer(0, (void *) "", MHD_RESPMEM_PERSISTENT);
    }
    struct MHD_Response *made =
        MHD_create_response_from_buffer_with_free_callback(len, text, kv_wipe_free);
    if (made == NULL) {
        kv_wipe_free(text);
    }
    return made;
}

/* The library cannot send a header with an empty value: it is left out. */
static bool add_header(struct MHD_Response *made, const char *name, const char *value)
{
    return *value == '\0' || MHD_add_response_header(made, name, value) == MHD_YES;
}

/* False when a header was refused, which is out of memory. */
static bool add_headers(struct MHD_Response *made, const struct kv_response *response)
{
    bool ok = true;

    if (response->content_type != NULL && response->status != MHD_HTTP_NO_CONTENT
        && !kv_response_has_header(response, MHD_HTTP_HEADER_CONTENT_TYPE)) {
        ok = add_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);
    }
    for (size_t i = 0; ok && i < response->headers; i++) {
        ok = add_header(made, response->header[i].name, response->header[i].value);
    }
    if (ok && response->close) {
        ok = add_header(made, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    return ok;
}

/* The library sends no length with a 204. A length other than the one it knows, or any if it knows
 * none, it accepts only when it must not use chunks, and then it ends the connection. */
#define OWN_LENGTH MHD_RF_INSANITY_HEADER_CONTENT_LENGTH
#define FREE_LENGTH (MHD_RF_INSANITY_HEADER_CONTENT_LENGTH | MHD_RF_HTTP_1_0_COMPATIBLE_STRICT)

static bool add_length(struct MHD_Response *made, uint64_t length)
{
    char text[24];

    (void) snprintf(text, sizeof(text), "%" PRIu64, length);
    return add_header(made, MHD_HTTP_HEADER_CONTENT_LENGTH, text);
}

enum MHD_Result kv_answer_queue(struct MHD_Connection *connection,
                                const struct kv_response *response, struct MHD_Response *made,
                                const uint64_t *length)
{
    enum MHD_Result queued = MHD_NO;

    if (made == NULL) {
        return MHD_NO;
    }
    bool has_length = kv_response_has_header(response, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (has_length || length != NULL) { /* cannot fail before it is queued */
        (void) MHD_set_response_options(made, length != NULL ? FREE_LENGTH : OWN_LENGTH,
                                        MHD_RO_END);
    }
    if (add_headers(made, response) && (length == NULL || add_length(made, *length))) {
        queued = kv_library_queue(connection, (unsigned) response->status, made);
    }
    MHD_destroy_response(made); /* ours; the queue holds its own reference */
    return queued;
}

enum MHD_Result kv_answer_send(struct MHD_Connection *connection, struct kv_response *response)
{
    return kv_answer_queue(connection, response, make_response(&response->body), NULL);
}

enum MHD_Result kv_answer_refuse(struct MHD_Connection *connection, unsigned status)
{
    struct kv_response response;

    kv_response_init(&response);
    response.status = (int) status;
    response.close = true;
    enum MHD_Result sent = kv_answer_send(connection, &response);
    kv_response_done(&response);
    return sent;
}

/* Whether the peer receives any of it is up to the peer. */
void kv_answer_last_words(struct MHD_Connection *connection, const void *bytes, size_t len)
{
    int descriptor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    if (tls != NULL) {
        (void) gnutls_record_send(tls->tls_session, bytes, len);
        (void) kv_library_bye(tls->tls_session, GNUTLS_SHUT_WR);
    } else {
        (void) send(descriptor, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    (void) shutdown(descriptor, SHUT_WR);
}

void kv_answer_by_hand(struct MHD_Connection *connection, unsigned status)
{
    char text[256];
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status,
                       MHD_get_reason_phrase_for(status));

    assert(len > 0 && (size_t) len < sizeof(text));
    kv_answer_last_words(connection, text, (size_t) len);
}

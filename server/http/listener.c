/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd's daemons, one a socket, and the callbacks by which it tells us of requests. */
#include "kv/http/listener.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "doors.h"
#include "early.h"
#include "exchange.h"
#include "guests.h"
#include "handshake.h"
#include "kv/base/log.h"
#include "library.h"
#include "linger.h"
#include "pages.h"
#include "tickets.h"
#include "traffic.h"

#define LOG_TEXT_MAX 512
#define FAREWELL 1000 /* milliseconds for connections to end by themselves */

/*
 * How long we listen to a client after the answer that ended its connection. One that is not silent
 * for two seconds is still sending; an announced body a few times larger than what we accept fits
 * into these bytes and this time, and anything beyond is not worth an answer.
 */
static const struct kv_linger_bounds patience_after_close = {
    .connections = KV_LINGER_MAX,
    .bytes = 16 * (uint64_t) KV_BODY_MAX,
    .silence = 2000,
    .time = 10000,
};

struct kv_listener {
    struct kv_service service;
    struct kv_linger *linger;
    struct kv_guests *guests;
    struct kv_doors doors;
    struct kv_handshakes handshakes;
    struct kv_tickets tickets;
};

static kv_printf(2, 0) void log_message(void *context, const char *format, va_list args)
{
    const struct kv_listener *listener = context;
    char text[LOG_TEXT_MAX];

    (void) vsnprintf(text, sizeof(text), format, args); /* cut to fit */
    text[strcspn(text, "\n")] = '\0';
    kv_log(KV_LOG_DEBUG, "http_library", KV_LOG_TEXT_FIELD("message", text));
    kv_early_meet_message(listener->guests);
}

/* NULL when there was no memory for it: then the connection gets no further. */
static struct kv_guest *guest_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info->socket_context;
}

/* The library's decoding would not tell an encoded slash from a plain one. */
static size_t leave_encoded(void *context, struct MHD_Connection *connection, char *text)
{
    const struct kv_listener *listener = context;
    struct kv_guest *guest = guest_of(connection);

    if (guest != NULL) {
        kv_early_meet_text(listener->guests, guest, text);
    }
    return strlen(text);
}

/* The first line of a request; the return value comes back as *held below. */
static void *on_first_line(void *context, const char *target, struct MHD_Connection *connection)
{
    const struct kv_listener *listener = context;
    struct kv_guest *guest = guest_of(connection);

    if (guest == NULL || target == NULL) {
        return NULL;
    }
    kv_guests_wait(listener->guests, guest, KV_GUEST_BEGUN);
    guest->exchange = kv_exchange_new(&listener->service, connection, target);
    kv_early_begin(guest, target);
    return guest->exchange;
}

/* Waits for the rest until it is there, or there is an answer that does not need it. */
static enum MHD_Result await_body(const struct kv_listener *listener,
                                  const struct kv_exchange *exchange, enum MHD_Result went)
{
    if (exchange->phase == KV_PHASE_BODY) {
        kv_guests_wait(listener->guests, guest_of(exchange->stay.connection), KV_GUEST_BODY);
    }
    return went;
}

static enum MHD_Result on_head(const struct kv_listener *listener, struct kv_exchange *exchange,
                               const char *method, const char *version)
{
    unsigned refusal = kv_head_read(exchange, method, version);

    exchange->has_head = true;
    kv_guests_wait(listener->guests, guest_of(exchange->stay.connection), KV_GUEST_NONE);
    if (refusal != 0) {
        return kv_answer_refuse(exchange->stay.connection, refusal);
    }
    return await_body(listener, exchange, kv_steps_meet_head(exchange));
}

/* A request that we held up at its head has its full time for the rest from now on. */
static enum MHD_Result on_resumed(const struct kv_listener *listener, struct kv_exchange *exchange)
{
    if (exchange->phase == KV_PHASE_HEAD) {
        struct kv_guest *guest = guest_of(exchange->stay.connection);

        kv_guests_wait(listener->guests, guest, KV_GUEST_BEGUN);
        kv_guests_wait(listener->guests, guest, KV_GUEST_NONE);
        return await_body(listener, exchange, kv_steps_resume(exchange));
    }
    return kv_steps_resume(exchange);
}

/* Called with the head, then with each piece of the body, then without one; and once more after
 * the connection was resumed. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *piece, size_t *piece_len, void **held)
{
    struct kv_exchange *exchange = *held;
    size_t len = *piece_len;

    const struct kv_listener *listener = context;
    struct kv_guest *guest = guest_of(connection);

    (void) path;
    if (exchange == NULL || guest->is_refused) {
        return MHD_NO; /* out of memory, or answered */
    }
    if (!exchange->has_head) {
        return on_head(listener, exchange, method, version);
    }
    if (exchange->phase != KV_PHASE_BODY) {
        return on_resumed(listener, exchange);
    }
    if (len > 0) {
        *piece_len = 0; /* taken */
        return kv_exchange_append(exchange, piece, len) ? MHD_YES : MHD_NO;
    }
    kv_guests_wait(listener->guests, guest, KV_GUEST_NONE);
    return kv_steps_begin(exchange);
}

static void end_exchange(const struct kv_listener *listener, struct kv_guest *guest)
{
    struct kv_exchange *exchange = guest->exchange;
    bool was_counted = exchange->is_counted;

    guest->exchange = NULL;
    kv_exchange_release(exchange);
    if (was_counted) {
        kv_traffic_leave(listener->service.traffic);
    }
}

/* The answer has been sent, or the connection is gone. */
static void on_completed(void *context, struct MHD_Connection *connection, void **held,
                         enum MHD_RequestTerminationCode reason)
{
    const struct kv_listener *listener = context;
    struct kv_guest *guest = guest_of(connection);

    *held = NULL;
    if (guest != NULL && guest->exchange != NULL) {
        bool has_more = reason == MHD_REQUEST_TERMINATED_COMPLETED_OK && guest->exchange->has_more;
        kv_early_await(guest, has_more ? listener->service.config.idle_timeout : 0);
        end_exchange(listener, guest);
    }
    kv_guests_wait(listener->guests, guest, KV_GUEST_NEXT);
}

static struct kv_guest *enter(const struct kv_listener *listener, struct MHD_Connection *connection,
                              int descriptor)
{
    struct kv_guest *guest = kv_guests_enter(listener->guests, connection, descriptor);

    if (guest != NULL) {
        kv_early_await(guest, listener->service.config.idle_timeout);
        kv_pages_watch(guest);
    }
    return guest;
}

/*
 * At the end the library is done with a connection, whatever ended it, and is about to close the
 * socket. This is all we hear of a request that it refused by itself.
 */
static void on_connection(void *context, struct MHD_Connection *connection, void **held,
                          enum MHD_ConnectionNotificationCode event)
{
    const struct kv_listener *listener = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct kv_guest *guest = *held;

    if (event == MHD_CONNECTION_NOTIFY_STARTED) {
        *held = enter(listener, connection, info->connect_fd);
        kv_handshakes_greet(&listener->service, connection);
        return;
    }
    if (guest != NULL && !listener->service.secure) {
        kv_early_meet_end(guest);
    }
    (void) kv_linger_keep(listener->linger, info->connect_fd); /* if not, it just closes */
    if (guest != NULL && guest->exchange != NULL) {
        end_exchange(listener, guest);
    }
    kv_guests_leave(listener->guests, guest);
    *held = NULL;
}

/* Of its connections that each thread of an address may have; rounded up. */
static unsigned share_of(const struct kv_listener_config *config)
{
    return (config->connections + config->threads - 1) / config->threads;
}

static struct MHD_Daemon *start_daemon(struct kv_listener *listener, int descriptor,
                                       const struct kv_listener_config *config)
{
    bool secure = listener->service.secure;
    /* So that it does not shut a plain connection before on_connection() is told. */
    unsigned turbo = secure ? 0 : MHD_USE_TURBO;
    unsigned flags = turbo | MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC
                     | MHD_USE_ERROR_LOG | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    const struct MHD_OptionItem options[] = {
        { MHD_OPTION_LISTEN_SOCKET, descriptor, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) on_first_line, listener },
        { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t) leave_encoded, listener },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) on_completed, listener },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) on_connection, listener },
        { MHD_OPTION_CONNECTION_LIMIT, share_of(config), NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, KV_HEAD_MEMORY, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, (config->idle_timeout + 999) / 1000, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *) config->certificate_pem },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *) config->key_pem },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) KV_TLS_PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };

    /* The logger comes first, so that it hears of the other options. */
    return MHD_start_daemon(secure ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, on_request,
                            listener, MHD_OPTION_EXTERNAL_LOGGER, log_message, listener,
                            MHD_OPTION_ARRAY, options, secure ? MHD_OPTION_ARRAY : MHD_OPTION_END,
                            tls, MHD_OPTION_END);
}

/*
 * The library gets a copy of the socket: if it cannot start, it closes the socket in some cases and
 * leaves it open in others. A started daemon leaves it to us once quiesced.
 */
static enum kv_code start_on_socket(struct kv_listener *listener, size_t i,
                                    const struct kv_listener_config *config, struct kv_err *err)
{
    int copy = fcntl(listener->doors.sockets.descriptor[i], F_DUPFD_CLOEXEC, 0);

    if (copy < 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "out of file descriptors");
    }
    listener->doors.daemon[i] = start_daemon(listener, copy, config);
    listener->doors.copy[i] = copy;
    if (listener->doors.daemon[i] == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "cannot serve %s port %u%s", config->address,
                       listener->doors.sockets.port,
                       listener->service.secure ? " with this certificate and key" : "");
    }
    return KV_OK;
}

static enum kv_code start(struct kv_listener *listener, const struct kv_listener_config *config,
                          struct kv_err *err)
{
    struct kv_traffic_bounds bounds = {
        .wait_max = config->wait_max,
        .stays = (size_t) config->connections * KV_SOCKETS_MAX,
        .waits = config->waits,
    };

    memcpy(bounds.patience, config->deadline, sizeof(bounds.patience));
    KV_TRY(kv_traffic_new(&bounds, config->clock, &listener->service.traffic, err));
    KV_TRY(kv_guests_new(config->head_timeout, config->idle_timeout, config->arrival_timeout,
                         &listener->guests, err));
    KV_TRY(kv_linger_new(&patience_after_close, &listener->linger, err));
    KV_TRY(kv_sockets_open(config->address, config->port, config->threads, &listener->doors.sockets,
                           err));
    for (size_t i = 0; i < listener->doors.sockets.count; i++) {
        KV_TRY(start_on_socket(listener, i, config, err));
    }
    return KV_OK;
}

enum kv_code kv_listener_new(const struct kv_listener_config *config,
                             struct kv_listener **ret_listener, struct kv_err *err)
{
    assert(config->threads > 0 && config->connections > 0 && config->idle_timeout > 0
           && config->arrival_timeout > 0 && config->head_timeout > 0);
    KV_TRY(kv_library_check(MHD_get_version(), err));
    kv_auto(kv_listener_free) struct kv_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    listener->service.config = *config;
    kv_handshakes_init(&listener->handshakes);
    listener->service.handshakes = &listener->handshakes;
    kv_tickets_init(&listener->tickets);
    listener->service.tickets = &listener->tickets;
    listener->service.secure = config->certificate_pem != NULL;
    KV_TRY(start(listener, config, err));
    *ret_listener = kv_take(listener);
    return KV_OK;
}

unsigned kv_listener_port(const struct kv_listener *listener)
{
    return listener->doors.sockets.port;
}

size_t kv_listener_pending(const struct kv_listener *listener)
{
    return kv_traffic_pending(listener->service.traffic);
}

size_t kv_listener_waiting(const struct kv_listener *listener)
{
    return kv_traffic_waiting(listener->service.traffic);
}

void kv_listener_tell(struct kv_listener *listener)
{
    kv_traffic_tell(listener->service.traffic);
}

bool kv_listener_refuse(struct kv_listener *listener, bool refuses)
{
    return kv_doors_refuse(&listener->doors, refuses);
}

bool kv_listener_drain(struct kv_listener *listener, kv_millis patience)
{
    kv_doors_quiesce(&listener->doors);
    return kv_traffic_drain(listener->service.traffic, patience);
}

/*
 * The library must not be stopped in the middle of a head that it refuses: it would believe that
 * its answer is queued, which it is not, and crash. So its connections end before it does.
 */
static void see_guests_off(struct kv_listener *listener)
{
    if (listener->linger != NULL) {
        kv_linger_hurry(listener->linger); /* idle connections are not worth waiting for */
    }
    if (listener->guests != NULL) {
        kv_guests_dismiss(listener->guests, FAREWELL);
    }
}

void kv_listener_free(struct kv_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    kv_doors_quiesce(&listener->doors);
    see_guests_off(listener);
    kv_doors_close(&listener->doors);
    kv_guests_free(listener->guests);
    kv_linger_free(listener->linger);
    kv_handshakes_done(&listener->handshakes);
    kv_tickets_done(&listener->tickets);
    kv_traffic_free(listener->service.traffic);
    free(listener);
}

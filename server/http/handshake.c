/* SPDX-License-Identifier: Apache-2.0 */
/* GnuTLS asks us once the client hello is there, and before it has chosen a certificate. */
#include "handshake.h"

#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include "exchange.h"
#include "guests.h"
#include "kv/base/log.h"
#include "tickets.h"

#define CHAIN_MAX 65536
#define NAME_SIZE 256 /* a DNS name */

void kv_handshakes_init(struct kv_handshakes *handshakes)
{
    *handshakes = (struct kv_handshakes){ .credentials = { NULL } };
    (void) pthread_mutex_init(&handshakes->lock, NULL); /* cannot fail on Linux */
}

void kv_handshakes_done(struct kv_handshakes *handshakes)
{
    for (size_t i = 0; i < KV_CERTIFICATE_FLAWS; i++) {
        if (handshakes->credentials[i] != NULL) {
            gnutls_certificate_free_credentials(handshakes->credentials[i]);
        }
    }
    (void) pthread_mutex_destroy(&handshakes->lock);
}

static gnutls_certificate_credentials_t load(const struct kv_buf *chain, const struct kv_buf *key)
{
    const gnutls_datum_t certificate = { (unsigned char *) chain->data, (unsigned) chain->len };
    const gnutls_datum_t private = { (unsigned char *) key->data, (unsigned) key->len };
    gnutls_certificate_credentials_t made;

    if (gnutls_certificate_allocate_credentials(&made) != GNUTLS_E_SUCCESS) {
        return NULL;
    }
    if (gnutls_certificate_set_x509_key_mem(made, &certificate, &private, GNUTLS_X509_FMT_PEM)
        != GNUTLS_E_SUCCESS) {
        gnutls_certificate_free_credentials(made);
        return NULL;
    }
    return made;
}

static void *make(const struct kv_certificates *certificates, enum kv_certificate_flaw flaw)
{
    kv_auto(kv_buf_done) struct kv_buf chain;
    struct kv_err err = { .code = KV_OK };
    void *made = NULL;

    kv_buf_init(&chain, CHAIN_MAX);
    if (kv_certificates_flaw(certificates, flaw, &chain, &err) == KV_OK) {
        made = load(&chain, &certificates->key);
    }
    if (made == NULL) {
        kv_log(KV_LOG_ERROR, "no_bad_certificate", KV_LOG_TEXT_FIELD("reason", err.message));
    }
    return made;
}

static void *find(const struct kv_service *service, enum kv_certificate_flaw flaw)
{
    struct kv_handshakes *handshakes = service->handshakes;

    pthread_mutex_lock(&handshakes->lock);
    if (handshakes->credentials[flaw] == NULL) {
        handshakes->credentials[flaw] = make(service->config.certificates, flaw);
    }
    void *found = handshakes->credentials[flaw];
    pthread_mutex_unlock(&handshakes->lock);
    return found;
}

/* The first name that the client hello has, or "". What does not fit is nobody's. */
static void read_name(gnutls_session_t session, char ret_name[NAME_SIZE])
{
    size_t size = NAME_SIZE;
    unsigned type = 0;

    if (gnutls_server_name_get(session, ret_name, &size, &type, 0) != GNUTLS_E_SUCCESS
        || type != GNUTLS_NAME_DNS) {
        ret_name[0] = '\0';
    }
}

static struct kv_welcome greet(const struct kv_service *service, const char *client,
                               const char *server)
{
    const struct kv_listener_config *config = &service->config;

    return config->greet != NULL ? config->greet(config->app, client, server)
                                 : (struct kv_welcome){ .cut = KV_CUT_NONE };
}

/* A handshake that cannot be made to fail as it should fails as it can. */
static int meet_hello(gnutls_session_t session)
{
    const struct kv_service *service = gnutls_session_get_ptr(session);
    const struct kv_guest *guest = gnutls_db_get_ptr(session); /* pages.c */
    char client[KV_CLIENT_SIZE], name[NAME_SIZE];
    void *credentials;

    if (service == NULL || guest == NULL) {
        return GNUTLS_E_SUCCESS;
    }
    (void) kv_client_print(guest->connection, client);
    read_name(session, name);
    struct kv_welcome welcome = greet(service, client, name);
    if (kv_client_end(guest->connection, welcome.cut)) {
        return GNUTLS_E_PUSH_ERROR;
    }
    if (welcome.flaw == KV_CERTIFICATE_GOOD) {
        kv_tickets_offer(service->tickets, name, session);
        return GNUTLS_E_SUCCESS;
    }
    credentials = find(service, welcome.flaw);
    return credentials != NULL
               ? gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials)
               : GNUTLS_E_MEMORY_ERROR;
}

static void watch(const struct kv_service *service, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    if (tls != NULL) {
        gnutls_session_set_ptr(tls->tls_session, (void *) service);
        gnutls_handshake_set_post_client_hello_function(tls->tls_session, meet_hello);
    }
}

void kv_handshakes_greet(const struct kv_service *service, struct MHD_Connection *connection)
{
    char client[KV_CLIENT_SIZE];

    if (!service->secure) {
        return;
    }
    (void) kv_client_print(connection, client);
    if (!kv_client_end(connection, greet(service, client, NULL).cut)) {
        watch(service, connection);
    }
}

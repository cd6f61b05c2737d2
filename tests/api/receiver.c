/* SPDX-License-Identifier: Apache-2.0 */
#include "receiver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <openssl/pem.h>

#include "../support/site.h"
#include "kv/http/certificate.h"

struct line {
    int fd;
    SSL *ssl; /* NULL: plain */
};

static int pull(const struct line *line, char *bytes, int size)
{
    return line->ssl != NULL ? SSL_read(line->ssl, bytes, size)
                             : (int) recv(line->fd, bytes, (size_t) size, 0);
}

static bool push(const struct line *line, const char *text)
{
    int len = (int) strlen(text);

    return line->ssl != NULL ? SSL_write(line->ssl, text, len) == len
                             : send(line->fd, text, (size_t) len, MSG_NOSIGNAL) == len;
}

static bool tells_of_lost(const cJSON *record)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(record, "operationName"));

    return name != NULL && strcmp(name, "LinesLost") == 0;
}

static void read_records(const char *body, struct got *got)
{
    cJSON *batch = cJSON_Parse(body);
    const cJSON *records = cJSON_GetObjectItem(batch, "records"), *record;

    got->records = cJSON_IsArray(records) ? 0 : -1;
    cJSON_ArrayForEach (record, records) {
        if (tells_of_lost(record)) {
            got->lost += (long) cJSON_GetNumberValue(
                cJSON_GetObjectItem(cJSON_GetObjectItem(record, "properties"), "count"));
        } else {
            got->records++;
        }
    }
    cJSON_Delete(batch);
}

/* A head and what its Content-Length says of a body; false: there was no request. */
static bool read_request(const struct line *line, struct got *got)
{
    static _Thread_local char text[512 * 1024];
    size_t used = 0, wanted = 0;
    char *end = NULL;

    memset(got, 0, sizeof(*got));
    while (end == NULL || used < wanted) {
        int len = pull(line, text + used, (int) (sizeof(text) - 1 - used));

        if (len <= 0) {
            return false;
        }
        used += (size_t) len;
        text[used] = '\0';
        end = strstr(text, "\r\n\r\n");
        if (end != NULL) {
            const char *length = strcasestr(text, "\r\nContent-Length:");

            wanted =
                (size_t) (end + 4 - text) + (length != NULL ? strtoul(length + 17, NULL, 10) : 0);
        }
    }
    (void) snprintf(got->head, sizeof(got->head), "%.*s", (int) (end - text), text);
    (void) snprintf(got->body, sizeof(got->body), "%s", end + 4);
    got->size = strlen(end + 4);
    read_records(end + 4, got);
    return true;
}

static void answer(const struct line *line, const char *status, const char *more, const char *body)
{
    char text[1024];

    (void) snprintf(text, sizeof(text), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status,
                    more, strlen(body), body);
    push(line, text);
}

static void be_endless(const struct line *line, const char *opening, const char *piece)
{
    bool goes_on = push(line, opening);

    for (int i = 0; goes_on && i < 100000; i++) {
        goes_on = push(line, piece);
    }
}

static void misbehave(const struct receiver *receiver, enum manners manners,
                      const struct line *line)
{
    char place[128], byte;

    (void) snprintf(place, sizeof(place), "Location: http://localhost:%u/moved\r\n",
                    receiver->port);
    switch (manners) {
    case MANNERS_BUSY:
        answer(line, "503 Busy", "", "");
        break;
    case MANNERS_REFUSING:
        answer(line, "400 No", "", "");
        break;
    case MANNERS_REDIRECT:
        answer(line, "302 There", place, "");
        break;
    case MANNERS_ENDLESS:
        be_endless(line, "HTTP/1.1 200 OK\r\n\r\n", "and so on and so on and so on and so on ");
        break;
    case MANNERS_LONG_HEAD:
        be_endless(line, "HTTP/1.1 200 OK\r\n", "X-Long: and so on and so on and so on\r\n");
        break;
    case MANNERS_CUT:
        push(line, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.");
        break;
    case MANNERS_SILENT:
        (void) pull(line, &byte, 1);
        break;
    case MANNERS_GOOD:
    case MANNERS_WRONG_CODE:
        answer(line, "200 OK", "", "{\"validationResponse\":\"x\"}");
        break;
    }
}

static void shake_hands(const struct line *line, const struct got *got)
{
    char body[128] = "";
    cJSON *list = cJSON_Parse(got->body);
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItem(
        cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "data"), "validationCode"));

    if (code != NULL) {
        (void) snprintf(body, sizeof(body), "{\"validationResponse\":\"%s\"}", code);
    }
    answer(line, "200 OK", "WebHook-Allowed-Origin: eventgrid.azure.net\r\n", body);
    cJSON_Delete(list);
}

static bool is_handshake(const struct got *got)
{
    return strncmp(got->head, "OPTIONS ", 8) == 0
           || strstr(got->head, "SubscriptionValidation") != NULL;
}

static void serve(struct receiver *receiver, const struct line *line)
{
    static _Thread_local struct got got;
    enum manners manners = MANNERS_GOOD;

    if (!read_request(line, &got)) {
        return;
    }
    pthread_mutex_lock(&receiver->mutex);
    if (receiver->bad > 0) {
        receiver->bad--;
        manners = receiver->manners;
    }
    if (is_handshake(&got)) {
        receiver->handshakes++;
    } else if (receiver->count < GOT_MAX) {
        receiver->got[receiver->count++] = got;
    }
    pthread_mutex_unlock(&receiver->mutex);
    if (manners != MANNERS_GOOD) {
        misbehave(receiver, manners, line);
    } else if (is_handshake(&got)) {
        shake_hands(line, &got);
    } else {
        answer(line, "200 OK", "", "");
    }
}

static void serve_connection(struct receiver *receiver, int fd)
{
    struct line line = { .fd = fd };

    if (receiver->tls != NULL) {
        line.ssl = SSL_new(receiver->tls);
        SSL_set_fd(line.ssl, fd);
        if (SSL_accept(line.ssl) == 1) {
            serve(receiver, &line);
            (void) SSL_shutdown(line.ssl);
        }
        SSL_free(line.ssl);
        return;
    }
    serve(receiver, &line);
}

static bool is_stopping(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    bool is_to_stop = receiver->is_to_stop;
    pthread_mutex_unlock(&receiver->mutex);
    return is_to_stop;
}

static void *run(void *argument)
{
    struct receiver *receiver = argument;

    while (!is_stopping(receiver)) {
        struct pollfd ready = { .fd = receiver->listener, .events = POLLIN };

        if (poll(&ready, 1, 50) > 0) {
            int fd = accept(receiver->listener, NULL, NULL);

            serve_connection(receiver, fd);
            close(fd);
        }
    }
    return NULL;
}

static void make_tls(struct receiver *receiver, const char *pem_path)
{
    struct kv_certificates certificates;
    FILE *file = fopen(pem_path, "w");

    test_certificates_make(&certificates);
    cr_assert_not_null(file);
    cr_assert(fputs(certificates.ca.data, file) >= 0);
    fclose(file);

    BIO *chain = BIO_new_mem_buf(certificates.server.data, -1);
    BIO *key = BIO_new_mem_buf(certificates.key.data, -1);
    X509 *certificate = PEM_read_bio_X509(chain, NULL, NULL, NULL);
    EVP_PKEY *private_key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);

    receiver->tls = SSL_CTX_new(TLS_server_method());
    cr_assert_eq(SSL_CTX_use_certificate(receiver->tls, certificate), 1);
    cr_assert_eq(SSL_CTX_use_PrivateKey(receiver->tls, private_key), 1);
    X509_free(certificate);
    EVP_PKEY_free(private_key);
    BIO_free(chain);
    BIO_free(key);
    kv_certificates_done(&certificates);
}

void receiver_start(struct receiver *receiver, const char *pem_path)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);

    memset(receiver, 0, sizeof(*receiver));
    if (pem_path != NULL) {
        make_tls(receiver, pem_path);
    }
    pthread_mutex_init(&receiver->mutex, NULL);
    receiver->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(receiver->listener, (struct sockaddr *) &address, len), 0);
    cr_assert_eq(listen(receiver->listener, 16), 0);
    cr_assert_eq(getsockname(receiver->listener, (struct sockaddr *) &address, &len), 0);
    receiver->port = ntohs(address.sin_port);
    cr_assert_eq(pthread_create(&receiver->thread, NULL, run, receiver), 0);
}

void receiver_stop(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    receiver->is_to_stop = true;
    pthread_mutex_unlock(&receiver->mutex);
    pthread_join(receiver->thread, NULL);
    close(receiver->listener);
    SSL_CTX_free(receiver->tls);
    pthread_mutex_destroy(&receiver->mutex);
}

void receiver_behave(struct receiver *receiver, enum manners manners, int bad)
{
    pthread_mutex_lock(&receiver->mutex);
    receiver->manners = manners;
    receiver->bad = bad;
    pthread_mutex_unlock(&receiver->mutex);
}

static size_t count_got(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    size_t count = receiver->count;
    pthread_mutex_unlock(&receiver->mutex);
    return count;
}

void receiver_await(struct receiver *receiver, size_t count)
{
    for (int i = 0; i < 1200 && count_got(receiver) < count; i++) {
        usleep(50000);
    }
    cr_assert_geq(count_got(receiver), count, "it got %zu", count_got(receiver));
}

void receiver_count_records(struct receiver *receiver, long *ret_records, long *ret_lost)
{
    *ret_records = 0;
    *ret_lost = 0;
    pthread_mutex_lock(&receiver->mutex);
    for (size_t i = 0; i < receiver->count; i++) {
        *ret_records += receiver->got[i].records;
        *ret_lost += receiver->got[i].lost;
    }
    pthread_mutex_unlock(&receiver->mutex);
}

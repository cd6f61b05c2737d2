/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "hostile.h"

#include "../support/raw.h"

#define ANSWER_SIZE 4096

static void append(struct kv_buf *text, const char *bytes, size_t len)
{
    if (kv_buf_append(text, bytes, len, NULL) != KV_OK) {
        abort();
    }
}

/* What a sign behind a dollar stands for. */
static void append_meaning(struct kv_buf *text, char sign, const struct target *target)
{
    const char *host = target->tls ? "dev.vault.localhost" : "localhost";

    switch (sign) {
    case 'V':
        append(text, host, strlen(host));
        break;
    case 'T':
        append(text, target->token, strlen(target->token));
        break;
    case 'M':
        append(text, target->hsm_token, strlen(target->hsm_token));
        break;
    case 'K':
        append(text, target->token, strcspn(target->token, "."));
        break;
    case '0':
        append(text, "", 1);
        break;
    default:
        abort();
    }
}

/* NULL is nothing. */
static void expand(struct kv_buf *text, const char *source, const struct target *target)
{
    while (source != NULL && *source != '\0') {
        size_t len = strcspn(source, "$");

        append(text, source, len);
        source += len;
        if (*source == '$') {
            append_meaning(text, source[1], target);
            source += 2;
        }
    }
}

static void expand_parts(struct kv_buf *text, const char *const parts[3], unsigned times,
                         const struct target *target)
{
    expand(text, parts[0], target);
    for (unsigned i = 0; i < times; i++) {
        expand(text, parts[1], target);
    }
    expand(text, parts[2], target);
}

void hostile_write(const struct shape *shape, const struct target *target, struct kv_buf *text)
{
    const char *const head[] = { shape->head, shape->filler, shape->tail };
    const char *const parts[] = { shape->body, shape->body_filler, shape->body_tail };
    kv_auto(kv_buf_done) struct kv_buf body;
    char length[64];

    kv_buf_init(&body, HOSTILE_TEXT_MAX);
    expand_parts(text, head, shape->times, target);
    if (shape->body != NULL) {
        expand_parts(&body, parts, shape->body_times, target);
        append(text, length,
               (size_t) snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n", body.len));
        append(text, body.data, body.len);
    }
}

/* What is left unsent and unread is gone with it. */
static void reset(struct raw *raw)
{
    const struct linger at_once = { .l_onoff = 1 };

    setsockopt(raw->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    raw_close(raw);
}

static int read_status(struct raw *raw)
{
    char answer[ANSWER_SIZE];
    int status = 0;

    raw_read(raw, answer, sizeof(answer), "\r\n\r\n");
    return sscanf(answer, "HTTP/%*d.%*d %d", &status) == 1 ? status : 0;
}

/* The client's first message is on its way when the library asks for an answer. */
static int say_hello(struct raw *raw, SSL_CTX *ctx)
{
    SSL *ssl = SSL_new(ctx);

    (void) fcntl(raw->descriptor, F_SETFL, O_NONBLOCK);
    SSL_set_fd(ssl, raw->descriptor);
    (void) SSL_connect(ssl); /* wants to read, or there was an answer already */
    SSL_free(ssl);
    reset(raw);
    return 0;
}

int hostile_send(const struct shape *shape, const struct target *target, const struct kv_buf *text)
{
    bool is_half = shape->way == WAY_HALF || shape->way == WAY_HALF_RESET;
    bool tls = target->tls && shape->way != WAY_HELLO && shape->way != WAY_NO_TLS;
    unsigned port = target->tls ? target->daemon->port : target->daemon->control_port;
    struct raw raw;
    int status = 0;

    if (!raw_open(&raw, port, tls)) {
        raw_close(&raw);
        return -1;
    }
    if (shape->way == WAY_HELLO) {
        return say_hello(&raw, target->ctx);
    }
    (void) raw_send(&raw, text->data,
                    is_half ? text->len / 2 : text->len); /* or it has had enough */
    if (shape->way == WAY_ASK) {
        status = read_status(&raw);
    }
    if (shape->way == WAY_RESET || shape->way == WAY_HALF_RESET) {
        reset(&raw);
    } else {
        raw_close(&raw);
    }
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - requests to a running daemon over real TLS, by libcurl, and what came back.
 *
 * A struct client belongs to one thread; threads use one each. Nothing here asserts: callers look
 * at the reply. A request that gets no HTTP answer has status 0 and the reason in `body`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "daemon.h"

struct client {
    CURL *curl;
    const struct daemon *daemon;
    char host[128]; /* of the vault: "dev.vault.localhost" */
    char ca[300];
    char *token; /* sent as bearer unless NULL */
};

struct reply {
    long status;
    char *body; /* NUL-terminated */
    size_t len;
    char *headers; /* raw header lines of the last answer, CRLF separated, with status line */
    cJSON *json;   /* NULL when the body is not JSON */
    bool to_get;   /* it answers a GET */
    bool from_hsm; /* a managed HSM was asked */
};

/* A client of that vault, with a token from the daemon's managed-identity endpoint. */
void client_open(struct client *client, const struct daemon *daemon, const char *vault);
void client_close(struct client *client);

/* The same of a managed HSM. */
void client_open_hsm(struct client *client, const struct daemon *daemon, const char *hsm);

/* A new token of the system-assigned identity; heap. NULL when the daemon gives none. */
char *client_fetch_token(const struct daemon *daemon, const char *resource);

struct request {
    const char *method;
    const char *target;       /* "/keys/a?api-version=7.4", taken as it is */
    const char *body;         /* NULL: none */
    size_t body_len;          /* 0: strlen(body) */
    const char *content_type; /* NULL: application/json when there is a body; "" sends none */
    const char *headers[8];   /* further "Name: value" lines, NULL-terminated */
    bool without_token;
    const char *host; /* Host header and TLS name in place of the client's */
    bool control;     /* to the control port, over plain HTTP */
};
struct reply client_send(struct client *client, const struct request *request);

/* Told of every answer by client_send(), in programs that define it (proof.c). */
void client_witness(const struct client *client, const struct request *request,
                    const struct reply *reply) __attribute__((weak));

/* The common cases: a path below the vault with api-version=7.6 put behind it. */
struct reply client_call(struct client *client, const char *method, const char *path,
                         const char *body);

/* The same of the vault of that name, of whatever vault the client is one: its token is for all of
 * the kind. */
struct reply client_call_vault(struct client *client, const char *name, bool is_hsm,
                               const char *method, const char *path, const char *body);

/* Asks the control port about vaults; `behind` is "", "/NAME", or "/NAME/purge" and the like. */
struct reply client_ask_vaults(struct client *client, const char *method, const char *behind,
                               const char *body);

void reply_done(struct reply *reply);

/* Value of a header in a static buffer per thread, NULL when there is none. */
const char *reply_header(const struct reply *reply, const char *name);

/* "a.b.0.c" of the body: text, or "" when there is no such text; number, or -1. */
const char *reply_text(const struct reply *reply, const char *path);
double reply_number(const struct reply *reply, const char *path);
const cJSON *reply_item(const struct reply *reply, const char *path);

/* Whether the status line is that of the service: HTTP/1.1 and the phrase of contract §3.3. */
bool reply_has_status_line(const struct reply *reply);

/*
 * The whole refusal that the contract prescribes, of a daemon that plays the default build: status
 * line, every header in its place with its value (§3), where it does not differ from answer to
 * answer, and the body byte for byte (§9.1); `inner` NULL means none. On a difference both go to
 * standard error.
 */
bool reply_is_error(const struct reply *reply, long status, const char *code, const char *inner,
                    const char *message);

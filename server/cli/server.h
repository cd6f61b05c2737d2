/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - the running coffer a command talks to: how it is found, and what it is asked.
 *
 * Plain HTTP to its control port, never through a proxy, bounded in time and size.
 */
#pragma once

#include <stdbool.h>

#include "cli.h"
#include "kv/base/json.h"
#include "kv/base/secret.h"

/* 10 000 vaults have room. */
#define KV_CLI_ANSWER_MAX (8 * 1024 * 1024) /* bytes of a body */
#define KV_CLI_VALUES_MAX 500000            /* in its JSON */

struct kv_cli_server {
    const struct kv_options *options; /* borrowed */
    char url[512];                    /* of the control port, without a trailing slash */
    char origin[KV_PATH_MAX + 16];    /* what named it: for messages */
    char folder[KV_PATH_MAX];         /* its data; "": not known */
    long patience;                    /* milliseconds for an answer; 0: as long as any may take */
};

/*
 * By --control; else by run.json in the data folder; else, where no --data is given, the one with
 * --ephemeral that this user has running. The server itself is not asked.
 */
enum kv_code kv_cli_find_server(const struct kv_options *options, struct kv_cli_server *ret_server,
                                struct kv_err *err) kv_must_check;

/*
 * GET `path`, which may have a query; appends the body of a 200 to `body`. Any other answer is an
 * error with what the server says in its body.
 */
enum kv_code kv_cli_get(const struct kv_cli_server *server, const char *path, struct kv_buf *body,
                        struct kv_err *err) kv_must_check;

/*
 * Any other verb, with a JSON object as the body; NULL: none. *ret_json is what a 2xx answers with,
 * an empty object where that is nothing.
 */
enum kv_code kv_cli_send(const struct kv_cli_server *server, const char *verb, const char *path,
                         const cJSON *body, cJSON **ret_json, struct kv_err *err) kv_must_check;

/*
 * The header that a request for `path` needs where the server wants a control token: that of the
 * options, else that in the server's folder. "" when there is none, or the path is open to all. It is a
 * secret: wipe it.
 */
#define KV_CLI_AUTHORIZATION_SIZE (KV_BEARER_MAX + sizeof("Authorization: Bearer "))
enum kv_code kv_cli_authorize(const struct kv_cli_server *server, const char *path,
                              char ret_line[KV_CLI_AUTHORIZATION_SIZE],
                              struct kv_err *err) kv_must_check;

/* The same as kv_cli_get(), for a JSON object. */
enum kv_code kv_cli_get_json(const struct kv_cli_server *server, const char *path, cJSON **ret_json,
                             struct kv_err *err) kv_must_check;

/*
 * Parses what a user wrote, which must be a JSON object of so many values at most; a refusal says in
 * which line of `name` it is wrong.
 */
enum kv_code kv_cli_parse_text(const char *name, const struct kv_buf *text, unsigned values_max,
                               cJSON **ret_json, struct kv_err *err) kv_must_check;

/* What clients of a server with that data folder trust: trust.pem while it was given a certificate,
 * else its own CA's. */
enum kv_code kv_cli_trust_path(const char *folder, char ret_path[KV_PATH_MAX],
                               struct kv_err *err) kv_must_check;

/* Appends a text to a path, escaped. */
enum kv_code kv_cli_append_escaped(struct kv_buf *path, const char *text,
                                   struct kv_err *err) kv_must_check;

/* Appends the path of the vault that --vault names, or of the first one there is. */
enum kv_code kv_cli_append_vault(const struct kv_options *options,
                                 const struct kv_cli_server *server, struct kv_buf *path,
                                 struct kv_err *err) kv_must_check;

/* Prints a text as others have chosen it: what would steer the terminal is left out. */
void kv_cli_print_text(const char *text);

/* A text of the object, borrowed from it. */
enum kv_code kv_cli_read_text(const cJSON *json, const char *name, const char **ret_text,
                              struct kv_err *err) kv_must_check;

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deploy.h - coffer deploy: a client of the resource manager on the HTTPS port, with a token of its own.
 * Private to the files of `coffer deploy`. One thread.
 */
#pragma once

#include "kv/base/files.h"
#include "server.h"

#define DEPLOY_TEMPLATE_MAX ((size_t) 4 * 1024 * 1024) /* bytes, as the server takes them */
#define DEPLOY_BEFORE_TEMPLATE "{\"properties\":{\"template\":"

/* ---- deploy_client.c: the resource manager -------------------------------------------------- */

struct deploy_client {
    struct kv_cli_server server;
    char url[64];           /* https://management.localhost:8443 */
    char connect_to[600];   /* where that is, as libcurl wants it */
    struct kv_buf trust;    /* PEM */
    char *authorization;    /* heap: a header line; it is a secret */
    char root[KV_PATH_MAX]; /* where the server has linked templates; "": nowhere */
    char scope[512];        /* "/subscriptions/.../resourceGroups/coffer" */
};
void deploy_client_done(struct deploy_client *client);
KV_DEFINE_CLEANUP_VALUE(struct deploy_client, deploy_client_done)

/* Finds server, certificate and token, and the group. Zeroed before. */
enum kv_code deploy_client_open(const struct kv_options *options, const char *group,
                                struct deploy_client *client, struct kv_err *err) kv_must_check;

/* Asks for what is below the group, and again for what was accepted (202) until it is there; `body` NULL: none.
 * *ret_json: whatever it answers, an empty object where that is nothing. */
enum kv_code deploy_client_ask(const struct deploy_client *client, const char *verb,
                               const char *path, const struct kv_buf *body, long *ret_status,
                               cJSON **ret_json, struct kv_err *err) kv_must_check;

void deploy_client_rest(long milliseconds);

/* ---- deploy_body.c: what is sent -------------------------------------------------------------- */

/* A name for the deployment of that file: what comes before the ending. */
#define DEPLOY_NAME_SIZE 65
void deploy_name(const char *path, char ret_name[DEPLOY_NAME_SIZE]);

/* The template as it stands in its file, so that the server counts its lines; then parameters and mode. */
enum kv_code deploy_body(const struct kv_options *options, const struct kv_buf *template,
                         struct kv_buf *body, struct kv_err *err) kv_must_check;

/* ---- deploy_print.c: what is shown ------------------------------------------------------------- */

/* Lines of operations that have changed since the last time; `seen` is an object that keeps what was shown. */
void deploy_print_progress(const cJSON *operations, cJSON *seen);
void deploy_print_outputs(const cJSON *properties);
/* In colour on a terminal, unless NO_COLOR is set. */
void deploy_print_changes(const struct kv_options *options, const cJSON *answer);

/* ---- deploy_error.c ------------------------------------------------------------------------------ */

/* A file of a template, borrowed; the text ends with a NUL. */
struct deploy_source {
    const char *path;
    const struct kv_buf *text;
    const char *root; /* of the server's linked templates; "": not known */
    size_t before;    /* what stood before it in its first line, where the server counted */
};

/* An error with its details, on standard error; places are those of the file, and under an error that has one there
 * is the line. */
void deploy_print_error(const cJSON *error, const struct deploy_source *source);

/* ---- deploy_linked.c ----------------------------------------------------------------------------- */

#define DEPLOY_LINK_SIZE 301
struct deploy_linked {
    char path[KV_PATH_MAX];
    struct kv_buf text;
};
void deploy_linked_done(struct deploy_linked *linked);
KV_DEFINE_CLEANUP_VALUE(struct deploy_linked, deploy_linked_done)

/* Whether places in the message are those of a linked file. */
bool deploy_is_of_link(const char *message);
/* That file, if it can be read here: below the source's root, or beside the source itself. In any case it is to
 * be released. */
bool deploy_find_linked(const char *message, const struct deploy_source *source,
                        struct deploy_linked *linked);

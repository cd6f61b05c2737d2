/* SPDX-License-Identifier: Apache-2.0 */
/* The line that tells the program that started us that coffer is ready. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/log.h"
#include "kv/base/spool.h"
#include "serve.h"

#define READY_PATIENCE_MS 1000

/* A program waiting for the line reads it at once; if nobody reads it, we serve all the same. */
static enum kv_code say_ready(const char *line, struct kv_err *err)
{
    struct kv_spool *spool;

    KV_TRY(kv_spool_open(STDOUT_FILENO, KV_SPOOL_PUT_MAX, NULL, &spool, err));
    kv_spool_put(spool, line, strlen(line));
    kv_spool_close(spool, READY_PATIENCE_MS);
    return KV_OK;
}

/* The address under which this machine reaches us, whatever we listen on. */
static const char *own_address(const char *listen)
{
    if (strcmp(listen, "localhost") == 0 || strcmp(listen, "any") == 0
        || strcmp(listen, "0.0.0.0") == 0) {
        return "127.0.0.1";
    }
    return strcmp(listen, "::") == 0 ? "::1" : listen;
}

void ready_control_url(const char *listen, unsigned port, char ret_url[READY_URL_SIZE])
{
    const char *address = own_address(listen);
    bool is_ipv6 = strchr(address, ':') != NULL;

    (void) snprintf(ret_url, READY_URL_SIZE, "http://%s%s%s:%u", is_ipv6 ? "[" : "", address,
                    is_ipv6 ? "]" : "", port);
}

enum kv_code ready_announce(const struct kv_app *app, const char *listen, const char *folder,
                            struct kv_err *err)
{
    char host[KV_VAULT_HOST_SIZE] = "localhost"; /* the first vault may be deleted */
    char url[READY_URL_SIZE];
    char line[1024];

    kv_auto(kv_vault_release) const struct kv_vault *first =
        kv_vaults_acquire_host(app->vaults, "localhost");
    if (first != NULL) {
        kv_vault_host(first, host);
    }
    ready_control_url(listen, app->control_port, url);
    (void) snprintf(line, sizeof(line), "coffer ready https://%s:%u control %s\n", host, app->port,
                    url);
    KV_TRY(say_ready(line, err));
    kv_log(KV_LOG_INFO, "ready", KV_LOG_NUMBER_FIELD("port", app->port),
           KV_LOG_NUMBER_FIELD("control_port", app->control_port),
           KV_LOG_TEXT_FIELD("data", folder),
           KV_LOG_NUMBER_FIELD("vaults", kv_vaults_count(app->vaults)),
           KV_LOG_TEXT_FIELD("token", app->token_is_open(app->token_context) ? "open" : "opening"));
    return KV_OK;
}

void ready_tell_supervisor(const struct kv_app *app)
{
    char state[128];

    (void) snprintf(state, sizeof(state), "READY=1\nSTATUS=Serving on port %u, control port %u",
                    app->port, app->control_port);
    supervisor_tell(state);
}

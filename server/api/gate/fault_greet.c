/* SPDX-License-Identifier: Apache-2.0 */
/* What fault rules say of a connection, before there is a request. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/app/app.h"

static const char *find_no_header(const void *context, const char *name)
{
    (void) context;
    (void) name;
    return NULL;
}

/* Where clients log in, and the resource manager, by the names that Azure has for them in its clouds. */
static bool is_of_no_vault(const char *server)
{
    return strncasecmp(server, "login.", strlen("login.")) == 0
           || strncasecmp(server, "management.", strlen("management.")) == 0;
}

/* As a request with that host would find it (gate.c); "": there is none. */
static void find_vault(const struct kv_app *app, const char *server,
                       char ret_name[KV_VAULT_NAME_MAX + 1])
{
    enum kv_vault_kind kind;

    ret_name[0] = '\0';
    if (kv_public_host_parse(&app->public_url, server, ret_name)
        || (!kv_vault_host_parse(server, &kind, ret_name) && is_of_no_vault(server))) {
        return;
    }
    const struct kv_vault *vault = kv_vaults_acquire_host(app->vaults, server);
    if (vault != NULL) {
        (void) snprintf(ret_name, KV_VAULT_NAME_MAX + 1, "%s", vault->name);
        kv_vault_release(vault);
    }
}

static struct kv_welcome welcome_of(const struct kv_fault_effect *effect)
{
    static const enum kv_certificate_flaw flaws[KV_FAULT_CERTIFICATE_COUNT] = {
        [KV_FAULT_CERTIFICATE_GOOD] = KV_CERTIFICATE_GOOD,
        [KV_FAULT_CERTIFICATE_EXPIRED] = KV_CERTIFICATE_EXPIRED,
        [KV_FAULT_CERTIFICATE_NOT_YET_VALID] = KV_CERTIFICATE_NOT_YET_VALID,
        [KV_FAULT_CERTIFICATE_WRONG_NAME] = KV_CERTIFICATE_WRONG_NAME,
        [KV_FAULT_CERTIFICATE_FOREIGN_CA] = KV_CERTIFICATE_FOREIGN_CA,
    };
    static const enum kv_cut_kind cuts[KV_FAULT_CUT_COUNT] = {
        [KV_FAULT_CUT_RESET] = KV_CUT_RESET,
        [KV_FAULT_CUT_EMPTY] = KV_CUT_EMPTY,
    };

    return (struct kv_welcome){ cuts[effect->cut], flaws[effect->certificate] };
}

struct kv_welcome kv_fault_greet(struct kv_app *app, const char *client, const char *server)
{
    struct kv_fault_subject subject = {
        .stage = server == NULL ? KV_FAULT_CONNECTION : KV_FAULT_HANDSHAKE,
        .client = client,
        .find_header = find_no_header,
    };
    struct kv_welcome welcome = { KV_CUT_NONE, KV_CERTIFICATE_GOOD };
    char vault[KV_VAULT_NAME_MAX + 1] = "";
    struct kv_fault_hit hit;

    if (!kv_faults_has_any(app->faults)) {
        return welcome;
    }
    if (server != NULL) {
        find_vault(app, server, vault);
        subject.vault = vault[0] != '\0' ? vault : NULL;
    }
    subject.now = kv_clock_now(app->clock);
    if (kv_faults_ask(app->faults, &subject, &hit)) {
        welcome = welcome_of(hit.effect);
        kv_fault_hit_done(&hit);
    }
    return welcome;
}

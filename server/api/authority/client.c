/* SPDX-License-Identifier: Apache-2.0 */
/* Which application asks, and whether it is the one: control-plane.md §5.1, RFC 6749 §2.3. */
#include <string.h>
#include <strings.h>

#include "kv/base/base64.h"
#include "private.h"

#define BASIC_MAX 4096 /* characters */
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* The two halves of HTTP Basic are each encoded as in a form. */
static enum kv_code read_basic(struct authority_order *order, const char *text, struct kv_err *err)
{
    size_t len = strlen(text);
    unsigned char *room;

    if (len > BASIC_MAX) {
        return AADSTS_REFUSE(err, 9002313);
    }
    KV_TRY(kv_buf_extend(&order->basic, KV_BASE64URL_BYTES(len) + 1, &room, err));
    if (!kv_base64_decode(text, len, room, &len) || memchr(room, '\0', len) != NULL) {
        return AADSTS_REFUSE(err, 9002313);
    }
    kv_buf_cut(&order->basic, len);
    char *colon = order->basic.data != NULL ? strchr(order->basic.data, ':') : NULL;
    if (colon == NULL) {
        return AADSTS_REFUSE(err, 9002313);
    }
    *colon = '\0';
    if (!form_decode(order->basic.data) || !form_decode(colon + 1)) {
        return AADSTS_REFUSE(err, 9002313);
    }
    order->client_id = order->basic.data;
    order->secret = colon[1] != '\0' ? colon + 1 : NULL;
    return KV_OK;
}

/* What Basic has said already must not be said otherwise: RFC 6749 §2.3. */
static enum kv_code merge_form(struct authority_order *order, struct kv_err *err)
{
    const char *client_id = form_find(&order->form, "client_id");
    const char *secret = form_find(&order->form, "client_secret");

    order->assertion = form_find(&order->form, "client_assertion");
    if ((order->client_id != NULL && client_id != NULL
         && strcasecmp(order->client_id, client_id) != 0)
        || (order->secret != NULL && secret != NULL)) {
        return AADSTS_REFUSE(err, 9002313);
    }
    order->client_id = client_id != NULL ? client_id : order->client_id;
    order->secret = secret != NULL ? secret : order->secret;
    if (order->secret != NULL && order->assertion != NULL) {
        return AADSTS_REFUSE(err, 9002313);
    }
    return KV_OK;
}

enum kv_code authority_read_client(struct authority_order *order, struct kv_err *err)
{
    static const char scheme[] = "Basic ";
    const char *authorization = kv_request_header(order->request, "Authorization");

    kv_buf_init(&order->basic, BASIC_MAX + 1);
    if (authorization != NULL && strncasecmp(authorization, scheme, strlen(scheme)) == 0) {
        KV_TRY(read_basic(order, authorization + strlen(scheme), err));
    }
    KV_TRY(merge_form(order, err));
    if (order->client_id == NULL || *order->client_id == '\0') {
        return AADSTS_REFUSE(err, 900144, "client_id");
    }
    return KV_OK;
}

/* A managed identity that somebody has registered has credentials of its own, federated ones: it
 * stays one. Whoever is made up on demand and has a secret is an application. */
static void settle_resource(struct kv_principal_entry *client)
{
    if (!client->registered) {
        client->resource[0] = '\0';
    }
}

enum kv_code authority_find_client(struct authority_order *order, struct kv_err *err)
{
    enum kv_code code = kv_uuid_is_valid(order->client_id) ? kv_principals_find_client(
                            order->request->app->principals, order->client_id, &order->client, err)
                                                           : KV_NOT_FOUND;

    if (code == KV_NOT_FOUND) {
        return AADSTS_REFUSE(err, 700016, order->client_id, order->tenant.id);
    }
    KV_TRY(code);
    if (order->client.state == KV_PRINCIPAL_DISABLED) {
        return AADSTS_REFUSE(err, 7000112, order->client.client_id, order->client.name);
    }
    settle_resource(&order->client);
    return KV_OK;
}

static enum kv_code judge_secret(struct authority_order *order, struct kv_err *err)
{
    enum kv_credential_verdict verdict = KV_CREDENTIAL_WRONG;

    KV_TRY(kv_principals_check_secret(order->request->app->principals, order->client.object_id,
                                      order->secret, strlen(order->secret),
                                      kv_seconds(order->request->now), &verdict, err));
    switch (verdict) {
    case KV_CREDENTIAL_GOOD:
        order->proof = "1";
        return KV_OK;
    case KV_CREDENTIAL_EXPIRED:
        return AADSTS_REFUSE(err, 7000222, order->client.client_id);
    case KV_CREDENTIAL_WRONG:
        break;
    }
    return AADSTS_REFUSE(err, 7000215, order->client.client_id);
}

enum kv_code authority_prove_client(struct authority_order *order, struct kv_err *err)
{
    const char *type = form_find(&order->form, "client_assertion_type");

    if (order->secret != NULL) {
        return judge_secret(order, err);
    }
    if (order->assertion == NULL) {
        return AADSTS_REFUSE(err, 7000218);
    }
    if (type == NULL) {
        return AADSTS_REFUSE(err, 900144, "client_assertion_type");
    }
    if (strcmp(type, ASSERTION_TYPE) != 0) {
        return AADSTS_REFUSE(err, 50027, "its client_assertion_type is not known");
    }
    order->proof = "2";
    return authority_judge_assertion(order, err);
}

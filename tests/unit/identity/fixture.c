/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "forge.h"

char folder[] = "/tmp/coffer-identity-XXXXXX";
char key_path[KV_PATH_MAX];
struct kv_identity *identity;
struct kv_principal principal;
struct kv_token_verdict token_verdict;
struct kv_token_time token_time = { .real = NOW * INT64_C(1000), .epoch = 1 };
struct kv_err err;

void set_up_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(kv_path_join(key_path, folder, "issuer.pem", &err), KV_OK);
}

void set_up(void)
{
    set_up_folder();
    write_key(forge_pem);
    cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_OK, "%s", err.message);
}

void tear_down(void)
{
    kv_identity_free(identity);
    cr_assert_eq(kv_folder_remove(folder, &err), KV_OK);
}

void write_key(const char *pem)
{
    cr_assert_eq(kv_file_write(key_path, pem, strlen(pem), 0600, &err), KV_OK);
}

enum kv_code reopen(const char *tenant, enum kv_auth auth)
{
    const struct kv_identity_config config = { .folder = folder, .tenant = tenant, .auth = auth };

    return reopen_by(&config);
}

enum kv_code reopen_by(const struct kv_identity_config *config)
{
    kv_identity_free(identity);
    identity = NULL;
    return kv_identity_new(config, &identity, &err);
}

enum kv_code verify_bytes(const char *token, size_t len, kv_time now)
{
    static const char *const audiences[] = { AUDIENCE, OTHER_AUDIENCE, NULL };
    const struct kv_token_demand demand = {
        .audiences = audiences,
        .app_id = SERVICE_APP_ID,
        .when = { .real = now * 1000, .aged = token_time.aged, .epoch = token_time.epoch },
    };

    memset(&principal, 0, sizeof(principal));
    return kv_identity_verify(identity, token, len, &demand, &principal, &token_verdict, &err);
}

enum kv_code verify(const char *token, kv_time now)
{
    return verify_bytes(token, strlen(token), now);
}

void expect_refusal(const char *token, kv_time now, const char *message)
{
    cr_assert_eq(verify(token, now), KV_UNAUTHORIZED, "%s was let in", token);
    cr_assert_str_eq(err.message, message);
    cr_assert_str_empty(principal.object_id);
}

enum kv_code issue_token(const char *resource, struct kv_token *ret_token)
{
    struct kv_identity_card card;

    cr_assert(kv_identity_card(identity, NULL, &card));
    return kv_identity_issue(identity, &card, resource, &token_time, ret_token, &err);
}

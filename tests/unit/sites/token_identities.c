/* SPDX-License-Identifier: Apache-2.0 */
/* The managed-identity endpoints: which identities they know, and what Azure Arc has to see. */

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/app/api.h"
#include "token.h"

TestSuite(token_identities, .init = set_up_token_site, .fini = tear_down_token_site, .timeout = 60);

#define SEVERAL                                                                                    \
    "Multiple user assigned identities exist, please specify the clientId / resourceId of the "    \
    "identity in the token request"

static void (*const dialects[])(void) = { ask_app_service, ask_app_service_of_2017, ask_imds };

/* App Service says `of_app_service`, IMDS `of_imds`. */
static void expect_in_each(const char *parameter, const char *value, const char *of_app_service,
                           const char *of_imds)
{
    for (size_t i = 0; i < KV_COUNT(dialects); i++) {
        dialects[i]();
        add_query(parameter, value);
        perform(&kv_token_site);
        expect_no_token(400, "invalid_request", dialects[i] == ask_imds ? of_imds : of_app_service);
    }
}

static void expect_unknown(const char *parameter, const char *value)
{
    expect_in_each(parameter, value, NO_SUCH_IDENTITY, "Identity not found");
}

Test(token_identities, knows_no_disabled_and_no_deleted_identity)
{
    struct kv_principal_entry before;

    must(find_name("app"));
    before = entry;
    must(kv_principal_enable(principals, "app", false, &entry, &err));
    expect_unknown("client_id", "app");
    expect_unknown("object_id", before.object_id);
    expect_unknown("mi_res_id", before.resource);
    must(kv_principal_delete(principals, "app", &err));
    expect_unknown("client_id", before.client_id);
    must(kv_principal_recreate(principals, "app", &entry, &err));
    expect_unknown("client_id", before.client_id);
    ask_imds();
    add_query("mi_res_id", before.resource);
    perform(&kv_token_site);
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(answer_text("client_id"), entry.client_id);
    cr_assert_str_neq(answer_text("client_id"), before.client_id);
}

Test(token_identities, knows_managed_identities_alone)
{
    static const char *const types[] = { "application", "user", "group" };

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        must_register(types[i], types[i]);
        expect_unknown("object_id", entry.object_id);
        expect_unknown("client_id", types[i]);
    }
}

Test(token_identities, wants_a_name_where_there_are_several)
{
    must(kv_principal_delete(principals, "", &err));
    expect_in_each("client_id", "",
                   "No Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
                   "Identity not found");
    must_register("one", "");
    ask_imds();
    perform(&kv_token_site);
    cr_assert_eq(response.status, 200);
    must_register("two", "");
    expect_in_each("client_id", "", SEVERAL, SEVERAL);
}

/* --- Azure Arc --- */

/* The path of the challenge's file; it must be of a form that clients accept. */
static const char *challenged(void)
{
    static const char head[] = "Basic realm=";
    const char *header = answer_header("WWW-Authenticate");

    cr_assert_eq(response.status, 401);
    cr_assert_not_null(header);
    cr_assert_eq(strncmp(header, head, strlen(head)), 0);
    cr_assert_not_null(strstr(header, ".key"));
    return header + strlen(head);
}

static void ask_with_key(const char *key)
{
    static char header[256];

    (void) snprintf(header, sizeof(header), "Basic %s", key);
    ask_arc();
    add_header("Authorization", header);
    perform(&kv_token_site);
}

Test(token_identities, challenges_callers_of_arc)
{
    kv_auto(kv_buf_done) struct kv_buf key;
    char path[KV_PATH_MAX];

    kv_buf_init(&key, 4096);
    ask_with_key("");
    (void) challenged();
    ask_with_key("guessed");
    (void) challenged();
    ask_arc();
    perform(&kv_token_site);
    (void) snprintf(path, sizeof(path), "%s", challenged());
    must(kv_file_read(path, &key, &err));
    ask_with_key(key.data);
    cr_assert_eq(response.status, 200);
    must(find_name(""));
    cr_assert_str_eq(answer_text("client_id"), entry.client_id);
    cr_assert_str_eq(answer_text("object_id"), entry.object_id);
    cr_assert_str_eq(answer_text("msi_res_id"), entry.resource);
    kv_key_file_free(keys);
    keys = NULL;
    cr_assert_not(kv_file_exists(path), "nobody needs it any more");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Fault rules: how they are made and kept, and the answers that they give. */
#include "fault_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(faults, .timeout = 120);

Test(faults, are_refused_with_the_reason)
{
    static const struct {
        const char *method, *behind, *body;
        long status;
        const char *said;
    } rows[] = {
        { "POST", "", "[]", 400, "The body is not a JSON object." },
        { "POST", "", "{\"efect\":{}}", 400, "'efect' is not a member of rule" },
        { "POST", "", "{\"effect\":{\"status\":\"429\"}}", 400, "'effect.status' must be" },
        { "PATCH", "/none-such", "{}", 404, "There is no rule 'none-such'." },
        { "GET", "/none-such", NULL, 404, "There is no rule 'none-such'." },
        { "DELETE", "/none-such", NULL, 404, "There is no rule 'none-such'." },
        { "DELETE", "?vualt=dev", NULL, 400,
          "'vualt' is not a member of this query: it can have vault" },
        { "DELETE", "?vault=a_b", NULL, 400, "is not a valid vault name" },
        { "PUT", "", "{}", 405, "only GET, POST, DELETE" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, fault_ask(rows[i].method, rows[i].behind, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %ld %s", i, reply.status, reply.body);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "row %zu: %s", i, reply.body);
    }
}

Test(faults, are_kept_until_they_are_removed)
{
    API_CLIENT(dev);

    fault_add_for_key("kept", "kept", "{\"error\":\"THROTTLED\"}");
    API_REPLY(again, fault_ask("POST", "", "{\"id\":\"kept\",\"effect\":{}}"));
    cr_expect_eq(again.status, 409, "%s", again.body);
    API_REPLY(refused, client_call(&dev, "GET", "/keys/kept", NULL));
    cr_expect_eq(refused.status, 429);
    API_REPLY(paused, fault_ask("PATCH", "/kept", "{\"enabled\":false}"));
    cr_expect_eq(paused.status, 200, "%s", paused.body);
    cr_expect_eq(reply_number(&paused, "hits"), 1);
    API_REPLY(passed, client_call(&dev, "GET", "/keys/kept", NULL));
    cr_expect_eq(passed.status, 404);
    API_REPLY(list, fault_ask("GET", "", NULL));
    cr_expect_not_null(strstr(list.body, "{\"id\":\"kept\",\"match\":{\"key\":\"kept\"},"
                                         "\"effect\":{\"error\":\"THROTTLED\"},\"enabled\":false,"
                                         "\"seen\":1,\"hits\":1}"),
                       "%s", list.body);
    fault_remove("kept");
}

/* Of that vault, and in one call; those of others stay. */
Test(faults, of_a_vault_go_with_its_reset)
{
    const struct request reset = {
        .method = "POST",
        .target = "/control/v1/reset",
        .body = "{\"vault\":\"emptied\"}",
        .control = true,
    };
    API_CLIENT(dev);
    API_REPLY(made, client_ask_vaults(&dev, "PUT", "/emptied", "{}"));

    cr_assert_eq(made.status, 201, "%s", made.body);
    fault_add("emptied", "\"match\":{\"vault\":\"emptied\"},\"effect\":{\"status\":429}");
    fault_add("not-emptied", "\"match\":{\"vault\":\"emptied2\"},\"effect\":{\"status\":429}");
    API_REPLY(done, client_send(&dev, &reset));
    cr_assert_eq(done.status, 204, "%s", done.body);
    API_REPLY(gone, fault_ask("GET", "/emptied", NULL));
    cr_expect_eq(gone.status, 404);
    API_REPLY(cleared, fault_ask("DELETE", "?vault=emptied2", NULL));
    cr_expect_eq(cleared.status, 204);
    API_REPLY(gone_too, fault_ask("GET", "/not-emptied", NULL));
    cr_expect_eq(gone_too.status, 404);
}

/* --- refusals that are forced, and the same ones by state --- */

/* What differs from answer to answer. */
static void mask(char *headers, const char *name)
{
    char *value = strstr(headers, name);

    for (value = value != NULL ? value + strlen(name) : NULL;
         value != NULL && *value != '\r' && *value != '\0'; value++) {
        *value = '-';
    }
}

static void expect_same(struct reply *real, struct reply *forced)
{
    struct reply *const both[] = { real, forced };

    for (size_t i = 0; i < KV_COUNT(both); i++) {
        mask(both[i]->headers, "\r\nx-ms-request-id: ");
        mask(both[i]->headers, "\r\nDate: ");
    }
    cr_expect_str_eq(forced->headers, real->headers);
    cr_expect_str_eq(forced->body, real->body);
}

/* The same request twice, of which the rule has the second one refused. */
static void expect_forced(struct client *client, const char *id, const char *key, const char *error,
                          const char *path, const char *body, long status)
{
    const char *method = body != NULL ? "POST" : "GET";
    char effect[128];

    API_REPLY(real, client_call(client, method, path, body));
    cr_expect_eq(real.status, status, "%s: %ld %s", id, real.status, real.body);
    (void) snprintf(effect, sizeof(effect), "{\"error\":\"%s\"}", error);
    fault_add_for_key(id, key, effect);
    API_REPLY(forced, client_call(client, method, path, body));
    expect_same(&real, &forced);
    cr_expect_eq(fault_count(id, "hits"), 1);
    fault_remove(id);
}

#define UNWRAP "{\"alg\":\"RSA-OAEP\",\"value\":\"AAAA\"}"

/* By state first, then by the rule on the very same key. */
Test(faults, refuse_in_the_bytes_of_the_same_refusal_by_state)
{
    static const struct {
        const char *error, *key, *attributes;
    } rows[] = {
        { "KEY_DISABLED", "same-disabled", ",\"attributes\":{\"enabled\":false}" },
        { "KEY_EXPIRED", "same-expired", ",\"attributes\":{\"exp\":1000000000}" },
        { "KEY_NOT_YET_VALID", "same-young", ",\"attributes\":{\"nbf\":4000000000}" },
        { "KEY_OPERATION_FORBIDDEN", "same-forbidden", ",\"key_ops\":[\"sign\"]" },
    };
    char version[33], path[64];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        api_create_key(&dev, rows[i].key, rows[i].attributes, version);
        (void) snprintf(path, sizeof(path), "/keys/%s/wrapkey", rows[i].key);
        expect_forced(&dev, rows[i].key, rows[i].key, rows[i].error, path, UNWRAP, 403);
    }
}

Test(faults, refuse_what_is_not_there_as_if_it_were_not)
{
    API_CLIENT(dev);

    expect_forced(&dev, "lost", "lost", "KEY_NOT_FOUND", "/keys/lost", NULL, 404);
    expect_forced(&dev, "lost-too", "lost", "KEY_NOT_FOUND",
                  "/keys/lost/0123456789abcdef0123456789abcdef", NULL, 404);
}

Test(faults, refuse_a_name_that_is_taken_as_if_it_were_deleted)
{
    char version[33];
    API_CLIENT(dev);

    api_create_key(&dev, "same-deleted", "", version);
    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/same-deleted", NULL));
    cr_assert_eq(deleted.status, 200, "%s", deleted.body);
    expect_forced(&dev, "same-deleted", "same-deleted", "KEY_DELETED", "/keys/same-deleted/create",
                  "{\"kty\":\"EC\"}", 409);
}

/* Without a grant, so that the real refusal is to be seen, too. */
Test(faults, refuse_a_caller_as_if_nothing_were_granted)
{
    static const struct {
        const char *vault, *settings, *error;
    } rows[] = {
        { "/fault-roles", "{\"access\":\"rbac\"}", "FORBIDDEN_BY_RBAC" },
        { "/fault-policies", "{\"access\":\"policy\"}", "ACCESS_DENIED" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *name = rows[i].vault + 1;
        char effect[128];
        API_REPLY(made, client_ask_vaults(&dev, "PUT", rows[i].vault, rows[i].settings));

        cr_assert_eq(made.status, 201, "%s", made.body);
        API_REPLY(real, client_call_vault(&dev, name, false, "GET", "/keys/denied", NULL));
        cr_expect_eq(real.status, 403, "%s", real.body);
        (void) snprintf(effect, sizeof(effect), "{\"error\":\"%s\"}", rows[i].error);
        fault_add_for_key(name, "denied", effect);
        API_REPLY(forced, client_call_vault(&dev, name, false, "GET", "/keys/denied", NULL));
        expect_same(&real, &forced);
        API_REPLY(elsewhere, client_call(&dev, "GET", "/keys/denied", NULL));
        cr_expect_eq(elsewhere.status, 403, "whatever the vault allows: %s", elsewhere.body);
        fault_remove(name);
    }
}

/* contract §9.1: with the Activity ID, and without innererror */
Test(faults, refuse_at_a_managed_hsm_in_its_words)
{
    API_HSM_OF(api_daemon(), pool);

    fault_add_for_key("at-hsm", "at-hsm", "{\"error\":\"KEY_DISABLED\"}");
    API_REPLY(forced, client_call(&pool, "POST", "/keys/at-hsm/wrapkey", UNWRAP));
    cr_expect_eq(forced.status, 403);
    cr_expect_str_eq(reply_text(&forced, "error.code"), "KeyDisabled");
    cr_expect_not_null(strstr(reply_text(&forced, "error.message"),
                              "Operation wrapKey is not allowed on a disabled key (Activity ID: "),
                       "%s", forced.body);
    fault_remove("at-hsm");
}

/* --- answers that are spelt out --- */

Test(faults, answer_what_they_spell_out)
{
    static const struct {
        const char *effect;
        long status;
        const char *body;
    } rows[] = {
        { "{\"status\":403,\"code\":\"Forbidden\",\"message\":\"no\",\"inner_code\":\"Deep\"}", 403,
          "{\"error\":{\"code\":\"Forbidden\",\"message\":\"no\",\"innererror\":{\"code\":\"Deep\"}"
          "}}" },
        { "{\"status\":404}", 404,
          "{\"error\":{\"code\":\"NotFound\",\"message\":\"The fault rule spelt says so.\"}}" },
        { "{\"status\":429}", 429,
          "{\"error\":{\"code\":\"Throttled\",\"message\":\"Request was not processed because too "
          "many requests were received. Reason: VaultRequestTypeLimitReached\"}}" },
        { "{\"status\":502,\"body\":\"<html>\",\"content_type\":\"text/html\"}", 502, "<html>" },
        { "{\"status\":204}", 204, "" },
        { "{\"status\":500,\"malformed_json\":true,\"message\":\"m\"}", 500,
          "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"m\"}" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        fault_add_for_key("spelt", "spelt", rows[i].effect);
        API_REPLY(reply, client_call(&dev, "GET", "/keys/spelt", NULL));
        cr_expect_eq(reply.status, rows[i].status, "%s: %ld", rows[i].effect, reply.status);
        cr_expect_str_eq(reply.body, rows[i].body, "%s", rows[i].effect);
        fault_remove("spelt");
    }
}

Test(faults, say_when_to_come_back_in_each_way)
{
    static const struct {
        const char *effect, *header, *value; /* NULL: a date */
    } rows[] = {
        { "{\"status\":429,\"retry_after\":5}", "Retry-After", "5" },
        { "{\"error\":\"UNAVAILABLE\",\"retry_after\":0}", "Retry-After", "0" },
        { "{\"status\":429,\"retry_after_ms\":250}", "retry-after-ms", "250" },
        { "{\"status\":429,\"retry_after_ms\":250}", "x-ms-retry-after-ms", "250" },
        { "{\"status\":429,\"retry_after_date\":30}", "Retry-After", NULL },
        { "{\"status\":429,\"headers\":{\"x-ms-keyvault-region\":\"moon\"}}",
          "x-ms-keyvault-region", "moon" },
    };
    char line[64];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        fault_add_for_key("later", "later", rows[i].effect);
        API_REPLY(reply, client_call(&dev, "GET", "/keys/later", NULL));
        const char *value = reply_header(&reply, rows[i].header);
        cr_assert_not_null(value, "%s: %s", rows[i].effect, reply.headers);
        if (rows[i].value != NULL) {
            cr_expect_str_eq(value, rows[i].value, "%s", rows[i].effect);
        } else {
            cr_expect_not_null(strstr(value, " GMT"), "%s", value);
        }
        (void) snprintf(line, sizeof(line), "\r\n%s: ", rows[i].header);
        const char *first = strcasestr(reply.headers, line);
        cr_expect_null(strcasestr(first + 1, line), "twice: %s", reply.headers);
        fault_remove("later");
    }
}

Test(faults, are_named_in_the_log)
{
    API_CLIENT(dev);

    fault_add_for_key("logged-rule", "logged", "{\"status\":503}");
    API_REPLY(reply, client_call(&dev, "GET", "/keys/logged", NULL));
    cr_expect_eq(reply.status, 503);
    fault_remove("logged-rule");
    cr_expect_eq(api_count_lines(api_daemon(), "path=\"/keys/logged", "rule=logged-rule"), 1);
}

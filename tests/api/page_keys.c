/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a vault on the control port, and the switches that the page has for them. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

TestSuite(page_keys, .timeout = 60);

#define NO_KEY "\"code\":\"KeyNotFound\""
#define ZEROS "00000000000000000000000000000000"

static struct reply ask(const char *method, const char *behind, const char *body)
{
    API_CLIENT(dev);

    return client_ask_vaults(&dev, method, behind, body);
}

static void expect(const char *method, const char *behind, const char *body, long status,
                   const char *said)
{
    API_REPLY(reply, ask(method, behind, body));

    cr_expect_eq(reply.status, status, "%s %s %s: %ld %s", method, behind, body, reply.status,
                 reply.body);
    cr_expect_not_null(strstr(reply.body, said), "%s %s: %s lacks %s", method, behind, reply.body,
                       said);
}

static void make_vault(const char *name, const char *settings)
{
    char behind[64];

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    API_REPLY(reply, ask("PUT", behind, settings));
    cr_assert_eq(reply.status, 201, "%s", reply.body);
}

/* An EC key, or another version of it. */
static void make_key(const char *vault, bool is_hsm, const char *name, const char *more)
{
    char path[160], body[160];
    __attribute__((cleanup(client_close))) struct client client;

    (is_hsm ? client_open_hsm : client_open)(&client, api_daemon(), vault);
    (void) snprintf(path, sizeof(path), "/keys/%s/create", name);
    (void) snprintf(body, sizeof(body), "{\"kty\":\"%s\"%s}", is_hsm ? "EC-HSM" : "EC", more);
    API_REPLY(reply, client_call(&client, "POST", path, body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

Test(page_keys, are_refused_what_makes_no_sense)
{
    static const struct {
        const char *method, *behind, *body;
        long status;
        const char *said;
    } rows[] = {
        { "GET", "/none-such/keys", NULL, 404, "There is no vault named 'none-such'." },
        { "GET", "/a_b/keys", NULL, 400, "" },
        { "GET", "/senseless/keys?state=lost", NULL, 400, "'state' must be live or deleted." },
        { "GET", "/senseless/keys?limit=0", NULL, 400, "'limit' must be a number from 1 to 1000." },
        { "GET", "/senseless/keys?limit=1001", NULL, 400, "'limit' must be" },
        { "GET", "/senseless/keys?limit=-1", NULL, 400, "'limit' must be" },
        { "GET", "/senseless/keys?limit=", NULL, 400, "'limit' must be" },
        { "GET", "/senseless/keys?limit=1e2", NULL, 400, "'limit' must be" },
        { "GET", "/senseless/keys?limit=99999999999999999999", NULL, 400, "'limit' must be" },
        { "GET", "/senseless/keys?after=", NULL, 400, "'after' must be what another answer" },
        { "GET", "/senseless/keys?after=%27", NULL, 400, "'after' must be what another answer" },
        { "GET", "/senseless/keys?skip=1", NULL, 400, "'skip' is not a member of this query" },
        { "GET", "/senseless/keys/k?state=live", NULL, 400, "'state' is not a member" },
        { "GET", "/senseless/keys/k?after=A", NULL, 400, "'after' must be what another answer" },
        { "GET", "/senseless/keys/none", NULL, 404, NO_KEY },
        { "GET", "/senseless/keys/a_b", NULL, 400, "invalid name: a_b" },
        { "PATCH", "/senseless/keys/k", "{}", 400, "Give 'enabled': true or false." },
        { "PATCH", "/senseless/keys/k", "{\"enabled\":null}", 400, "Give 'enabled'" },
        { "PATCH", "/senseless/keys/k", "{\"enabled\":\"no\"}", 400, "wrong type" },
        { "PATCH", "/senseless/keys/k", "{\"enabled\":0}", 400, "wrong type" },
        { "PATCH", "/senseless/keys/k", "{\"Enabled\":true}", 400, "is not a member" },
        { "PATCH", "/senseless/keys/k", "{\"enabled\":true,\"enabled\":false}", 400, "twice" },
        { "PATCH", "/senseless/keys/k", "[]", 400, "not a JSON object" },
        { "PATCH", "/senseless/keys/none", "{\"enabled\":true}", 404, NO_KEY },
        { "PATCH", "/senseless/keys/k/versions/" ZEROS, "{\"enabled\":true}", 404, NO_KEY },
        { "PATCH", "/senseless/keys/k/versions/x", "{\"enabled\":true}", 404, NO_KEY },
        { "DELETE", "/senseless/keys/none", NULL, 404, NO_KEY },
        { "DELETE", "/senseless/keys/k/versions/" ZEROS, NULL, 405, "is not supported here" },
        { "POST", "/senseless/keys/none/recover", "{}", 404, NO_KEY },
        { "POST", "/senseless/keys/k/recover", "{}", 404, NO_KEY },
        { "POST", "/senseless/keys/k/purge", "{}", 404, "There is nothing under this path." },
        { "PUT", "/senseless/keys/k", "{}", 405, "only GET, PATCH, DELETE" },
    };

    make_vault("senseless", "{}");
    make_key("senseless", false, "k", "");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(rows[i].method, rows[i].behind, rows[i].body, rows[i].status, rows[i].said);
    }
    expect("GET", "/senseless/keys/k", NULL, 200, "\"state\":\"usable\"");
}

Test(page_keys, of_a_deleted_vault_are_not_shown)
{
    make_vault("going", "{}");
    make_key("going", false, "k", "");
    expect("DELETE", "/going", NULL, 200, "");
    expect("GET", "/going/keys", NULL, 409, "The vault 'going' is deleted");
    expect("PATCH", "/going/keys/k", "{\"enabled\":false}", 409, "is deleted");
    expect("POST", "/going/recover", "{}", 200, "");
    expect("GET", "/going/keys/k", NULL, 200, "\"enabled\":true");
}

Test(page_keys, have_the_state_that_clients_meet)
{
    static const struct {
        const char *name, *attributes, *state;
    } rows[] = {
        { "good", "", "usable" },
        { "off", ",\"attributes\":{\"enabled\":false}", "disabled" },
        { "old", ",\"attributes\":{\"exp\":1000000000}", "expired" },
        { "young", ",\"attributes\":{\"nbf\":4000000000}", "not_yet_valid" },
        { "off-and-old", ",\"attributes\":{\"enabled\":false,\"exp\":1000000000}", "disabled" },
    };
    char behind[96], said[96];

    make_vault("states", "{}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        make_key("states", false, rows[i].name, rows[i].attributes);
        (void) snprintf(behind, sizeof(behind), "/states/keys/%s", rows[i].name);
        (void) snprintf(said, sizeof(said), "\"state\":\"%s\"", rows[i].state);
        expect("GET", behind, NULL, 200, said);
    }
    expect("GET", "/states/keys/young", NULL, 200, "\"not_before\":\"2096-10-02T07:06:40.000Z\"");
    expect("GET", "/states/keys/good", NULL, 200, "\"type\":\"EC\",\"curve\":\"P-256\"");
}

/* Whoever asks the vault sees what the switch did, in the next moment. */
Test(page_keys, are_disabled_and_enabled_one_version_or_the_latest)
{
    API_CLIENT(dev);
    char first[64], path[128], behind[160];

    make_key("dev", false, "switched", "");
    API_REPLY(shown, ask("GET", "/dev/keys/switched", NULL));
    (void) snprintf(first, sizeof(first), "%s", reply_text(&shown, "version"));
    make_key("dev", false, "switched", "");
    (void) snprintf(behind, sizeof(behind), "/dev/keys/switched/versions/%s", first);
    (void) snprintf(path, sizeof(path), "/keys/switched/%s", first);

    expect("PATCH", behind, "{\"enabled\":false}", 200, "\"state\":\"disabled\"");
    API_REPLY(old, client_call(&dev, "GET", path, NULL));
    cr_expect_not_null(strstr(old.body, "\"enabled\":false"), "%s", old.body);
    API_REPLY(latest, client_call(&dev, "GET", "/keys/switched", NULL));
    cr_expect_not_null(strstr(latest.body, "\"enabled\":true"), "%s", latest.body);

    expect("PATCH", "/dev/keys/SWITCHED", "{\"enabled\":false}", 200, "\"name\":\"switched\"");
    API_REPLY(both, ask("GET", "/dev/keys/switched", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&both, "versions")), 2);
    cr_expect_str_eq(reply_text(&both, "versions.0.state"), "disabled");
    cr_expect_str_eq(reply_text(&both, "versions.1.state"), "disabled");
    expect("PATCH", behind, "{\"enabled\":true}", 200, "\"state\":\"usable\"");
}

Test(page_keys, are_deleted_and_recovered)
{
    API_CLIENT(dev);

    make_vault("soft", "{\"purge_protection\":true}");
    make_key("soft", false, "k", "");
    expect("DELETE", "/soft/keys/k", NULL, 200, "\"state\":\"deleted\"");
    expect("DELETE", "/soft/keys/k", NULL, 404, NO_KEY);
    API_REPLY(gone, client_call_vault(&dev, "soft", false, "GET", "/keys/k", NULL));
    cr_expect_eq(gone.status, 404);
    expect("GET", "/soft/keys", NULL, 200, "{\"keys\":[]}");
    expect("GET", "/soft/keys?state=deleted", NULL, 200, "\"scheduled_purge\":\"");
    expect("GET", "/soft/keys/k", NULL, 200, "\"versions\":[]");
    expect("PATCH", "/soft/keys/k", "{\"enabled\":false}", 404, NO_KEY);
    expect("POST", "/soft/keys/k/recover", "{}", 200, "\"state\":\"usable\"");
    expect("GET", "/soft/keys?state=deleted", NULL, 200, "{\"keys\":[]}");
    API_REPLY(back, client_call_vault(&dev, "soft", false, "GET", "/keys/k", NULL));
    cr_expect_eq(back.status, 200);
}

/* Pages of the store are of 25: lists go on over their ends, and from where another one ended. */
static void expect_parts(const char *vault, bool is_hsm)
{
    char name[16], behind[128];

    for (int i = 0; i < 30; i++) {
        (void) snprintf(name, sizeof(name), "k%02d", i);
        make_key(vault, is_hsm, name, "");
    }
    (void) snprintf(behind, sizeof(behind), "/%s/keys", vault);
    API_REPLY(all, ask("GET", behind, NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&all, "keys")), 30);
    cr_expect_null(reply_item(&all, "next"));

    (void) snprintf(behind, sizeof(behind), "/%s/keys?limit=28", vault);
    API_REPLY(most, ask("GET", behind, NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&most, "keys")), 28);
    (void) snprintf(behind, sizeof(behind), "/%s/keys?after=%s", vault, reply_text(&most, "next"));
    API_REPLY(rest, ask("GET", behind, NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&rest, "keys")), 2);
    cr_expect_str_eq(reply_text(&rest, "keys.1.name"), "k29");
    cr_expect_null(reply_item(&rest, "next"));
}

Test(page_keys, are_listed_in_parts)
{
    make_vault("many", "{}");
    expect_parts("many", false);
}

Test(page_keys, of_a_managed_hsm_are_listed_in_parts_too)
{
    make_vault("manyhsm", "{\"kind\":\"hsm\"}");
    expect_parts("manyhsm", true);
    expect("GET", "/manyhsm/keys/k00", NULL, 200, "\"type\":\"EC-HSM\"");
    expect("GET", "/manyhsm/keys/k00", NULL, 200, "https://manyhsm.managedhsm.localhost:");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds and exports (docs/state.md): an instance as a file says it, and a file of what there is. */
#include "seed_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(seeds, .timeout = 90);

#define FULL SEEDS_FOLDER "/full.json"

/* What was encrypted once to the RSA key of full.json, by openssl, and what it was. */
static const char wrapped[] =
    "fBKPY2TBIVxa8oIajFm9uoBozcuYV6exOrAMPXfN0vCVHrW0Bgy0DtzEcvMIVzfDbI9lT2kLc8QekXX9"
    "lWMEBO25KVQQ4YxPrrHaN9yHYA3do22208VsXAonHV801KY1N5K-cZ25gOLP94_g2sCHvT7DhEl3PLkS"
    "pgeMAaLsRxVxmGFCWYMqSB7m6GK9aJDhy8-CILEUP7VStr5W4K15P1d6y2pMTUYbRBCtb8a2-ruyWRtu"
    "GSLfCJTrPikMZ77xbCATVtLWX0RuAHCZsEom5e5cqGGv18AqLmout7fMyw_EK6zAxfKIw58bDv_lY_Xw"
    "7QnbSWu2CtFaMxtWVtPqZQ";
static const char plain[] = "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY";

/* full.json; the caller's, cJSON_Delete(). */
static cJSON *read_full(void)
{
    FILE *file = fopen(FULL, "r");
    static char text[65536];

    cr_assert_not_null(file, "%s", FULL);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    cr_assert_eq(fclose(file), 0);
    text[len] = '\0';
    cJSON *json = cJSON_Parse(text);
    cr_assert_not_null(json);
    return json;
}

/* Without the key that is generated, which no other instance can make. */
static char *print_portable(void)
{
    cJSON *json = read_full();

    cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(json, "keys"), 3);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    cr_assert_not_null(text);
    return text;
}

/* --- what is refused --- */

static const struct {
    const char *text, *said;
} bad_files[] = {
    { "{\"keys\":[{\"vault\":\"dev\",\"name\":\"k\"}]}",
      "keys[0].versions: a key has 1 to 100 versions" },
    { "{\n  \"vaults\": [\n    {\"name\": \"a\"},\n  ]\n}\n",
      "it is not JSON: see line 4, column 3" },
    { "[1]\n", "the seed is not a JSON object" },
};

Test(seeds, that_are_no_good_keep_a_daemon_from_starting)
{
    char output[4096], path[64] = "/tmp/coffer-seed-XXXXXX";
    const char *const arguments[] = { "serve", "--ephemeral", "--port", "0", "--control-port",
                                      "0",     "--seed-file", path,     NULL };

    cr_assert_eq(close(mkstemp(path)), 0);
    for (size_t i = 0; i < KV_COUNT(bad_files); i++) {
        FILE *file = fopen(path, "w");

        cr_assert_not_null(file);
        cr_assert_geq(fputs(bad_files[i].text, file), 0);
        cr_assert_eq(fclose(file), 0);
        cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s", output);
        cr_expect_not_null(strstr(output, bad_files[i].said), "%s", output);
    }
    cr_assert_eq(remove(path), 0);
    cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s", output);
    cr_expect_not_null(strstr(output, "does not exist"), "%s", output);
}

Test(seeds, that_contradict_what_is_there_are_refused)
{
    struct daemon own;

    api_begin(&own, NULL);
    {
        static const char attributes[] = "{\"attributes\":{\"enabled\":false}}";
        API_CLIENT_OF(&own, dev);
        char *seed = print_portable();

        API_REPLY(first, seed_plant(&dev, seed));
        cr_assert_eq(first.status, 204, "%s", first.body);
        API_REPLY(changed, client_call_vault(&dev, "seeded", false, "GET", "/keys/cmk", NULL));
        cr_expect_eq(changed.status, 403, "the default identity has no role there: %s",
                     changed.body);
        API_REPLY(mode, seed_ask(&dev, "PATCH", "vaults/seeded", "{\"access\":\"open\"}"));
        cr_assert_eq(mode.status, 200, "%s", mode.body);
        API_REPLY(vault, seed_plant(&dev, seed));
        cr_expect_eq(vault.status, 409, "%s", vault.body);
        cr_expect_not_null(strstr(vault.body, "vaults[0]: the vault 'seeded' has access=open"),
                           "%s", vault.body);
        API_REPLY(disabled,
                  client_call_vault(&dev, "seeded", false, "PATCH",
                                    "/keys/cmk/0123456789abcdef0123456789abcdef", attributes));
        cr_assert_eq(disabled.status, 200, "%s", disabled.body);
        API_REPLY(again, seed_ask(&dev, "PATCH", "vaults/seeded", "{\"access\":\"rbac\"}"));
        cr_assert_eq(again.status, 200, "%s", again.body);
        API_REPLY(key, seed_plant(&dev, seed));
        cr_expect_eq(key.status, 409, "%s", key.body);
        cr_expect_not_null(strstr(key.body, "keys[0].versions[0]: the version is there with other"),
                           "%s", key.body);
        free(seed);
    }
    api_end(&own);
}

#define KING "aaaaaaaa-0000-4000-8000-000000000009"
#define ROLE "{\"roles\":[{\"id\":\"" KING "\",\"name\":\"%s\",\"data_actions\":[\"%s\"]}]}"

static void expect_role(struct client *client, const char *name, const char *action, long status)
{
    char seed[512];

    snprintf(seed, sizeof(seed), ROLE, name, action);
    API_REPLY(reply, seed_plant(client, seed));
    cr_expect_eq(reply.status, status, "%s: %ld %s", seed, reply.status, reply.body);
}

Test(seeds, have_roles_that_are_kept_and_never_changed)
{
    struct daemon own;

    api_begin(&own, NULL);
    {
        API_CLIENT_OF(&own, dev);

        expect_role(&dev, "King", "Microsoft.KeyVault/vaults/keys/read", 204);
        expect_role(&dev, "King", "Microsoft.KeyVault/vaults/keys/read", 204);
        expect_role(&dev, "King", "Microsoft.KeyVault/vaults/keys/write", 409);
        expect_role(&dev, "Queen", "Microsoft.KeyVault/vaults/keys/read", 409);
        API_REPLY(taken, seed_plant(&dev, "{\"roles\":[{\"name\":\"KING\"}]}"));
        cr_expect_eq(taken.status, 409, "it has an id of its own: %s", taken.body);
        API_REPLY(role, seed_ask(&dev, "GET", "roles/" KING, NULL));
        cr_expect_str_eq(reply_text(&role, "name"), "King", "%s", role.body);
        cr_expect_not_null(strstr(role.body, "keys/read"), "%s", role.body);
    }
    api_end(&own);
}

/* 500 of them are there at most, and a seed that would be too much makes none. */
Test(seeds, with_more_roles_than_there_can_be_make_none)
{
    cJSON *seed = cJSON_CreateObject();
    cJSON *roles = cJSON_AddArrayToObject(seed, "roles");
    struct daemon own;
    char name[32];

    for (int i = 0; i < 501; i++) {
        cJSON *role = cJSON_CreateObject();

        snprintf(name, sizeof(name), "Role %d", i);
        cJSON_AddStringToObject(role, "name", name);
        cJSON_AddItemToArray(roles, role);
    }
    char *text = cJSON_PrintUnformatted(seed);
    api_begin(&own, NULL);
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(reply, seed_plant(&dev, text));
        cr_expect_eq(reply.status, 409, "%s", reply.body);
        cr_expect_not_null(strstr(reply.body, "roles[500]: There can be 500"), "%s", reply.body);
        API_REPLY(after, seed_ask(&dev, "GET", "export", NULL));
        cr_expect_null(strstr(after.body, "roles"), "%s", after.body);
    }
    api_end(&own);
    free(text);
    cJSON_Delete(seed);
}

/* --- what is made --- */

static const char *const with_seed[] = { "--seed-file", FULL, NULL };

static void expect_constants(const struct daemon *daemon)
{
    char body[1024];
    API_CLIENT_OF(daemon, dev);

    API_REPLY(open, seed_ask(&dev, "PATCH", "vaults/seeded", "{\"access\":\"open\"}"));
    cr_assert_eq(open.status, 200, "%s", open.body);
    snprintf(body, sizeof(body), "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}", wrapped);
    API_REPLY(unwrapped,
              client_call_vault(&dev, "seeded", false, "POST",
                                "/keys/cmk/0123456789abcdef0123456789abcdef/unwrapkey", body));
    cr_expect_str_eq(reply_text(&unwrapped, "value"), plain, "%s", unwrapped.body);
    API_REPLY(latest, client_call_vault(&dev, "seeded", false, "GET", "/keys/cmk", NULL));
    cr_expect_not_null(
        strstr(reply_text(&latest, "key.kid"), "/keys/cmk/0123456789abcdef0123456789abcde0"),
        "the last version is the latest: %s", latest.body);
    cr_expect_eq(reply_number(&latest, "attributes.created"), 1874966400, "%s", latest.body);
    API_REPLY(back, seed_ask(&dev, "PATCH", "vaults/seeded", "{\"access\":\"rbac\"}"));
    cr_assert_eq(back.status, 200, "%s", back.body);
}

static void expect_others(const struct daemon *daemon)
{
    API_CLIENT_OF(daemon, dev);

    API_REPLY(app, seed_ask(&dev, "GET", "identities/app", NULL));
    cr_expect_str_eq(reply_text(&app, "object_id"), "aaaaaaaa-0000-4000-8000-000000000002");
    API_REPLY(team, seed_ask(&dev, "GET", "identities/team", NULL));
    cr_expect_not_null(strstr(team.body, "aaaaaaaa-0000-4000-8000-000000000002"), "%s", team.body);
    API_REPLY(role, seed_ask(&dev, "GET", "roles/aaaaaaaa-0000-4000-8000-000000000003", NULL));
    cr_expect_str_eq(reply_text(&role, "name"), "Unwrapper of Keys", "%s", role.body);
    API_REPLY(clock, seed_ask(&dev, "GET", "clock", NULL));
    cr_expect_not_null(strstr(clock.body, "2030-01-02T03:04:05"), "%s", clock.body);
    API_REPLY(rules, seed_ask(&dev, "GET", "faults/slow", NULL));
    cr_expect_eq(rules.status, 200, "%s", rules.body);
}

Test(seeds, make_the_same_keys_in_every_instance_and_once_in_a_kept_one)
{
    struct daemon own;

    for (unsigned i = 0; i < 2; i++) {
        api_begin(&own, with_seed);
        expect_constants(&own);
        expect_others(&own);
        cr_assert(daemon_stop(&own));
        cr_assert(daemon_start(&own, with_seed), "what is there is kept");
        expect_constants(&own);
        expect_others(&own);
        api_end(&own);
    }
}

/* --- what is written --- */

Test(seeds, are_exported_as_they_were_planted)
{
    struct daemon one, other;
    char *seed = print_portable();

    api_begin(&one, NULL);
    api_begin(&other, NULL);
    {
        API_CLIENT_OF(&one, dev);
        API_CLIENT_OF(&other, dev2);

        API_REPLY(first, seed_plant(&dev, seed));
        cr_assert_eq(first.status, 204, "%s", first.body);
        API_REPLY(written, seed_ask(&dev, "GET", "export", NULL));
        cr_assert_eq(written.status, 200, "%s", written.body);
        cr_expect_not_null(strstr(written.body, "\"testMaterial\":true"));
        cr_expect_null(strstr(written.body, "in the token"), "all of it was given: %s",
                       written.body);
        API_REPLY(second, seed_plant(&dev2, written.body));
        cr_assert_eq(second.status, 204, "%s", second.body);
        API_REPLY(again, seed_ask(&dev2, "GET", "export", NULL));
        cr_expect_str_eq(again.body, written.body);
        cr_expect_eq(cJSON_GetArraySize(reply_item(&written, "roles")), 3, "%s", written.body);
        API_REPLY(granted, seed_ask(&dev, "GET", "export?vault=seeded", NULL));
        cr_expect_eq(cJSON_GetArraySize(reply_item(&granted, "roles")), 2, "%s", granted.body);
        API_REPLY(part, seed_ask(&dev, "GET", "export?vault=policed", NULL));
        cr_expect_null(reply_item(&part, "roles"), "%s", part.body);
        cr_expect_eq(cJSON_GetArraySize(reply_item(&part, "vaults")), 1, "%s", part.body);
        cr_expect_eq(cJSON_GetArraySize(reply_item(&part, "keys")), 1, "%s", part.body);
        API_REPLY(none, seed_ask(&dev, "GET", "export?vault=none", NULL));
        cr_expect_eq(none.status, 404, "%s", none.body);
    }
    free(seed);
    api_end(&one);
    api_end(&other);
}

/* Whether a file holds the text. */
static bool holds(const struct daemon *daemon, const char *name, const char *text)
{
    static char bytes[1 << 22];
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", daemon->folder, name);
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(bytes, 1, sizeof(bytes), file) : 0;
    if (file != NULL) {
        (void) fclose(file);
    }
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

Test(seeds, leave_material_in_the_token_alone_unless_it_is_for_tests)
{
    cJSON *json = read_full();
    cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "keys"), 0);
    cJSON *version = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(first, "versions"), 0);
    const char *secret = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(version, "jwk"), "d"));
    cJSON *seed = cJSON_CreateObject();
    struct daemon own;

    cJSON_DeleteItemFromObjectCaseSensitive(version, "testMaterial");
    cJSON_AddItemReferenceToObject(seed, "vaults",
                                   cJSON_GetObjectItemCaseSensitive(json, "vaults"));
    cJSON_AddItemReferenceToObject(seed, "identities",
                                   cJSON_GetObjectItemCaseSensitive(json, "identities"));
    cJSON_AddItemReferenceToObject(seed, "roles", cJSON_GetObjectItemCaseSensitive(json, "roles"));
    cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(first, "versions"), 1);
    cJSON_AddItemReferenceToArray(cJSON_AddArrayToObject(seed, "keys"), first);
    char *text = cJSON_PrintUnformatted(seed);
    api_begin(&own, NULL);
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(planted, seed_plant(&dev, text));
        cr_assert_eq(planted.status, 204, "%s", planted.body);
        API_REPLY(written, seed_ask(&dev, "GET", "export", NULL));
        cr_expect_not_null(strstr(written.body, "\"material\":\"in the token\""), "%s",
                           written.body);
        cr_expect_null(strstr(written.body, secret));
        API_REPLY(again, seed_plant(&dev, written.body));
        cr_expect_eq(again.status, 204, "what is here is kept: %s", again.body);
    }
    cr_assert(daemon_stop(&own));
    cr_expect_not(holds(&own, "coffer.db", secret));
    cr_expect_not(holds(&own, "coffer.db-wal", secret));
    cr_assert(daemon_start(&own, NULL));
    api_end(&own);
    free(text);
    cJSON_Delete(seed);
    cJSON_Delete(json);
}

Test(seeds, leave_nothing_secret_in_the_journal)
{
    static const char *const arguments[] = { "--journal-bodies", "--journal-control", NULL };
    static const char seed[] =
        "{\"identities\":[{\"name\":\"app\",\"secrets\":[\"never-shown\"]}],\"keys\":[{"
        "\"vault\":\"dev\",\"name\":\"k\",\"versions\":[{"
        "\"version\":\"0123456789abcdef0123456789abcdef\",\"testMaterial\":true,\"jwk\":{"
        "\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"RPq7KPvbWX-kNC16difas79DIe5PkdzUPrzmW3-oNEY\","
        "\"x\":\"LLlGI6fk_n4A87LgdFwKWjy5JNXLzNY6C7uSL6LCjfw\","
        "\"y\":\"hcm-6mr0avjAci0e7j1SmvbOlixbnf8NxmPfXrQVyHo\"}}]}]}";
    struct daemon own;

    api_begin(&own, arguments);
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(planted, seed_plant(&dev, seed));
        cr_assert_eq(planted.status, 204, "%s", planted.body);
        API_REPLY(written, seed_ask(&dev, "GET", "export", NULL));
        cr_assert_not_null(strstr(written.body, "RPq7KPvb"));
        API_REPLY(journal, seed_ask(&dev, "GET", "requests", NULL));
        cr_expect_not_null(strstr(journal.body, "testMaterial"), "it is there: %s", journal.body);
        cr_expect_null(strstr(journal.body, "RPq7KPvb"), "%s", journal.body);
        cr_expect_null(strstr(journal.body, "never-shown"), "%s", journal.body);
    }
    api_end(&own);
}

Test(seeds, have_commands)
{
    struct daemon own;
    static char output[65536];

    api_begin(&own, NULL);
    const char *const plant_it[] = { "seed", FULL, "--data", own.folder, NULL };
    const char *const write_it[] = { "export", "--vault", "seeded", "--data", own.folder, NULL };
    const char *const lost[] = { "seed", "/nowhere.json", "--data", own.folder, NULL };

    cr_expect_eq(program_run(plant_it, output, sizeof(output)), 0, "%s", output);
    cr_expect_eq(program_run(write_it, output, sizeof(output)), 0, "%s", output);
    cr_expect_not_null(strstr(output, "0123456789abcdef0123456789abcde0"), "%s", output);
    cr_expect_eq(program_run(lost, output, sizeof(output)), 1, "%s", output);
    api_end(&own);
}

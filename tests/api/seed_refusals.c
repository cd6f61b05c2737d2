/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds that cannot be (docs/state.md): each is refused with the path of what is wrong. */
#include "seed_tools.h"

#include <string.h>

TestSuite(seed_refusals, .timeout = 60);

#define KEY_OF(version) "{\"keys\":[{\"vault\":\"dev\",\"name\":\"k\",\"versions\":[" version "]}]}"
#define ID "\"version\":\"0123456789abcdef0123456789abcdef\""
#define OCT "\"jwk\":{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQAB\"}"

static const struct {
    const char *body;
    long status;
    const char *message;
} wrong[] = {
    { "[]", 400, "the seed is not a JSON object" },
    { "{\"vaults\":[],\"vaults\":[]}", 400, "the seed gives a member twice" },
    { "{\"vault\":[]}", 400, "the seed: 'vault' is not a member: there can be clock, vaults" },
    { "{\"vaults\":{}}", 400, "vaults: it has a value of the wrong type" },
    { "{\"vaults\":[7]}", 400, "vaults[0]: it must be an object" },
    { "{\"vaults\":[{}]}", 400, "vaults[0]: a vault needs a name" },
    { "{\"vaults\":[{\"name\":\"a b\"}]}", 400, "vaults[0].name: " },
    { "{\"vaults\":[{\"name\":\"abc\",\"retention\":3}]}", 400, "vaults[0].retention: " },
    { "{\"vaults\":[{\"name\":\"abc\",\"colour\":1}]}", 400, "vaults[0].colour: " },
    { "{\"vaults\":[{\"name\":\"abc\"},{\"name\":\"ABC\"}]}", 400,
      "vaults[1]: the seed has a vault of that name before it" },
    { "{\"vaults\":[{\"name\":\"dev\",\"sku\":\"standard\"}]}", 409,
      "vaults[0]: the vault 'dev' has sku=premium, not standard" },
    { "{\"vaults\":[{\"name\":\"abc\",\"kind\":\"hsm\",\"access\":\"policy\"}]}", 400,
      "vaults[0]: a managed HSM cannot have access=policy" },
    { "{\"vaults\":[{\"name\":\"abc\",\"policies\":[{\"permissions\":[]}]}]}", 400,
      "vaults[0].policies[0]: give whom it is for" },
    { "{\"vaults\":[{\"name\":\"abc\",\"assignments\":[{\"identity\":\"app\"}]}]}", 400,
      "vaults[0].assignments[0]: An assignment needs a role." },
    { "{\"vaults\":[{\"name\":\"abc\",\"assignments\":[{\"identity\":\"app\",\"role\":\"King\"}"
      "]}]}",
      404, "vaults[0].assignments[0]: There is no role 'King'" },
    { "{\"vaults\":[{\"name\":\"abc\",\"firewall\":{\"ipRules\":[\"nowhere\"]}}]}", 400,
      "vaults[0].firewall.ipRules[0]: " },
    { "{\"vaults\":[{\"name\":\"abc\",\"firewall\":{\"wall\":1}}]}", 400,
      "vaults[0].firewall.wall: it is no network setting" },
    { "{\"identities\":[{}]}", 400, "identities[0]: an identity needs a name" },
    { "{\"identities\":[{\"name\":\"a\",\"type\":\"king\"}]}", 400, "identities[0].type: " },
    { "{\"identities\":[{\"name\":\"a\",\"object_id\":\"7\"}]}", 400, "are GUIDs" },
    { "{\"identities\":[{\"name\":\"a\",\"secrets\":[\"\"]}]}", 400,
      "identities[0].secrets[0]: it must be a text" },
    { "{\"roles\":{}}", 400, "roles: it has a value of the wrong type" },
    { "{\"roles\":[7]}", 400, "roles[0]: it must be an object" },
    { "{\"roles\":[{}]}", 400, "roles[0]: a role needs a name" },
    { "{\"roles\":[{\"name\":7}]}", 400, "roles[0].name: it has a value of the wrong type" },
    { "{\"roles\":[{\"name\":\"\"}]}", 400, "roles[0]: A role needs a name" },
    { "{\"roles\":[{\"name\":\"a/b\"}]}", 400, "roles[0]: A role needs a name, which is no GUID" },
    { "{\"roles\":[{\"name\":\"aaaaaaaa-0000-4000-8000-000000000009\"}]}", 400,
      "roles[0]: A role needs a name, which is no GUID" },
    { "{\"roles\":[{\"name\":\"King\",\"scopes\":[1]}]}", 400,
      "roles[0].scopes: it must be a list of texts" },
    { "{\"roles\":[{\"name\":\"King\",\"not_actions\":[\"a\",null]}]}", 400,
      "roles[0].not_actions: it must be a list of texts" },
    { "{\"roles\":[{\"name\":\"King\",\"crown\":1}]}", 400,
      "roles[0]: 'crown' is not a member: there can be id, name" },
    { "{\"roles\":[{\"name\":\"King\",\"id\":\"7\"}]}", 400, "roles[0].id: it must be a GUID" },
    { "{\"roles\":[{\"name\":\"King\",\"actions\":[\"a b\"]}]}", 400,
      "roles[0]: actions must be texts" },
    { "{\"roles\":[{\"name\":\"King\",\"data_actions\":[{}]}]}", 400,
      "roles[0].data_actions: it must be a list of texts" },
    { "{\"roles\":[{\"name\":\"Key Vault Reader\"}]}", 409, "roles[0]: The role " },
    { "{\"roles\":[{\"name\":\"King\",\"id\":\"21090545-7ca7-4776-b22c-e363652d74d2\"}]}", 400,
      "roles[0]: 21090545-7ca7-4776-b22c-e363652d74d2 is a built-in role" },
    { "{\"roles\":[{\"name\":\"The King\"},{\"name\":\"the-king\",\"id\":"
      "\"aaaaaaaa-0000-4000-8000-000000000009\"}]}",
      400, "roles[1]: the seed has a role of that id or name before it" },
    { "{\"roles\":[{\"name\":\"King\",\"id\":\"AAAAAAAA-0000-4000-8000-000000000009\"},{\"name\":"
      "\"Queen\",\"id\":\"aaaaaaaa-0000-4000-8000-000000000009\"}]}",
      400, "roles[1]: the seed has a role of that id or name before it" },
    { "{\"roles\":[{\"name\":\"King\"}],\"vaults\":[{\"name\":\"abc\",\"assignments\":[{"
      "\"identity\":\"app\",\"role\":\"Kin\"}]}]}",
      404, "vaults[0].assignments[0]: There is no role 'Kin'" },
    { "{\"roles\":[{\"name\":\"King\"}],\"vaults\":[{\"name\":\"abc\",\"assignments\":[{"
      "\"identity\":\"app\",\"role\":\"King\",\"scope\":\"moon\"}]}]}",
      400, "vaults[0].assignments[0]: " },
    { "{\"keys\":[{\"vault\":\"dev\"}]}", 400, "keys[0]: a key needs a vault and a name" },
    { "{\"keys\":[{\"vault\":\"dev\",\"name\":\"k\"}]}", 400, "keys[0].versions: a key has 1" },
    { "{\"keys\":[{\"vault\":\"none\",\"name\":\"k\",\"versions\":[{}]}]}", 404,
      "keys[0].vault: there is no vault 'none'" },
    { KEY_OF("{}"), 400, "keys[0].versions[0].version: it must be 32 hex digits" },
    { KEY_OF("{" ID "}"), 400, "keys[0].versions[0]: give its material" },
    { KEY_OF("{" ID ",\"generate\":true}"), 400, "keys[0].versions[0]: " },
    { KEY_OF("{" ID ",\"generate\":true,\"kty\":\"RSA\",\"key_size\":17}"), 400,
      "keys[0].versions[0]: " },
    { KEY_OF("{" ID ",\"generate\":true,\"kty\":\"EC\",\"testMaterial\":true}"), 400,
      "keys[0].versions[0].testMaterial: only a key that is given" },
    { KEY_OF("{" ID ",\"jwk\":{}}"), 400, "keys[0].versions[0].jwk.kty: " },
    { KEY_OF("{" ID ",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-1\"}}"), 400,
      "keys[0].versions[0].jwk.crv: " },
    { KEY_OF("{" ID ",\"jwk\":{\"kty\":\"RSA\",\"n\":7}}"), 400,
      "keys[0].versions[0].jwk.n: it is no number" },
    { KEY_OF("{" ID ",\"jwk\":{\"kty\":\"RSA\",\"oth\":[]}}"), 400,
      "keys[0].versions[0].jwk.oth: it is no member" },
    { KEY_OF("{" ID "," OCT "}"), 400, "keys[0].versions[0]: RSA key is not valid" },
    { KEY_OF("{" ID ",\"pem\":\"nothing\"}"), 400, "keys[0].versions[0].pem: it must be" },
    { KEY_OF("{" ID ",\"material\":\"in the token\"}"), 404,
      "keys[0].versions[0]: its material is in the token of another instance" },
    { KEY_OF("{" ID ",\"generate\":true,\"kty\":\"EC\",\"exp\":\"soon\"}"), 400,
      "keys[0].versions[0].exp: it must be a date" },
    { KEY_OF("{" ID ",\"generate\":true,\"kty\":\"EC\",\"key_ops\":[\"fly\"]}"), 400,
      "keys[0].versions[0]: " },
    { KEY_OF("{" ID ",\"generate\":true,\"kty\":\"EC\"},{" ID ",\"generate\":true,\"kty\":\"EC\"}"),
      400, "keys[0].versions[1]: the key has a version of that id before it" },
    { "{\"keys\":[{\"vault\":\"dev\",\"name\":\"k\",\"deleted\":\"2001-01-01\",\"versions\":[{" ID
      ",\"generate\":true,\"kty\":\"EC\"}]}]}",
      400, "keys[0].deleted: " },
    { "{\"keys\":[{\"vault\":\"dev\",\"name\":\"k\",\"rotation_policy\":{\"expiry\":\"soon\"},"
      "\"versions\":[{" ID ",\"generate\":true,\"kty\":\"EC\"}]}]}",
      400, "keys[0].rotation_policy: " },
    { "{\"faults\":[{\"effect\":{}}]}", 400, "faults[0]: a fault rule of a seed needs an id" },
    { "{\"faults\":[{\"id\":\"a\",\"effect\":{\"status\":\"x\"}}]}", 400, "faults[0]: " },
    { "{\"clock\":{\"now\":\"soon\"}}", 400, "clock.now: it must be a date" },
    { "{\"clock\":{\"rate\":0}}", 400, "clock.rate: it is from 1 to 86400" },
    /* what is good before it is not done either */
    { "{\"vaults\":[{\"name\":\"good\"}],\"identities\":[{\"name\":\"good\"}],"
      "\"roles\":[{\"name\":\"Good\"}],"
      "\"clock\":{\"now\":\"2040-01-01\",\"frozen\":true},\"keys\":[{\"vault\":\"good\"}]}",
      400, "keys[0]: a key needs a vault and a name" },
};

Test(seed_refusals, are_refused_with_the_path_of_what_is_wrong_and_nothing_is_done)
{
    struct daemon own;

    api_begin(&own, NULL);
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(before, seed_ask(&dev, "GET", "export", NULL));
        for (size_t i = 0; i < KV_COUNT(wrong); i++) {
            API_REPLY(reply, seed_plant(&dev, wrong[i].body));
            cr_expect_eq(reply.status, wrong[i].status, "%s: %ld %s", wrong[i].body, reply.status,
                         reply.body);
            cr_expect_not_null(strstr(reply_text(&reply, "error.message"), wrong[i].message),
                               "%s: %s", wrong[i].body, reply.body);
        }
        API_REPLY(after, seed_ask(&dev, "GET", "export", NULL));
        cr_expect_str_eq(after.body, before.body, "nothing was done");
    }
    api_end(&own);
}

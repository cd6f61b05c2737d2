/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_tools.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/clock.h"

#define PATH "/control/v1/scenarios"
#define PLAINTEXT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define HASH "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"
#define METADATA                                                                                   \
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net"

struct daemon scenario_daemon;

static const char *const arguments[] = {
    "--vault", "dev",
    "--vault", "pol,access=policy",
    "--vault", "rol,access=rbac",
    "--grant", "pol,permissions=all",
    "--grant", "rol,role=Key Vault Crypto Officer",
    NULL,
};
static const char *const vaults[] = { "dev", "pol", "rol" };
static char wrapped[3][1024], version[3][64]; /* of each vault's key */

static size_t place_of(const char *vault)
{
    size_t place = 0;

    while (place + 1 < KV_COUNT(vaults) && strcmp(vaults[place], vault) != 0) {
        place++;
    }
    return place;
}

static struct reply ask_vault(const char *vault, const char *method, const char *path,
                              const char *body)
{
    API_CLIENT_OF(&scenario_daemon, dev);

    return client_call_vault(&dev, vault, false, method, path, body);
}

void scenario_need_keys(const char *vault)
{
    size_t place = place_of(vault);
    const char *kid;

    if (version[place][0] != '\0') {
        return;
    }

    API_REPLY(ec, ask_vault(vault, "POST", "/keys/ec/create", "{\"kty\":\"EC\"}"));
    cr_assert_eq(ec.status, 200, "%s", ec.body);
    API_REPLY(rsa, ask_vault(vault, "POST", "/keys/cmk/create", "{\"kty\":\"RSA\"}"));
    cr_assert_eq(rsa.status, 200, "%s", rsa.body);
    kid = reply_text(&rsa, "key.kid");
    (void) snprintf(version[place], sizeof(version[place]), "%s", strrchr(kid, '/') + 1);
    API_REPLY(made, scenario_probe(PROBE_WRAP, vault));
    cr_assert_eq(made.status, 200, "%s", made.body);
    (void) snprintf(wrapped[place], sizeof(wrapped[place]), "%s", reply_text(&made, "value"));
}

void scenario_start(void)
{
    daemon_prepare(&scenario_daemon);
    cr_assert(daemon_start(&scenario_daemon, arguments));
    scenario_need_keys("dev");
}

void scenario_stop(void)
{
    cr_assert(daemon_stop(&scenario_daemon));
    daemon_discard(&scenario_daemon);
}

void scenario_restart(void)
{
    daemon_kill(&scenario_daemon);
    cr_assert(daemon_start(&scenario_daemon, arguments));
}

static struct reply ask_control(const char *method, const char *target, const char *body)
{
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };
    API_CLIENT_OF(&scenario_daemon, dev);

    return client_send(&dev, &request);
}

struct reply scenario_ask(const char *method, const char *behind, const char *body)
{
    char target[256];

    (void) snprintf(target, sizeof(target), PATH "%s", behind);
    return ask_control(method, target, body);
}

void scenario_apply(const char *name, const char *with)
{
    char behind[96];

    (void) snprintf(behind, sizeof(behind), "/%s/apply", name);
    API_REPLY(reply, scenario_ask("POST", behind, with));
    cr_assert_eq(reply.status, 200, "%s %s: %s", name, with, reply.body);
    cr_assert(cJSON_IsTrue(reply_item(&reply, "applied")), "%s", reply.body);
}

void scenario_revert(const char *name)
{
    char behind[96];

    (void) snprintf(behind, sizeof(behind), "/%s/revert", name);
    API_REPLY(reply, scenario_ask("POST", behind, "{}"));
    cr_assert_eq(reply.status, 200, "%s: %s", name, reply.body);
    cr_assert(cJSON_IsFalse(reply_item(&reply, "applied")), "%s", reply.body);
}

void scenario_digest(char ret_digest[SCENARIO_DIGEST_SIZE])
{
    API_REPLY(reply, ask_control("GET", "/control/v1/state/digest", NULL));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_assert_eq(strlen(reply_text(&reply, "digest")), SCENARIO_DIGEST_SIZE - 1);
    (void) snprintf(ret_digest, SCENARIO_DIGEST_SIZE, "%s", reply_text(&reply, "digest"));
}

void scenario_expect_digest(const char *digest, const char *when)
{
    char now[SCENARIO_DIGEST_SIZE];

    scenario_digest(now);
    cr_expect_str_eq(now, digest, "the state is another one %s", when);
}

static struct reply unwrap(const char *vault, const char *by)
{
    char path[128], body[4096];

    (void) snprintf(path, sizeof(path), "/keys/cmk/%s/unwrapkey", by);
    (void) snprintf(body, sizeof(body), "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}",
                    wrapped[place_of(vault)]);
    return ask_vault(vault, "POST", path, body);
}

static struct reply ask_for_token(void)
{
    const struct request request = {
        .method = "GET",
        .target = METADATA,
        .headers = { "Metadata: true" },
        .control = true,
    };
    API_CLIENT_OF(&scenario_daemon, dev);

    return client_send(&dev, &request);
}

struct reply scenario_probe(enum probe probe, const char *vault)
{
    static const struct {
        const char *method, *path, *body;
    } rows[] = {
        [PROBE_GET] = { "GET", "/keys/cmk", NULL },
        [PROBE_WRAP] = { "POST", "/keys/cmk//wrapkey",
                         "{\"alg\":\"RSA-OAEP-256\",\"value\":\"" PLAINTEXT "\"}" },
        [PROBE_SIGN] = { "POST", "/keys/ec//sign", "{\"alg\":\"ES256\",\"value\":\"" HASH "\"}" },
        [PROBE_SIGN_RSA] = { "POST", "/keys/cmk//sign",
                             "{\"alg\":\"RS256\",\"value\":\"" HASH "\"}" },
        [PROBE_UPDATE] = { "PATCH", "/keys/cmk/", "{\"tags\":{\"a\":\"b\"}}" },
    };

    if (probe == PROBE_UNWRAP || probe == PROBE_UNWRAP_LATEST) {
        return unwrap(vault, probe == PROBE_UNWRAP ? version[place_of(vault)] : "");
    }
    if (probe == PROBE_TOKEN) {
        return ask_for_token();
    }
    return ask_vault(vault, rows[probe].method, rows[probe].path, rows[probe].body);
}

static void look(const struct scenario_case *row, const char *vault)
{
    for (size_t i = 0; row->probes[i].probe != PROBE_NONE; i++) {
        const struct scenario_probe_row *probe = &row->probes[i];
        kv_millis before = kv_clock_monotonic();

        API_REPLY(reply, scenario_probe(probe->probe, vault));
        cr_expect_eq(reply.status, probe->status, "%s, probe %zu: %ld %s", row->name, i,
                     reply.status, reply.body);
        cr_expect(i > 0 || kv_clock_monotonic() - before >= row->at_least, "%s came too soon",
                  row->name);
        if (probe->said != NULL) {
            cr_expect_not_null(strstr(reply.body, probe->said), "%s, probe %zu: %s", row->name, i,
                               reply.body);
        }
        if (row->never_said != NULL) {
            cr_expect_null(strstr(reply.body, row->never_said), "%s, probe %zu: %s", row->name, i,
                           reply.body);
        }
    }
}

static void look_again(const struct scenario_case *row, const char *vault)
{
    for (size_t i = 0; row->probes[i].probe != PROBE_NONE; i++) {
        const struct scenario_probe_row *probe = &row->probes[i];

        API_REPLY(reply, scenario_probe(probe->probe, vault));
        cr_expect_eq(reply.status, probe->after != 0 ? probe->after : 200,
                     "after %s, probe %zu: %ld %s", row->name, i, reply.status, reply.body);
    }
}

void scenario_check(const struct scenario_case *row)
{
    const char *vault = row->vault != NULL ? row->vault : "dev";
    char before[SCENARIO_DIGEST_SIZE], during[SCENARIO_DIGEST_SIZE], with[256];
    const char *more = row->with != NULL ? row->with : "";

    (void) snprintf(with, sizeof(with), "{%s%s%s%s%s}", row->vault != NULL ? "\"vault\":\"" : "",
                    row->vault != NULL ? row->vault : "", row->vault != NULL ? "\"" : "",
                    row->vault != NULL && *more != '\0' ? "," : "", more);
    scenario_need_keys(vault);
    scenario_digest(before);
    scenario_apply(row->name, with);
    scenario_digest(during);
    cr_expect_eq(strcmp(before, during) != 0, row->changes_state, "%s: state", row->name);
    look(row, vault);
    scenario_revert(row->name);
    scenario_expect_digest(before, "after the revert");
    look_again(row, vault);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "consumer_tools.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/clock.h"

struct daemon consumer_daemon;

#define SERVICE "permissions=get+wrapKey+unwrapKey"
#define ROLE "role=Key Vault Crypto Service Encryption User"

static const char *const arguments[] = {
    "--revocation", "immediate",
    "--identity",   "trusted-id,trusted",
    "--vault",      "rol,access=rbac,purge-protection",
    "--vault",      "pol,access=policy,purge-protection",
    "--grant",      "rol,role=Key Vault Crypto Officer",
    "--grant",      "pol,permissions=all",
    "--grant",      "rol,identity=fhir-id," ROLE,
    "--grant",      "rol,identity=dicom-id," ROLE,
    "--grant",      "rol,identity=trusted-id," ROLE,
    "--grant",      "pol,identity=fhir-id," SERVICE,
    "--grant",      "pol,identity=dicom-id," SERVICE,
    NULL,
};

static void make_key(const char *vault)
{
    API_REPLY(made, consumer_vault(vault, "POST", "/create", "{\"kty\":\"RSA\"}"));

    cr_assert_eq(made.status, 200, "%s", made.body);
}

void consumer_start(void)
{
    daemon_prepare(&consumer_daemon);
    cr_assert(daemon_start(&consumer_daemon, arguments));
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    make_key("rol");
    make_key("pol");
}

void consumer_stop(void)
{
    cr_assert(daemon_stop(&consumer_daemon));
    daemon_discard(&consumer_daemon);
}

void consumer_restart(void)
{
    daemon_kill(&consumer_daemon);
    cr_assert(daemon_start(&consumer_daemon, arguments));
}

struct reply consumer_control(const char *method, const char *target, const char *body)
{
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };
    API_CLIENT_OF(&consumer_daemon, rol);

    return client_send(&rol, &request);
}

struct reply consumer_ask(const char *method, const char *behind, const char *body)
{
    char target[256];

    (void) snprintf(target, sizeof(target), "/control/v1/consumers%s", behind);
    return consumer_control(method, target, body);
}

struct reply consumer_vault(const char *vault, const char *method, const char *behind,
                            const char *body)
{
    char path[256];
    API_CLIENT_OF(&consumer_daemon, rol);

    (void) snprintf(path, sizeof(path), "/keys/cmk%s", behind);
    return client_call_vault(&rol, vault, false, method, path, body);
}

/* kid has the port; the URL goes without it, as in a template that is to work anywhere. */
static void write_url(const char *vault, const struct reply *bundle,
                      char ret_url[CONSUMER_URL_SIZE])
{
    const char *kid = reply_text(bundle, "key.kid");

    cr_assert_eq(bundle->status, 200, "%s", bundle->body);
    (void) snprintf(ret_url, CONSUMER_URL_SIZE, "https://%s.vault.localhost/keys/cmk/%s", vault,
                    strrchr(kid, '/') + 1);
}

void consumer_key(const char *vault, char ret_url[CONSUMER_URL_SIZE])
{
    API_REPLY(bundle, consumer_vault(vault, "GET", "", NULL));

    write_url(vault, &bundle, ret_url);
}

void consumer_rotate(const char *vault, char ret_url[CONSUMER_URL_SIZE])
{
    API_REPLY(bundle, consumer_vault(vault, "POST", "/rotate", NULL));

    write_url(vault, &bundle, ret_url);
}

void consumer_add(const char *name, const char *profile, const char *url, const char *identity)
{
    char behind[80], body[512];

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    (void) snprintf(body, sizeof(body), "{\"profile\":\"%s\",\"key\":\"%s\",\"identity\":\"%s\"}",
                    profile, url, identity);
    API_REPLY(added, consumer_ask("PUT", behind, body));
    cr_assert_eq(added.status, 200, "%s: %s", name, added.body);
    cr_assert_str_eq(reply_text(&added, "state"), "encrypted", "%s", added.body);
}

void consumer_change(const char *vault, const char *attributes)
{
    char body[160], url[CONSUMER_URL_SIZE], behind[64];

    consumer_key(vault, url);
    (void) snprintf(behind, sizeof(behind), "%s", strrchr(url, '/'));
    (void) snprintf(body, sizeof(body), "{\"attributes\":%s}", attributes);
    API_REPLY(changed, consumer_vault(vault, "PATCH", behind, body));
    cr_assert_eq(changed.status, 200, "%s", changed.body);
}

void consumer_apply(const char *scenario, const char *with)
{
    char target[128];

    (void) snprintf(target, sizeof(target), "/control/v1/scenarios/%s/apply", scenario);
    API_REPLY(applied, consumer_control("POST", target, with));
    cr_assert_eq(applied.status, 200, "%s: %s", scenario, applied.body);
}

void consumer_revert(const char *scenario)
{
    char target[128];

    (void) snprintf(target, sizeof(target), "/control/v1/scenarios/%s/revert", scenario);
    API_REPLY(reverted, consumer_control("POST", target, "{}"));
    cr_assert_eq(reverted.status, 200, "%s: %s", scenario, reverted.body);
}

void consumer_walk(int seconds)
{
    char body[64];

    (void) snprintf(body, sizeof(body), "{\"advance\":%d}", seconds);
    API_REPLY(moved, consumer_control("POST", "/control/v1/clock", body));
    cr_assert_eq(moved.status, 200, "%s", moved.body);
    cr_expect(cJSON_IsFalse(reply_item(&moved, "unfinished")), "%s", moved.body);
}

long consumer_epoch(void)
{
    API_REPLY(clock, consumer_control("GET", "/control/v1/clock", NULL));

    return (long) reply_number(&clock, "epoch");
}

static void copy(char *text, size_t size, const struct reply *reply, const char *name)
{
    (void) snprintf(text, size, "%s", reply_text(reply, name));
}

void consumer_look(const char *name, struct consumer_standing *ret_standing)
{
    char behind[80];
    kv_millis since = 0;

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    API_REPLY(shown, consumer_ask("GET", behind, NULL));
    cr_assert_eq(shown.status, 200, "%s", shown.body);
    copy(ret_standing->state, sizeof(ret_standing->state), &shown, "state");
    copy(ret_standing->reason, sizeof(ret_standing->reason), &shown, "reason");
    copy(ret_standing->cause, sizeof(ret_standing->cause), &shown, "cause");
    ret_standing->is_healthy = cJSON_IsTrue(reply_item(&shown, "healthy"));
    ret_standing->status = (long) reply_number(&shown, "status");
    ret_standing->checks = (long) reply_number(&shown, "checks");
    ret_standing->missed = (long) reply_number(&shown, "missed");
    cr_assert(kv_time_parse_iso(reply_text(&shown, "since"), &since));
    ret_standing->since = (long) kv_seconds(since);
}

void consumer_expect(const char *name, const char *state, const char *when)
{
    struct consumer_standing standing;

    consumer_look(name, &standing);
    cr_assert_str_eq(standing.state, state, "%s: %s, because %s", when, standing.state,
                     standing.cause);
}

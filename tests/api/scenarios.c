/* SPDX-License-Identifier: Apache-2.0 */
/* Each of the 26 incidents of consumers.md §2: what clients are answered, and that all is as it was. */
#include "scenario_tools.h"

#define KEY "\"key\":\"cmk\""

TestSuite(scenarios, .init = scenario_start, .fini = scenario_stop, .timeout = 60);

#define SCENARIO(test_name, ...)                                                                   \
    Test(scenarios, test_name)                                                                     \
    {                                                                                              \
        static const struct scenario_case row = { __VA_ARGS__ };                                   \
                                                                                                   \
        scenario_check(&row);                                                                      \
    }

/* clang-format off */
SCENARIO(key_disabled, "key-disabled", KEY, .changes_state = true, .probes = {
    { PROBE_GET, 200, "\"enabled\":false" },
    { PROBE_UNWRAP, 403, "\"message\":\"Operation unwrapKey is not allowed on a disabled key.\",\"innererror\":{\"code\":\"KeyDisabled\"}" },
})

SCENARIO(key_expired, "key-expired", KEY, .changes_state = true, .probes = {
    { PROBE_UNWRAP, 200, "\"value\"" },
    { PROBE_WRAP, 403, "\"code\":\"KeyExpired\"" },
})

SCENARIO(key_not_yet_valid, "key-expired", KEY ",\"how\":\"not-yet-valid\"", .changes_state = true, .probes = {
    { PROBE_WRAP, 403, "\"code\":\"KeyNotYetValid\"" },
})

SCENARIO(key_deleted, "key-deleted", KEY, .changes_state = true, .probes = {
    { PROBE_GET, 404, "\"code\":\"KeyNotFound\"" },
    { PROBE_UNWRAP, 404, "\"code\":\"KeyNotFound\"" },
})

SCENARIO(key_purged, "key-purged", KEY, .changes_state = true, .probes = {
    { PROBE_GET, 404, "\"code\":\"KeyNotFound\"" },
    { PROBE_UNWRAP, 404, "\"code\":\"KeyNotFound\"" },
})

SCENARIO(vault_deleted, "vault-deleted", NULL, .changes_state = true, .probes = {
    { PROBE_GET, 404, "\"code\":\"VaultNotFound\"" },
    { PROBE_UNWRAP, 404, "\"code\":\"VaultNotFound\"" },
})

SCENARIO(policy_removed, "policy-removed", NULL, "pol", .changes_state = true, .probes = {
    { PROBE_GET, 403, "does not have keys get permission on key vault 'pol;location=eastus'" },
    { PROBE_UNWRAP, 403, "\"code\":\"AccessDenied\"" },
})

SCENARIO(policy_removed_of_one_operation, "policy-removed", "\"permission\":\"unwrapKey\"", "pol", .changes_state = true, .probes = {
    { PROBE_GET, 200, NULL },
    { PROBE_UNWRAP, 403, "\"code\":\"ForbiddenByPolicy\"" },
})

SCENARIO(policy_removed_at_an_open_vault, "policy-removed", NULL, .probes = {
    { PROBE_GET, 403, "\"code\":\"AccessDenied\"" },
})

SCENARIO(role_removed, "role-removed", NULL, "rol", .changes_state = true, .probes = {
    { PROBE_GET, 403, "\"code\":\"ForbiddenByRbac\"" },
    { PROBE_UNWRAP, 403, "Caller is not authorized to perform action on resource." },
})

SCENARIO(role_removed_at_an_open_vault, "role-removed", NULL, .probes = {
    { PROBE_GET, 403, "\"code\":\"ForbiddenByRbac\"" },
})

SCENARIO(operation_not_permitted, "operation-not-permitted", KEY, .changes_state = true, .probes = {
    { PROBE_UNWRAP, 403, "\"message\":\"Operation unwrapKey is not permitted on this key.\",\"innererror\":{\"code\":\"KeyOperationForbidden\"}" },
    { PROBE_WRAP, 200, NULL },
})

SCENARIO(identity_lost, "identity-lost", NULL, .changes_state = true, .probes = {
    { PROBE_TOKEN, 400, "\"error\":\"invalid_request\"" },
})

SCENARIO(tenant_moved, "tenant-moved", NULL, .probes = {
    { PROBE_GET, 401, "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/" },
    { PROBE_UNWRAP, 401, "\"code\":\"Unauthorized\"" },
})

SCENARIO(firewall_closed, "firewall-closed", NULL, .changes_state = true, .probes = {
    { PROBE_GET, 403, "\"code\":\"ForbiddenByFirewall\"" },
    { PROBE_UNWRAP, 403, "because bypass is set to None" },
})

SCENARIO(public_access_off, "public-access-off", NULL, .changes_state = true, .probes = {
    { PROBE_GET, 403, "\"code\":\"ForbiddenByConnection\"" },
    { PROBE_UNWRAP, 403, "Public network access is disabled and request is not from a trusted service nor via an approved private link." },
})

SCENARIO(private_dns_missing, "private-dns-missing", NULL, .probes = {
    { PROBE_GET, 0, NULL },
    { PROBE_UNWRAP, 0, NULL },
})

SCENARIO(private_dns_with_a_wrong_address, "private-dns-missing", "\"how\":\"wrong-address\"", .changes_state = true, .probes = {
    { PROBE_GET, 403, "\"code\":\"ForbiddenByConnection\"" },
})

SCENARIO(throttled, "throttled", KEY, .probes = {
    { PROBE_GET, 429, "\"code\":\"Throttled\"" },
    { PROBE_UNWRAP, 429, "VaultRequestTypeLimitReached" },
    { PROBE_SIGN, 200, NULL },
})

SCENARIO(server_error, "server-error", "\"times\":2", .probes = {
    { PROBE_GET, 503, "\"code\":\"ServiceUnavailable\"" },
    { PROBE_UNWRAP, 503, "The service is unavailable." },
    { PROBE_GET, 200, NULL },
})

SCENARIO(server_error_of_a_gateway, "server-error", "\"status\":504", .probes = {
    { PROBE_GET, 504, "\"code\":\"GatewayTimeout\"" },
})

SCENARIO(slow, "slow", "\"delay\":400,\"times\":1", .at_least = 400, .probes = {
    { PROBE_UNWRAP, 200, "\"value\"" },
})

SCENARIO(connection_failures, "connection-failures", "\"operation\":\"unwrapKey,wrapKey\"", .probes = {
    { PROBE_GET, 200, NULL },
    { PROBE_UNWRAP, 0, NULL },
    { PROBE_WRAP, 0, NULL },
})

SCENARIO(rotated, "rotated", KEY, .changes_state = true, .probes = {
    { PROBE_UNWRAP, 403, "\"code\":\"KeyDisabled\"" },
    { PROBE_UNWRAP_LATEST, 400, "Unable to decrypt specified value with this key." },
    { PROBE_WRAP, 200, NULL },
})

SCENARIO(wrong_key, "wrong-key", KEY, .probes = {
    { PROBE_UNWRAP, 400, "\"code\":\"BadParameter\",\"message\":\"Unable to decrypt specified value with this key." },
    { PROBE_WRAP, 200, NULL },
})

SCENARIO(key_replaced, "key-replaced", KEY, .changes_state = true, .probes = {
    { PROBE_GET, 200, "\"kty\":\"EC\"" },
    { PROBE_SIGN_RSA, 400, "\"code\":\"BadParameter\"" },
    { PROBE_UNWRAP_LATEST, 403, "\"code\":\"KeyOperationForbidden\"" },
    { PROBE_UNWRAP, 200, NULL },
})

SCENARIO(key_replaced_by_another_size, "key-replaced", KEY ",\"kty\":\"RSA\",\"key_size\":3072", .changes_state = true, .probes = {
    { PROBE_UNWRAP_LATEST, 400, "\"code\":\"BadParameter\"" },
})

SCENARIO(hsm_unavailable, "hsm-unavailable", NULL, .probes = {
    { PROBE_UNWRAP, 503, "The HSM is not reachable." },
    { PROBE_GET, 200, NULL },
})

SCENARIO(clock_skew, "clock-skew", NULL, .probes = {
    { PROBE_TOKEN, 200, NULL },
})

SCENARIO(region_failover, "region-failover", NULL, .changes_state = true, .probes = {
    { PROBE_GET, 200, NULL },
    { PROBE_UNWRAP, 200, NULL },
    { PROBE_SIGN, 200, NULL },
    { PROBE_UPDATE, 403, "The key vault 'dev' is in read-only mode" },
})

SCENARIO(permission_delay, "permission-delay", NULL, .probes = {
    { PROBE_GET, 200, NULL },
    { PROBE_GET, 403, "\"code\":\"ForbiddenByRbac\"" },
    { PROBE_GET, 200, NULL },
    { PROBE_GET, 403, "\"code\":\"ForbiddenByRbac\"" },
})

SCENARIO(wrong_plaintext, "wrong-plaintext", NULL, .never_said = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", .probes = {
    { PROBE_UNWRAP, 200, "\"value\"" },
})

SCENARIO(leading_zero_signature, "leading-zero-signature", NULL, .probes = {
    { PROBE_SIGN, 200, "\"value\":\"A" },
    { PROBE_SIGN, 200, "\"value\":\"A" },
})
/* clang-format on */

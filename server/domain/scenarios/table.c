/* SPDX-License-Identifier: Apache-2.0 */
/* All scenarios, in the order of consumers.md §2. */
#include <string.h>

#include "core.h"

/* clang-format off */
#define NAME(name_, line_) { .name = name_, .line = line_ }
#define NEEDED(name_, line_) { .name = name_, .is_needed = true, .line = line_ }
#define WORD(name_, fallback_, words_, line_) \
    { .name = name_, .fallback = fallback_, .words = words_, .line = line_ }
#define NUMBER(name_, fallback_, low_, high_, line_) \
    { .name = name_, .fallback = fallback_, .is_number = true, .low = low_, .high = high_, .line = line_ }

#define VAULT NAME("vault", "which vault (default: the first)")
#define KEY NEEDED("key", "which key")
#define VERSION NAME("version", "which version of it (default: the latest)")
#define WHO { .name = "identity", .fallback = "system-assigned", .line = "whose" }
#define ANY_KEY NAME("key", "requests about this key alone")
#define ANY_OPERATION NAME("operation", "these operations alone, as in unwrapKey,wrapKey")
#define ANYBODY NAME("identity", "requests of this identity alone")
#define TIMES NUMBER("times", NULL, 1, 1000000000, "so many requests, then no more")
#define RETRY_AFTER(fallback) NUMBER("retry_after", fallback, 0, 86400, "seconds to wait, by Retry-After; 0 sends none")

const struct scenario_row scenario_rows[] = {
    { 1, "key-disabled", "A version of a key is disabled", TOUCHES_KEY, disable_key,
      { VAULT, KEY, VERSION } },
    { 2, "key-expired", "A version of a key is past its end, or not yet valid", TOUCHES_KEY, expire_key,
      { VAULT, KEY, VERSION, WORD("how", "expired", "expired|not-yet-valid", "which of the two") } },
    { 3, "key-deleted", "A key is soft-deleted, and can be recovered", TOUCHES_KEY, delete_key,
      { VAULT, KEY } },
    { 4, "key-purged", "A key is gone for good, as far as its users can tell", TOUCHES_KEY, purge_key,
      { VAULT, KEY } },
    { 5, "vault-deleted", "A whole vault is deleted: nobody finds it", TOUCHES_VAULT, delete_vault,
      { VAULT } },
    { 6, "policy-removed", "An identity loses its access policy, or one permission of it", TOUCHES_GRANTS, remove_policy,
      { VAULT, WHO, NAME("permission", "this one alone, as in unwrapKey (default: all)") } },
    { 7, "role-removed", "An identity loses its roles at a vault", TOUCHES_GRANTS, remove_role,
      { VAULT, WHO } },
    { 8, "operation-not-permitted", "An operation is no longer among what a key may do", TOUCHES_KEY, restrict_key,
      { VAULT, KEY, VERSION, { .name = "operation", .fallback = "unwrapKey", .line = "which" } } },
    { 9, "identity-lost", "An identity is deleted, disabled, or its secrets have expired", TOUCHES_IDENTITY, lose_identity,
      { WHO, WORD("how", "deleted", "deleted|disabled|secret-expired", "which of them") } },
    { 10, "tenant-moved", "The vault takes no tokens of this tenant any more, or none for this audience, or this old", TOUCHES_NOTHING, move_tenant,
      { VAULT, ANYBODY, WORD("how", "tenant", "tenant|audience|expired", "what is wrong with the token"), TIMES } },
    { 11, "firewall-closed", "The firewall of a vault lets nobody in", TOUCHES_NETWORK, close_firewall,
      { VAULT, WORD("bypass", "none", "none|azureservices", "whom it lets in in any case") } },
    { 12, "public-access-off", "A vault can be reached by private endpoints alone", TOUCHES_NETWORK, close_public,
      { VAULT } },
    { 13, "private-dns-missing", "The name of a vault does not resolve, or to a wrong address", TOUCHES_NETWORK, lose_dns,
      { VAULT, WORD("how", "unresolved", "unresolved|no-answer|wrong-address", "what comes of the name: no connection, silence, or the public address of a vault that is private") } },
    { 14, "throttled", "A vault is asked too often", TOUCHES_NOTHING, throttle,
      { VAULT, ANY_KEY, ANY_OPERATION, ANYBODY, RETRY_AFTER("1"), TIMES } },
    { 15, "server-error", "A vault fails", TOUCHES_NOTHING, fail_server,
      { VAULT, ANY_KEY, ANY_OPERATION, ANYBODY, NUMBER("status", "503", 500, 504, "500, 502, 503 or 504"), RETRY_AFTER("0"), TIMES } },
    { 16, "slow", "A vault takes its time, or never answers", TOUCHES_NOTHING, slow_down,
      { VAULT, ANY_KEY, ANY_OPERATION, ANYBODY, NUMBER("delay", "2000", 1, 600000, "milliseconds"),
        WORD("how", "late", "late|never", "whether it answers at all"), TIMES } },
    { 17, "connection-failures", "Connections to a vault end without an answer, or cannot be made", TOUCHES_NOTHING, cut_connections,
      { VAULT, ANY_KEY, ANY_OPERATION, ANYBODY,
        WORD("how", "reset", "reset|empty|garbage|refused", "how they end; refused is for all vaults"), TIMES } },
    { 18, "rotated", "A key is rotated and its old version disabled", TOUCHES_KEY, rotate_key,
      { VAULT, KEY, WORD("old", "disabled", "disabled|enabled", "what becomes of the old version") } },
    { 19, "wrong-key", "What is unwrapped was wrapped by another key", TOUCHES_NOTHING, use_wrong_key,
      { VAULT, ANY_KEY, ANYBODY, TIMES } },
    { 20, "key-replaced", "The latest version of a key is of another type or size", TOUCHES_KEY, replace_key,
      { VAULT, KEY, WORD("kty", "other", "other|EC|RSA", "its type (default: one that the key has not)"),
        NUMBER("key_size", NULL, 2048, 4096, "of RSA, 2048 if it is not given") } },
    { 21, "hsm-unavailable", "The HSM behind all vaults is gone", TOUCHES_HSM, remove_token,
      { { .name = NULL } } },
    { 22, "clock-skew", "The clocks of vault and clients differ", TOUCHES_CLOCK, skew_clock,
      { { .name = "by", .fallback = "-PT1H", .line = "how far the vault's clock is ahead, or behind" } } },
    { 23, "region-failover", "The region has failed over: a vault takes no changes", TOUCHES_VAULT, fail_region_over,
      { VAULT } },
    { 24, "permission-delay", "A grant has not spread to all of the service: every other request is refused", TOUCHES_NOTHING, flap_permission,
      { VAULT, ANY_KEY, ANY_OPERATION, ANYBODY, NUMBER("every", "2", 2, 1000, "every so many requests"), TIMES } },
    { 25, "wrong-plaintext", "unwrapKey and decrypt return other bytes", TOUCHES_NOTHING, return_wrong_plaintext,
      { VAULT, ANY_KEY, ANYBODY, TIMES } },
    { 26, "leading-zero-signature", "Signatures have a zero byte in front of r or s", TOUCHES_NOTHING, shorten_signature,
      { VAULT, ANY_KEY, ANYBODY, WORD("half", "r", "r|s", "which"), TIMES } },
};
/* clang-format on */

const size_t scenario_count = KV_COUNT(scenario_rows);

enum kv_code scenario_find(const char *name, const struct scenario_row **ret_row,
                           struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(scenario_rows); i++) {
        if (strcmp(scenario_rows[i].name, name) == 0) {
            *ret_row = &scenario_rows[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0,
                   "There is no scenario '%.64s': GET /control/v1/scenarios lists them.", name);
}

// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

/**
 * A vault, or a managed HSM, as it was when it was asked for.
 *
 * @param name its name
 * @param url what clients of the SDK take
 * @param state "live" or "deleted"
 * @param kind "vault" or "hsm"
 * @param sku "standard" or "premium"
 * @param retention days that what was deleted is kept
 * @param purgeProtection whether nothing is purged before that
 * @param access "open", "policy" or "rbac"
 */
public record Vault(
        String name,
        String url,
        String state,
        String kind,
        String sku,
        int retention,
        boolean purgeProtection,
        String access) {}

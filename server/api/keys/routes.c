/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of the keys API: contract §6, paths as §1.1 resolves them. */
#include "kv/app/api.h"

#include "private.h"

#define KEYS "Microsoft.KeyVault/vaults/keys/"
#define POLICIES "Microsoft.KeyVault/vaults/keyrotationpolicies/"
#define HSM "Microsoft.KeyVault/managedHsm/"
#define SECURE_SINCE "2026-01-01-preview" /* contract §15 */

/* clang-format off */
const struct kv_route kv_key_routes[] = {
    { KV_GET,    "/keys",                                     KEYS "read",           key_list,            KV_LANE_INLINE },
    { KV_POST,   "/keys/{name}/create",                       KEYS "create/action",  key_create,          KV_LANE_INLINE, .makes_key = true },
    { KV_GET,    "/keys/{name}/attestation",                  KEYS "read",           key_attest,          KV_LANE_WORK, .hosts = KV_ON_HSM },
    { KV_GET,    "/keys/{name}/{version:hex32}/attestation",  KEYS "read",           key_attest,          KV_LANE_WORK, .hosts = KV_ON_HSM },
    { KV_PUT,    "/keys/{name}",                              KEYS "import/action",  key_import,          KV_LANE_WORK, .makes_key = true },
    { KV_GET,    "/keys/{name}",                              KEYS "read",           key_get,             KV_LANE_INLINE },
    { KV_GET,    "/keys/{name}/{version:hex32}",              KEYS "read",           key_get,             KV_LANE_INLINE },
    { KV_PATCH,  "/keys/{name}",                              KEYS "update/action",  key_update,          KV_LANE_WORK },
    { KV_PATCH,  "/keys/{name}/{version:hex32}",              KEYS "update/action",  key_update,          KV_LANE_WORK },
    { KV_DELETE, "/keys/{name}",                              KEYS "delete",         key_delete,          KV_LANE_WORK },
    { KV_GET,    "/keys/{name}/versions",                     KEYS "read",           key_list_versions,   KV_LANE_INLINE },

    { KV_POST,   "/keys/restore",                             KEYS "restore/action", key_restore,         KV_LANE_GENERATE },
    { KV_POST,   "/keys/{name}/release",                      KEYS "release/action", key_release,         KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/{version:hex32}/release",      KEYS "release/action", key_release,         KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/backup",                       KEYS "backup/action",  key_backup,          KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/rotate",                       KEYS "rotate/action",  key_rotate,          KV_LANE_INLINE },
    { KV_GET,    "/keys/{name}/rotationpolicy",               POLICIES "read",       rotation_policy_get, KV_LANE_INLINE },
    { KV_PUT,    "/keys/{name}/rotationpolicy",               POLICIES "write",      rotation_policy_set, KV_LANE_WORK },

    { KV_GET,    "/deletedkeys",                              KEYS "read",           deleted_key_list,    KV_LANE_INLINE },
    { KV_GET,    "/deletedkeys/{name}",                       KEYS "read",           deleted_key_get,     KV_LANE_INLINE },
    { KV_DELETE, "/deletedkeys/{name}",                       KEYS "purge/action",   deleted_key_purge,   KV_LANE_WORK },
    { KV_POST,   "/deletedkeys/{name}/recover",               KEYS "recover/action", deleted_key_recover, KV_LANE_WORK },

    { KV_POST,   "/keys/{name}/encrypt",                      KEYS "encrypt/action", key_encrypt,         KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/{version:hex32}/encrypt",      KEYS "encrypt/action", key_encrypt,         KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/decrypt",                      KEYS "decrypt/action", key_decrypt,         KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/{version:hex32}/decrypt",      KEYS "decrypt/action", key_decrypt,         KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/sign",                         KEYS "sign/action",    key_sign,            KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/{version:hex32}/sign",         KEYS "sign/action",    key_sign,            KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/verify",                       KEYS "verify/action",  key_verify,          KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/{version:hex32}/verify",       KEYS "verify/action",  key_verify,          KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/wrapkey",                      KEYS "wrap/action",    key_wrap,            KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/{version:hex32}/wrapkey",      KEYS "wrap/action",    key_wrap,            KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/unwrapkey",                    KEYS "unwrap/action",  key_unwrap,          KV_LANE_WORK },
    { KV_POST,   "/keys/{name}/{version:hex32}/unwrapkey",    KEYS "unwrap/action",  key_unwrap,          KV_LANE_WORK },

    { KV_POST,   "/keys/{name}/securewrapkey",                       KEYS "wrap/action",   key_secure_wrap,   KV_LANE_WORK, .hosts = KV_ON_HSM, .since = SECURE_SINCE },
    { KV_POST,   "/keys/{name}/{version:hex32}/securewrapkey",       KEYS "wrap/action",   key_secure_wrap,   KV_LANE_WORK, .hosts = KV_ON_HSM, .since = SECURE_SINCE },
    { KV_POST,   "/keys/{name}/secureunwrapkey",                     KEYS "unwrap/action", key_secure_unwrap, KV_LANE_WORK, .hosts = KV_ON_HSM, .since = SECURE_SINCE },
    { KV_POST,   "/keys/{name}/{version:hex32}/secureunwrapkey",     KEYS "unwrap/action", key_secure_unwrap, KV_LANE_WORK, .hosts = KV_ON_HSM, .since = SECURE_SINCE },

    { KV_POST,   "/rng",                                      HSM "rng/action",      random_get,          KV_LANE_WORK, .hosts = KV_ON_HSM },
    { 0 },
};
/* clang-format on */

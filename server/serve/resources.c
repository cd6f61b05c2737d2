/* SPDX-License-Identifier: Apache-2.0 */
#include "resources.h"

#include "kv/vaults/vaults.h"

enum kv_code resources_open(struct kv_store *store, struct kv_vaults *vaults,
                            struct kv_resources **ret_resources, struct kv_err *err)
{
    KV_TRY(kv_resources_new(store, ret_resources, err));
    kv_vaults_add_tenant(vaults, kv_resources_empty, NULL, *ret_resources);
    return KV_OK;
}

void resources_lend(struct kv_resources *resources, const struct kv_options *options,
                    struct kv_app *app)
{
    app->resources = resources;
    app->accepts_unknown_types = kv_option_is(options, KV_OPTION_UNKNOWN_RESOURCES, "accept");
    app->provisioning_lag = kv_option_duration(options, KV_OPTION_PROVISIONING_LAG);
}

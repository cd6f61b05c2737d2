/* SPDX-License-Identifier: Apache-2.0 */
#include "resources.h"

#include "kv/arm/providers.h"

/* Who uses what: what comes first is deleted last. */
static const struct arm_type *const providers[] = {
    arm_group_types,    arm_deployment_types,    arm_tag_types,    arm_keyvault_types,
    arm_identity_types, arm_authorization_types, arm_health_types, NULL,
};

void resources_lend(struct kv_resources *resources, const struct kv_options *options,
                    struct kv_app *app)
{
    app->arm_tables = providers;
    app->resources = resources;
    app->accepts_unknown_types = kv_option_is(options, KV_OPTION_UNKNOWN_RESOURCES, "accept");
    app->refuses_empty_key_url = kv_option_is(options, KV_OPTION_EMPTY_KEY_URL, "refuse");
    app->resource_manager_is_open =
        kv_option_is(options, KV_OPTION_RESOURCE_MANAGER_ACCESS, "open");
    app->directory_delay = kv_option_duration(options, KV_OPTION_DIRECTORY_DELAY);
    app->provisioning_lag = kv_option_duration(options, KV_OPTION_PROVISIONING_LAG);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft.ManagedIdentity: the principals that tokens are handed out for, as resources. */
#include "kv/arm/providers.h"
#include "private.h"

#define VERSIONS                                                                                   \
    "2025-05-31-preview 2024-11-30 2023-07-31-preview 2023-01-31 2022-01-31-preview "              \
    "2021-09-30-preview 2018-11-30 2015-08-31-preview"

static const struct arm_action identity_actions[] = {
    { "listAssociatedResources", identity_list_associated, NULL },
    { 0 },
};

const struct arm_type arm_identity_types[] = {
    { .name = IDENTITY_TYPE,
      .api_versions = VERSIONS,
      .places = ARM_AT_GROUP | ARM_AT_SUBSCRIPTION,
      .is_tracked = true,
      .get = identity_get,
      .put = identity_put,
      .patch = identity_patch,
      .delete = identity_delete,
      .list = identity_list,
      .actions = identity_actions,
      .check = identity_check },
    { .name = IDENTITY_TYPE "/federatedIdentityCredentials",
      .api_versions = VERSIONS,
      .places = ARM_AT_GROUP,
      .get = identity_federated_get,
      .put = identity_federated_put,
      .delete = identity_federated_delete,
      .list = identity_federated_list },
    { .name = "Microsoft.ManagedIdentity/identities",
      .api_versions = VERSIONS,
      .places = ARM_AT_RESOURCE,
      .get = identity_default_get },
    { 0 },
};

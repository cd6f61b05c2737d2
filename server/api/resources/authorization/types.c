/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft.Authorization: who may do what, as operators see and change it. */
#include "kv/arm/providers.h"
#include "private.h"

#define EVERYWHERE (ARM_AT_TENANT | ARM_AT_SUBSCRIPTION | ARM_AT_GROUP | ARM_AT_RESOURCE)

const struct arm_type arm_authorization_types[] = {
    { .name = "Microsoft.Authorization/roleDefinitions",
      .api_versions = "2022-05-01-preview 2022-04-01 2018-07-01 2018-01-01-preview 2015-07-01",
      .places = EVERYWHERE,
      .get = azure_definition_get,
      .put = azure_definition_put,
      .delete = azure_definition_delete,
      .list = azure_definitions_list },
    { .name = "Microsoft.Authorization/roleAssignments",
      .api_versions = "2022-04-01 2021-04-01-preview 2020-10-01-preview 2020-08-01-preview "
                      "2020-04-01-preview 2020-03-01-preview 2018-09-01-preview "
                      "2018-01-01-preview 2017-10-01-preview 2015-07-01",
      .places = EVERYWHERE,
      .get = azure_assignment_get,
      .put = azure_assignment_put,
      .delete = azure_assignment_delete,
      .list = azure_assignments_list,
      .check = azure_assignment_check },
    { .name = "Microsoft.Authorization/denyAssignments",
      .api_versions = "2022-04-01 2018-07-01-preview",
      .places = EVERYWHERE,
      .get = azure_deny_get,
      .list = azure_deny_list },
    { .name = "Microsoft.Authorization/permissions",
      .api_versions = "2022-04-01 2018-07-01 2018-01-01-preview 2015-07-01",
      .places = EVERYWHERE,
      .list = azure_permissions_list },
    { 0 },
};

/* SPDX-License-Identifier: Apache-2.0 */
/* kv/arm/providers.h - the tables of the providers, each from a room of its own; serve/resources.c lists them. */
#pragma once

#include "kv/arm/arm.h"

extern const struct arm_type arm_group_types[];         /* Microsoft.Resources: groups, */
extern const struct arm_type arm_deployment_types[];    /* deployments, */
extern const struct arm_type arm_tag_types[];           /* tags, and locks */
extern const struct arm_type arm_keyvault_types[];      /* Microsoft.KeyVault */
extern const struct arm_type arm_identity_types[];      /* Microsoft.ManagedIdentity */
extern const struct arm_type arm_authorization_types[]; /* Microsoft.Authorization */
extern const struct arm_type arm_health_types[]; /* HealthcareApis, ResourceHealth, Insights */

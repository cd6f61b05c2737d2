/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyvault_tools.h - asks the resource manager about Microsoft.KeyVault, for keyvault*.c.
 */
#pragma once

#include "../support/arm.h"
#include "access_tools.h"

#define GROUP "/resourceGroups/coffer/providers/Microsoft.KeyVault"
#define VAULTS GROUP "/vaults/"
#define PROVIDER "/providers/Microsoft.KeyVault"

/* Asks for a path below the subscription; without "api-version" in it that is 2023-07-01. */
struct reply keyvault_ask(const struct daemon *daemon, const char *method, const char *path,
                          const char *body);

/* The same, and the test fails for another status. */
void keyvault_do(const struct daemon *daemon, const char *method, const char *path,
                 const char *body, long status);

/* And for another refusal than the whole one. */
void keyvault_expect_error(const struct daemon *daemon, const char *method, const char *path,
                           const char *body, long status, const char *code, const char *message);

/* What a vault is made with: {"location":"eastus","properties":{the tenant, the SKU, and `more`}}. */
#define VAULT_BODY(more)                                                                           \
    "{\"location\":\"eastus\",\"properties\":{\"tenantId\":\"" TENANT                              \
    "\",\"sku\":{\"family\":\"A\",\"name\":\"standard\"}" more "}}"
#define NO_POLICIES ",\"accessPolicies\":[]"

/* The body with what differs from run to run masked: S for the subscription, P for the port, DATE for
 * dates, V for versions, 0 for seconds. In place. */
void keyvault_mask(const struct daemon *daemon, struct reply *reply);

/* SPDX-License-Identifier: Apache-2.0 */
/* arm.h - the resource manager as a client sees it, on the HTTPS port. */
#pragma once

#include "api.h"

#define ARM_TEST_VERSION "2021-04-01" /* of Microsoft.Resources */
#define ARM_TEST_RESOURCE "https://management.azure.com/"

/* The one subscription of coffer's default tenant: "/subscriptions/..." */
extern const char arm_subscription_id[];

/*
 * Asks management.localhost with a token of the default identity. `path` may begin with "~", which stands for
 * the subscription, and needs an api-version unless it has one: "~/resourceGroups/rg1", "2021-04-01".
 */
struct reply arm_ask(struct client *client, const char *method, const char *path,
                     const char *api_version, const char *body);
/* The same as another identity, by the name that `coffer identity` knows it by. */
struct reply arm_ask_as(struct client *client, const char *identity, const char *method,
                        const char *path, const char *api_version, const char *body);

/* The test fails when it is another refusal. */
void arm_expect_refusal(const struct reply *reply, long status, const char *code,
                        const char *message);

/* Makes a resource group in eastus; the test fails when that does not work. */
void arm_make_group(struct client *client, const char *name);

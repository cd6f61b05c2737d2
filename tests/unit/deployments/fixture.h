/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h - deployments whose resources are only noted: by its name one fails ("bad..."), takes ten seconds of the
 * clock ("slow..."), ends as failed after them ("doomed..."), or waits until it is released ("held...").
 */
#pragma once

#include <criterion/criterion.h>

#include "kv/deployments/deployments.h"

#define GROUP "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1"
#define DEPLOYMENT(name) GROUP "/providers/Microsoft.Resources/deployments/" name
#define SLOW_MS 10000

extern struct kv_clock *fixture_clock; /* frozen */
extern struct kv_deployments *fixture_deployments;

void fixture_setup(void);
void fixture_teardown(void);

/* Begins the deployment of these resources: "{...}, {...}" with outputs, or NULL. */
enum kv_code fixture_begin(const char *name, const char *resources, const char *outputs,
                           struct kv_err *err);
/* One that is accepted. */
void fixture_deploy(const char *name, const char *resources, const char *outputs);

/* A resource of these tests, and one that waits for others: RESOURCE("b", "\"a\""). */
#define RESOURCE(name, before)                                                                     \
    "{\"type\":\"Test.Things/things\",\"apiVersion\":\"2020-01-01\",\"name\":\"" name              \
    "\",\"dependsOn\":[" before "]}"
#define NESTED(name, before, resources)                                                            \
    "{\"type\":\"Microsoft.Resources/deployments\",\"apiVersion\":\"2021-04-01\",\"name\":\"" name \
    "\",\"dependsOn\":[" before "],\"properties\":{\"mode\":\"Incremental\",\"template\":{"        \
    "\"$schema\":\"https://schema.management.azure.com/schemas/2019-04-01/"                        \
    "deploymentTemplate.json#\",\"contentVersion\":\"1.0.0.0\",\"resources\":[" resources "]}}}"

/* Waits until nothing is done but waiting for the clock. */
void fixture_settle(void);
/* Moves the clock, and has what is due looked at. */
void fixture_advance(kv_millis span);
/* Lets those go on that are held. */
void fixture_release(void);

/* Names of what was sent so far, each with a blank behind it. */
const char *fixture_sent(void);
/* What is known of a deployment that has ended: state, and error printed as JSON or "". NULL: it has not. */
const char *fixture_state(const char *name);
const char *fixture_error(const char *name);

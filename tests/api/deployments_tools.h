/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deployments_tools.h - deployments as a client makes them. The types Contoso.* are of nobody: the daemon of these
 * tests keeps what is sent (--unknown-resources accept). Deployments of a test have names of their own.
 */
#pragma once

#include "../support/arm.h"

#include "kv/base/buf.h"

#define GROUP_ID(group) "~/resourceGroups/" group
#define DEPLOYMENTS(group) GROUP_ID(group) "/providers/Microsoft.Resources/deployments/"
#define VERSION "2022-09-01"

/* Text of a template around its members, and of a resource without more than a name. */
#define SCHEMA                                                                                     \
    "\"$schema\":\"https://schema.management.azure.com/schemas/2019-04-01/"                        \
    "deploymentTemplate.json#\",\"contentVersion\":\"1.0.0.0\""
#define TEMPLATE(members) "{" SCHEMA "," members "}"
#define THING(name, more)                                                                          \
    "{\"type\":\"Contoso.Things/things\",\"apiVersion\":\"2020-01-01\",\"name\":\"" name           \
    "\",\"location\":\"eastus\"" more "}"
#define DEPLOY(template) "{\"properties\":{\"mode\":\"Incremental\",\"template\":" template "}}"
#define DEPLOY_WITH(template, parameters)                                                          \
    "{\"properties\":{\"mode\":\"Incremental\",\"template\":" template ",\"parameters\""           \
                                                                       ":" parameters "}}"

#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
/* Parameters of the template with every trait of control-plane.md §0. */
#define TRAITS TEMPLATES "/user-assigned.json"
#define TRAITS_PARAMETERS                                                                          \
    "{\"vault\":{\"value\":\"traits1\"},\"key\":{\"value\":\"cmk\"},\"caretaker\":{\"value\":"     \
    "\"carer\"},\"workspace\":{\"value\":\"ws1\"},\"service\":{\"value\":\"fhir1\"},\"grant\":{"   \
    "\"value\":\"grant-1\"},\"directory\":{\"value\":\"" TENANT "\"}}"

extern struct daemon
    deployments_daemon; /* of one test; --unknown-resources accept, --template-root FOLDER/t */
extern char deployments_root[]; /* of linked templates; goes with the daemon */
void deployments_start(void);
void deployments_stop(void);
#define DEPLOYMENTS_CLIENT API_CLIENT_OF(&deployments_daemon, dev)

/* PUT of a deployment in the group rg1; the test fails unless it begins. */
void deployments_put(struct client *client, const char *name, const char *body);
/* The same, and waits until it has ended: its state, as GET shows it. */
struct reply deployments_run(struct client *client, const char *name, const char *body);
/* That it succeeds. */
void deployments_succeed(struct client *client, const char *name, const char *body);
/* Waits for one that has begun. */
struct reply deployments_await(struct client *client, const char *name);

/* POST .../{action} of a deployment in the group rg1; what is accepted (202) is followed to where it is. */
struct reply deployments_act(struct client *client, const char *name, const char *action,
                             const char *body);

/* The request that deploys the template of that file; done with kv_buf_done(). */
void deployments_read(const char *path, const char *parameters, struct kv_buf *ret_body);

/* Of the template with every trait, by the control port. */
void deployments_enable_key(struct client *client, bool is_enabled);

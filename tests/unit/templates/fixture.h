/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - templates, and a world in which they are deployed. One thread. */
#pragma once

#include <criterion/criterion.h>

#include "kv/templates/templates.h"

#define SUBSCRIPTION "00000000-0000-0000-0000-000000000001"
#define GROUP "/subscriptions/" SUBSCRIPTION "/resourceGroups/rg1"
#define NOW ((kv_millis) 1586271194000) /* 2020-04-07T14:53:14Z */

/* With this schema and content version around them. */
#define TEMPLATE(members)                                                                          \
    "{\"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/"                      \
    "deploymentTemplate.json#\", \"contentVersion\": \"1.0.0.0\", " members "}"
#define RESOURCES(list) TEMPLATE("\"resources\": [" list "]")
#define VAULT(name, more)                                                                          \
    "{\"type\": \"Microsoft.KeyVault/vaults\", \"apiVersion\": \"2022-07-01\", \"name\": "         \
    "\"" name "\"" more "}"
#define OUTPUT(type, value)                                                                        \
    TEMPLATE("\"resources\": [], \"outputs\": {\"out\": {\"type\": \"" type                        \
             "\", \"value\": " value "}}")

extern const struct kv_template_scope fixture_scope; /* the group rg1 */
extern struct kv_template_world fixture_world;       /* what it was asked is in fixture_asked */
extern char fixture_asked[4096];

void fixture_setup(void);

/* A JSON text that is fine. */
cJSON *fixture_parse(const char *text);

/* Plans a template, with parameters or NULL; the plan and its template are freed by
 * fixture_teardown(). */
enum kv_code fixture_plan(const char *text, const char *parameters, struct kv_err *err);
extern struct kv_template_plan *fixture_made;
void fixture_teardown(void);

/* That it is planned. */
void fixture_accept(const char *text, const char *parameters);

/* That it is not, with exactly this text. */
void fixture_refuse(const char *text, const char *parameters, const char *said);

/* That it is not, with this somewhere in the text. */
void fixture_refuse_with(const char *text, const char *parameters, const char *said);

/* What an expression yields, as JSON; NULL, and why in fixture_reason, if it is refused. */
char *fixture_evaluate(const char *expression);
extern char fixture_reason[1024];

/* The body of a resource of the plan, printed; freed by the caller. */
char *fixture_body(size_t index);
char *fixture_outputs(void);

/* The place of a resource in the plan by the end of its id. */
size_t fixture_find(const char *end_of_id);

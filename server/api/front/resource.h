/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource.h - FHIR resources between the wire and the store: what is sealed is the JSON without what the
 * server adds (id and meta's version and date), which is added when it is shown. One thread.
 */
#pragma once

#include "private.h"

#define FHIR_ID_SIZE 65  /* 64 characters of A-Z, a-z, 0-9, - and . */
#define FHIR_TAG_SIZE 32 /* W/"n" */

/* KV_NOT_FOUND for a type that is not kept. */
enum kv_code fhir_check_type(const char *type, struct kv_err *err) kv_must_check;
/* KV_BAD_PARAMETER for a text that is no id. */
enum kv_code fhir_check_id(const char *id, struct kv_err *err) kv_must_check;

/* The body of a create or update; `id` NULL: one that the body may not decide. The caller deletes it. */
enum kv_code fhir_parse(const struct kv_request *request, const char *type, const char *id,
                        cJSON **ret_resource, struct kv_err *err) kv_must_check;

/* A stored version as it is shown. The caller deletes it. */
enum kv_code fhir_show(const struct kv_record *record, cJSON **ret_resource,
                       struct kv_err *err) kv_must_check;

/* Of If-Match and If-None-Match: the version that W/"n" or "n" names; -1: it names none. */
int64_t fhir_parse_tag(const char *tag);
void fhir_render_tag(int64_t version, char ret_tag[FHIR_TAG_SIZE]);

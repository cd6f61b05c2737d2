/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/front share: the fronts of FHIR and DICOM services whose data is
 * encrypted under a customer-managed key (control-plane.md §4; consumers.md §1.4).
 *
 * A front has the host WORKSPACE-SERVICE.fhir.localhost, or .dicom.localhost, and the same at
 * azurehealthcareapis.com. Which services there are, and whether their keys can be used, the consumers
 * know; here requests are answered, with data that is sealed by the service's own key.
 */
#pragma once

#include "kv/app/app.h"
#include "kv/consumer/consumer.h"
#include "kv/http/route.h"
#include "kv/records/records.h"

enum front_kind { FRONT_FHIR = 1U << 0, FRONT_DICOM = 1U << 1 };

#define FRONT_FHIR_BODY_MAX ((size_t) 256 * 1024) /* bytes of a resource */
#define FRONT_FHIR_TYPE "application/fhir+json; charset=utf-8"

#define FRONT_SITE "front" /* the site's name */

/* Whose front is asked; request->context. */
struct front_call {
    enum front_kind kind;
    struct kv_consumer_view view;
    struct kv_principal caller; /* all empty until he is known */
};

static inline const struct front_call *front_call_of(const struct kv_request *request)
{
    return request->context;
}

/* What is done with the service's data, while its key is lent. */
typedef enum kv_code front_work_fn(const struct kv_request *request,
                                   const struct kv_record_owner *owner,
                                   struct kv_response *response, struct kv_err *err);

/* The site's own columns of a route: kv_route.own. */
struct front_terms {
    unsigned kinds;      /* front_kind: the fronts that have the row */
    bool is_open;        /* to whoever has no token */
    front_work_fn *work; /* of the handler front_run */
};

static inline const struct front_terms *front_terms_of(const struct kv_route *route)
{
    return route->own;
}

/* --- seen.c --- */

/* A line of the access log, without the path, the query and the reasons that may tell of a patient. */
void front_log(const struct kv_request *request, const struct kv_response *response,
               const struct kv_err *err, int64_t micros);

/* --- host.c --- */

/* The kind of front that a host has, by its domain; 0: it is none. */
unsigned front_kind_of(const char *host);

/* The gate that finds the service: KV_NOT_FOUND. */
kv_handler_fn front_find_service;

/* --- caller.c --- */

/* The gate that wants a token for the service, as --auth says. */
kv_handler_fn front_authenticate;

/* --- answer.c --- */

/* An answer that says what is wrong: an OperationOutcome of FHIR, a sentence of DICOM. */
enum kv_code front_say(const struct kv_request *request, int status, const char *text,
                       struct kv_response *response, struct kv_err *err) kv_must_check;

/* The handler of all rows that work with data: lends the key, or says that it is lost. */
kv_handler_fn front_run;

/* A handler's answer as FHIR sends it. Takes the tree, also when it fails. */
enum kv_code front_send(int status, cJSON *tree, struct kv_response *response,
                        struct kv_err *err) kv_must_check;

/* --- the handlers --- */

kv_handler_fn front_capabilities, front_health;

front_work_fn fhir_create, fhir_read, fhir_read_version, fhir_update, fhir_search;
front_work_fn dicom_store, dicom_retrieve;

/* Whether a type of resources is kept; the list, which a NULL ends, is that of /metadata. */
extern const char *const fhir_types[];

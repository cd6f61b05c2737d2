/* SPDX-License-Identifier: Apache-2.0 */
/* Whose front a host is. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "private.h"

static const struct {
    const char *domain;
    enum front_kind kind;
} domains[] = {
    { ".fhir.localhost", FRONT_FHIR },
    { ".fhir.azurehealthcareapis.com", FRONT_FHIR },
    { ".dicom.localhost", FRONT_DICOM },
    { ".dicom.azurehealthcareapis.com", FRONT_DICOM },
};

/* One label before the domain. */
unsigned front_kind_of(const char *host)
{
    const char *dot = strchr(host, '.');

    for (size_t i = 0; dot != NULL && dot != host && i < KV_COUNT(domains); i++) {
        if (strcasecmp(dot, domains[i].domain) == 0) {
            return domains[i].kind;
        }
    }
    return 0;
}

enum kv_code front_find_service(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    struct front_call *call = calloc(1, sizeof(*call));

    (void) response;
    if (call == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->context = call;
    request->context_free = free;
    call->kind = (enum front_kind) front_kind_of(request->host);
    if (!request->target_is_valid) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The URL of the request is not valid.");
    }
    if (request->app->consumers == NULL
        || kv_consumers_find_host(request->app->consumers, request->host, &call->view, NULL)
               != KV_OK) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no service with the host %.200s.",
                       request->host);
    }
    return KV_OK;
}

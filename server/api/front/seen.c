/* SPDX-License-Identifier: Apache-2.0 */
/* What the log, the journal and fault rules may see of a request to a front. */
#include <stdio.h>
#include <string.h>

#include "kv/app/api.h"
#include "private.h"

bool kv_front_is_asked(const struct kv_request *request)
{
    return request->site != NULL && strcmp(request->site->name, FRONT_SITE) == 0;
}

/* A type of resources is one of a few words; what else is in a path may be of a patient. */
void kv_front_path(const struct kv_request *request, char ret_path[KV_FRONT_PATH_SIZE])
{
    static const char placeholder[] = "/{type}";
    const struct kv_route *route = request->route != NULL ? request->route : kv_route_find(request);
    const char *type = route != NULL ? kv_route_capture(route, request, "type") : NULL;

    (void) snprintf(ret_path, KV_FRONT_PATH_SIZE, "%s", route != NULL ? route->path : "/***");
    for (size_t i = 0; type != NULL && fhir_types[i] != NULL; i++) {
        if (strcmp(fhir_types[i], type) == 0) {
            (void) snprintf(ret_path, KV_FRONT_PATH_SIZE, "/%s%s", type,
                            route->path + strlen(placeholder));
        }
    }
}

/* What was not found, or is not right, is named in the answer as the client sent it. */
static bool names_data(const struct kv_request *request, const struct kv_err *err)
{
    return front_call_of(request) != NULL
           && (err->code == KV_NOT_FOUND || err->code == KV_BAD_PARAMETER);
}

void front_log(const struct kv_request *request, const struct kv_response *response,
               const struct kv_err *err, int64_t micros)
{
    char path[KV_FRONT_PATH_SIZE];
    struct kv_request seen = *request;
    struct kv_err why;

    kv_front_path(request, path);
    seen.target = path;
    if (err != NULL && names_data(request, err)) {
        why = *err;
        (void) snprintf(why.message, sizeof(why.message),
                        "the answer says it, to the client alone");
        err = &why;
    }
    kv_log_access(&seen, response, err, micros);
}

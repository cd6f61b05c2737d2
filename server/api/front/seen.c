/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal and fault rules may see of a request to a front. */
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

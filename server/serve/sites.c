/* SPDX-License-Identifier: Apache-2.0 */
/* The sites of each port. The data plane takes every request, and so comes last; so does control. */
#include "kv/app/api.h"
#include "serve.h"

const struct kv_site *const sites_of_tls[] = {
    &kv_front_site, &kv_resource_site, &kv_graph_site, &kv_authority_site, &kv_data_plane, NULL,
};

const struct kv_site *const sites_of_control[] = {
    &kv_token_site,
    &kv_control_site,
    NULL,
};

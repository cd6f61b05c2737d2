/* SPDX-License-Identifier: Apache-2.0 */
/* The commands about identities. */
#include "private.h"

const struct kv_route identities_routes[] = {
    { KV_GET, "/control/v1/identities", identities_list, KV_LANE_WORK }, /* as many may be */
    { KV_GET, "/control/v1/identities/{name}", identities_get, KV_LANE_WORK },
    { KV_PUT, "/control/v1/identities/{name}", identities_put, KV_LANE_WORK },
    { KV_PATCH, "/control/v1/identities/{name}", identities_patch, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}", identities_delete, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/disable", identities_disable, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/enable", identities_enable, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/recreate", identities_recreate, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/revoke", identities_revoke, KV_LANE_WORK },
    { KV_GET, "/control/v1/identities/{name}/token", identities_token, KV_LANE_WORK, "resource" },
    { KV_GET, "/control/v1/identities/{name}/federated-token", identities_federated_token,
      KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/members", identities_member_add, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/members/{member}", identities_member_remove,
      KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/secrets", identities_secret_add, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/secrets/{credential}", identities_secret_remove,
      KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/certificates", identities_certificate_add,
      KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/certificates/{credential}",
      identities_certificate_remove, KV_LANE_WORK },
    { KV_POST, "/control/v1/identities/{name}/federated-credentials", identities_federated_add,
      KV_LANE_WORK },
    { KV_DELETE, "/control/v1/identities/{name}/federated-credentials/{credential}",
      identities_federated_remove, KV_LANE_WORK },
    { 0 },
};

/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of snapshots, seeds and exports. */
#include "private.h"

const struct kv_route state_routes[] = {
    { KV_GET, "/control/v1/snapshots", snapshot_list, KV_LANE_WORK },
    { KV_POST, "/control/v1/snapshots", snapshot_save, KV_LANE_ALONE },
    { KV_GET, "/control/v1/snapshots/{name}", snapshot_get, KV_LANE_WORK },
    { KV_DELETE, "/control/v1/snapshots/{name}", snapshot_delete, KV_LANE_ALONE },
    { KV_POST, "/control/v1/snapshots/{name}/restore", snapshot_restore_order, KV_LANE_ALONE },
    { KV_POST, "/control/v1/seed", seed_plant, KV_LANE_ALONE },
    { KV_GET, "/control/v1/export", seed_export, KV_LANE_WORK, "vault" },
    { 0 },
};

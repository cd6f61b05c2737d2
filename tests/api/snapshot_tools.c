/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot_tools.h"

#include <stdio.h>

#include "../support/consistency.h"

#define SNAPSHOTS "/control/v1/snapshots"

struct daemon snapshot_daemon;
const char *const snapshot_vaults[] = { "--vault", "dev",           "--vault", "two,retention=7",
                                        "--vault", "pool,kind=hsm", NULL };

void snapshot_start(void)
{
    if (nss_is_chosen()) {
        cr_skip_test("there are snapshots of the program's own token alone");
    }
    daemon_prepare(&snapshot_daemon);
    cr_assert(daemon_start(&snapshot_daemon, snapshot_vaults));
}

void snapshot_stop(void)
{
    struct consistency found;
    char text[CONSISTENCY_TEXT_SIZE];

    cr_assert(daemon_stop(&snapshot_daemon));
    cr_assert(consistency_read(snapshot_daemon.folder, &found));
    cr_expect(consistency_holds(&found), "%s", consistency_describe(&found, text));
    daemon_discard(&snapshot_daemon);
}

void snapshot_restart(void)
{
    cr_assert(daemon_stop(&snapshot_daemon));
    cr_assert(daemon_start(&snapshot_daemon, snapshot_vaults));
}

struct reply snapshot_ask(struct client *client, const char *method, const char *below,
                          const char *body)
{
    char target[512];
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };

    snprintf(target, sizeof(target), SNAPSHOTS "%s", below);
    return client_send(client, &request);
}

void snapshot_save(struct client *client, const char *name)
{
    char body[256];

    snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    API_REPLY(reply, snapshot_ask(client, "POST", "", body));
    cr_assert_eq(reply.status, 201, "%s: %s", name, reply.body);
}

void snapshot_restore(struct client *client, const char *name, const char *body)
{
    char below[256];

    snprintf(below, sizeof(below), "/%s/restore", name);
    API_REPLY(reply, snapshot_ask(client, "POST", below, body));
    cr_assert_eq(reply.status, 204, "%s: %s", name, reply.body);
}

void snapshot_purge(struct client *client, const char *key)
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s", key);
    API_REPLY(deleted, client_call(client, "DELETE", path, NULL));
    cr_assert_eq(deleted.status, 200, "%s", deleted.body);
    snprintf(path, sizeof(path), "/deletedkeys/%s", key);
    API_REPLY(purged, client_call(client, "DELETE", path, NULL));
    cr_assert_eq(purged.status, 204, "%s", purged.body);
}

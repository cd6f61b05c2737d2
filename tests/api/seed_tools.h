/* SPDX-License-Identifier: Apache-2.0 */
/* seed_tools.h - the control port, asked about seeds. One thread. */
#pragma once

#include <stdio.h>

#include "../support/api.h"

static inline struct reply seed_ask(struct client *client, const char *method, const char *path,
                                    const char *body)
{
    char target[256];
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };

    snprintf(target, sizeof(target), "/control/v1/%s", path);
    return client_send(client, &request);
}

static inline struct reply seed_plant(struct client *client, const char *body)
{
    return seed_ask(client, "POST", "seed", body);
}

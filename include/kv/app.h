/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/app.h - what main.c composed, for the handlers of api/; and what the gates of the data plane
 * found out about a call.
 *
 * Visible to main.c and api/ only. Everything here is borrowed, made before the first listener
 * and freed after the last; the pointers never change in between.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kv/identity.h"
#include "kv/keys.h"
#include "kv/listener.h"
#include "kv/request.h"
#include "kv/vault.h"

struct kv_app {
    struct kv_clock *clock;
    struct kv_keys *keys;
    struct kv_identity *identity;
    struct kv_lanes *lanes;
    const struct kv_vault *vaults;
    size_t vault_count;

    bool api_versions_strict;
    const char *ca_pem;
    unsigned port, control_port; /* the ports in use */

    /* Health of the token as main.c's housekeeper last saw it; metrics of it. Thread-safe. */
    bool (*token_is_healthy)(void *context);
    void (*print_token_metrics)(void *context, struct kv_buf *buf);
    void *token_context;
};

/* What the gates found out; request->context of the data plane. */
struct kv_call {
    const struct kv_vault *vault;
    struct kv_principal principal;
    const char *api_version; /* borrowed from the request */
    bool shows_hsm_platform; /* contract §4.2: from api-version 7.5 on */
};

static inline const struct kv_call *kv_call_of(const struct kv_request *request)
{
    return request->context;
}

/* The scope the domain works in for this request. */
static inline struct kv_scope kv_scope_of(const struct kv_request *request)
{
    return (struct kv_scope){
        .keys = request->app->keys,
        .vault = kv_call_of(request)->vault,
        .authority = request->authority,
        .now = request->now,
    };
}

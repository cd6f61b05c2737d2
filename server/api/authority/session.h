/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - what a user's client keeps between two requests: a device code, a refresh token. Both
 * are signed by coffer's key and say all there is to know, so nothing of them is stored, and they
 * outlive a restart. They name an issuer that no other token has.
 */
#pragma once

#include "private.h"

enum session_kind { SESSION_DEVICE, SESSION_REFRESH };

struct session {
    enum session_kind kind;
    char client_id[KV_UUID_LENGTH + 1]; /* whom it was given to */
    char object_id[KV_UUID_LENGTH + 1]; /* of the user; "" of a device code */
    char resource[KV_RESOURCE_MAX + 1]; /* what was asked for */
    kv_millis began; /* virtual time of the log-in, against which it is revoked */
    kv_time expires; /* by the real clock */
};

enum kv_code session_render(const struct authority_order *order, const struct session *session,
                            char **ret_text, struct kv_err *err) kv_must_check;

/* 70000 for what is not signed by coffer, of another kind or client; 70020 for a device code that is
 * over. */
enum kv_code session_parse(const struct authority_order *order, enum session_kind kind,
                           const char *text, struct session *ret_session,
                           struct kv_err *err) kv_must_check;

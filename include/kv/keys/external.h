/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/external.h - the external key manager (contract §6.12), which managed HSMs are connected to or
 * not.
 *
 * It is built in, and keeps its keys on the same token, under their own ids; they stay when it is
 * disconnected, and when the process ends. Only the control API connects it. Thread-safe.
 */
#pragma once

#include "kv/keys/keys.h"

#define KV_EXTERNAL_ID_MAX 127 /* characters: letters, digits and -_. */
#define KV_EXTERNAL_KEYS_MAX 256

void kv_external_connect(struct kv_keys *keys, bool connected);
bool kv_external_is_connected(struct kv_keys *keys);

/* Has the manager generate a key, RSA-2048 or AES-256, which can take seconds. KV_CONFLICT if it
 * already has a key with that id, KV_BAD_PARAMETER for an invalid id, and past
 * KV_EXTERNAL_KEYS_MAX. */
enum kv_code kv_external_make(struct kv_keys *keys, const char *id, enum kv_kty kty,
                              struct kv_err *err) kv_must_check;

/*
 * Creates a key or a new version that stands for a key of the manager: args->external is its id;
 * type and operations are ignored. KV_PROXY_NOT_CONFIGURED if the manager is not connected,
 * KV_BAD_PARAMETER if it has no such key. A durable write; nothing is generated.
 */
enum kv_code kv_key_create_external(const struct kv_scope *scope,
                                    const struct kv_key_create_args *args, struct kv_key *ret_key,
                                    struct kv_err *err) kv_must_check;

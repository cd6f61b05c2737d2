/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/keys/external.h - the external key manager (contract §6.12), which managed HSMs are connected to or
 * not.
 *
 * It is built in, and keeps its keys on the same token, under ids of their own; they stay when it
 * is disconnected, and when the process ends. It is connected by the control API alone.
 * Thread-safe.
 */
#pragma once

#include "kv/keys/keys.h"

#define KV_EXTERNAL_ID_MAX 127 /* characters: letters, digits and -_. */
#define KV_EXTERNAL_KEYS_MAX 256

void kv_external_connect(struct kv_keys *keys, bool connected);
bool kv_external_is_connected(struct kv_keys *keys);

/* Has the manager make a key, RSA-2048 or AES-256, which takes up to seconds. KV_CONFLICT when it
 * has one of that id, KV_BAD_PARAMETER for an id that is none, and past KV_EXTERNAL_KEYS_MAX. */
enum kv_code kv_external_make(struct kv_keys *keys, const char *id, enum kv_kty kty,
                              struct kv_err *err) kv_must_check;

/*
 * Makes a key or a new version that stands for a key of the manager: args->external is its id; type
 * and operations are not looked at. KV_PROXY_NOT_CONFIGURED when the manager is not connected,
 * KV_BAD_PARAMETER when it has no such key. A durable write, nothing is generated.
 */
enum kv_code kv_key_create_external(const struct kv_scope *scope,
                                    const struct kv_key_create_args *args, struct kv_key *ret_key,
                                    struct kv_err *err) kv_must_check;

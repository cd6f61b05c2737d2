/* SPDX-License-Identifier: Apache-2.0 */
/* service_key.h - keys of coffer's own on the token, made when they are first needed. */
#pragma once

#include "kv/base/uuid.h"
#include "kv/keys/keys.h"

enum service_purpose { SERVICE_BACKUP, SERVICE_ATTESTATION, SERVICE_RELEASE };

/* The key for that purpose; KV_NOT_FOUND if it has not been needed yet. */
enum kv_code service_key_load(struct kv_keys *keys, enum service_purpose purpose,
                              struct kv_material *ret_material, struct kv_err *err) kv_must_check;

/* The same, generated if there is none: an RSA-2048 key, which takes up to half a second. */
enum kv_code service_key_need(struct kv_keys *keys, enum service_purpose purpose,
                              struct kv_material *ret_material, struct kv_err *err) kv_must_check;

/* ENCRYPT or DECRYPT with RSA-OAEP-256; KV_CANNOT_DECRYPT for anything not encrypted to it. */
enum kv_code service_key_crypt(struct kv_keys *keys, const struct kv_material *service,
                               enum kv_key_op op, const struct kv_secret *in,
                               struct kv_secret *ret_out, struct kv_err *err) kv_must_check;

/* Its name: the object's id in the form of a GUID. */
void service_key_name(const struct kv_material *material, char ret_name[KV_UUID_LENGTH + 1]);

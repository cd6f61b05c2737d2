/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/uuid.h - the two spellings of a GUID on the wire: request ids with dashes (contract §3.1),
 * key versions as 32 hex digits (contract §4.1), both lower case. A vault's are random (version
 * 4); a managed HSM's request ids hold the time, its versions are any digits (contract §12).
 *
 * Safe from any thread.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/clock.h"

#define KV_UUID_LENGTH 36
#define KV_VERSION_LENGTH 32

void kv_uuid_random(char ret_text[KV_UUID_LENGTH + 1]);

/* RFC 4122 version 1 for that moment; clock sequence and node are random, and the node is marked
 * so. */
void kv_uuid_of_time(kv_millis now, char ret_text[KV_UUID_LENGTH + 1]);

/* A GUID in "N" form; the 13th digit is 4, as in the service's. */
void kv_version_random(char ret_text[KV_VERSION_LENGTH + 1]);

/* 32 random hex digits, like a managed HSM's versions. */
void kv_version_random_hsm(char ret_text[KV_VERSION_LENGTH + 1]);

/* Always the same GUID for the same two texts: RFC 4122 version 5 of `name`, in the namespace that
 * is the version 5 GUID of `kind` in the DNS namespace. */
void kv_uuid_of(const char *kind, const char *name, char ret_text[KV_UUID_LENGTH + 1]);

/* True for 8-4-4-4-12 hex digits, either case. */
bool kv_uuid_is_valid(const char *text);

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

/* RFC 4122 version 1 of that moment; clock sequence and node are random, the node so marked. */
void kv_uuid_of_time(kv_millis now, char ret_text[KV_UUID_LENGTH + 1]);

/* A GUID in "N" form; the 13th digit is 4, as the service's are. */
void kv_version_random(char ret_text[KV_VERSION_LENGTH + 1]);

/* 32 random hex digits, as a managed HSM's versions are. */
void kv_version_random_hsm(char ret_text[KV_VERSION_LENGTH + 1]);

/* The same GUID for the same two texts, always: RFC 4122 version 5 of `name`, its namespace being
 * that of `kind` in the DNS namespace. */
void kv_uuid_of(const char *kind, const char *name, char ret_text[KV_UUID_LENGTH + 1]);

/* True for 8-4-4-4-12 hex digits, either case. */
bool kv_uuid_is_valid(const char *text);

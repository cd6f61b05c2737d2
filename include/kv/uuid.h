/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/uuid.h - the two spellings of a GUID on the wire: request ids with dashes (contract §3.1),
 * key versions as 32 hex digits (contract §4.1), both lower case and random (version 4).
 *
 * Safe from any thread.
 */
#pragma once

#include <stdbool.h>

#define KV_UUID_LENGTH 36
#define KV_VERSION_LENGTH 32

void kv_uuid_random(char ret_text[KV_UUID_LENGTH + 1]);

/* A GUID in "N" form; the 13th digit is 4, as the service's are. */
void kv_version_random(char ret_text[KV_VERSION_LENGTH + 1]);

/* The same GUID for the same two texts, always: RFC 4122 version 5 of `name`, its namespace being
 * that of `kind` in the DNS namespace. */
void kv_uuid_of(const char *kind, const char *name, char ret_text[KV_UUID_LENGTH + 1]);

/* True for 8-4-4-4-12 hex digits, either case. */
bool kv_uuid_is_valid(const char *text);

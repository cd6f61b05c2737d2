/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/identity/caller.h - a caller as refusals show it (contract §9.3, control-plane.md §5.5).
 *
 * Pure functions.
 */
#pragma once

#include "kv/identity/identity.h"

#define KV_CALLER_SIZE 512
#define KV_CALLER_IN_FULL_SIZE (KV_CALLER_SIZE + 2 * 256 + 32)

/* "appid=..;oid=..;iss=..", with a name, and with how many groups it is in unless that is 0, for users
 * alone. */
void kv_caller_print(const struct kv_principal *who, size_t groups, char ret_text[KV_CALLER_SIZE]);

/* The same without groups, and with the resources of a managed identity behind it. */
void kv_caller_print_in_full(const struct kv_principal *who, char ret_text[KV_CALLER_IN_FULL_SIZE]);

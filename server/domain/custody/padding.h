/* SPDX-License-Identifier: Apache-2.0 */
/*
 * padding.h - RSA encryption padding around the raw operation, by OpenSSL. Private to custody.
 */
#pragma once

#include <stdbool.h>

#include "kv/custody.h"
#include "kv/secret.h"

/* Encrypts with the public half. False when OpenSSL cannot; its error queue is left empty. */
bool padding_encrypt(const struct kv_material *material, enum kv_padding padding, const void *plain,
                     size_t len, struct kv_secret *ret_cipher) kv_must_check;

/*
 * Takes the padding off a decrypted block of modulus length, in time that does not depend on what
 * is in it. False when the padding is wrong; the caller must not say in what way.
 */
bool padding_remove(enum kv_padding padding, const unsigned char *block, size_t len,
                    struct kv_secret *ret_plain) kv_must_check;

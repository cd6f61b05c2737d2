/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/custody/private_key.h - private keys sent by a client (contract §6.2): the numbers as sent,
 * and the same once they are known to belong together.
 *
 * All of it is secret: a struct kv_private_key is wiped by kv_private_key_done(), and no number
 * ever reaches a log or an error text. Thread rule: belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/custody/custody.h"

/* Big-endian, borrowed; leading zeros are fine (contract §6.2); len 0: not sent. */
struct kv_number {
    const unsigned char *bytes;
    size_t len;
};

/* The private key members of a JWK (RFC 7518 §6.2, §6.3, §6.4). */
struct kv_sent_key {
    enum kv_family family;
    enum kv_curve curve;                     /* EC */
    struct kv_number n, e, p, q, dp, dq, qi; /* RSA; dp, dq and qi may be missing */
    struct kv_number d;                      /* RSA, EC */
    struct kv_number x, y;                   /* EC */
    struct kv_number k;                      /* oct */
};

#define KV_PRIVATE_NUMBER_MAX KV_MODULUS_MAX

enum kv_private_number { KV_RSA_D, KV_RSA_P, KV_RSA_Q, KV_RSA_DP, KV_RSA_DQ, KV_RSA_QI };
#define KV_PRIVATE_NUMBERS (KV_RSA_QI + 1)

/* A checked key. EC: number 0 is the scalar, at full width; oct: it is the value. */
struct kv_private_key {
    struct kv_material public; /* all but `object` */
    unsigned char number[KV_PRIVATE_NUMBERS][KV_PRIVATE_NUMBER_MAX];
    size_t len[KV_PRIVATE_NUMBERS];
};
void kv_private_key_done(struct kv_private_key *key);
KV_DEFINE_CLEANUP_VALUE(struct kv_private_key, kv_private_key_done)

/*
 * Checks the public half alone, as sent: that its numbers fit a key of this family, and that a
 * point is on its curve. KV_BAD_PARAMETER with the service's text for inconsistent numbers.
 */
enum kv_code kv_public_key_check(const struct kv_sent_key *sent, struct kv_material *ret_material,
                                 struct kv_err *err) kv_must_check;

/*
 * Checks that the numbers belong together and computes the missing ones. Any size is accepted here;
 * which sizes a vault takes is checked elsewhere. KV_BAD_PARAMETER with the service's text for
 * inconsistent numbers. Takes tens of milliseconds for RSA (primes): KV_LANE_WORK.
 */
enum kv_code kv_private_key_check(const struct kv_sent_key *sent, struct kv_private_key *ret_key,
                                  struct kv_err *err) kv_must_check;

/* A key that was wrapped for this token by CKM_RSA_AES_KEY_WRAP (contract §6.2, BYOK). */
#define KV_TRANSFER_MAX (KV_MODULUS_MAX + 2560)
struct kv_transfer {
    const void *bytes; /* borrowed */
    size_t len;
    bool exportable; /* as of a struct kv_key_spec */
};

/*
 * Unwraps it inside the token, under `object`; `kek` is the RSA key it was wrapped with, `public`
 * what kv_public_key_check() made of the numbers sent beside it, which must match: the new key
 * signs and they verify. KV_BAD_PARAMETER if they do not, or if the bytes are not such a key. If
 * none were sent, `public` has the family, the curve if that was sent, and 0 bits: then the public
 * half is derived from the new key, and the caller checks its size.
 */
enum kv_code kv_custody_import_transfer(struct kv_custody *custody, const struct kv_material *kek,
                                        const unsigned char object[KV_OBJECT_LENGTH],
                                        const struct kv_transfer *transfer,
                                        const struct kv_material *public,
                                        struct kv_material *ret_material,
                                        struct kv_err *err) kv_must_check;

/* Puts a checked key on the token, under `object`; `exportable` as in a struct kv_key_spec. */
enum kv_code kv_custody_import(struct kv_custody *custody,
                               const unsigned char object[KV_OBJECT_LENGTH], bool exportable,
                               const struct kv_private_key *key, struct kv_material *ret_material,
                               struct kv_err *err) kv_must_check;

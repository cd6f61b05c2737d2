/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/custody/private_key.h - private keys that somebody brings (contract §6.2): the numbers as sent, and
 * the same once they are known to belong together.
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

/* What a JWK has of a private key (RFC 7518 §6.2, §6.3, §6.4). */
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

/* A key that was checked. EC: the scalar is number 0, at full width; oct: the value is. */
struct kv_private_key {
    struct kv_material public; /* all but `object` */
    unsigned char number[KV_PRIVATE_NUMBERS][KV_PRIVATE_NUMBER_MAX];
    size_t len[KV_PRIVATE_NUMBERS];
};
void kv_private_key_done(struct kv_private_key *key);
KV_DEFINE_CLEANUP_VALUE(struct kv_private_key, kv_private_key_done)

/*
 * The public half alone, as sent: its numbers fit a key of this family, and a point is on its
 * curve. KV_BAD_PARAMETER with the service's text for inconsistent numbers.
 */
enum kv_code kv_public_key_check(const struct kv_sent_key *sent, struct kv_material *ret_material,
                                 struct kv_err *err) kv_must_check;

/*
 * Checks that the numbers belong together and computes what is missing. The size is whatever the
 * numbers give: which sizes a vault takes is its own affair. KV_BAD_PARAMETER with the service's
 * text for inconsistent numbers. Tens of milliseconds for RSA (primes): KV_LANE_WORK.
 */
enum kv_code kv_private_key_check(const struct kv_sent_key *sent, struct kv_private_key *ret_key,
                                  struct kv_err *err) kv_must_check;

/* A key that somebody wrapped for this token by CKM_RSA_AES_KEY_WRAP (contract §6.2, BYOK). */
#define KV_TRANSFER_MAX (KV_MODULUS_MAX + 2560)
struct kv_transfer {
    const void *bytes; /* borrowed */
    size_t len;
    bool exportable; /* as of a struct kv_key_spec */
};

/*
 * Unwraps it inside the token, under `object`; `kek` is the RSA key it was wrapped with, `public`
 * what kv_public_key_check() said of the numbers beside it, which have to fit: the new key signs
 * and they verify. KV_BAD_PARAMETER when they do not, or the bytes are not such a key. Where none
 * were sent `public` has the family, the curve if that was sent, and 0 bits: then the public half
 * is learnt from the new key, and its size is the caller's to check.
 */
enum kv_code kv_custody_import_transfer(struct kv_custody *custody, const struct kv_material *kek,
                                        const unsigned char object[KV_OBJECT_LENGTH],
                                        const struct kv_transfer *transfer,
                                        const struct kv_material *public,
                                        struct kv_material *ret_material,
                                        struct kv_err *err) kv_must_check;

/* Puts a checked key on the token, under `object`; `exportable` as of a struct kv_key_spec. */
enum kv_code kv_custody_import(struct kv_custody *custody,
                               const unsigned char object[KV_OBJECT_LENGTH], bool exportable,
                               const struct kv_private_key *key, struct kv_material *ret_material,
                               struct kv_err *err) kv_must_check;

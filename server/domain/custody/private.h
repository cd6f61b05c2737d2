/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of domain/custody share: the functions behind the rows of methods.
 */
#pragma once

#include "hash.h"
#include "hsm.h"
#include "kv/custody/custody.h"

struct kv_custody {
    struct kv_custody_config config; /* immutable */
    struct hashes hashes;            /* immutable */
};

/* Translates a CK_RV to an outcome of the wire; sounds the alarm if the token should be checked. */
enum kv_code custody_translate(struct kv_custody *custody, unsigned long rv,
                               struct kv_err *err) kv_must_check;

/* The same for operations on a ciphertext: if that was at fault, the result is the one refusal. */
enum kv_code custody_translate_open(struct kv_custody *custody, unsigned long rv,
                                    struct kv_err *err) kv_must_check;

/* contract §8.5: the one answer to anything wrong with a ciphertext, except for RSA */
enum kv_code custody_refuse_ciphertext(struct kv_err *err) kv_must_check;

/* The service's answer to numbers that do not make a key; `cause` as in a struct kv_err. */
enum kv_code custody_refuse_key(enum kv_family family, unsigned long cause,
                                struct kv_err *err) kv_must_check;

/*
 * Judges the outcome of an operation with a key that has just come from outside: if the token
 * cannot use it, the key is bad, unless the token itself is not healthy. `code` and `reason` are
 * the operation's; anything else is passed on.
 */
enum kv_code custody_judge_newcomer(struct kv_custody *custody, enum kv_family family,
                                    enum kv_code code, const struct kv_err *reason,
                                    struct kv_err *err) kv_must_check;

/* The token layer's name for the family. */
enum hsm_kind custody_hsm_kind(enum kv_family family);

/* That layer's names for a key that can be released, and one that cannot. */
enum hsm_bond custody_hsm_bond(bool exportable);

/* The token layer's name for the curve; not for KV_CURVE_NONE. */
enum hsm_curve custody_hsm_curve(enum kv_curve curve);

/* The numbers of an RSA key, without its size in bits. */
void custody_copy_rsa(const struct hsm_rsa_public *public, struct kv_material *ret_material);

/* One operation in progress. All borrowed. */
struct task {
    struct kv_custody *custody;
    const struct kv_material *material;
    const struct kv_alg_row *alg;
    const struct kv_operands *in;
};
typedef enum kv_code task_fn(const struct task *task, struct kv_outcome *out, struct kv_err *err);

task_fn rsa_encrypt, rsa_decrypt;                 /* rsa.c */
task_fn rsa_sign, rsa_sign_pss;                   /* rsa.c */
task_fn rsa_verify, rsa_verify_pss;               /* rsa.c */
task_fn ecdsa_sign, ecdsa_verify;                 /* ecdsa.c */
task_fn aes_cbc_encrypt, aes_cbc_decrypt;         /* aes.c */
task_fn aes_cbc_pad_encrypt, aes_cbc_pad_decrypt; /* aes.c */
task_fn aes_gcm_encrypt, aes_gcm_decrypt;         /* aes.c */
task_fn aes_wrap, aes_unwrap;                     /* aes.c */
task_fn aes_wrap_pad, aes_unwrap_pad;             /* aes.c */
task_fn hmac_sign, hmac_verify;                   /* hmac.c */

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/custody/custody.h - the material of a key version: half of it on the token, the public half here.
 *
 * Custody maps a version to a token object, an algorithm to what the token and OpenSSL do for it,
 * and the token's verdicts to kv_codes, by one table. Public-key operations never touch the
 * token. It knows no vaults, names or states.
 * Thread-safe. Errors: KV_UNAVAILABLE when the token cannot work now, KV_KEY_MATERIAL_MISSING
 * when it works and has no such object, KV_BAD_PARAMETER for input that this key cannot have
 * produced; the CK_RV is the cause.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/buf.h"
#include "kv/base/err.h"
#include "kv/base/secret.h"

#define KV_OBJECT_LENGTH 16 /* CKA_ID of a version's object on the token */
#define KV_MODULUS_MAX 512
#define KV_EXPONENT_MAX 8
#define KV_COORDINATE_MAX 66

enum kv_family { KV_FAMILY_RSA, KV_FAMILY_EC, KV_FAMILY_OCT };

enum kv_kty {
#define X(symbol, name, family, hsm, managed) KV_KTY_##symbol,
#include "kv/custody/kty.def"
#undef X
    KV_KTY_COUNT
};
struct kv_kty_row {
    const char *name;
    enum kv_family family;
    bool hsm;
    enum kv_kty managed;
};
const struct kv_kty_row *kv_kty_row(enum kv_kty kty);
/* Case-sensitive; false if there is no such type. */
bool kv_kty_find(const char *name, enum kv_kty *ret_kty);

enum kv_curve {
    KV_CURVE_NONE, /* the key is on no curve; an algorithm asks for none */
#define X(symbol, name, bits, coordinate, group, token) KV_CURVE_##symbol,
#include "kv/custody/curve.def"
#undef X
    KV_CURVE_COUNT
};

/* Sets of curves, one bit each: those used by the rows of algorithms. */
enum {
    KV_CURVES_NONE = 1U << KV_CURVE_NONE,
#define X(symbol, name, bits, coordinate, group, token)                                            \
    KV_CURVES_##symbol = 1U << KV_CURVE_##symbol,
#include "kv/custody/curve.def"
#undef X
    KV_CURVES_LEGACY = KV_CURVES_P256 | KV_CURVES_SECP256K1 /* contract §8.3 */
};

struct kv_curve_row {
    const char *name;
    unsigned bits;
    size_t coordinate;
    const char *group;
};
/* Not for KV_CURVE_NONE: asking for it is a bug. */
const struct kv_curve_row *kv_curve_row(enum kv_curve curve);
bool kv_curve_find(const char *name, enum kv_curve *ret_curve);

enum kv_key_op {
#define X(symbol, name, protects) KV_OP_##symbol,
#include "kv/custody/key_op.def"
#undef X
    KV_OP_COUNT
};
#define KV_OP_BIT(symbol) (1U << KV_OP_##symbol)
struct kv_key_op_row {
    const char *name;
    bool protects;
};
const struct kv_key_op_row *kv_key_op_row(enum kv_key_op op);
bool kv_key_op_find(const char *name, enum kv_key_op *ret_op);

/* How an algorithm is carried out; custody has one row of functions for each. */
enum kv_method {
    KV_METHOD_RSA_CRYPT, /* padding and unpadding here, by `hash`, around the raw operation */
    KV_METHOD_RSA_SIGN,  /* PKCS #1 v1.5, over a DigestInfo with `hash` or over the value itself */
    KV_METHOD_RSA_PSS,   /* salt as long as `hash` */
    KV_METHOD_ECDSA,     /* raw r and s, each at the curve's full width */
    KV_METHOD_AES_CBC,
    KV_METHOD_AES_CBC_PAD,
    KV_METHOD_AES_GCM,
    KV_METHOD_AES_WRAP,     /* RFC 3394 */
    KV_METHOD_AES_WRAP_PAD, /* RFC 5649 */
    KV_METHOD_HMAC
};
enum kv_hash { KV_HASH_NONE, KV_HASH_SHA1, KV_HASH_SHA256, KV_HASH_SHA384, KV_HASH_SHA512 };

enum kv_alg {
#define X(symbol, name, family, operations, method, hash, curves, bits, overhead) KV_ALG_##symbol,
#include "kv/custody/alg.def"
#undef X
    KV_ALG_COUNT
};
struct kv_alg_row {
    const char *name;
    enum kv_family family;
    unsigned operations; /* bits of kv_key_op */
    enum kv_method method;
    enum kv_hash hash;
    unsigned curves; /* a set */
    unsigned bits;
    size_t overhead;
};
const struct kv_alg_row *kv_alg_row(enum kv_alg alg);
bool kv_alg_find(const char *name, enum kv_alg *ret_alg);

/* Symmetric keys of any other size can only do HMAC. */
static inline bool kv_is_aes_size(unsigned bits)
{
    return bits == 128 || bits == 192 || bits == 256;
}

/* The public part of a version's key, and where its private part is. Members of other families are
 * zero. */
struct kv_material {
    unsigned char object[KV_OBJECT_LENGTH];
    enum kv_family family;
    unsigned bits;       /* of the modulus, of the curve's field, of an AES key */
    enum kv_curve curve; /* EC */
    size_t modulus_len;  /* RSA: bits / 8 */
    size_t exponent_len;
    unsigned char modulus[KV_MODULUS_MAX]; /* big-endian, as all numbers here */
    unsigned char exponent[KV_EXPONENT_MAX];
    unsigned char x[KV_COORDINATE_MAX], y[KV_COORDINATE_MAX]; /* EC: the width of the curve's row */
};

/* The caller's bytes; `bytes` NULL: not given. */
struct kv_bytes {
    const void *bytes;
    size_t len;
};

struct hsm;
struct kv_custody; /* opaque */

struct kv_custody_config {
    struct hsm *hsm;              /* borrowed; must outlive the custody; NULL: it is lent later */
    void (*alarm)(void *context); /* called when the token should be checked; any thread */
    void *alarm_context;
    bool (*has_room)(void *context); /* for some more objects; any thread. NULL: the module knows */
    void *room_context;
};

/* Free with kv_custody_free(). */
enum kv_code kv_custody_new(const struct kv_custody_config *config, struct kv_custody **ret_custody,
                            struct kv_err *err) kv_must_check;
void kv_custody_free(struct kv_custody *custody);

/* Lends it the token that was not open yet when it was made. Before anything but kv_custody_new(). */
void kv_custody_lend(struct kv_custody *custody, struct hsm *hsm);
KV_DEFINE_CLEANUP(struct kv_custody *, kv_custody_free)

struct kv_store;

/*
 * Makes sure that the token is the one that holds this store's keys, by the sentinel the store
 * remembers; a new store and a new token get one. `exclusive`: the token is coffer's own, so keys
 * on it that a new store does not know mean that the store was lost, which is refused, KV_CONFLICT,
 * as is any token other than the remembered one. Called once, before any key is made.
 */
enum kv_code kv_custody_adopt(struct kv_custody *custody, struct kv_store *store, bool exclusive,
                              struct kv_err *err) kv_must_check;

/*
 * Whether the store already has its token, so that another one cannot stand in for it: to be asked
 * before a token is made. False after a first start that was killed before it had adopted one.
 */
enum kv_code kv_custody_has_token(struct kv_store *store, bool *ret_has,
                                  struct kv_err *err) kv_must_check;

/*
 * Whether the last process that used the token settled it: then nothing half-made is left there,
 * and there is no need to look. The call clears the mark: a process that is killed has not settled.
 */
enum kv_code kv_custody_take_settled(struct kv_store *store, bool *ret_settled,
                                     struct kv_err *err) kv_must_check;

/* Sets that mark: at the end, when nothing uses the token any more and no call to it has failed. */
enum kv_code kv_custody_settle(struct kv_store *store, struct kv_err *err) kv_must_check;

/*
 * Asked before an object is made: some modules do not report that the disk of the token is full, and keep
 * in memory what they could not write. KV_UNAVAILABLE.
 */
enum kv_code kv_custody_check_room(const struct kv_custody *custody,
                                   struct kv_err *err) kv_must_check;

/* A fresh random object id. */
enum kv_code kv_custody_new_object(unsigned char ret_object[KV_OBJECT_LENGTH],
                                   struct kv_err *err) kv_must_check;

/* What kind of key to make. */
struct kv_key_spec {
    enum kv_family family;
    unsigned bits;
    unsigned long public_exponent; /* RSA */
    enum kv_curve curve;           /* EC */
    bool exportable;               /* it can be released; otherwise it is bound to its token */
};

/* Refuses at once what this token cannot generate. */
enum kv_code kv_custody_check(struct kv_custody *custody, const struct kv_key_spec *spec,
                              struct kv_err *err) kv_must_check;

/* Whether keys that are not exportable are bound to a trusted wrapping key of this token. */
bool kv_custody_binds(const struct kv_custody *custody);

/* Generates the key under `object`; takes seconds: KV_LANE_GENERATE. */
enum kv_code kv_custody_generate(struct kv_custody *custody,
                                 const unsigned char object[KV_OBJECT_LENGTH],
                                 const struct kv_key_spec *spec, struct kv_material *ret_material,
                                 struct kv_err *err) kv_must_check;

/* A key wrapped by its token's wrapping key, useless anywhere else. */
#define KV_WRAPPED_MAX 2560
struct kv_wrapped {
    unsigned char bytes[KV_WRAPPED_MAX];
    size_t len;
};

/* Whether keys can be wrapped at all with this token's configuration: otherwise
 * KV_KEY_NOT_EXPORTABLE. */
enum kv_code kv_custody_check_export(struct kv_custody *custody, struct kv_err *err) kv_must_check;

/* Wraps a key inside the token; KV_KEY_NOT_EXPORTABLE for a key that was made not to leave it.
 * `exportable`, here and below: as the key was made. */
enum kv_code kv_custody_export(struct kv_custody *custody,
                               const unsigned char object[KV_OBJECT_LENGTH], bool exportable,
                               struct kv_wrapped *ret_wrapped, struct kv_err *err) kv_must_check;

/*
 * Unwraps it inside the token, as `object`. KV_BACKUP_CORRUPT if it was not wrapped by a wrapping
 * key of this token.
 */
enum kv_code kv_custody_restore(struct kv_custody *custody,
                                const unsigned char object[KV_OBJECT_LENGTH], bool exportable,
                                enum kv_family family, const void *wrapped, size_t len,
                                struct kv_err *err) kv_must_check;

/*
 * Encrypts a key to the RSA key of an entitled recipient (contract §11): an AES-256 key by OAEP,
 * and the key wrapped by that. `enc` is a name that kv_custody_enc_is_known() knows.
 * KV_KEY_NOT_EXPORTABLE for a key that may not leave.
 */
#define KV_RELEASED_MAX (KV_MODULUS_MAX + KV_WRAPPED_MAX)
struct kv_released {
    unsigned char bytes[KV_RELEASED_MAX];
    size_t len;
};
bool kv_custody_enc_is_known(const char *enc);
enum kv_code kv_custody_release(struct kv_custody *custody,
                                const unsigned char object[KV_OBJECT_LENGTH],
                                const struct kv_material *target, const char *enc,
                                struct kv_released *ret_released, struct kv_err *err) kv_must_check;

/*
 * Encrypts a random AES-256 key to an RSA key by OAEP with SHA-256, or re-encrypts to `target` one
 * that was encrypted to a key of the token in that way (contract §6.11). Both happen inside the
 * token if its OAEP knows the hash; otherwise the AES key is in memory for the duration of the
 * call, and wiped. KV_CANNOT_DECRYPT for anything but an AES key encrypted to `key`.
 */
struct kv_sealed {
    unsigned char bytes[KV_MODULUS_MAX];
    size_t len;
};
enum kv_code kv_custody_seal_new(struct kv_custody *custody, const struct kv_material *key,
                                 struct kv_sealed *ret_sealed, struct kv_err *err) kv_must_check;
enum kv_code kv_custody_seal_again(struct kv_custody *custody, const struct kv_material *key,
                                   const struct kv_bytes *sealed, const struct kv_material *target,
                                   struct kv_sealed *ret_sealed, struct kv_err *err) kv_must_check;

/* How a key is stored on the token, read from it now (PKCS#11 §4.4, §4.8). */
struct kv_custody_facts {
    bool on_token, is_private, sensitive, always_sensitive, extractable, never_extractable, local;
};
enum kv_code kv_custody_facts(struct kv_custody *custody,
                              const unsigned char object[KV_OBJECT_LENGTH],
                              struct kv_custody_facts *ret_facts, struct kv_err *err) kv_must_check;

/* The SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of an RSA key, in a buffer of KV_SPKI_MAX. */
#define KV_SPKI_MAX 1024
enum kv_code kv_custody_spki(const struct kv_material *material, unsigned char ret_der[KV_SPKI_MAX],
                             size_t *ret_len, struct kv_err *err) kv_must_check;

/* Whether there was a key by that id when the token was last looked through or changed; no call. */
bool kv_custody_has(const struct kv_custody *custody, const unsigned char object[KV_OBJECT_LENGTH]);

/* Destroys the object; a missing one is fine. Slow on full tokens: keep it off the request path. */
enum kv_code kv_custody_destroy(struct kv_custody *custody,
                                const unsigned char object[KV_OBJECT_LENGTH],
                                struct kv_err *err) kv_must_check;

/*
 * The limits of a value to be encrypted, wrapped or signed, and which other values go with it
 * (contract §8.1, §8.2, §8.6). Sizes in bytes.
 */
struct kv_needs {
    size_t min, max, step; /* of the value, of the digest that is verified */
    size_t iv, tag;        /* that must be given; 0: none */
};
struct kv_needs kv_custody_needs(const struct kv_material *material, enum kv_alg alg,
                                 enum kv_key_op op);

/* Longest value for an algorithm that sets no limit itself. AES works on the heap, RSA is far below
 * it; the limit keeps a request below KV_BODY_MAX, and a queue full of them within bounded
 * memory. */
#define KV_VALUE_MAX (64 * 1024)
#define KV_BLOCK_MAX 16 /* of an iv, of a tag, and by how much a padded value grows */

/* The input of an operation; members it does not need are ignored. */
struct kv_operands {
    struct kv_bytes value;  /* plaintext, ciphertext, digest to sign, signature to verify */
    struct kv_bytes digest; /* that was signed; HMAC: the message */
    struct kv_bytes iv, aad, tag;
};

/* The output. Secret: init/done, the latter wipes it. */
struct kv_outcome {
    struct kv_buf value;
    unsigned char iv[KV_BLOCK_MAX], tag[KV_BLOCK_MAX]; /* of an encryption */
    size_t iv_len, tag_len;                            /* 0: there is none */
    bool valid;                                        /* verify; `value` is empty then */
};
void kv_outcome_init(struct kv_outcome *outcome);
void kv_outcome_done(struct kv_outcome *outcome);
KV_DEFINE_CLEANUP_VALUE(struct kv_outcome, kv_outcome_done)

/*
 * Encrypts, decrypts, wraps, unwraps, signs or verifies. The caller has checked that the
 * algorithm's row admits the key for `op` and that the operands are within kv_custody_needs().
 * Operations that need only the public half never touch the token. Whatever is wrong with a
 * ciphertext, the refusal is the same, KV_CANNOT_DECRYPT (contract §8.5, §19 row 6): no padding
 * oracle. A bad signature is not an error; `valid` is false.
 */
enum kv_code kv_custody_operate(struct kv_custody *custody, const struct kv_material *material,
                                enum kv_key_op op, enum kv_alg alg,
                                const struct kv_operands *operands, struct kv_outcome *outcome,
                                struct kv_err *err) kv_must_check;

/* Whether and how a token with these capabilities does an algorithm. */
enum kv_way {
    KV_WAY_NONE,
    KV_WAY_NATIVE, /* the module's own mechanism */
    KV_WAY_OUTSIDE /* padding in coffer, the private operation raw on the token */
};
struct hsm_capabilities;
enum kv_way kv_alg_way(const struct hsm_capabilities *can, enum kv_alg alg);

/* Random bytes from the token's own generator, at most KV_SECRET_MAX. */
enum kv_code kv_custody_random(struct kv_custody *custody, size_t count,
                               struct kv_secret *ret_bytes, struct kv_err *err) kv_must_check;

/* Calls `visit` for the object of each key that the token is known to hold, in no particular order, until
 * it returns false. `visit` must not call back. */
typedef bool kv_custody_visit_fn(void *context, const unsigned char object[KV_OBJECT_LENGTH]);
void kv_custody_each_object(struct kv_custody *custody, kv_custody_visit_fn *visit, void *context);

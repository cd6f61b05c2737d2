/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm.h - the whole contract of the token layer: one PKCS#11 module, one token, one login.
 *
 * It loads a module, opens the token by label, keeps a bounded pool of sessions, knows every key
 * by its 16-byte CKA_ID, and re-opens everything after the token has been away. It returns CK_RV
 * and logs nothing. Section numbers below are PKCS#11 v2.40 base specification.
 *
 * Verdicts: HSM_RV_NO_MECHANISM: this token cannot do it, whatever the input. HSM_RV_NO_KEY: the
 * key is not there. Some modules answer CKR_GENERAL_ERROR to bad input (SoftHSM: a wrong tag, a
 * wrong padding), so after that error the token is checked: if it is healthy, the input was bad,
 * and the functions below return one of the verdicts hsm_rv_is_bad_input() names.
 *
 * Thread rule: after hsm_open() every function may be called from any thread, until hsm_close(),
 * which must be the last call and must not overlap any other (SoftHSM crashes otherwise). A process
 * holds at most one open struct hsm per module and does not fork while it is open. Ownership: the
 * caller owns the outputs; nothing borrowed from here outlives the call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <p11-kit/pkcs11.h>

#include "hsm_gate.h"
#include "kv/base/base.h"

#define HSM_ID_LENGTH 16      /* CKA_ID of every object we make: random, one per key version */
#define HSM_MODULUS_MAX 512   /* bytes; RSA-4096 */
#define HSM_COORDINATE_MAX 66 /* bytes; P-521 */
#define HSM_AES_MAX 32        /* bytes; AES-256 */
#define HSM_VALUE_MAX 65536   /* bytes that hsm_wrap_value() takes */
#define HSM_WRAPPED_MAX 2560  /* bytes; the PKCS#8 of an RSA-4096 key under CKM_AES_KEY_WRAP_PAD */
#define HSM_TRANSFER_MAX (HSM_MODULUS_MAX + HSM_WRAPPED_MAX) /* bytes; the same with its AES key */
#define HSM_PIN_MAX 255                                      /* bytes */
#define HSM_SERIAL_MAX 17 /* CK_TOKEN_INFO.serialNumber, NUL-terminated */

/*
 * Our own verdicts, beside the module's: vendor-defined values that no module we know of uses.
 */
#define HSM_RV_NOT_LOADABLE (CKR_VENDOR_DEFINED | 0x434f4601UL) /* dlopen or C_GetFunctionList */
#define HSM_RV_NO_TOKEN (CKR_VENDOR_DEFINED | 0x434f4602UL)     /* no slot holds that label */
#define HSM_RV_TWO_TOKENS (CKR_VENDOR_DEFINED | 0x434f4603UL)   /* more than one slot does */
#define HSM_RV_NO_KEY (CKR_VENDOR_DEFINED | 0x434f4604UL)       /* no object has that CKA_ID */
#define HSM_RV_OTHER_TOKEN (CKR_VENDOR_DEFINED | 0x434f4605UL)  /* the sentinel is not there */
#define HSM_RV_NO_MECHANISM (CKR_VENDOR_DEFINED | 0x434f4606UL) /* the probe did not find it */
#define HSM_RV_TOKEN_GONE (CKR_VENDOR_DEFINED | 0x434f4607UL)   /* re-opening has not worked yet */

/* "CKR_DEVICE_ERROR", "HSM_RV_NO_TOKEN", or "0x..." for others; a literal or thread-local text. */
const char *hsm_rv_name(CK_RV rv);

struct hsm; /* opaque */

struct hsm_config {
    const char *module;      /* path of the shared object */
    const char *init_args;   /* pReserved of C_Initialize; NULL or "" for none */
    const char *token_label; /* matched against CK_TOKEN_INFO.label without its padding */
    const char *pin;         /* user PIN; copied, wiped at close */
    size_t pin_len;
    unsigned sessions;  /* size limit of the pool; one per calling thread is enough */
    bool extractable;   /* keys may leave the token, wrapped by the wrapping key */
    const char *so_pin; /* to create the trusted wrapping key; not kept */
    size_t so_pin_len;  /* 0: none is created */
    hsm_gate_fn *gate;  /* NULL: every call is allowed */
    hsm_told_fn *told;  /* NULL: nobody is told */
    void *gate_context; /* of both */
};

/*
 * Creates a token: the first slot whose token is not initialised gets `label`, the SO PIN and the
 * user PIN (C_InitToken, C_InitPIN; §5.5, §5.6). An existing token with that label is left alone,
 * but gets its user PIN if a kill left it without one. The module is initialised for the duration
 * of the call.
 */
CK_RV hsm_init_token(const struct hsm_config *config, const char *so_pin,
                     size_t so_pin_len) kv_must_check;

/*
 * Loads and initialises the module, logs in, probes the mechanisms and fills the handle map.
 * Free with hsm_close(). On failure nothing stays loaded or initialised.
 */
CK_RV hsm_open(const struct hsm_config *config, struct hsm **ret_hsm) kv_must_check;

/* Closes sessions, logs out, calls C_Finalize, wipes the PIN. NULL is fine. */
void hsm_close(struct hsm *hsm);
KV_DEFINE_CLEANUP(struct hsm *, hsm_close)

/*
 * The wrapping key: an AES-256 key, TOKEN, PRIVATE, SENSITIVE, never EXTRACTABLE, and good for
 * nothing but WRAP and UNWRAP, which tells it apart from the AES keys of a vault, which ENCRYPT.
 * Its random CKA_ID also serves as the sentinel: a re-initialised token does not hold it.
 * hsm_adopt_sentinel() looks for it (HSM_RV_OTHER_TOKEN: not there) and makes every later health
 * check look again. A key that a kill left half-made passes for it: destroy it and generate it
 * again.
 */
CK_RV hsm_create_sentinel(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]) kv_must_check;
CK_RV hsm_adopt_sentinel(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]) kv_must_check;

/*
 * HSM_BOUND keys have CKA_WRAP_WITH_TRUSTED and can be wrapped only by the trusted wrapping key
 * (pkcs11/trusted.h), if the token has one. HSM_EXPORTABLE keys must be wrappable by keys not known
 * in advance. Without a trusted key the two do not differ.
 */
enum hsm_bond { HSM_BOUND, HSM_EXPORTABLE };

enum hsm_kind { HSM_RSA, HSM_EC, HSM_AES };
enum hsm_curve { HSM_P256, HSM_P256K, HSM_P384, HSM_P521 };
enum hsm_hash { HSM_SHA1, HSM_SHA256, HSM_SHA384, HSM_SHA512 };

/* The bit for a curve or a hash in a set of them. */
#define HSM_BIT(value) (1U << (unsigned) (value))

/* What the module turned out to support, each found by trying it, not by its name. */
struct hsm_capabilities {
    bool rsa_generate;
    bool rsa_raw;          /* CKM_RSA_X_509 decryption */
    bool rsa_pkcs;         /* CKM_RSA_PKCS signatures */
    unsigned rsa_pss;      /* hashes (HSM_BIT) of CKM_RSA_PKCS_PSS; and of MGF1; salt as long */
    unsigned rsa_oaep;     /* hashes of CKM_RSA_PKCS_OAEP, and of MGF1 */
    bool rsa_oaep_sha256;  /* one of these */
    bool rsa_aes_key_wrap; /* hsm_import_transfer() */
    unsigned ec_curves;    /* generates these and signs with CKM_ECDSA */
    bool aes_generate;
    bool aes_128, aes_192, aes_256;
    bool aes_cbc, aes_cbc_pad, aes_gcm;
    bool aes_key_wrap;
    bool aes_key_wrap_pad; /* CKM_AES_KEY_WRAP_PAD wraps private keys */
    bool hmac_native;      /* CKM_SHAxxx_HMAC with an AES key itself */
    bool hmac_twin;        /* with a generic secret derived together with it */
    bool hmac;             /* either */
    bool import;           /* C_CreateObject of private keys */
    bool backup;           /* hsm_export_wrapped(), as this token is configured */
    bool settles;          /* makes keys in a session and copies them to the token */
    bool trusted_wrap;     /* there is a trusted wrapping key, so HSM_BOUND has an effect */
    CK_ULONG rsa_bits_min, rsa_bits_max;
};
const struct hsm_capabilities *hsm_capabilities(const struct hsm *hsm);

struct hsm_info {
    char manufacturer[33], library[33], model[17], label[33], serial[HSM_SERIAL_MAX];
    CK_VERSION library_version, cryptoki_version;
};
void hsm_describe(const struct hsm *hsm, struct hsm_info *ret_info);

/* Counters for /metrics and for tests; each is read separately. */
struct hsm_counters {
    unsigned long calls;    /* C_ calls, except those that close */
    unsigned long failures; /* of these, those that returned anything but CKR_OK */
    unsigned long reopened; /* times the token came back */
    unsigned sessions_open; /* in the pool, lent or idle, without the anchor */
    unsigned sessions_lent;
    size_t keys; /* entries of the handle map */
};
void hsm_counters(const struct hsm *hsm, struct hsm_counters *ret_counters);

/*
 * Checks whether the token is there and is still ours (C_GetTokenInfo, then the sentinel). If it is
 * not: waits until no other thread is inside, finalises, initialises, logs in and refills the map.
 * CKR_OK: the token works now. Otherwise the next call tries again, a wrong PIN at most once a
 * minute (some modules lock). Call it every few seconds, and after an error that
 * hsm_rv_wants_check() names.
 */
CK_RV hsm_check(struct hsm *hsm) kv_must_check;

bool hsm_rv_wants_check(CK_RV rv);

/* The caller's bytes were at fault (length, padding, tag, wrapped form), not the token. */
bool hsm_rv_is_bad_input(CK_RV rv);

struct hsm_rsa_public {
    unsigned char modulus[HSM_MODULUS_MAX]; /* big-endian, no leading zero */
    size_t modulus_len;
    unsigned char exponent[8]; /* big-endian, no leading zero */
    size_t exponent_len;
};

/*
 * Generates a key pair (C_GenerateKeyPair, §5.13): the private half on the token with CKA_ID `id`,
 * PRIVATE, SENSITIVE, DECRYPT, SIGN and UNWRAP, EXTRACTABLE only if so configured; the public half
 * is read out and not kept. Takes seconds for 4096 bits. On failure no object is left, unless the
 * token itself went away. An exponent the module does not accept is HSM_RV_NO_MECHANISM.
 */
CK_RV hsm_generate_rsa(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                       CK_ULONG bits, unsigned long public_exponent,
                       struct hsm_rsa_public *ret_public) kv_must_check;

/* A point in affine coordinates, as wide as the field: 32, 32, 48, 66 bytes, padded on the left. */
struct hsm_ec_public {
    unsigned char x[HSM_COORDINATE_MAX], y[HSM_COORDINATE_MAX];
    size_t coordinate_len;
};

/* The width of a coordinate, of a scalar and of each half of a signature, in bytes. */
size_t hsm_curve_width(enum hsm_curve curve);

/* The same for an EC key pair: SIGN is all the private half may do. Its point can only be read now
 * (most modules do not give it for a private key), so the caller keeps it. */
CK_RV hsm_generate_ec(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                      enum hsm_curve curve, struct hsm_ec_public *ret_public) kv_must_check;

/*
 * Generates an AES key of 128, 192 or 256 bits on the token, with ENCRYPT, DECRYPT, WRAP and
 * UNWRAP. It also does HMAC with its value. If the module refuses HMAC with an AES key
 * (`hmac_native` of the capabilities), the key gets a twin, a generic secret good for SIGN only. A
 * module cannot extend one key into another of the length its HMAC requires, so in that case both
 * are derived inside the token from a base key that nobody has seen and that is gone afterwards.
 * Such an AES key is not LOCAL, as derived keys never are; ALWAYS_SENSITIVE proves that it was
 * never outside (§4.9). If neither way works (`hmac`), it is generated without a twin. On failure
 * neither object is left.
 */
CK_RV hsm_generate_aes(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                       CK_ULONG bits) kv_must_check;

/* A number or a value, borrowed; big-endian, leading zeros are fine. */
struct hsm_bytes {
    const unsigned char *bytes;
    size_t len;
};

struct hsm_rsa_private {
    struct hsm_bytes modulus, public_exponent, private_exponent;
    struct hsm_bytes prime_1, prime_2, exponent_1, exponent_2, coefficient; /* p q dp dq qi */
};

/*
 * Puts the caller's key on the token (C_CreateObject, §5.7), with the uses and the CKA_EXTRACTABLE
 * of a generated one, but not LOCAL. The arguments are secrets, which the caller wipes; the caller
 * also checks that the numbers belong together, since modules do not. `scalar` and `value` have the
 * full width. An AES key gets its twin here, too.
 */
CK_RV hsm_import_rsa(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                     const struct hsm_rsa_private *key) kv_must_check;
CK_RV hsm_import_ec(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                    enum hsm_curve curve, const unsigned char *scalar, size_t len,
                    const struct hsm_ec_public *public) kv_must_check;
CK_RV hsm_import_aes(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                     const unsigned char *value, size_t len) kv_must_check;

/*
 * The same for a value that is not an AES key, of 1 to HSM_SECRET_MAX bytes: it does HMAC and
 * nothing else. A shorter one is stored on the token padded with zeros, which makes no difference
 * to HMAC (RFC 2104 §2) but shows in hsm_export_transfer().
 */
#define HSM_SECRET_MAX 64
CK_RV hsm_import_secret(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                        const unsigned char *value, size_t len) kv_must_check;

/*
 * The public half of a key on the token. HSM_RV_NO_MECHANISM if the module does not give it, as
 * most do not for an EC key: a caller that unwraps one gets the point from elsewhere, or recovers
 * it from two signatures (SEC 1, §4.1.6). HSM_AES has none: CKR_ARGUMENTS_BAD.
 */
struct hsm_public {
    enum hsm_curve curve; /* of an HSM_EC */
    union {
        struct hsm_rsa_public rsa;
        struct hsm_ec_public ec;
    };
};
CK_RV hsm_read_public(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_kind kind,
                      struct hsm_public *ret_public) kv_must_check;

/* The curve of an EC key, which every module gives. CKR_PUBLIC_KEY_INVALID if it is not one of
 * ours. */
CK_RV hsm_key_curve(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                    enum hsm_curve *ret_curve) kv_must_check;

/*
 * Signs (§5.11): CKM_RSA_PKCS over a DigestInfo or any other bytes, CKM_RSA_PKCS_PSS and CKM_ECDSA
 * over a digest, the latter giving r and s at full width one after the other, CKM_SHAxxx_HMAC over
 * the message. For this and the following functions: `size` is the room in `out`,
 * CKR_BUFFER_TOO_SMALL if it is not enough; after any failure `out` holds zeros. The caller wipes
 * any secret in `out`. The mechanism and its parameters are only read.
 */
CK_RV hsm_sign(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
               const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
               unsigned char *out, size_t size, size_t *ret_len) kv_must_check;

/*
 * CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_GCM with their parameters (§5.8, §5.9); GCM has the tag
 * after the ciphertext. A wrong tag or padding is CKR_ENCRYPTED_DATA_INVALID.
 */
CK_RV hsm_encrypt(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                  const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                  unsigned char *out, size_t size, size_t *ret_len) kv_must_check;
CK_RV hsm_decrypt(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                  const CK_MECHANISM *mechanism, const unsigned char *in, size_t len,
                  unsigned char *out, size_t size, size_t *ret_len) kv_must_check;

/*
 * RFC 3394 and RFC 5649 over bytes of the caller: CKM_AES_KEY_WRAP (16 bytes or more, a multiple of
 * 8) and CKM_AES_KEY_WRAP_PAD (one byte or more), which here means RFC 5649, whatever number the
 * module uses for it. During the call the value is in the token as a session object. A failed
 * integrity check is CKR_ENCRYPTED_DATA_INVALID.
 */
CK_RV hsm_wrap_value(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], CK_MECHANISM_TYPE type,
                     const unsigned char *value, size_t len, unsigned char *out, size_t size,
                     size_t *ret_len) kv_must_check;
CK_RV hsm_unwrap_value(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                       CK_MECHANISM_TYPE type, const unsigned char *in, size_t len,
                       unsigned char *out, size_t size, size_t *ret_len) kv_must_check;

/*
 * Wraps a key with the wrapping key, by CKM_AES_KEY_WRAP_PAD: PKCS#8, or the bare AES value and
 * that of the twin (at most HSM_WRAPPED_MAX). CKR_KEY_UNEXTRACTABLE if it may not leave,
 * HSM_RV_OTHER_TOKEN before a sentinel is adopted. hsm_import_wrapped() brings it back, on the same
 * token only, with the uses and the CKA_EXTRACTABLE of a key generated now, but not LOCAL, and with
 * its twin; a blob that is not ours or of another kind is bad input. `bond` is the key's: bound
 * keys are wrapped by the trusted key, if there is one, and can be unwrapped from either.
 */
CK_RV hsm_export_wrapped(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                         unsigned char *out, size_t size, size_t *ret_len) kv_must_check;
CK_RV hsm_import_wrapped(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                         enum hsm_kind kind, const unsigned char *in, size_t len) kv_must_check;

/*
 * Imports a key prepared for this token elsewhere (contract §6.2, BYOK): an AES-256 key encrypted
 * to the RSA key `kek` by OAEP with SHA-1, then the key's PKCS#8 or AES value under that by
 * CKM_AES_KEY_WRAP_PAD (the form of CKM_RSA_AES_KEY_WRAP). No part of it is ever outside the
 * token. The twin of such an AES key is no longer than the key itself, because there is no way to
 * extend it: hashes that the module does not do with that length are HSM_RV_NO_MECHANISM (with
 * SoftHSM all but HS256 with 256 bits).
 */
CK_RV hsm_import_transfer(struct hsm *hsm, const unsigned char kek[HSM_ID_LENGTH],
                          const unsigned char id[HSM_ID_LENGTH], enum hsm_bond bond,
                          enum hsm_kind kind, const unsigned char *in, size_t len) kv_must_check;

/*
 * Encrypts `len` bytes to an RSA key by OAEP with `hash`, the same hash in MGF1 and no label. The
 * caller of hsm_export_transfer() provides it for hashes that the module does not do. `out` has
 * room for the modulus. Any verdict but CKR_OK is passed on.
 */
typedef CK_RV hsm_oaep_fn(const struct hsm_rsa_public *public, enum hsm_hash hash,
                          const unsigned char *in, size_t len, unsigned char *out);

/*
 * The other way round (secure key release, contract §11): the same form, encrypted by OAEP with
 * `hash` to `target`, the RSA key of an entitled recipient. The key itself is only ever outside
 * wrapped by a fresh AES-256 transport key. The transport key stays in the token, too, if the
 * module's OAEP knows the hash; otherwise it is drawn from the token's random generator, passed to
 * `oaep`, and wiped. CKR_KEY_UNEXTRACTABLE if the key may not leave, CKR_KEY_NOT_WRAPPABLE if it is
 * bound to the trusted wrapping key. SoftHSM pads a PKCS#8 with zeros to the next multiple of eight
 * bytes.
 */
CK_RV hsm_export_transfer(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                          const struct hsm_rsa_public *target, enum hsm_hash hash,
                          hsm_oaep_fn *oaep, unsigned char *out, size_t size,
                          size_t *ret_len) kv_must_check;

/*
 * Encrypts a fresh AES-256 key to `target` by OAEP with `hash`, or re-encrypts to `target` an AES
 * key that was encrypted to the RSA key `id` in that way (secure wrap and unwrap, contract §6.11).
 * The AES key is in the clear only inside the token. HSM_RV_NO_MECHANISM if the module's OAEP does
 * not know the hash. Anything but an AES key encrypted to `id` is bad input.
 */
CK_RV hsm_seal_new(struct hsm *hsm, const struct hsm_rsa_public *target, enum hsm_hash hash,
                   unsigned char *out, size_t size, size_t *ret_len) kv_must_check;
CK_RV hsm_seal_again(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                     const struct hsm_rsa_public *target, enum hsm_hash hash,
                     const unsigned char *in, size_t len, unsigned char *out, size_t size,
                     size_t *ret_len) kv_must_check;

/*
 * The raw private operation (CKM_RSA_X_509, §2.1.5 of the mechanisms): `in` of modulus length and
 * below the modulus, `out` of the same length. `out` is secret: the caller wipes it.
 */
CK_RV hsm_rsa_raw(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], const unsigned char *in,
                  size_t len, unsigned char *ret_out) kv_must_check;

/* Destroys every object with that CKA_ID, including a twin; CKR_OK also if there is none. Linear in
 * the number of objects on some modules: keep it off the request path. */
CK_RV hsm_destroy(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]) kv_must_check;

/* Random bytes of the token (C_GenerateRandom, §5.15). */
CK_RV hsm_random(struct hsm *hsm, unsigned char *ret_bytes, size_t len) kv_must_check;

/* Whether the map knows the key; makes no C_ call. */
bool hsm_has_key(const struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]);

/*
 * Calls `visit` for every key in the map, in no particular order; the wrapping key is not in it.
 * `visit` must not call back into hsm; false ends the walk.
 */
typedef bool hsm_visit_fn(void *context, const unsigned char id[HSM_ID_LENGTH]);
void hsm_each_key(const struct hsm *hsm, hsm_visit_fn *visit, void *context);

/*
 * Destroys what a killed key generation can leave behind that nothing refers to: token objects of
 * any class or none without a CKA_ID of our length. Only for a token that coffer created itself.
 */
CK_RV hsm_destroy_strays(struct hsm *hsm, size_t *ret_destroyed) kv_must_check;

/* How a key is stored on the token, read from the token now (§4.4 common attributes, §4.8). */
struct hsm_key_facts {
    bool on_token, is_private, sensitive, always_sensitive, extractable, never_extractable, local;
};
CK_RV hsm_key_facts(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                    struct hsm_key_facts *ret_facts) kv_must_check;

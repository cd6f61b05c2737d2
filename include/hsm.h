/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm.h - the whole contract of the token layer: one PKCS#11 module, one token, one login.
 *
 * It loads a module, opens the token by label, keeps a bounded pool of sessions, knows every key
 * by its 16-byte CKA_ID, and re-opens everything after the token was gone. It speaks CK_RV and
 * logs nothing. Section numbers below are PKCS#11 v2.40 base specification.
 *
 * Thread rule: after hsm_open() every function may be called from any thread, until hsm_close(),
 * which must be the last call and must find nobody inside (SoftHSM crashes otherwise). A process
 * holds at most one open struct hsm for a module and does not fork while it is open.
 * Ownership: outputs are the caller's; nothing borrowed from here outlives the call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <p11-kit/pkcs11.h>

#include "kv/base.h"

#define HSM_ID_LENGTH 16    /* CKA_ID of every object we make: random, one per key version */
#define HSM_MODULUS_MAX 512 /* bytes; RSA-4096 */
#define HSM_PIN_MAX 255     /* bytes */
#define HSM_SERIAL_MAX 17   /* CK_TOKEN_INFO.serialNumber, NUL-terminated */

/*
 * Our own verdicts, beside the module's. They are vendor-defined values no module we know uses.
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

/*
 * Asked before every C_ call of the door with the function's name; any answer but CKR_OK is given
 * to the caller in place of the call. The seam fault injection is built on. Called from any
 * thread; must not call back into hsm.
 */
typedef CK_RV hsm_gate_fn(void *context, const char *function);

struct hsm_config {
    const char *module;      /* path of the shared object */
    const char *init_args;   /* pReserved of C_Initialize; NULL or "" for none */
    const char *token_label; /* matched against CK_TOKEN_INFO.label without its padding */
    const char *pin;         /* user PIN; copied, wiped at close */
    size_t pin_len;
    unsigned sessions; /* bound of the pool; one a thread that calls is enough */
    bool extractable;  /* keys may leave the token, wrapped by the wrapping key */
    hsm_gate_fn *gate; /* NULL: every call is let through */
    void *gate_context;
};

/*
 * Makes a token: the first slot whose token is not initialised gets `label`, the SO PIN and the
 * user PIN (C_InitToken, C_InitPIN; §5.5, §5.6). A token of that label that is there already is
 * left alone and is success, but one that a kill left without a user PIN gets it now. The module
 * is initialised for this call only.
 */
CK_RV hsm_init_token(const struct hsm_config *config, const char *so_pin,
                     size_t so_pin_len) kv_must_check;

/*
 * Loads and initialises the module, logs in, probes the mechanisms and fills the handle map.
 * Free with hsm_close(). On failure nothing stays loaded or initialised.
 */
CK_RV hsm_open(const struct hsm_config *config, struct hsm **ret_hsm) kv_must_check;

/* Closes sessions, logs out, C_Finalize, wipes the PIN. NULL is fine. */
void hsm_close(struct hsm *hsm);
KV_DEFINE_CLEANUP(struct hsm *, hsm_close)

/*
 * The wrapping key: an AES-256 key, TOKEN, PRIVATE, SENSITIVE, never EXTRACTABLE, the only object
 * with CKA_WRAP. Its random CKA_ID also serves as the sentinel: a token that was initialised anew
 * behind our back does not hold it. hsm_adopt_sentinel() looks for it (HSM_RV_OTHER_TOKEN when it
 * is not there) and makes every later health check and re-open look again. What a kill has left
 * half-made under that id passes for it: destroy what was not yet seen whole, and make it anew.
 */
CK_RV hsm_create_sentinel(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]) kv_must_check;
CK_RV hsm_adopt_sentinel(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]) kv_must_check;

/* What the module was found to do, each by trying it, not by its name. */
struct hsm_capabilities {
    bool rsa_generate;
    bool rsa_raw;         /* CKM_RSA_X_509 decryption */
    bool rsa_oaep_sha256; /* CKM_RSA_PKCS_OAEP with SHA-256 and MGF1-SHA-256 */
    bool aes_generate;
    bool aes_key_wrap_pad; /* CKM_AES_KEY_WRAP_PAD wraps private keys */
    CK_ULONG rsa_bits_min, rsa_bits_max;
};
const struct hsm_capabilities *hsm_capabilities(const struct hsm *hsm);

struct hsm_info {
    char manufacturer[33], library[33], model[17], label[33], serial[HSM_SERIAL_MAX];
    CK_VERSION library_version, cryptoki_version;
};
void hsm_describe(const struct hsm *hsm, struct hsm_info *ret_info);

/* Counters for /metrics and for tests; each a reading of its own. */
struct hsm_counters {
    unsigned long calls;    /* C_ calls through the door */
    unsigned long failures; /* of these, answered anything but CKR_OK */
    unsigned long reopened; /* times the token came back */
    unsigned sessions_open; /* in the pool, lent or idle, without the anchor */
    unsigned sessions_lent;
    size_t keys; /* entries of the handle map */
};
void hsm_counters(const struct hsm *hsm, struct hsm_counters *ret_counters);

/*
 * Looks whether the token is there and is still ours (C_GetTokenInfo, then the sentinel). When it
 * is not: waits until nobody is inside, finalises, initialises, logs in and fills the map anew.
 * CKR_OK: the token works now. Otherwise the next call tries again, a wrong PIN at most once a
 * minute (modules exist that lock). Call it every few seconds, and after an error that
 * hsm_rv_wants_check() names.
 */
CK_RV hsm_check(struct hsm *hsm) kv_must_check;
bool hsm_rv_wants_check(CK_RV rv);

struct hsm_rsa_public {
    unsigned char modulus[HSM_MODULUS_MAX]; /* big-endian, no leading zero */
    size_t modulus_len;
    unsigned char exponent[8]; /* big-endian, no leading zero */
    size_t exponent_len;
};

/*
 * Generates a key pair (C_GenerateKeyPair, §5.13): the private half on the token with CKA_ID `id`,
 * PRIVATE, SENSITIVE, DECRYPT and SIGN, EXTRACTABLE only when configured so; the public half is
 * read out and not kept. Takes seconds for 4096 bits. On failure no object is left, unless the
 * token itself went away.
 */
CK_RV hsm_generate_rsa(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], CK_ULONG bits,
                       unsigned long public_exponent,
                       struct hsm_rsa_public *ret_public) kv_must_check;

/*
 * The raw private operation (CKM_RSA_X_509, §2.1.5 of the mechanisms): `in` of modulus length and
 * below the modulus, `out` of the same length. `out` is secret: the caller wipes it.
 */
CK_RV hsm_rsa_raw(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH], const unsigned char *in,
                  size_t len, unsigned char *ret_out) kv_must_check;

/* Destroys every object with that CKA_ID; CKR_OK also when there is none. Linear in the number of
 * objects on some modules: keep it off the request path. */
CK_RV hsm_destroy(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]) kv_must_check;

/* Random bytes of the token (C_GenerateRandom, §5.15). */
CK_RV hsm_random(struct hsm *hsm, unsigned char *ret_bytes, size_t len) kv_must_check;

/* Whether the map knows the key; no C_ call. */
bool hsm_has_key(const struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH]);

/*
 * Calls `visit` for every private key in the map, in no order. `visit` must not call back into
 * hsm; false ends the walk.
 */
typedef bool hsm_visit_fn(void *context, const unsigned char id[HSM_ID_LENGTH]);
void hsm_each_key(const struct hsm *hsm, hsm_visit_fn *visit, void *context);

/*
 * Destroys what a killed generation can leave and nobody can name: objects of the token, of any
 * class or none, that have no CKA_ID of our length. Only for a token that coffer made itself.
 */
CK_RV hsm_destroy_strays(struct hsm *hsm, size_t *ret_destroyed) kv_must_check;

/* How a key lies on the token, read from the token now (§4.4 common attributes, §4.8). */
struct hsm_key_facts {
    bool on_token, is_private, sensitive, always_sensitive, extractable, never_extractable, local;
};
CK_RV hsm_key_facts(struct hsm *hsm, const unsigned char id[HSM_ID_LENGTH],
                    struct hsm_key_facts *ret_facts) kv_must_check;

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm_gate.h - the calls between the token layer and the module, for code that counts them, records
 * them, or makes them fail.
 */
#pragma once

#include <stdbool.h>

#include <p11-kit/pkcs11.h>

/* The functions that are called, for tables: HSM_C_Sign. */
enum hsm_function {
#define X(function) HSM_##function,
#include "hsm_function.def"
#undef X
    HSM_FUNCTIONS
};
/* "C_Sign"; the second finds one by its name, false if none of ours has it. */
const char *hsm_function_name(enum hsm_function function);
bool hsm_function_find(const char *name, enum hsm_function *ret_function);

/* The mechanisms that are used, by name: "CKM_ECDSA" (hsm_mechanism.def). NULL and false if it is
 * not one of them. */
const char *hsm_mechanism_name(CK_MECHANISM_TYPE mechanism);
bool hsm_mechanism_find(const char *name, CK_MECHANISM_TYPE *ret_mechanism);

/* A module's verdict by its name, "CKR_DEVICE_ERROR"; false for ours, and for what is none. */
bool hsm_rv_find(const char *name, CK_RV *ret_rv);

#define HSM_MECHANISM_NONE ((CK_MECHANISM_TYPE) -1) /* of a call that takes none */

/* A C_ call, as the gate sees it. */
struct hsm_call {
    enum hsm_function function;
    CK_SESSION_HANDLE session; /* CK_INVALID_HANDLE: the function works on none */
    const unsigned char *key;  /* CKA_ID of the key that is used, made or destroyed; NULL: none, or
                                  one not known by its id, such as a wrapping key */
    CK_MECHANISM_TYPE mechanism; /* HSM_MECHANISM_NONE: the function takes none */
};

/*
 * The seam fault injection is built on. The gate is asked before every C_ call, including those
 * that open the module and the token; any answer but CKR_OK is returned to the caller in place of
 * the call. Only a call that closes (C_CloseSession, C_Finalize, and C_Logout before these) is made
 * whatever the answer: a session left open would leak for good. `told` is given the outcome of
 * every call, including those that the gate answered. Both are called from any thread, may wait,
 * and must not call back into hsm; while they wait the session stays lent, and the token is not
 * re-opened.
 */
typedef CK_RV hsm_gate_fn(void *context, const struct hsm_call *call);
typedef void hsm_told_fn(void *context, const struct hsm_call *call, CK_RV rv);

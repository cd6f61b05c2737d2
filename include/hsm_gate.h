/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm_gate.h - what passes between the token layer and the module, for those who count it, note it
 * down, or let it fail.
 */
#pragma once

#include <p11-kit/pkcs11.h>

/* The functions that are called, for tables: HSM_C_Sign. */
enum hsm_function {
#define X(function) HSM_##function,
#include "hsm_function.def"
#undef X
    HSM_FUNCTIONS
};
/* "C_Sign". */
const char *hsm_function_name(enum hsm_function function);

/* A C_ call, as the gate sees it. */
struct hsm_call {
    enum hsm_function function;
    CK_SESSION_HANDLE session; /* CK_INVALID_HANDLE: the function works on none */
    const unsigned char *key;  /* CKA_ID of the key that is used, made or destroyed; NULL: none, or
                                  one that is not known by its id, such as a wrapping key */
};

/*
 * The seam fault injection is built on. The gate is asked before every C_ call, those that open the
 * module and the token included; any answer but CKR_OK is given to the caller in place of the call.
 * Only a call that closes (C_CloseSession, C_Finalize, and C_Logout before these) is made whatever
 * it answers: a session that stays open is a loss for good. `told` hears the outcome of every call,
 * also of those that the gate answered. Both are called from any thread, may wait, and must not call
 * back into hsm; while they wait the session is lent, and nobody re-opens the token.
 */
typedef CK_RV hsm_gate_fn(void *context, const struct hsm_call *call);
typedef void hsm_told_fn(void *context, const struct hsm_call *call, CK_RV rv);

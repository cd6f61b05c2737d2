/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, mechanisms and verdicts: every code of PKCS#11 v2.40 (§11.1 of the base) and
 * our own. */
#include "hsm.h"

#include <stdio.h>
#include <string.h>

static const char *const functions[HSM_FUNCTIONS] = {
#define X(function) [HSM_##function] = #function,
#include "hsm_function.def"
#undef X
};

const char *hsm_function_name(enum hsm_function function)
{
    return functions[function];
}

bool hsm_function_find(const char *name, enum hsm_function *ret_function)
{
    for (enum hsm_function i = 0; i < HSM_FUNCTIONS; i++) {
        if (strcmp(functions[i], name) == 0) {
            *ret_function = i;
            return true;
        }
    }
    return false;
}

static const struct {
    CK_MECHANISM_TYPE mechanism;
    const char *name;
} mechanisms[] = {
#define X(mechanism) { mechanism, #mechanism },
#include "hsm_mechanism.def"
#undef X
};

const char *hsm_mechanism_name(CK_MECHANISM_TYPE mechanism)
{
    for (size_t i = 0; i < KV_COUNT(mechanisms); i++) {
        if (mechanisms[i].mechanism == mechanism) {
            return mechanisms[i].name;
        }
    }
    return NULL;
}

bool hsm_mechanism_find(const char *name, CK_MECHANISM_TYPE *ret_mechanism)
{
    for (size_t i = 0; i < KV_COUNT(mechanisms); i++) {
        if (strcmp(mechanisms[i].name, name) == 0) {
            *ret_mechanism = mechanisms[i].mechanism;
            return true;
        }
    }
    return false;
}

#define ROW(rv)                                                                                    \
    {                                                                                              \
        rv, #rv                                                                                    \
    }

static const struct {
    CK_RV rv;
    const char *name;
} names[] = {
    ROW(CKR_OK),
    ROW(CKR_CANCEL),
    ROW(CKR_HOST_MEMORY),
    ROW(CKR_SLOT_ID_INVALID),
    ROW(CKR_GENERAL_ERROR),
    ROW(CKR_FUNCTION_FAILED),
    ROW(CKR_ARGUMENTS_BAD),
    ROW(CKR_NO_EVENT),
    ROW(CKR_NEED_TO_CREATE_THREADS),
    ROW(CKR_CANT_LOCK),
    ROW(CKR_ATTRIBUTE_READ_ONLY),
    ROW(CKR_ATTRIBUTE_SENSITIVE),
    ROW(CKR_ATTRIBUTE_TYPE_INVALID),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID),
    ROW(CKR_ACTION_PROHIBITED),
    ROW(CKR_DATA_INVALID),
    ROW(CKR_DATA_LEN_RANGE),
    ROW(CKR_DEVICE_ERROR),
    ROW(CKR_DEVICE_MEMORY),
    ROW(CKR_DEVICE_REMOVED),
    ROW(CKR_ENCRYPTED_DATA_INVALID),
    ROW(CKR_ENCRYPTED_DATA_LEN_RANGE),
    ROW(CKR_FUNCTION_CANCELED),
    ROW(CKR_FUNCTION_NOT_PARALLEL),
    ROW(CKR_FUNCTION_NOT_SUPPORTED),
    ROW(CKR_KEY_HANDLE_INVALID),
    ROW(CKR_KEY_SIZE_RANGE),
    ROW(CKR_KEY_TYPE_INCONSISTENT),
    ROW(CKR_KEY_NOT_NEEDED),
    ROW(CKR_KEY_CHANGED),
    ROW(CKR_KEY_NEEDED),
    ROW(CKR_KEY_INDIGESTIBLE),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED),
    ROW(CKR_KEY_NOT_WRAPPABLE),
    ROW(CKR_KEY_UNEXTRACTABLE),
    ROW(CKR_MECHANISM_INVALID),
    ROW(CKR_MECHANISM_PARAM_INVALID),
    ROW(CKR_OBJECT_HANDLE_INVALID),
    ROW(CKR_OPERATION_ACTIVE),
    ROW(CKR_OPERATION_NOT_INITIALIZED),
    ROW(CKR_PIN_INCORRECT),
    ROW(CKR_PIN_INVALID),
    ROW(CKR_PIN_LEN_RANGE),
    ROW(CKR_PIN_EXPIRED),
    ROW(CKR_PIN_LOCKED),
    ROW(CKR_SESSION_CLOSED),
    ROW(CKR_SESSION_COUNT),
    ROW(CKR_SESSION_HANDLE_INVALID),
    ROW(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
    ROW(CKR_SESSION_READ_ONLY),
    ROW(CKR_SESSION_EXISTS),
    ROW(CKR_SESSION_READ_ONLY_EXISTS),
    ROW(CKR_SESSION_READ_WRITE_SO_EXISTS),
    ROW(CKR_SIGNATURE_INVALID),
    ROW(CKR_SIGNATURE_LEN_RANGE),
    ROW(CKR_TEMPLATE_INCOMPLETE),
    ROW(CKR_TEMPLATE_INCONSISTENT),
    ROW(CKR_TOKEN_NOT_PRESENT),
    ROW(CKR_TOKEN_NOT_RECOGNIZED),
    ROW(CKR_TOKEN_WRITE_PROTECTED),
    ROW(CKR_UNWRAPPING_KEY_HANDLE_INVALID),
    ROW(CKR_UNWRAPPING_KEY_SIZE_RANGE),
    ROW(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT),
    ROW(CKR_USER_ALREADY_LOGGED_IN),
    ROW(CKR_USER_NOT_LOGGED_IN),
    ROW(CKR_USER_PIN_NOT_INITIALIZED),
    ROW(CKR_USER_TYPE_INVALID),
    ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
    ROW(CKR_USER_TOO_MANY_TYPES),
    ROW(CKR_WRAPPED_KEY_INVALID),
    ROW(CKR_WRAPPED_KEY_LEN_RANGE),
    ROW(CKR_WRAPPING_KEY_HANDLE_INVALID),
    ROW(CKR_WRAPPING_KEY_SIZE_RANGE),
    ROW(CKR_WRAPPING_KEY_TYPE_INCONSISTENT),
    ROW(CKR_RANDOM_SEED_NOT_SUPPORTED),
    ROW(CKR_RANDOM_NO_RNG),
    ROW(CKR_DOMAIN_PARAMS_INVALID),
    ROW(CKR_CURVE_NOT_SUPPORTED),
    ROW(CKR_BUFFER_TOO_SMALL),
    ROW(CKR_SAVED_STATE_INVALID),
    ROW(CKR_INFORMATION_SENSITIVE),
    ROW(CKR_STATE_UNSAVEABLE),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED),
    ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED),
    ROW(CKR_MUTEX_BAD),
    ROW(CKR_MUTEX_NOT_LOCKED),
    ROW(CKR_NEW_PIN_MODE),
    ROW(CKR_NEXT_OTP),
    ROW(CKR_EXCEEDED_MAX_ITERATIONS),
    ROW(CKR_FIPS_SELF_TEST_FAILED),
    ROW(CKR_LIBRARY_LOAD_FAILED),
    ROW(CKR_PIN_TOO_WEAK),
    ROW(CKR_PUBLIC_KEY_INVALID),
    ROW(CKR_FUNCTION_REJECTED),
    ROW(CKR_VENDOR_DEFINED),
    ROW(HSM_RV_NOT_LOADABLE),
    ROW(HSM_RV_NO_TOKEN),
    ROW(HSM_RV_TWO_TOKENS),
    ROW(HSM_RV_NO_KEY),
    ROW(HSM_RV_OTHER_TOKEN),
    ROW(HSM_RV_NO_MECHANISM),
    ROW(HSM_RV_TOKEN_GONE),
};

const char *hsm_rv_name(CK_RV rv)
{
    static _Thread_local char text[2 + 2 * sizeof(rv) + 1];

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (names[i].rv == rv) {
            return names[i].name;
        }
    }
    snprintf(text, sizeof(text), "0x%lx", rv);
    return text;
}

/* A module never says our own. */
bool hsm_rv_find(const char *name, CK_RV *ret_rv)
{
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        if (strncmp(name, "CKR_", 4) == 0 && strcmp(names[i].name, name) == 0) {
            *ret_rv = names[i].rv;
            return true;
        }
    }
    return false;
}

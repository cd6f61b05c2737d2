/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusals of the service that a rule can name. Each leaves by the same row of err.def or
 * wording.def as the real one, so that a failure that is forced and the same one caused by state
 * are the same bytes.
 */
#include <stdio.h>
#include <strings.h>

#include "answer.h"

#define OPERATION KV_FAULT_WORD_OPERATION
#define KEY KV_FAULT_WORD_KEY
#define VERSION KV_FAULT_WORD_VERSION
#define HOST KV_FAULT_WORD_HOST

#define WORDED(name_, text_, ...)                                                                  \
    {                                                                                              \
        .name = name_, .text = KV_TEXT_##text_, .words = { __VA_ARGS__ }                           \
    }
#define SAID(name_, code_, message_)                                                               \
    {                                                                                              \
        .name = name_, .code = KV_##code_, .message = message_                                     \
    }
#define DENIED(name_, denial_)                                                                     \
    {                                                                                              \
        .name = name_, .denial = KV_FAULT_DENIAL_##denial_                                         \
    }

static const struct kv_fault_refusal rows[] = {
    WORDED("KEY_DISABLED", KEY_IS_DISABLED, OPERATION),
    WORDED("KEY_EXPIRED", KEY_HAS_EXPIRED, OPERATION),
    WORDED("KEY_NOT_YET_VALID", KEY_IS_TOO_YOUNG, OPERATION),
    WORDED("KEY_OPERATION_FORBIDDEN", OPERATION_FORBIDDEN, OPERATION),
    { .name = "KEY_NOT_FOUND",
      .text = KV_TEXT_KEY_NOT_FOUND,
      .versioned = KV_TEXT_VERSION_NOT_FOUND,
      .words = { KEY, HOST, VERSION } },
    WORDED("KEY_DELETED", NAME_IS_DELETED, KEY),
    WORDED("KEY_BEING_DELETED", NAME_IS_BEING_DELETED, KEY),
    WORDED("KEY_BEING_RECOVERED", NAME_IS_BEING_RECOVERED, KEY),
    WORDED("TOKEN_MISSING", TOKEN_MISSING, KV_FAULT_WORD_NONE),
    WORDED("CANNOT_DECRYPT", CANNOT_DECRYPT, KV_FAULT_WORD_NONE),
    WORDED("HSM_GONE", HSM_GONE, KV_FAULT_WORD_NONE),
    WORDED("HSM_FULL", HSM_FULL, KV_FAULT_WORD_NONE),
    WORDED("HSM_LOCKED", HSM_LOCKED, KV_FAULT_WORD_NONE),
    WORDED("HSM_FAILED", HSM_FAILED, KV_FAULT_WORD_NONE),
    WORDED("HSM_LACKS_KEY", HSM_LACKS_KEY, KV_FAULT_WORD_NONE),
    DENIED("FORBIDDEN_BY_RBAC", RBAC),
    DENIED("FORBIDDEN_BY_POLICY", POLICY),
    DENIED("ACCESS_DENIED", NO_POLICY),
    SAID("THROTTLED", THROTTLED,
         "Request was not processed because too many requests were received. Reason: "
         "VaultRequestTypeLimitReached"),
    SAID("INTERNAL", INTERNAL, "An internal error occurred."),
    SAID("UNAVAILABLE", UNAVAILABLE, "The service is unavailable."),
#define X(number, ...) { .name = "AADSTS" #number, .login = (number) },
#include "kv/faults/login.def"
#undef X
};

const struct kv_fault_refusal *fault_refusal_find(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (strcasecmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

void fault_refusal_list(char *ret_names, size_t size)
{
    size_t used = 0;

    ret_names[0] = '\0';
    for (size_t i = 0; i < KV_COUNT(rows) && used < size && rows[i].login == 0; i++) {
        used += (size_t) snprintf(ret_names + used, size - used, "%s%s", i > 0 ? ", " : "",
                                  rows[i].name);
    }
}

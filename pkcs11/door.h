/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.h - the one door into the module: ask the gate, call, count.
 *
 * Everything but opening and closing goes through it, so a fault that is injected at the gate
 * meets exactly the calls a real fault would meet.
 */
#pragma once

#include "internal.h"

static inline CK_RV hsm_gate(struct hsm *hsm, const char *function)
{
    atomic_fetch_add_explicit(&hsm->calls, 1, memory_order_relaxed);
    return hsm->gate ? hsm->gate(hsm->gate_context, function) : CKR_OK;
}

static inline void hsm_count(struct hsm *hsm, CK_RV rv)
{
    if (rv != CKR_OK) {
        atomic_fetch_add_explicit(&hsm->failures, 1, memory_order_relaxed);
    }
}

/* For functions that do not work on a session. */
#define HSM_DOOR(owner, fn, ...)                                                                   \
    ({                                                                                             \
        struct hsm *hsm_ = (owner);                                                                \
        CK_RV rv_ = hsm_gate(hsm_, #fn); /* fault injection answers here */                        \
        if (rv_ == CKR_OK) {                                                                       \
            rv_ = hsm_->module.functions->fn(__VA_ARGS__);                                         \
        }                                                                                          \
        hsm_count(hsm_, rv_);                                                                      \
        rv_;                                                                                       \
    })

/* For the others; marks the session spent on error. */
#define HSM_CALL(session, fn, ...)                                                                 \
    ({                                                                                             \
        struct hsm_session *session_ = (session);                                                  \
        CK_RV called_ = HSM_DOOR(session_->hsm, fn, session_->handle, ##__VA_ARGS__);              \
        session_->spent |= called_ != CKR_OK; /* an operation may be active: close it later */     \
        called_;                                                                                   \
    })

/* Pass a failure up unchanged. An enum or an int does not compile here. */
#define HSM_TRY(expr)                                                                              \
    do {                                                                                           \
        _Static_assert(__builtin_types_compatible_p(__typeof__(expr), CK_RV),                      \
                       "HSM_TRY wants a CK_RV");                                                   \
        CK_RV tried_ = (expr);                                                                     \
        if (tried_ != CKR_OK) {                                                                    \
            return tried_;                                                                         \
        }                                                                                          \
    } while (0)

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.h - the one door into the module: ask the gate, call, count, tell.
 */
#pragma once

#include <stdint.h>

#include "core.h"
#include "module.h"

static inline CK_RV hsm_ask(const struct hsm_module *module, const struct hsm_call *call)
{
    return module->gate.ask ? module->gate.ask(module->gate.context, call) : CKR_OK;
}

static inline void hsm_tell(const struct hsm_module *module, const struct hsm_call *call, CK_RV rv)
{
    if (module->gate.tell) {
        module->gate.tell(module->gate.context, call, rv);
    }
}

static inline void hsm_count(struct hsm_module *module, CK_RV rv)
{
    atomic_fetch_add_explicit(&module->calls, 1, memory_order_relaxed);
    if (rv != CKR_OK) {
        atomic_fetch_add_explicit(&module->failures, 1, memory_order_relaxed);
    }
}

static inline CK_MECHANISM_TYPE hsm_mechanism_of(bool is_one, const void *mechanism)
{
    return is_one && mechanism != NULL ? ((const CK_MECHANISM *) mechanism)->mechanism
                                       : HSM_MECHANISM_NONE;
}

/* The mechanism of a call: what takes one has it first, behind the session. */
#define HSM_SECOND(zeroth, first, ...) first
#define HSM_IS_MECHANISM(argument)                                                                 \
    _Generic((argument), CK_MECHANISM * : true, const CK_MECHANISM * : true, default : false)
#define HSM_MECHANISM_OF(...)                                                                      \
    hsm_mechanism_of(HSM_IS_MECHANISM(HSM_SECOND(0, ##__VA_ARGS__, 0, 0)),                         \
                     (const void *) (uintptr_t) (HSM_SECOND(0, ##__VA_ARGS__, 0, 0)))

/* A call concerning that session, key and mechanism, as far as there are any. */
#define HSM_THROUGH(module_, session_, key_, mechanism_, fn, ...)                                  \
    ({                                                                                             \
        struct hsm_module *through_ = (module_);                                                   \
        const struct hsm_call call_ = { HSM_##fn, (session_), (key_), (mechanism_) };              \
        CK_RV rv_ = hsm_ask(through_, &call_); /* fault injection answers here */                  \
        if (rv_ == CKR_OK) {                                                                       \
            rv_ = through_->functions->fn(__VA_ARGS__);                                            \
        }                                                                                          \
        hsm_count(through_, rv_);                                                                  \
        hsm_tell(through_, &call_, rv_);                                                           \
        rv_;                                                                                       \
    })

/* For functions that do not work on a session. */
#define HSM_DOOR(module, fn, ...)                                                                  \
    HSM_THROUGH(module, CK_INVALID_HANDLE, NULL, HSM_MECHANISM_NONE, fn, __VA_ARGS__)

/* For a session that is not a struct hsm_session. */
#define HSM_ON(module, handle, fn, ...)                                                            \
    ({                                                                                             \
        CK_SESSION_HANDLE on_ = (handle);                                                          \
        HSM_THROUGH(module, on_, NULL, HSM_MECHANISM_NONE, fn, on_, ##__VA_ARGS__);                \
    })

/* For the others; marks the session spent on error. */
#define HSM_CALL(session, fn, ...)                                                                 \
    ({                                                                                             \
        struct hsm_session *session_ = (session);                                                  \
        CK_RV called_ =                                                                            \
            HSM_THROUGH(session_->module, session_->handle, session_->key,                         \
                        HSM_MECHANISM_OF(__VA_ARGS__), fn, session_->handle, ##__VA_ARGS__);       \
        session_->spent |= called_ != CKR_OK; /* an operation may be active: close it later */     \
        called_;                                                                                   \
    })

/* For calls that close: the gate can hold them up, and is told, but cannot refuse them. Results do
 * not matter: the token may be gone, and there is nothing else to try. */
#define HSM_CLOSE(module, handle, fn, argument)                                                    \
    do {                                                                                           \
        struct hsm_module *closed_ = (module);                                                     \
        const struct hsm_call call_ = { HSM_##fn, (handle), NULL, HSM_MECHANISM_NONE };            \
        (void) hsm_ask(closed_, &call_);                                                           \
        hsm_tell(closed_, &call_, closed_->functions->fn(argument));                               \
    } while (0)

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

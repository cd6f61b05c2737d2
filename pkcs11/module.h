/* SPDX-License-Identifier: Apache-2.0 */
/* module.h - the shared object, loaded and initialised, behind its gate. */
#pragma once

#include <stdatomic.h>

#include "hsm.h"

/* The functions asked before a call, and told after it. */
struct hsm_gate {
    hsm_gate_fn *ask;
    hsm_told_fn *tell;
    void *context;
};

/* A loaded module. */
struct hsm_module {
    void *library;
    CK_FUNCTION_LIST *functions;
    struct hsm_gate gate;
    bool initialised; /* by us, so it is ours to finalise */
    atomic_ulong calls, failures;
};

/* Loads the module that the configuration names, behind its gate. `module` is zeroed. */
CK_RV hsm_module_open(const struct hsm_config *config, struct hsm_module *module) kv_must_check;
/* Finalises what we initialised, then unloads. */
void hsm_module_close(struct hsm_module *module);
KV_DEFINE_CLEANUP_VALUE(struct hsm_module, hsm_module_close)

/* C_Initialize with `args` as pReserved; NULL or "" for none. A module that is already initialised
 * is fine and will not be finalised. */
CK_RV hsm_module_init(struct hsm_module *module, const char *args) kv_must_check;
void hsm_module_done(struct hsm_module *module);

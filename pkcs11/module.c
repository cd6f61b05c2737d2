/* SPDX-License-Identifier: Apache-2.0 */
/* The shared object: load and unload, C_Initialize and C_Finalize (§5.4). */
#include "internal.h"

#include <dlfcn.h>

#include "door.h"

CK_RV hsm_module_open(const char *path, struct hsm_module *ret_module)
{
    struct hsm_module module = { .library = dlopen(path, RTLD_NOW | RTLD_LOCAL) };

    if (!module.library) {
        return HSM_RV_NOT_LOADABLE;
    }
    CK_C_GetFunctionList get_list =
        (CK_C_GetFunctionList) dlsym(module.library, "C_GetFunctionList");
    if (!get_list || get_list(&module.functions) != CKR_OK || !module.functions) {
        dlclose(module.library);
        return HSM_RV_NOT_LOADABLE;
    }
    *ret_module = module;
    return CKR_OK;
}

void hsm_module_close(struct hsm_module *module)
{
    hsm_module_done(module);
    if (module->library) {
        dlclose(kv_take(module->library));
    }
}

CK_RV hsm_module_init(struct hsm_module *module, const char *args)
{
    CK_C_INITIALIZE_ARGS arguments = {
        .pReserved = args && *args ? (void *) args : NULL,
    };

    hsm_mutexes_offer(&arguments);
    CK_RV rv = module->functions->C_Initialize(&arguments);
    if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return CKR_OK;
    }
    HSM_TRY(rv);
    module->initialised = true;
    return CKR_OK;
}

void hsm_module_done(struct hsm_module *module)
{
    if (module->initialised) {
        module->functions->C_Finalize(NULL);
        module->initialised = false;
    }
}

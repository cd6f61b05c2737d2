/* SPDX-License-Identifier: Apache-2.0 */
/* The shared object: load and unload, C_Initialize and C_Finalize (§5.4). */
#include "module.h"

#include <dlfcn.h>

#include "door.h"
#include "mutex.h"

/* What modules lose is reported when the process ends; one that is no longer mapped has no name
 * then by which the report could be overlooked. */
#ifdef __SANITIZE_ADDRESS__
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)
#else
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL)
#endif

CK_RV hsm_module_open(const struct hsm_config *config, struct hsm_module *module)
{
    void *library = dlopen(config->module, LOAD_FLAGS);

    if (!library) {
        return HSM_RV_NOT_LOADABLE;
    }
    CK_C_GetFunctionList get_list = (CK_C_GetFunctionList) dlsym(library, "C_GetFunctionList");
    if (!get_list || get_list(&module->functions) != CKR_OK || !module->functions) {
        dlclose(library);
        return HSM_RV_NOT_LOADABLE;
    }
    module->library = library;
    module->gate = (struct hsm_gate){ config->gate, config->told, config->gate_context };
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
    CK_RV rv = HSM_DOOR(module, C_Initialize, &arguments);
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
        HSM_CLOSE(module, CK_INVALID_HANDLE, C_Finalize, NULL);
        module->initialised = false;
    }
}

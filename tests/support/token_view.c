/* SPDX-License-Identifier: Apache-2.0 */
#include "token_view.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "coffer"
#define BATCH 64

/* The module while we are in it. */
struct module {
    void *library;
    CK_FUNCTION_LIST *functions;
    CK_SESSION_HANDLE session;
};

bool object_ids_add(struct object_ids *ids, const void *id)
{
    unsigned char(*items)[HSM_ID_LENGTH] =
        reallocarray(ids->items, ids->count + 1, sizeof(*ids->items));

    if (items == NULL) {
        return false;
    }
    memcpy(items[ids->count], id, HSM_ID_LENGTH);
    ids->items = items;
    ids->count++;
    return true;
}

bool object_ids_have(const struct object_ids *ids, const void *id)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (memcmp(ids->items[i], id, HSM_ID_LENGTH) == 0) {
            return true;
        }
    }
    return false;
}

static bool succeeds(CK_RV rv, const char *what)
{
    if (rv != CKR_OK) {
        fprintf(stderr, "token: %s: 0x%lx\n", what, rv);
    }
    return rv == CKR_OK;
}

static bool load(const char *folder, struct module *module)
{
    CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
    CK_C_GetFunctionList get_list;
    char configuration[512];

    snprintf(configuration, sizeof(configuration), "%s/softhsm2.conf", folder);
    setenv("SOFTHSM2_CONF", configuration, 1);
    module->library = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
    get_list = module->library != NULL
                   ? (CK_C_GetFunctionList) dlsym(module->library, "C_GetFunctionList")
                   : NULL;
    if (get_list == NULL) {
        fprintf(stderr, "token: %s cannot be loaded\n", SOFTHSM_MODULE);
        return false;
    }
    return succeeds(get_list(&module->functions), "C_GetFunctionList")
           && succeeds(module->functions->C_Initialize(&arguments), "C_Initialize");
}

static void unload(struct module *module)
{
    if (module->functions != NULL) {
        module->functions->C_Finalize(NULL);
    }
    if (module->library != NULL) {
        dlclose(module->library);
    }
}

static bool find_slot(const struct module *module, CK_SLOT_ID *ret_slot)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = KV_COUNT(slots);

    if (!succeeds(module->functions->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList")) {
        return false;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;

        if (module->functions->C_GetTokenInfo(slots[i], &info) == CKR_OK
            && strncmp((const char *) info.label, LABEL " ", strlen(LABEL " ")) == 0) {
            *ret_slot = slots[i];
            return true;
        }
    }
    fprintf(stderr, "token: no slot is labelled \"%s\"\n", LABEL);
    return false;
}

static bool read_pin(const char *folder, char *ret_pin, int size)
{
    char path[512];
    FILE *file;
    bool done;

    snprintf(path, sizeof(path), "%s/pin", folder);
    file = fopen(path, "re");
    done = file != NULL && fgets(ret_pin, size, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    if (!done) {
        fprintf(stderr, "token: %s cannot be read\n", path);
        return false;
    }
    ret_pin[strcspn(ret_pin, "\r\n")] = '\0';
    return true;
}

static bool log_in(const char *folder, struct module *module)
{
    char pin[HSM_PIN_MAX + 3];
    CK_SLOT_ID slot;

    return find_slot(module, &slot) && read_pin(folder, pin, sizeof(pin))
           && succeeds(module->functions->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL,
                                                        &module->session),
                       "C_OpenSession")
           && succeeds(module->functions->C_Login(module->session, CKU_USER, (CK_UTF8CHAR *) pin,
                                                  strlen(pin)),
                       "C_Login");
}

/* False when the object has no such attribute of exactly that length. */
static bool read_attribute(const struct token_sight *sight, CK_ATTRIBUTE_TYPE type, void *ret_value,
                           CK_ULONG len)
{
    CK_ATTRIBUTE attribute = { type, ret_value, len };

    return sight->functions->C_GetAttributeValue(sight->session, sight->object, &attribute, 1)
               == CKR_OK
           && attribute.ulValueLen == len;
}

static bool is_set(const struct token_sight *sight, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = CK_FALSE;

    return read_attribute(sight, type, &value, sizeof(value)) && value;
}

/* SoftHSM sets CKA_LOCAL together with the key's value: one without it is half-made. */
static bool classify(void *context, const struct token_sight *sight)
{
    struct token_view *view = context;
    unsigned char id[HSM_ID_LENGTH];
    CK_OBJECT_CLASS class;

    if (read_attribute(sight, CKA_CLASS, &class, sizeof(class))
        && read_attribute(sight, CKA_ID, id, sizeof(id)) && is_set(sight, CKA_LOCAL)) {
        if (class == CKO_PRIVATE_KEY) {
            return object_ids_add(&view->keys, id);
        }
        if (class == CKO_SECRET_KEY && is_set(sight, CKA_WRAP)) {
            return object_ids_add(&view->wrappers, id);
        }
    }
    view->strays++;
    return true;
}

static bool list(const struct module *module, token_visit_fn *visit, void *context)
{
    CK_OBJECT_HANDLE objects[BATCH];
    CK_ULONG found;

    if (!succeeds(module->functions->C_FindObjectsInit(module->session, NULL, 0),
                  "C_FindObjectsInit")) {
        return false;
    }
    do {
        if (!succeeds(module->functions->C_FindObjects(module->session, objects, BATCH, &found),
                      "C_FindObjects")) {
            return false;
        }
        for (CK_ULONG i = 0; i < found; i++) {
            const struct token_sight sight = { module->functions, module->session, objects[i] };

            if (!visit(context, &sight)) {
                return false;
            }
        }
    } while (found > 0);
    return succeeds(module->functions->C_FindObjectsFinal(module->session), "C_FindObjectsFinal");
}

bool token_visit(const char *folder, token_visit_fn *visit, void *context)
{
    struct module module = { .library = NULL };
    bool done = load(folder, &module) && log_in(folder, &module) && list(&module, visit, context);

    unload(&module);
    return done;
}

bool token_view_read(const char *folder, struct token_view *ret_view)
{
    *ret_view = (struct token_view){ .strays = 0 };
    return token_visit(folder, classify, ret_view);
}

void token_view_done(struct token_view *view)
{
    free(view->keys.items);
    free(view->wrappers.items);
    *view = (struct token_view){ .strays = 0 };
}

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
    CK_SESSION_HANDLE session, search; /* what is found is used while the search goes on */
};

bool object_list_add(struct object_list *list, enum object_kind kind, const void *id)
{
    struct token_object *items = reallocarray(list->items, list->count + 1, sizeof(*items));

    if (items == NULL) {
        return false;
    }
    items[list->count].kind = kind;
    memcpy(items[list->count].id, id, HSM_ID_LENGTH);
    list->items = items;
    list->count++;
    return true;
}

size_t object_list_count(const struct object_list *list, const struct token_object *object)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        count += list->items[i].kind == object->kind
                 && memcmp(list->items[i].id, object->id, HSM_ID_LENGTH) == 0;
    }
    return count;
}

void object_list_done(struct object_list *list)
{
    free(list->items);
    *list = (struct object_list){ .items = NULL };
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

static bool open_session(const struct module *module, CK_SLOT_ID slot,
                         CK_SESSION_HANDLE *ret_session)
{
    return succeeds(
        module->functions->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, ret_session),
        "C_OpenSession");
}

static bool log_in(const char *folder, struct module *module)
{
    char pin[HSM_PIN_MAX + 3];
    CK_SLOT_ID slot;

    return find_slot(module, &slot) && read_pin(folder, pin, sizeof(pin))
           && open_session(module, slot, &module->session)
           && open_session(module, slot, &module->search)
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

static bool is_number(const struct token_sight *sight, CK_ATTRIBUTE_TYPE type, CK_ULONG number)
{
    CK_ULONG value;

    return read_attribute(sight, type, &value, sizeof(value)) && value == number;
}

/*
 * Whether the key itself is there. SoftHSM makes an object in several steps: most often its CKA_ID
 * comes with one and the key, with what goes by the names below, with the next.
 */
static bool has_modulus(const struct token_sight *sight)
{
    CK_ATTRIBUTE modulus = { CKA_MODULUS, NULL, 0 };

    return sight->functions->C_GetAttributeValue(sight->session, sight->object, &modulus, 1)
               == CKR_OK
           && modulus.ulValueLen > 0 && modulus.ulValueLen <= HSM_MODULUS_MAX;
}

static bool has_curve(const struct token_sight *sight)
{
    CK_ATTRIBUTE params = { CKA_EC_PARAMS, NULL, 0 };

    return sight->functions->C_GetAttributeValue(sight->session, sight->object, &params, 1)
               == CKR_OK
           && params.ulValueLen > 0 && params.ulValueLen != CK_UNAVAILABLE_INFORMATION;
}

static bool does_encrypt(const struct token_sight *sight)
{
    CK_MECHANISM mechanism = { CKM_AES_ECB, NULL, 0 };
    unsigned char block[16] = { 0 };
    CK_ULONG len = sizeof(block);

    return sight->functions->C_EncryptInit(sight->session, &mechanism, sight->object) == CKR_OK
           && sight->functions->C_Encrypt(sight->session, block, sizeof(block), block, &len)
                  == CKR_OK;
}

/* MD5's is the HMAC that a twin of 128 bits still does. */
static bool does_hmac(const struct token_sight *sight)
{
    CK_MECHANISM mechanism = { CKM_MD5_HMAC, NULL, 0 };
    unsigned char message[1] = { 0 };
    unsigned char mac[16];
    CK_ULONG len = sizeof(mac);

    return sight->functions->C_SignInit(sight->session, &mechanism, sight->object) == CKR_OK
           && sight->functions->C_Sign(sight->session, message, sizeof(message), mac, &len)
                  == CKR_OK;
}

static bool is_generated(const struct token_sight *sight)
{
    return is_set(sight, CKA_LOCAL);
}

/* What tells the kinds apart; of two that fit an object the first one counts. */
static const struct {
    enum object_kind kind;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    CK_ATTRIBUTE_TYPE use;
    bool (*is_whole)(const struct token_sight *sight);
} kinds[] = {
    { OBJECT_RSA, CKO_PRIVATE_KEY, CKK_RSA, CKA_DECRYPT, has_modulus },
    { OBJECT_EC, CKO_PRIVATE_KEY, CKK_EC, CKA_SIGN, has_curve },
    { OBJECT_AES, CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT, does_encrypt },
    { OBJECT_TWIN, CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKA_SIGN, does_hmac },
    { OBJECT_WRAPPING, CKO_SECRET_KEY, CKK_AES, CKA_WRAP, is_generated },
};

/* The one that no store names. */
static bool is_trusted_wrapping_key(const struct token_sight *sight)
{
    return is_number(sight, CKA_KEY_TYPE, CKK_AES) && is_set(sight, CKA_TRUSTED)
           && is_set(sight, CKA_WRAP) && is_generated(sight) && !is_set(sight, CKA_MODIFIABLE);
}

static bool classify(void *context, const struct token_sight *sight)
{
    struct token_view *view = context;
    unsigned char id[HSM_ID_LENGTH];

    if (is_trusted_wrapping_key(sight)) {
        view->trusted++;
        return true;
    }
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (is_number(sight, CKA_CLASS, kinds[i].class)
            && is_number(sight, CKA_KEY_TYPE, kinds[i].type) && is_set(sight, kinds[i].use)
            && read_attribute(sight, CKA_ID, id, sizeof(id)) && kinds[i].is_whole(sight)) {
            return object_list_add(&view->objects, kinds[i].kind, id);
        }
    }
    view->strays++;
    return true;
}

static bool list(const struct module *module, token_visit_fn *visit, void *context)
{
    CK_FUNCTION_LIST *functions = module->functions;
    CK_OBJECT_HANDLE objects[BATCH];
    CK_ULONG found;

    if (!succeeds(functions->C_FindObjectsInit(module->search, NULL, 0), "C_FindObjectsInit")) {
        return false;
    }
    do {
        if (!succeeds(functions->C_FindObjects(module->search, objects, BATCH, &found),
                      "C_FindObjects")) {
            return false;
        }
        for (CK_ULONG i = 0; i < found; i++) {
            const struct token_sight sight = { functions, module->session, objects[i] };

            if (!visit(context, &sight)) {
                return false;
            }
        }
    } while (found > 0);
    return succeeds(functions->C_FindObjectsFinal(module->search), "C_FindObjectsFinal");
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
    object_list_done(&view->objects);
    view->strays = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The blob that a key arrives in (BYOK), first as JSON, then in the base64url that it comes as. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kv/base/base64.h"
#include "kv/custody/private_key.h"
#include "kv/base/files.h"
#include "kv/store/store.h"
#include "server/api/keys/private.h"
#include "tests/support/vaults.h"

#define TEXT_MAX (1024 * 1024)

static struct kv_vaults *vaults;

/* The store's files go at once: nothing is written to it any more. */
static void make_vaults(void)
{
    static const char *const specs[] = { "dev", "other" };
    char folder[] = "/tmp/coffer-fuzz-XXXXXX", path[KV_PATH_MAX];
    struct kv_store *store;

    if (vaults != NULL) {
        return;
    }
    FUZZ_HOLDS(mkdtemp(folder) != NULL);
    FUZZ_HOLDS(kv_path_join(path, folder, "coffer.db", NULL) == KV_OK);
    FUZZ_HOLDS(kv_store_open(path, 2, &store, NULL) == KV_OK);
    FUZZ_HOLDS(vaults_of_specs(store, specs, KV_COUNT(specs), &vaults, NULL) == KV_OK);
    kv_store_close(store);
    FUZZ_HOLDS(kv_folder_remove(folder, NULL) == KV_OK);
}

static void parse(const char *text)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = kv_vaults_acquire(vaults, "dev");
    struct kv_app app = { .vaults = vaults };
    struct kv_call call = { .vault = vault };
    struct kv_request request = { .app = &app, .context = &call };
    kv_auto(sent_transfer_done) struct sent_transfer sent = { .blob = NULL };
    struct kv_err err;

    if (transfer_parse(&request, text, &sent, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BAD_PARAMETER);
        return;
    }
    FUZZ_HOLDS(sent.transfer.len <= KV_TRANSFER_MAX);
    FUZZ_HOLDS(strlen(sent.transfer.kek_name) <= KV_KEY_NAME_MAX);
    FUZZ_HOLDS(strlen(sent.transfer.kek_version) <= KV_VERSION_LENGTH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_auto char *text = fuzz_text(data, size);
    kv_auto(kv_buf_done) struct kv_buf coded;

    fuzz_begin();
    make_vaults();
    parse(text);
    kv_buf_init(&coded, TEXT_MAX);
    if (size < TEXT_MAX / 2 && kv_base64url_render(data, size, &coded, NULL) == KV_OK) {
        parse(coded.data != NULL ? coded.data : "");
    }
    return 0;
}

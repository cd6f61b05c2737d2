/* SPDX-License-Identifier: Apache-2.0 */
/* The blob that a key arrives in (BYOK), first as JSON, then in the base64url that it comes as. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/base64.h"
#include "kv/custody/private_key.h"
#include "server/api/keys/private.h"

#define TEXT_MAX (1024 * 1024)

static struct kv_vault vaults[2];

static void parse(const char *text)
{
    const struct kv_vault *vault = &vaults[0];
    struct kv_app app = { .vaults = vaults, .vault_count = KV_COUNT(vaults) };
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
    FUZZ_HOLDS(kv_vault_parse("dev", &vaults[0], NULL) == KV_OK);
    FUZZ_HOLDS(kv_vault_parse("other", &vaults[1], NULL) == KV_OK);
    parse(text);
    kv_buf_init(&coded, TEXT_MAX);
    if (size < TEXT_MAX / 2 && kv_base64url_render(data, size, &coded, NULL) == KV_OK) {
        parse(coded.data != NULL ? coded.data : "");
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup holds, once it was opened: what is read is written as the same again. */
#include <string.h>

#include "fuzz.h"
#include "server/domain/keys/backup/backup.h"

static void write_again(const struct backup *backup, struct kv_buf *content)
{
    kv_buf_init(content, 2 * BACKUP_CONTENT_MAX);
    FUZZ_HOLDS(backup_append_head(content, backup->name, &backup->policy, &backup->release,
                                  backup->count, NULL)
               == KV_OK);
    for (size_t i = 0; i < backup->count; i++) {
        const struct backup_version *version = &backup->version[i];
        struct kv_wrapped wrapped;

        wrapped.len = version->wrapped_len <= sizeof(wrapped.bytes) ? version->wrapped_len : 0;
        memcpy(wrapped.bytes, version->wrapped, wrapped.len);
        FUZZ_HOLDS(backup_append_version(content, &version->key, &wrapped, NULL) == KV_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kv_buf content = { .data = (char *) data, .len = size };
    kv_auto(backup_done) struct backup backup = { .name = "" };
    kv_auto(backup_done) struct backup again = { .name = "" };
    kv_auto(kv_buf_done) struct kv_buf first = { .data = NULL };
    kv_auto(kv_buf_done) struct kv_buf second = { .data = NULL };
    struct kv_err err;

    if (size > BACKUP_CONTENT_MAX) {
        return 0;
    }
    if (backup_parse(&content, &backup, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BACKUP_CORRUPT);
        return 0;
    }
    FUZZ_HOLDS(backup.count >= 1 && backup.count <= BACKUP_VERSIONS_MAX);
    write_again(&backup, &first);
    FUZZ_HOLDS(backup_parse(&first, &again, &err) == KV_OK);
    write_again(&again, &second);
    FUZZ_HOLDS(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    return 0;
}

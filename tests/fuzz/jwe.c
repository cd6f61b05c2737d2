/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backup is wrapped in. The bytes are a JWE, taken apart and opened; and they are a content,
 * which is sealed, opened again, and not opened any more once a character was changed.
 */
#include <string.h>

#include "fuzz.h"
#include "kv/base/jwe.h"

#define KID "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
#define TEXT_MAX (8 * 1024 * 1024)

static const struct kv_secret key = { .len = KV_JWE_KEY_LENGTH };
static const struct kv_secret encrypted_key = { .bytes = { 1, 2, 3 }, .len = 256 };

static void open_text(const char *text, size_t len, bool *ret_opened, struct kv_buf *content)
{
    struct kv_secret found = { .len = 0 };
    struct kv_jwe jwe;

    *ret_opened = kv_jwe_parse(text, len, KID, &jwe, &found) && kv_jwe_open(&jwe, &key, content);
    FUZZ_HOLDS(*ret_opened || content->len == 0);
    FUZZ_HOLDS(found.len <= sizeof(found.bytes));
}

static void seal_and_open(const uint8_t *data, size_t size)
{
    kv_auto(kv_buf_done) struct kv_buf content;
    kv_auto(kv_buf_done) struct kv_buf text;
    kv_auto(kv_buf_done) struct kv_buf again;
    bool opened;

    kv_buf_init(&content, TEXT_MAX);
    kv_buf_init(&text, TEXT_MAX);
    kv_buf_init(&again, TEXT_MAX);
    FUZZ_HOLDS(kv_buf_append(&content, data, size, NULL) == KV_OK);
    FUZZ_HOLDS(kv_jwe_seal(KID, &key, &encrypted_key, &content, &text, NULL) == KV_OK);
    open_text(text.data, text.len, &opened, &again);
    FUZZ_HOLDS(opened && again.len == size && memcmp(again.data, data, size) == 0);

    kv_buf_clear(&again);
    text.data[text.len / 2 + data[0] % (text.len / 2)] ^= 1; /* of the cipher text or the tag */
    open_text(text.data, text.len, &opened, &again);
    FUZZ_HOLDS(!opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kv_auto(kv_buf_done) struct kv_buf content;
    bool opened;

    kv_buf_init(&content, TEXT_MAX);
    open_text((const char *) data, size, &opened, &content);
    if (size > 0 && size < 4096 && memchr(data, '.', size) == NULL) {
        seal_and_open(data, size);
    }
    return 0;
}

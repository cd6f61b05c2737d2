/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that carry bytes: kv/base64.h. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/base64.h"

static void check_bytes(const char *text, size_t len, const uint8_t *bytes, size_t count)
{
    size_t again_len = 0;
    char *written = malloc(KV_BASE64URL_LENGTH(count) + 1);
    uint8_t *again = malloc(count + 1);

    FUZZ_HOLDS(written != NULL && again != NULL);
    kv_base64url_encode(bytes, count, written);
    FUZZ_HOLDS(strlen(written) == KV_BASE64URL_LENGTH(count));
    FUZZ_HOLDS(kv_base64url_is_canonical(written, strlen(written)));
    FUZZ_HOLDS(kv_base64url_decode(written, strlen(written), again, &again_len));
    FUZZ_HOLDS(again_len == count && memcmp(again, bytes, count) == 0);
    FUZZ_HOLDS(kv_base64url_is_canonical(text, len)
               == (strlen(written) == len && memcmp(written, text, len) == 0));
    free(again);
    free(written);
}

/* Whether text is read as bytes, strictly or not, and what bytes. */
struct reading {
    bool good;
    size_t count;
    uint8_t *bytes; /* exactly as many as there may be */
};

typedef bool decode_fn(const char *text, size_t len, void *ret_bytes, size_t *ret_len);
typedef enum kv_code parse_fn(const char *text, size_t len, struct kv_buf *buf, struct kv_err *err);

/* Both ways of decoding say the same. */
static void read_text(const char *text, size_t len, decode_fn *decode, parse_fn *parse,
                      struct reading *ret_reading)
{
    kv_auto(kv_buf_done) struct kv_buf buf;
    struct reading reading = { .bytes = malloc(KV_BASE64URL_BYTES(len) + 1) };

    FUZZ_HOLDS(reading.bytes != NULL);
    kv_buf_init(&buf, KV_BASE64URL_BYTES(len) + 1);
    reading.good = decode(text, len, reading.bytes, &reading.count);
    FUZZ_HOLDS(reading.good == (parse(text, len, &buf, NULL) == KV_OK));
    if (reading.good) {
        FUZZ_HOLDS(reading.count <= KV_BASE64URL_BYTES(len) && buf.len == reading.count);
        FUZZ_HOLDS(buf.len == 0 || memcmp(buf.data, reading.bytes, buf.len) == 0);
    } else {
        FUZZ_HOLDS(buf.len == 0);
    }
    *ret_reading = reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;
    struct reading strict;
    struct reading loose;

    read_text(text, size, kv_base64url_decode, kv_base64url_parse, &strict);
    read_text(text, size, kv_base64_decode, kv_base64_parse, &loose);
    FUZZ_HOLDS(strict.good || !kv_base64url_is_canonical(text, size));
    FUZZ_HOLDS(loose.good || (!strict.good && !kv_base64_is_canonical(text, size)));
    if (strict.good) {
        FUZZ_HOLDS(loose.count == strict.count);
        FUZZ_HOLDS(memcmp(loose.bytes, strict.bytes, strict.count) == 0);
        check_bytes(text, size, strict.bytes, strict.count);
    }
    free(loose.bytes);
    free(strict.bytes);
    return 0;
}

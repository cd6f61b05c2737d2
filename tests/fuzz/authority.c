/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an attestation authority answers when it is asked where its keys are, and, behind a NUL,
 * when it is asked for them. The attestation itself is good.
 */
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "kv/base/json.h"
#include "kv/release/release.h"
#include "signer.h"

#define NOW 1800000000
#define POLICY                                                                                     \
    "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://a.test\",\"allOf\":[{\"claim\":"   \
    "\"c\",\"equals\":\"v\"}]}]}"
#define CLAIMS "{\"iss\":\"https://a.test/\",\"exp\":1800000001,\"c\":\"v\"}"

static struct fuzz_input answers;

static enum kv_code fetch(const char *url, struct kv_buf *body, struct kv_err *err)
{
    fuzz_auto char *text = fuzz_take_text(&answers, '\0');

    FUZZ_HOLDS(strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0);
    return kv_buf_append(body, text, strlen(text), err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *token; /* one for all inputs */
    kv_auto(kv_authorities_free) struct kv_authorities *authorities = NULL;
    struct kv_release_target target;
    struct kv_err err;

    fuzz_begin();
    if (token == NULL) {
        token = signer_sign(CLAIMS);
    }
    answers = (struct fuzz_input){ data, size };
    FUZZ_HOLDS(kv_authorities_new(fetch, &authorities, NULL) == KV_OK);

    const struct kv_release_case release = {
        .policy = POLICY,
        .target = token,
        .now = NOW,
        .authorities = authorities,
    };

    FUZZ_HOLDS(kv_release_judge(&release, &target, &err) != KV_OK); /* it attests no key */
    FUZZ_HOLDS(err.code != KV_INTERNAL);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A release policy, and, behind a NUL, the claims of an attestation that is held against it, signed
 * by whoever its issuer is.
 */
#include <string.h>

#include "fuzz.h"
#include "kv/base/json.h"
#include "kv/release/release.h"
#include "signer.h"

#define NOW 1800000000

static void judge(const char *policy, const char *claims)
{
    static struct kv_authorities *authorities; /* whose keys are always the same */
    fuzz_auto char *token = signer_sign(claims);
    struct kv_release_target target = { .modulus_len = 0 };
    struct kv_err err;

    if (authorities == NULL) {
        FUZZ_HOLDS(kv_authorities_new(signer_fetch, &authorities, NULL) == KV_OK);
    }

    const struct kv_release_case release = {
        .policy = policy,
        .target = token,
        .now = NOW,
        .authorities = authorities,
    };

    if (kv_release_judge(&release, &target, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BAD_PARAMETER || err.code == KV_RELEASE_DENIED);
        FUZZ_HOLDS(target.modulus_len == 0);
        return;
    }
    FUZZ_HOLDS(target.modulus_len >= 256 && target.modulus_len <= KV_RELEASE_NUMBER_MAX);
    FUZZ_HOLDS(target.exponent_len >= 1 && target.exponent_len <= sizeof(target.exponent));
    FUZZ_HOLDS(target.modulus[0] != 0 && target.exponent[0] != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    fuzz_auto char *policy = fuzz_take_text(&input, '\0');
    fuzz_auto char *claims = fuzz_take_text(&input, '\0');
    kv_auto(kv_buf_done) struct kv_buf compact;
    kv_auto(kv_buf_done) struct kv_buf again;

    fuzz_begin();
    kv_buf_init(&compact, KV_RELEASE_POLICY_MAX);
    kv_buf_init(&again, KV_RELEASE_POLICY_MAX);
    if (kv_release_policy_check(policy, strlen(policy), &compact, NULL) != KV_OK) {
        FUZZ_HOLDS(compact.len == 0);
        return 0;
    }
    FUZZ_HOLDS(kv_release_policy_check(compact.data, compact.len, &again, NULL) == KV_OK);
    FUZZ_HOLDS(again.len == compact.len && strcmp(again.data, compact.data) == 0);
    if (claims[0] != '\0' && strlen(claims) < KV_ATTESTATION_MAX / 2) {
        judge(compact.data, claims);
    }
    KV_IGNORE(kv_release_policy_rewrite(&compact, NULL)); /* its text may be too long then */
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestations in progress: a worker judges them by the authority's keys; another lane waits for
 * the keys themselves, because there is no telling how long that takes.
 */
#include <string.h>

#include "private.h"

static struct kv_release_case case_of(const struct kv_request *request, uint64_t *must_ask)
{
    const struct attested *attested = request->state;

    return (struct kv_release_case){
        .policy = attested->policy,
        .target = attested->attestation,
        .now = kv_seconds(request->now),
        .authorities = request->app->authorities,
        .must_ask = must_ask,
        .since = attested->since,
    };
}

/* On KV_LANE_OUTSIDE. */
static enum kv_code ask_authority(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    struct attested *attested = request->state;
    const struct kv_release_case asked = case_of(request, NULL);

    (void) response;
    KV_TRY(kv_release_judge(&asked, &attested->target, err));
    return kv_request_continue(request, KV_LANE_WORK, attested->then);
}

enum kv_code attested_judge(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    struct attested *attested = request->state;
    uint64_t must_ask;
    const struct kv_release_case asked = case_of(request, &must_ask);

    KV_TRY(kv_release_judge(&asked, &attested->target, err));
    if (must_ask != 0) { /* requests for the same authority wait in one line */
        attested->since = kv_clock_monotonic();
        return kv_request_continue_in_turn(request, must_ask, ask_authority);
    }
    return attested->then(request, response, err);
}

struct kv_material attested_material(const struct attested *attested)
{
    const struct kv_release_target *target = &attested->target;
    struct kv_material material = {
        .family = KV_FAMILY_RSA,
        .bits = (unsigned) target->modulus_len * 8,
        .modulus_len = target->modulus_len,
        .exponent_len = target->exponent_len,
    };

    memcpy(material.modulus, target->modulus, target->modulus_len);
    memcpy(material.exponent, target->exponent, target->exponent_len);
    return material;
}

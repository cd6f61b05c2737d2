/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where the token's verdicts become outcomes of the wire. */
#include "hsm.h"
#include "private.h"

/*
 * What a CK_RV means to a client; anything not listed is the last row.
 */
static const struct verdict {
    CK_RV rv;
    enum kv_text text;
} verdicts[] = {
    { HSM_RV_NO_KEY, KV_TEXT_HSM_LACKS_KEY },
    { HSM_RV_TOKEN_GONE, KV_TEXT_HSM_GONE },
    { CKR_TOKEN_NOT_PRESENT, KV_TEXT_HSM_GONE },
    { CKR_DEVICE_REMOVED, KV_TEXT_HSM_GONE },
    { CKR_DEVICE_MEMORY, KV_TEXT_HSM_FULL },
    { CKR_PIN_INCORRECT, KV_TEXT_HSM_LOCKED },
    { CKR_PIN_LOCKED, KV_TEXT_HSM_LOCKED },
    { CKR_USER_NOT_LOGGED_IN, KV_TEXT_HSM_LOCKED },
    { CKR_KEY_UNEXTRACTABLE, KV_TEXT_HSM_KEY_STAYS },
    { CKR_KEY_NOT_WRAPPABLE, KV_TEXT_HSM_KEY_NOT_EXPORTABLE },
    { HSM_RV_NO_MECHANISM, KV_TEXT_HSM_LACKS_MECHANISM },
    { CKR_MECHANISM_INVALID, KV_TEXT_HSM_LACKS_MECHANISM },
    { CKR_ATTRIBUTE_VALUE_INVALID, KV_TEXT_HSM_MAKES_NO_SUCH_KEY },
    { CKR_KEY_SIZE_RANGE, KV_TEXT_HSM_MAKES_NO_SUCH_KEY },
    { CKR_HOST_MEMORY, KV_TEXT_HSM_OUT_OF_MEMORY },
    { CKR_OK, KV_TEXT_HSM_FAILED },
};

static const struct verdict *find_verdict(unsigned long rv)
{
    const struct verdict *verdict = verdicts;

    while (verdict->rv != rv && verdict->rv != CKR_OK) {
        verdict++;
    }
    return verdict;
}

enum kv_code custody_translate(struct kv_custody *custody, unsigned long rv, struct kv_err *err)
{
    const struct verdict *verdict = find_verdict(rv);

    if (rv == CKR_OK) {
        return KV_OK;
    }
    if (hsm_rv_wants_check(rv) && custody->config.alarm != NULL) {
        custody->config.alarm(custody->config.alarm_context);
    }
    return KV_REFUSE_BY(err, verdict->text, rv);
}

/* For a bad key a module returns whatever its library said, including what it returns when it is
 * itself broken. */
static bool is_token_ill(struct kv_custody *custody, unsigned long rv)
{
    return hsm_rv_wants_check(rv) && hsm_check(custody->config.hsm) != CKR_OK;
}

enum kv_code custody_judge_newcomer(struct kv_custody *custody, enum kv_family family,
                                    enum kv_code code, const struct kv_err *reason,
                                    struct kv_err *err)
{
    bool is_unlisted =
        code == KV_UNAVAILABLE && reason->cause != 0 && find_verdict(reason->cause)->rv == CKR_OK;
    bool may_be_bad = is_unlisted || reason->cause == CKR_HOST_MEMORY; /* NSS says so of some */

    if (code != KV_OK && may_be_bad && !is_token_ill(custody, reason->cause)) {
        return custody_refuse_key(family, reason->cause, err);
    }
    if (code != KV_OK && err != NULL) {
        *err = *reason;
    }
    return code;
}

enum kv_code custody_refuse_ciphertext(struct kv_err *err)
{
    return KV_REFUSE(err, KV_TEXT_CANNOT_DECRYPT, 0);
}

enum kv_code custody_translate_open(struct kv_custody *custody, unsigned long rv,
                                    struct kv_err *err)
{
    return hsm_rv_is_bad_input(rv) ? custody_refuse_ciphertext(err)
                                   : custody_translate(custody, rv, err);
}

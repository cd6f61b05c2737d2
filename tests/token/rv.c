/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm.h"

#include <stdio.h>

#include <criterion/criterion.h>

TestSuite(rv, .timeout = 60);

Test(rv, has_a_number_where_it_has_no_name)
{
    cr_assert_str_eq(hsm_rv_name(0x12345678UL), "0x12345678");
    cr_assert_str_eq(hsm_rv_name(~0UL), "0xffffffffffffffff");
    cr_assert_str_eq(hsm_rv_name(CKR_VENDOR_DEFINED | 1), "0x80000001");
}

Test(rv, has_the_name_of_the_standard)
{
    static const struct {
        CK_RV rv;
        const char *name;
    } rows[] = {
        { 0x000, "CKR_OK" },
        { 0x005, "CKR_GENERAL_ERROR" },
        { 0x01b, "CKR_ACTION_PROHIBITED" },
        { 0x06a, "CKR_KEY_UNEXTRACTABLE" },
        { 0x0a0, "CKR_PIN_INCORRECT" },
        { 0x0f0, "CKR_UNWRAPPING_KEY_HANDLE_INVALID" },
        { 0x1c4, "CKR_PUBLIC_KEY_INVALID" },
        { 0x200, "CKR_FUNCTION_REJECTED" },
        { HSM_RV_NOT_LOADABLE, "HSM_RV_NOT_LOADABLE" },
        { HSM_RV_TOKEN_GONE, "HSM_RV_TOKEN_GONE" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_str_eq(hsm_rv_name(rows[i].rv), rows[i].name);
    }
}

Test(rv, wants_a_check_when_the_token_may_be_gone)
{
    static const CK_RV rows[] = {
        CKR_GENERAL_ERROR,          CKR_FUNCTION_FAILED,   CKR_DEVICE_ERROR,
        CKR_DEVICE_REMOVED,         CKR_TOKEN_NOT_PRESENT, CKR_USER_NOT_LOGGED_IN,
        CKR_SESSION_HANDLE_INVALID, HSM_RV_OTHER_TOKEN,    HSM_RV_TOKEN_GONE,
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect(hsm_rv_wants_check(rows[i]), "%s", hsm_rv_name(rows[i]));
    }
}

Test(rv, wants_no_check_for_what_a_client_can_cause)
{
    static const CK_RV rows[] = {
        CKR_OK,
        CKR_DATA_LEN_RANGE,
        CKR_ENCRYPTED_DATA_INVALID,
        CKR_ENCRYPTED_DATA_LEN_RANGE,
        CKR_KEY_SIZE_RANGE,
        CKR_MECHANISM_INVALID,
        HSM_RV_NO_KEY,
        HSM_RV_NO_MECHANISM,
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_not(hsm_rv_wants_check(rows[i]), "%s", hsm_rv_name(rows[i]));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* AES key wrap over the caller's bytes: the vectors of the RFCs, OpenSSL, and bad input. */
#include "fixture.h"

#include <string.h>

#include <criterion/criterion.h>

#include "outside.h"

static struct test_token token;
static const unsigned char id[HSM_ID_LENGTH] = { 1 };

static void setup(void)
{
    test_token_create(&token, NULL, NULL);
}

static void teardown(void)
{
    test_token_destroy(&token);
}

TestSuite(value, .init = setup, .fini = teardown, .timeout = 60);

static const unsigned char kek[HSM_AES_MAX] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};

static void import_kek(void)
{
    cr_assert_eq(hsm_import_aes(token.hsm, id, HSM_BOUND, kek, sizeof(kek)), CKR_OK);
}

static CK_RV wrap(CK_MECHANISM_TYPE type, const unsigned char *in, size_t len, unsigned char *out,
                  size_t size, size_t *ret_len)
{
    return hsm_wrap_value(token.hsm, id, type, in, len, out, size, ret_len);
}

static CK_RV unwrap(CK_MECHANISM_TYPE type, const unsigned char *in, size_t len, unsigned char *out,
                    size_t size, size_t *ret_len)
{
    return hsm_unwrap_value(token.hsm, id, type, in, len, out, size, ret_len);
}

/* RFC 3394 §4, of all sizes of keys; RFC 5649 §6. */
static const struct {
    CK_MECHANISM_TYPE type;
    unsigned char kek[32];
    size_t kek_len;
    unsigned char value[32];
    size_t len;
    unsigned char wrapped[40];
    size_t wrapped_len;
} vectors[] = {
    {
        CKM_AES_KEY_WRAP,
        { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
          0x0f },
        16,
        { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
          0xff },
        16,
        { 0x1f, 0xa6, 0x8b, 0x0a, 0x81, 0x12, 0xb4, 0x47, 0xae, 0xf3, 0x4b, 0xd8,
          0xfb, 0x5a, 0x7b, 0x82, 0x9d, 0x3e, 0x86, 0x23, 0x71, 0xd2, 0xcf, 0xe5 },
        24,
    },
    {
        CKM_AES_KEY_WRAP,
        { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
          0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 },
        24,
        { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
          0xcc, 0xdd, 0xee, 0xff, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07 },
        24,
        { 0x03, 0x1d, 0x33, 0x26, 0x4e, 0x15, 0xd3, 0x32, 0x68, 0xf2, 0x4e,
          0xc2, 0x60, 0x74, 0x3e, 0xdc, 0xe1, 0xc6, 0xc7, 0xdd, 0xee, 0x72,
          0x5a, 0x93, 0x6b, 0xa8, 0x14, 0x91, 0x5c, 0x67, 0x62, 0xd2 },
        32,
    },
    {
        CKM_AES_KEY_WRAP,
        { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
          0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
          0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f },
        32,
        { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
          0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
          0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f },
        32,
        { 0x28, 0xc9, 0xf4, 0x04, 0xc4, 0xb8, 0x10, 0xf4, 0xcb, 0xcc, 0xb3, 0x5c, 0xfb, 0x87,
          0xf8, 0x26, 0x3f, 0x57, 0x86, 0xe2, 0xd8, 0x0e, 0xd3, 0x26, 0xcb, 0xc7, 0xf0, 0xe7,
          0x1a, 0x99, 0xf4, 0x3b, 0xfb, 0x98, 0x8b, 0x9b, 0x7a, 0x02, 0xdd, 0x21 },
        40,
    },
    {
        CKM_AES_KEY_WRAP_PAD,
        { 0x58, 0x40, 0xdf, 0x6e, 0x29, 0xb0, 0x2a, 0xf1, 0xab, 0x49, 0x3b, 0x70,
          0x5b, 0xf1, 0x6e, 0xa1, 0xae, 0x83, 0x38, 0xf4, 0xdc, 0xc1, 0x76, 0xa8 },
        24,
        { 0xc3, 0x7b, 0x7e, 0x64, 0x92, 0x58, 0x43, 0x40, 0xbe, 0xd1,
          0x22, 0x07, 0x80, 0x89, 0x41, 0x15, 0x50, 0x68, 0xf7, 0x38 },
        20,
        { 0x13, 0x8b, 0xde, 0xaa, 0x9b, 0x8f, 0xa7, 0xfc, 0x61, 0xf9, 0x77,
          0x42, 0xe7, 0x22, 0x48, 0xee, 0x5a, 0xe6, 0xae, 0x53, 0x60, 0xd1,
          0xae, 0x6a, 0x5f, 0x54, 0xf3, 0x73, 0xfa, 0x54, 0x3b, 0x6a },
        32,
    },
    {
        CKM_AES_KEY_WRAP_PAD,
        { 0x58, 0x40, 0xdf, 0x6e, 0x29, 0xb0, 0x2a, 0xf1, 0xab, 0x49, 0x3b, 0x70,
          0x5b, 0xf1, 0x6e, 0xa1, 0xae, 0x83, 0x38, 0xf4, 0xdc, 0xc1, 0x76, 0xa8 },
        24,
        { 0x46, 0x6f, 0x72, 0x50, 0x61, 0x73, 0x69 },
        7,
        { 0xaf, 0xbe, 0xb0, 0xf0, 0x7d, 0xfb, 0xf5, 0x41, 0x92, 0x00, 0xf2, 0xcc, 0xb5, 0x0b, 0xb2,
          0x4f },
        16,
    },
};

Test(value, is_wrapped_as_the_rfcs_say_and_back)
{
    unsigned char out[64], vector_id[HSM_ID_LENGTH];
    size_t len = 0;

    for (size_t i = 0; i < KV_COUNT(vectors); i++) {
        set_id((unsigned char) (10 + i), vector_id);
        cr_assert_eq(
            hsm_import_aes(token.hsm, vector_id, HSM_BOUND, vectors[i].kek, vectors[i].kek_len),
            CKR_OK);
        CK_RV rv = hsm_wrap_value(token.hsm, vector_id, vectors[i].type, vectors[i].value,
                                  vectors[i].len, out, sizeof(out), &len);
        cr_assert_eq(rv, CKR_OK, "vector %zu: %s", i, hsm_rv_name(rv));
        cr_assert_eq(len, vectors[i].wrapped_len);
        cr_assert_arr_eq(out, vectors[i].wrapped, len);
        rv = hsm_unwrap_value(token.hsm, vector_id, vectors[i].type, vectors[i].wrapped,
                              vectors[i].wrapped_len, out, sizeof(out), &len);
        cr_assert_eq(rv, CKR_OK, "vector %zu: %s", i, hsm_rv_name(rv));
        cr_assert_eq(len, vectors[i].len);
        cr_assert_arr_eq(out, vectors[i].value, len);
    }
}

Test(value, of_any_length_is_wrapped_as_openssl_does)
{
    static const size_t rows[] = { 1, 7, 8, 9, 16, 31, 32, 64, 200, 1000 };
    unsigned char in[1000], inside[1024], outside[1024];
    size_t len = 0;

    import_kek();
    memset(in, 0xc3, sizeof(in));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        CK_RV rv = wrap(CKM_AES_KEY_WRAP_PAD, in, rows[i], inside, sizeof(inside), &len);

        cr_assert_eq(rv, CKR_OK, "%zu bytes: %s", rows[i], hsm_rv_name(rv));
        cr_assert_eq(len, outside_wrap(kek, in, rows[i], outside));
        cr_assert_arr_eq(inside, outside, len);
        cr_assert_eq(unwrap(CKM_AES_KEY_WRAP_PAD, outside, len, inside, sizeof(inside), &len),
                     CKR_OK);
        cr_assert_eq(len, rows[i]);
        cr_assert_arr_eq(inside, in, len);
    }
}

Test(value, of_a_length_that_does_not_fit_is_refused)
{
    static const struct {
        CK_RV(*work)
        (CK_MECHANISM_TYPE type, const unsigned char *in, size_t len, unsigned char *out,
         size_t size, size_t *ret_len);
        CK_RV rv;
        CK_MECHANISM_TYPE type;
        size_t lengths[5], count;
    } rows[] = {
        { wrap, CKR_DATA_LEN_RANGE, CKM_AES_KEY_WRAP, { 0, 8, 15, 17, 31 }, 5 },
        { wrap, CKR_DATA_LEN_RANGE, CKM_AES_KEY_WRAP_PAD, { 0 }, 1 },
        { unwrap, CKR_ENCRYPTED_DATA_LEN_RANGE, CKM_AES_KEY_WRAP, { 0, 16, 23, 25 }, 4 },
        { unwrap, CKR_ENCRYPTED_DATA_LEN_RANGE, CKM_AES_KEY_WRAP_PAD, { 0, 8, 15, 17 }, 4 },
    };
    unsigned char in[32] = { 0 }, out[64];
    size_t len = 0;

    import_kek();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (size_t j = 0; j < rows[i].count; j++) {
            cr_expect_eq(rows[i].work(rows[i].type, in, rows[i].lengths[j], out, sizeof(out), &len),
                         rows[i].rv, "row %zu: %zu bytes", i, rows[i].lengths[j]);
        }
    }
}

Test(value, that_was_tampered_with_is_refused)
{
    static const CK_MECHANISM_TYPE rows[] = { CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD };
    unsigned char in[24] = { 1 }, wrapped[64], out[64];
    size_t len = 0;

    import_kek();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(wrap(rows[i], in, sizeof(in), wrapped, sizeof(wrapped), &len), CKR_OK);
        for (size_t at = 0; at < len; at += 5) {
            size_t out_len = 4711;

            wrapped[at] ^= 0x10;
            CK_RV rv = unwrap(rows[i], wrapped, len, out, sizeof(out), &out_len);
            cr_assert_eq(rv, CKR_ENCRYPTED_DATA_INVALID, "byte %zu: %s", at, hsm_rv_name(rv));
            cr_assert_eq(out_len, 4711);
            wrapped[at] ^= 0x10;
        }
    }
}

Test(value, wrapped_the_other_way_is_refused)
{
    unsigned char in[24] = { 1 }, wrapped[64], out[64];
    size_t len = 0;

    import_kek();
    cr_assert_eq(wrap(CKM_AES_KEY_WRAP, in, sizeof(in), wrapped, sizeof(wrapped), &len), CKR_OK);
    cr_assert_eq(unwrap(CKM_AES_KEY_WRAP_PAD, wrapped, len, out, sizeof(out), &len),
                 CKR_ENCRYPTED_DATA_INVALID);
}

Test(value, that_finds_no_room_leaves_zeros)
{
    unsigned char in[24] = { 1 }, wrapped[64], out[24];
    const unsigned char zeros[sizeof(out)] = { 0 };
    size_t len = 0;

    import_kek();
    cr_assert_eq(wrap(CKM_AES_KEY_WRAP, in, sizeof(in), out, sizeof(out), &len),
                 CKR_BUFFER_TOO_SMALL);
    cr_assert_eq(wrap(CKM_AES_KEY_WRAP, in, sizeof(in), wrapped, sizeof(wrapped), &len), CKR_OK);
    memset(out, 0xff, sizeof(out));
    CK_RV rv = unwrap(CKM_AES_KEY_WRAP, wrapped, len, out, sizeof(out) - 1, &len);
    cr_assert_eq(rv, CKR_BUFFER_TOO_SMALL, "%s", hsm_rv_name(rv));
    cr_assert_arr_eq(out, zeros, sizeof(out) - 1);
}

Test(value, is_wrapped_by_key_wrap_only)
{
    unsigned char in[32] = { 1 }, out[64];
    size_t len = 0;

    import_kek();
    cr_assert_eq(wrap(CKM_AES_CBC, in, sizeof(in), out, sizeof(out), &len), HSM_RV_NO_MECHANISM);
    cr_assert_eq(unwrap(CKM_AES_CBC, in, sizeof(in), out, sizeof(out), &len), HSM_RV_NO_MECHANISM);
}

Test(value, does_not_stay_in_the_token)
{
    unsigned char in[24] = { 1 }, wrapped[64], out[64];
    size_t len = 0;

    import_kek();
    size_t before = count_objects(&token);
    cr_assert_eq(wrap(CKM_AES_KEY_WRAP, in, sizeof(in), wrapped, sizeof(wrapped), &len), CKR_OK);
    cr_assert_eq(unwrap(CKM_AES_KEY_WRAP, wrapped, len, out, sizeof(out), &len), CKR_OK);
    cr_assert_eq(count_objects(&token), before);
}

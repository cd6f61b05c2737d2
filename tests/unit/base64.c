/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/base.h"
#include "kv/base/base64.h"

#define LENGTH_MAX 100

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

TestSuite(base64, .timeout = 120);

Test(base64, rejects_impossible_lengths)
{
    unsigned char bytes[LENGTH_MAX];
    char text[LENGTH_MAX];
    size_t len = 0;

    memset(text, 'A', sizeof(text));
    for (size_t i = 1; i < sizeof(text); i += 4) {
        cr_assert_not(kv_base64url_decode(text, i, bytes, &len), "%zu", i);
    }
}

/* Padding, white space, the standard alphabet and NUL are among them. */
Test(base64, rejects_every_byte_outside_the_alphabet_at_every_place)
{
    unsigned char bytes[8];
    size_t len = 0;

    for (int byte = 0; byte < 256; byte++) {
        bool inside = byte != 0 && strchr(alphabet, byte) != NULL;
        for (size_t place = 0; place < 8; place++) {
            char text[8] = { 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A' };
            text[place] = (char) byte;
            cr_assert_eq(kv_base64url_decode(text, sizeof(text), bytes, &len), inside,
                         "byte %d at %zu", byte, place);
        }
    }
}

Test(base64, rejects_padding)
{
    static const char *const texts[] = {
        "Zg==", "Zm8=", "=", "==", "====", "Zm9v=", "Zg=", "Z==="
    };
    unsigned char bytes[8];
    size_t len = 0;

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        cr_assert_not(kv_base64url_decode(texts[i], strlen(texts[i]), bytes, &len), "%s", texts[i]);
    }
}

Test(base64, leaves_the_length_alone_when_it_rejects)
{
    unsigned char bytes[8];
    size_t len = 4711;

    cr_assert_not(kv_base64url_decode("Zm9v+w", 6, bytes, &len));
    cr_assert_eq(len, 4711);
}

/* RFC 4648 §10, without padding, and the two characters that differ from standard base64. */
static const struct {
    const char *bytes, *text;
} vectors[] = {
    { "", "" },
    { "f", "Zg" },
    { "fo", "Zm8" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg" },
    { "fooba", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xfe", "-__-" },
};

Test(base64, encodes_the_vectors_of_the_rfc)
{
    char text[16];

    for (size_t i = 0; i < KV_COUNT(vectors); i++) {
        size_t len = strlen(vectors[i].bytes);
        kv_base64url_encode(vectors[i].bytes, len, text);
        cr_assert_str_eq(text, vectors[i].text);
        cr_assert_eq(strlen(text), KV_BASE64URL_LENGTH(len));
    }
}

Test(base64, decodes_the_vectors_of_the_rfc)
{
    char bytes[16];
    size_t len = 0;

    for (size_t i = 0; i < KV_COUNT(vectors); i++) {
        const char *text = vectors[i].text;
        cr_assert(kv_base64url_decode(text, strlen(text), bytes, &len), "%s", text);
        cr_assert_eq(len, strlen(vectors[i].bytes));
        cr_assert_eq(len, KV_BASE64URL_BYTES(strlen(text)));
        cr_assert_eq(memcmp(bytes, vectors[i].bytes, len), 0, "%s", text);
    }
}

Test(base64, ignores_unused_bits_of_the_last_character)
{
    unsigned char byte = 0;
    size_t len = 0;

    cr_assert(kv_base64url_decode("Zn", 2, &byte, &len));
    cr_assert_eq(len, 1);
    cr_assert_eq(byte, 'f');
}

Test(base64, decodes_only_the_characters_it_is_given)
{
    char bytes[8] = "xxxxxxx";
    size_t len = 0;

    cr_assert(kv_base64url_decode("Zm9v=not of it", 4, bytes, &len));
    cr_assert_eq(len, 3);
    cr_assert_str_eq(bytes, "fooxxxx");
}

Test(base64, gives_back_all_bytes_at_all_lengths)
{
    unsigned char in[LENGTH_MAX], out[LENGTH_MAX];
    char text[KV_BASE64URL_LENGTH(LENGTH_MAX) + 1];

    for (size_t len = 0; len <= LENGTH_MAX; len++) {
        for (unsigned seed = 0; seed < 256; seed++) {
            size_t out_len = 0;
            for (size_t i = 0; i < len; i++) {
                in[i] = (unsigned char) (seed + i * 167);
            }
            kv_base64url_encode(in, len, text);
            cr_assert_eq(strlen(text), KV_BASE64URL_LENGTH(len));
            cr_assert(kv_base64url_decode(text, strlen(text), out, &out_len));
            cr_assert_eq(out_len, len);
            cr_assert_eq(memcmp(in, out, len), 0);
        }
    }
}

static const struct {
    const char *text;
    bool canonical;
} spellings[] = {
    { "", true },       { "Zg", true },   { "Zh", false },  { "Zv", false },
    { "Zm8", true },    { "Zm9", false }, { "Zm_", false }, { "Zm9v", true },
    { "Zm9vZw", true }, { "A", false },   { "Zg=", false }, { "Z+9v", false },
};

Test(base64, knows_the_one_spelling_of_bytes)
{
    for (size_t i = 0; i < KV_COUNT(spellings); i++) {
        cr_expect_eq(kv_base64url_is_canonical(spellings[i].text, strlen(spellings[i].text)),
                     spellings[i].canonical, "\"%s\"", spellings[i].text);
    }
}

static const struct {
    const char *text;
    size_t max;
    enum kv_code code;
} refused[] = {
    { "Zm9v+w", 16, KV_BAD_PARAMETER },
    { "Zm9vY", 16, KV_BAD_PARAMETER },
    { "Zm9vYg==", 16, KV_BAD_PARAMETER },
    { "Zm9vYmFy", 8, KV_BODY_TOO_LARGE },
};

Test(base64, leaves_a_buffer_as_it_was_when_it_rejects)
{
    for (size_t i = 0; i < KV_COUNT(refused); i++) {
        kv_auto(kv_buf_done) struct kv_buf buf;

        kv_buf_init(&buf, refused[i].max);
        cr_assert_eq(kv_buf_append(&buf, "abc", 3, NULL), KV_OK);
        cr_expect_eq(kv_base64url_parse(refused[i].text, strlen(refused[i].text), &buf, NULL),
                     refused[i].code, "%s", refused[i].text);
        cr_expect_str_eq(buf.data, "abc", "%s", refused[i].text);
        cr_expect_eq(buf.len, 3, "%s", refused[i].text);
    }
}

Test(base64, appends_text_and_bytes_to_what_a_buffer_has)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    kv_auto(kv_buf_done) struct kv_buf bytes;

    kv_buf_init(&text, 6);
    kv_buf_init(&bytes, 6);
    cr_assert_eq(kv_base64url_render("fo", 2, &text, NULL), KV_OK);
    cr_assert_eq(kv_base64url_render("fo", 2, &text, NULL), KV_OK);
    cr_expect_str_eq(text.data, "Zm8Zm8");
    cr_expect_eq(kv_base64url_render("f", 1, &text, NULL), KV_BODY_TOO_LARGE);
    cr_assert_eq(kv_base64url_parse("Zm9v", 4, &bytes, NULL), KV_OK);
    cr_assert_eq(kv_base64url_parse("YmFyMA", 4, &bytes, NULL), KV_OK);
    cr_expect_str_eq(bytes.data, "foobar");
    cr_expect_eq(bytes.len, 6);
}

/* What is there is told from what is not: the text of no bytes is not NULL. */
Test(base64, makes_an_empty_buffer_of_an_empty_text)
{
    kv_auto(kv_buf_done) struct kv_buf bytes;

    kv_buf_init(&bytes, 6);
    cr_assert_eq(kv_base64url_parse("", 0, &bytes, NULL), KV_OK);
    cr_expect_eq(bytes.len, 0);
    cr_expect_not_null(bytes.data);
}

static const struct {
    const char *text;
    const char *bytes; /* NULL: refused */
    bool canonical;
} as_sent[] = {
    { "A", NULL, false },
    { "AAAAA", NULL, false },
    { "=", NULL, false },
    { "==", NULL, false },
    { "===", NULL, false },
    { "====", NULL, false },
    { "Z===", NULL, false },
    { "Zg=", NULL, false },
    { "Zg===", NULL, false },
    { "Zm8==", NULL, false },
    { "Zm9v=", NULL, false },
    { "Zm9v==", NULL, false },
    { "Zm9v====", NULL, false },
    { "Zg==Zg==", NULL, false },
    { "Z=g=", NULL, false },
    { "=Zg=", NULL, false },
    { "Zm9 ", NULL, false },
    { "Zm9\n", NULL, false },
    { "Zm9v\r\n", NULL, false },
    { "Zm,v", NULL, false },
    { "", "", true },
    { "Zg", "f", true },
    { "Zg==", "f", true },
    { "Zh==", "f", false },
    { "Zm8=", "fo", true },
    { "Zm9=", "fo", false },
    { "Zm9v", "foo", true },
    { "Zm9vYg==", "foob", true },
    { "+//+", "\xfb\xff\xfe", true },
    { "-__-", "\xfb\xff\xfe", true },
    { "+/_-", "\xfb\xff\xfe", true },
};

Test(base64, takes_bodies_as_clients_spell_them)
{
    for (size_t i = 0; i < KV_COUNT(as_sent); i++) {
        const char *text = as_sent[i].text;
        const char *wanted = as_sent[i].bytes;
        kv_auto(kv_buf_done) struct kv_buf bytes;

        kv_buf_init(&bytes, wanted != NULL ? strlen(wanted) : 16); /* exactly enough */
        cr_expect_eq(kv_base64_parse(text, strlen(text), &bytes, NULL),
                     wanted != NULL ? KV_OK : KV_BAD_PARAMETER, "\"%s\"", text);
        cr_expect_eq(kv_base64_is_canonical(text, strlen(text)), as_sent[i].canonical, "\"%s\"",
                     text);
        if (wanted != NULL) {
            cr_expect_eq(bytes.len, strlen(wanted), "\"%s\"", text);
            cr_expect(memcmp(bytes.len > 0 ? bytes.data : "", wanted, bytes.len) == 0, "\"%s\"",
                      text);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused of sign and verify, and how EC keys are shown: contract §4.2, §8.3, §19. */
#include <stdio.h>
#include <string.h>

#include "../support/api.h"
#include "../support/cell.h"

/* contract §8.3, to the byte */
Test(sign, with_another_curve_names_both)
{
    static const struct {
        const char *alg, *crv;
    } rows[] = {
        { "ES256", "P-256" }, { "ES256K", "P-256K" }, { "ES384", "P-384" }, { "ES512", "P-521" }
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < 16; i++) {
        const struct cell *cell = &ec_cells[i / 4];
        const struct operands to_sign = { .alg = rows[i % 4].alg, .value = "AAAA" };
        const struct operands to_verify = { .alg = rows[i % 4].alg, .value = "AA", .digest = "AA" };
        char message[1024];

        if (strcmp(cell->crv, rows[i % 4].crv) == 0) {
            continue;
        }
        API_REPLY(key, cell_key(&dev, cell));
        snprintf(message, sizeof(message),
                 "Key and signing algorithm are incompatible. Key %s uses curve '%s', and "
                 "algorithm '%s' can only be used with curve '%s'.",
                 reply_text(&key, "key.kid"), cell->crv, rows[i % 4].alg, rows[i % 4].crv);
        API_REPLY(signing, cell_call(&dev, &key, "sign", &to_sign));
        cr_expect(reply_is_error(&signing, 400, "BadParameter", NULL, message));
        API_REPLY(verifying, cell_call(&dev, &key, "verify", &to_verify));
        cr_expect(reply_is_error(&verifying, 400, "BadParameter", NULL, message));
    }
}

/* contract §8.3, to the byte: P-256K and its legacy name are two curves */
Test(sign, with_a_legacy_curve_and_a_new_algorithm_names_both)
{
    static const struct {
        const char *crv, *alg, *curves;
    } rows[] = {
        { "SECP256K1", "ES256K", "'P-256K'" },
        { "SECP256K1", "ES256", "'P-256'" },
        { "P-256K", "ECDSA256", "'P-256' or 'SECP256K1'" },
        { "P-384", "ECDSA256", "'P-256' or 'SECP256K1'" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct operands operands = { .alg = rows[i].alg, .value = "AAAA" };
        const struct cell cell = { "EC", 0, rows[i].crv };
        char message[1024];
        API_REPLY(key, cell_key(&dev, &cell));

        snprintf(message, sizeof(message),
                 "Key and signing algorithm are incompatible. Key %s uses curve '%s', and "
                 "algorithm '%s' can only be used with curve %s.",
                 reply_text(&key, "key.kid"), rows[i].crv, rows[i].alg, rows[i].curves);
        API_REPLY(reply, cell_call(&dev, &key, "sign", &operands));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, message));
    }
}

/* contract §19 row 7: the sense is the service's, the words are not established */
Test(sign, with_an_algorithm_of_another_family_names_both)
{
    static const struct {
        const struct cell *cell;
        const char *operation, *alg, *noun, *types;
    } rows[] = {
        { &rsa_cells[0], "sign", "ES256", "signing", "'EC' or 'EC-HSM'" },
        { &rsa_cells[3], "verify", "ES512", "signing", "'EC' or 'EC-HSM'" },
        { &rsa_cells[0], "sign", "HS256", "signing", "'oct' or 'oct-HSM'" },
        { &rsa_cells[0], "encrypt", "A256GCM", "encryption", "'oct' or 'oct-HSM'" },
        { &rsa_cells[0], "unwrapkey", "A128KW", "encryption", "'oct' or 'oct-HSM'" },
        { &ec_cells[0], "sign", "RS256", "signing", "'RSA' or 'RSA-HSM'" },
        { &ec_cells[4], "sign", "PS512", "signing", "'RSA' or 'RSA-HSM'" },
        { &ec_cells[0], "verify", "RSNULL", "signing", "'RSA' or 'RSA-HSM'" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct operands operands = { .alg = rows[i].alg, .value = "AA", .digest = "AA" };
        char message[1024];

        API_REPLY(key, cell_key(&dev, rows[i].cell));
        snprintf(message, sizeof(message),
                 "Key and %s algorithm are incompatible. Key %s is of type '%s', and algorithm "
                 "'%s' can only be used with type %s.",
                 rows[i].noun, reply_text(&key, "key.kid"), rows[i].cell->kty, rows[i].alg,
                 rows[i].types);
        API_REPLY(reply, cell_call(&dev, &key, rows[i].operation, &operands));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, message));
    }
}

/* contract §19 row 7: key_ops come before the algorithm */
Test(sign, KEY_OPERATION_FORBIDDEN_for_encryption_with_an_ec_key)
{
    static const struct {
        const char *operation, *word;
    } rows[] = {
        { "encrypt", "encrypt" },
        { "decrypt", "decrypt" },
        { "wrapkey", "wrapKey" },
        { "unwrapkey", "unwrapKey" },
    };
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &ec_cells[0]));

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct operands operands = { .alg = "RSA-OAEP", .value = "AA" };
        char message[128];

        snprintf(message, sizeof(message), "Operation %s is not permitted on this key.",
                 rows[i].word);
        API_REPLY(reply, cell_call(&dev, &key, rows[i].operation, &operands));
        cr_expect(reply_is_error(&reply, 403, "Forbidden", "KeyOperationForbidden", message));
    }
}

#define INVALID "Property  has invalid value\r\n"

Test(sign, BAD_PARAMETER_for_members_that_do_not_bind)
{
    static const struct {
        const char *operation;
        struct operands operands;
        const char *message;
    } rows[] = {
        { "sign", { .value = "AA" }, INVALID },
        { "sign", { .alg = "", .value = "AA" }, INVALID },
        { "sign", { .alg = "es256", .value = "AA" }, INVALID },
        { "sign", { .alg = "ECDSA384", .value = "AA" }, INVALID },
        { "sign", { .alg = "RSA-OAEP", .value = "AA" }, INVALID },
        { "verify", { .alg = "A128KW", .value = "AA", .digest = "AA" }, INVALID },
        { "encrypt", { .alg = "RS256", .value = "AA" }, INVALID },
        { "wrapkey", { .alg = "A256GCM", .value = "AA" }, INVALID },
        { "decrypt", { .alg = "A256KW", .value = "AA" }, INVALID },
        { "sign", { .alg = "ES256" }, "Property 'value' is required.\r\n" },
        { "verify", { .alg = "ES256", .digest = "AA" }, "Property 'value' is required.\r\n" },
        { "verify", { .alg = "ES256", .value = "AA" }, "Property 'digest' is required.\r\n" },
        { "sign",
          { .alg = "ES256", .value = "a b/" },
          "Content of 'value' is not base64url.\r\nProperty 'value' is required.\r\n" },
        { "verify",
          { .alg = "ES256", .value = "AA", .digest = "AA=" },
          "Content of 'digest' is not base64url.\r\nProperty 'digest' is required.\r\n" },
    };
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &ec_cells[0]));

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, cell_call(&dev, &key, rows[i].operation, &rows[i].operands));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, rows[i].message), "row %zu", i);
    }
}

/* contract §4.2, §7: member order, fixed width, no key_size */
Test(sign, keys_are_shown_as_the_service_shows_them)
{
    static const struct {
        const char *crv;
        size_t width;
    } widths[] = { { "P-256", 43 }, { "P-256K", 43 }, { "P-384", 64 }, { "P-521", 88 } };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(ec_cells); i++) {
        char whole[512];

        API_REPLY(key, cell_key(&dev, &ec_cells[i]));
        cr_expect_eq(strlen(reply_text(&key, "key.x")), widths[i % 4].width);
        cr_expect_eq(strlen(reply_text(&key, "key.y")), widths[i % 4].width);
        snprintf(whole, sizeof(whole),
                 "\"kty\":\"%s\",\"key_ops\":[\"sign\",\"verify\"],\"crv\":\"%s\",\"x\":\"%s\","
                 "\"y\":\"%s\"},\"attributes\":{\"enabled\":true,\"created\":",
                 ec_cells[i].kty, ec_cells[i].crv, reply_text(&key, "key.x"),
                 reply_text(&key, "key.y"));
        cr_expect_not_null(strstr(key.body, whole), "%s", key.body);
        cr_expect_not_null(
            strstr(key.body, i < 4 ? "\"hsmPlatform\":\"0\"" : "\"hsmPlatform\":\"2\""));
    }
}

Test(sign, keys_without_a_curve_are_on_P_256)
{
    API_CLIENT(dev);
    API_REPLY(key, client_call(&dev, "POST", "/keys/no-curve/create", "{\"kty\":\"EC\"}"));

    cr_expect_eq(key.status, 200, "%s", key.body);
    cr_expect_str_eq(reply_text(&key, "key.crv"), "P-256");
}

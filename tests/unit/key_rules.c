/* SPDX-License-Identifier: Apache-2.0 */
/* What a vault makes of a create: types, sizes and operations by kind and SKU. contract §6.1, §7 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "server/domain/keys/core.h"
#include "server/domain/keys/create.h"
#include "server/domain/keys/names.h"

TestSuite(key_rules, .timeout = 60);

enum where { STANDARD, PREMIUM, PREMIUM_SYMMETRIC, MANAGED_HSM, EARLY_HSM, EARLY_PREMIUM };

static const struct kv_vault vaults[] = {
    [STANDARD] = { .kind = KV_VAULT, .sku = KV_SKU_STANDARD },
    [PREMIUM] = { .kind = KV_VAULT, .sku = KV_SKU_PREMIUM },
    [PREMIUM_SYMMETRIC] = { .kind = KV_VAULT, .sku = KV_SKU_PREMIUM },
    [MANAGED_HSM] = { .kind = KV_MANAGED_HSM, .sku = KV_SKU_PREMIUM },
    [EARLY_HSM] = { .kind = KV_MANAGED_HSM, .sku = KV_SKU_PREMIUM },
    [EARLY_PREMIUM] = { .kind = KV_VAULT, .sku = KV_SKU_PREMIUM },
};

static struct kv_keys keys[] = {
    [STANDARD] = { .config = { .premium_symmetric = true } }, /* it is no premium vault */
    [PREMIUM] = { .config = { .premium_symmetric = false } },
    [PREMIUM_SYMMETRIC] = { .config = { .premium_symmetric = true } },
    [MANAGED_HSM] = { .config = { .premium_symmetric = false } },
    [EARLY_HSM] = { .config = { .early_symmetric_ops = true } },
    [EARLY_PREMIUM] = { .config = { .premium_symmetric = true, .early_symmetric_ops = true } },
};

static struct kv_scope scope_of(enum where where)
{
    return (struct kv_scope){ .keys = &keys[where], .vault = &vaults[where] };
}

#define HARDWARE "Hardware key operation not allowed on standard vault"
#define PROPERTY_TWICE "Property  has invalid value\r\nProperty  has invalid value\r\n"

/* The table of contract §7; the last column is what becomes of the type, or why not. */
Test(key_rules, types_depend_on_kind_and_sku)
{
    static const struct {
        const char *kty;
        const char *becomes[4];
    } rows[] = {
        { "RSA", { "RSA", "RSA", "RSA", "RSA-HSM" } },
        { "RSA-HSM", { HARDWARE, "RSA-HSM", "RSA-HSM", "RSA-HSM" } },
        { "EC", { "EC", "EC", "EC", "EC-HSM" } },
        { "EC-HSM", { HARDWARE, "EC-HSM", "EC-HSM", "EC-HSM" } },
        { "oct", { "Invalid kty value: oct", "Invalid kty value: oct", "oct", "oct-HSM" } },
        { "oct-HSM",
          { "Invalid kty value: oct-HSM", "Invalid kty value: oct-HSM", "oct-HSM", "oct-HSM" } },
        { "AES",
          { "Invalid kty value: AES", "Invalid kty value: AES", "Invalid kty value: AES",
            "oct-HSM" } },
        { "rsa",
          { "Invalid kty value: rsa", "Invalid kty value: rsa", "Invalid kty value: rsa",
            "Invalid kty value: rsa" } },
        { NULL, { PROPERTY_TWICE, PROPERTY_TWICE, PROPERTY_TWICE, PROPERTY_TWICE } },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (enum where where = STANDARD; where <= MANAGED_HSM; where++) {
            const struct kv_scope scope = scope_of(where);
            struct kv_err err = { .message = "" };
            enum kv_kty kty;
            enum kv_code code = key_type_choose(&scope, rows[i].kty, &kty, &err);

            cr_expect_str_eq(code == KV_OK ? kv_kty_row(kty)->name : err.message,
                             rows[i].becomes[where], "row %zu, vault %d", i, (int) where);
        }
    }
}

Test(key_rules, sizes_are_those_of_the_family)
{
    static const struct {
        enum kv_family family;
        int64_t bits;
        const char *vault, *managed; /* NULL: it is fine */
    } rows[] = {
        { KV_FAMILY_RSA, 1024,
          "Unsupported key size (1024). Supported sizes are [2048, 3072, 4096]",
          "Invalid key size: '1024'" },
        { KV_FAMILY_RSA, 2048, NULL, NULL },
        { KV_FAMILY_RSA, 3072, NULL, NULL },
        { KV_FAMILY_RSA, 4096, NULL, NULL },
        { KV_FAMILY_EC, 2048, "Unsupported key size (2048). Supported sizes are [256, 384, 521]",
          "Invalid key size: '2048'" },
        { KV_FAMILY_EC, 521, NULL, NULL },
        { KV_FAMILY_OCT, 64, "Unsupported key size (64). Supported sizes are [128, 192, 256]",
          "Invalid key size: '64'" },
        { KV_FAMILY_OCT, -1, "Unsupported key size (-1). Supported sizes are [128, 192, 256]",
          "Invalid key size: '-1'" },
        { KV_FAMILY_OCT, 128, NULL, NULL },
        { KV_FAMILY_OCT, 192, NULL, NULL },
        { KV_FAMILY_OCT, 256, NULL, NULL },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        static const struct kv_speaker hsm = { .is_hsm = true, .build = KV_BUILD_2026 };
        struct kv_err err = { .message = "" };
        enum kv_code code = key_size_check(rows[i].family, rows[i].bits, &err);

        cr_expect_eq(code, rows[i].vault != NULL ? KV_KEY_SIZE_NOT_SUPPORTED : KV_OK);
        cr_expect_str_eq(err.message, rows[i].vault != NULL ? rows[i].vault : "");
        kv_err_word(&err, &hsm);
        cr_expect_eq(err.code, rows[i].managed != NULL ? KV_BAD_PARAMETER : KV_OK);
        cr_expect_str_eq(err.message, rows[i].managed != NULL ? rows[i].managed : "");
    }
}

Test(key_rules, default_operations_are_in_wire_order)
{
    static const struct {
        enum where where;
        enum kv_family family;
        const char *ops;
    } rows[] = {
        { PREMIUM, KV_FAMILY_RSA, "encrypt decrypt sign verify wrapKey unwrapKey" },
        { MANAGED_HSM, KV_FAMILY_RSA, "encrypt decrypt sign verify wrapKey unwrapKey" },
        { PREMIUM, KV_FAMILY_EC, "sign verify" },
        { MANAGED_HSM, KV_FAMILY_EC, "sign verify deriveKey" },
        { PREMIUM, KV_FAMILY_OCT, "encrypt decrypt wrapKey unwrapKey sign verify" },
        { MANAGED_HSM, KV_FAMILY_OCT, "encrypt decrypt wrapKey unwrapKey sign verify deriveKey" },
        { EARLY_HSM, KV_FAMILY_OCT, "encrypt decrypt wrapKey unwrapKey" },
        { EARLY_HSM, KV_FAMILY_EC, "sign verify deriveKey" },
        { EARLY_PREMIUM, KV_FAMILY_OCT, "encrypt decrypt wrapKey unwrapKey sign verify" },
    };
    const struct kv_key_op_names none = { .given = false };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct kv_scope scope = scope_of(rows[i].where);
        struct kv_key_ops ops;
        char text[KEY_OPS_TEXT_SIZE];

        cr_assert_eq(key_ops_choose(&scope, rows[i].family, &none, &ops, NULL), KV_OK);
        key_ops_render(&ops, text);
        cr_expect_str_eq(text, rows[i].ops);
    }
}

Test(key_rules, operations_a_family_cannot_do_are_named)
{
    static const char *const names[] = { "wrapKey", "sign", "unwrapKey", "import", "deriveKey" };
    static const struct {
        enum where where;
        enum kv_family family;
        const char *message;
    } rows[] = {
        { PREMIUM, KV_FAMILY_RSA,
          "Unsupported key operation(s): \"deriveKey\". Supported values are \"encrypt\", "
          "\"decrypt\", \"sign\", \"verify\", \"wrapKey\", \"unwrapKey\"." },
        { PREMIUM, KV_FAMILY_EC,
          "Unsupported key operation(s): \"wrapKey\", \"unwrapKey\", \"import\", \"deriveKey\". "
          "Supported values are \"sign\", \"verify\"." },
        { MANAGED_HSM, KV_FAMILY_EC,
          "Unsupported key operation(s): \"wrapKey\", \"unwrapKey\", \"import\". "
          "Supported values are \"sign\", \"verify\", \"deriveKey\"." },
        { MANAGED_HSM, KV_FAMILY_OCT,
          "Unsupported key operation(s): \"import\". Supported values are \"encrypt\", "
          "\"decrypt\", \"wrapKey\", \"unwrapKey\", \"sign\", \"verify\", \"deriveKey\"." },
    };
    const struct kv_key_op_names asked = { true, names, KV_COUNT(names) };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct kv_scope scope = scope_of(rows[i].where);
        struct kv_key_ops ops;
        struct kv_err err;

        cr_expect_eq(key_ops_choose(&scope, rows[i].family, &asked, &ops, &err), KV_BAD_PARAMETER);
        cr_expect_str_eq(err.message, rows[i].message);
    }
}

/* What was no default yet could be asked for. */
Test(key_rules, operations_of_early_symmetric_keys_can_be_given)
{
    static const char *const names[] = { "sign", "verify", "deriveKey" };
    const struct kv_key_op_names asked = { true, names, KV_COUNT(names) };
    const struct kv_scope scope = scope_of(EARLY_HSM);
    struct kv_key_ops ops;
    char text[KEY_OPS_TEXT_SIZE];

    cr_assert_eq(key_ops_choose(&scope, KV_FAMILY_OCT, &asked, &ops, NULL), KV_OK);
    key_ops_render(&ops, text);
    cr_expect_str_eq(text, "sign verify deriveKey");
}

/* Every operation there is, stored and read again. */
Test(key_rules, operations_fit_their_column)
{
    struct kv_key_ops all = { .count = 0 };
    struct kv_key_ops again;
    char text[KEY_OPS_TEXT_SIZE];

    for (int op = 0; op < KV_OP_COUNT; op++) {
        all.op[all.count++] = (unsigned char) op;
    }
    key_ops_render(&all, text);
    key_ops_parse(text, &again);
    cr_assert_eq(again.count, all.count, "%s", text);
    for (size_t i = 0; i < all.count; i++) {
        cr_expect_eq(again.op[i], all.op[i]);
    }
}

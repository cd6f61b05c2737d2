/* SPDX-License-Identifier: Apache-2.0 */
/* Key names, key_ops and tags: the small values of a key, and their limits. */
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum kv_code kv_key_name_check(const char *name, struct kv_err *err)
{
    size_t len = strlen(name);
    bool valid = len >= 1 && len <= KV_KEY_NAME_MAX;

    for (size_t i = 0; valid && i < len; i++) {
        valid = isalnum((unsigned char) name[i]) || name[i] == '-';
    }
    if (!valid) {
        return KV_REFUSE(err, KV_TEXT_NAME_INVALID, 0, name);
    }
    return KV_OK;
}

enum kv_code name_fold(const char *name, struct name_fold *ret_fold, struct kv_err *err)
{
    size_t i = 0;

    KV_TRY(kv_key_name_check(name, err));
    for (; name[i] != '\0'; i++) {
        ret_fold->text[i] = (char) toupper((unsigned char) name[i]);
    }
    ret_fold->text[i] = '\0';
    return KV_OK;
}

bool kv_key_ops_allow(const struct kv_key_ops *ops, enum kv_key_op op)
{
    for (size_t i = 0; i < ops->count; i++) {
        if (ops->op[i] == op) {
            return true;
        }
    }
    return false;
}

#define SIGNING KV_OP_SIGN, KV_OP_VERIFY
#define CRYPTING KV_OP_ENCRYPT, KV_OP_DECRYPT
#define WRAPPING KV_OP_WRAP, KV_OP_UNWRAP

/* Operations of a key by family and vault: the defaults, in wire order (contract §7), and the other
 * possible ones. */
struct family_ops {
    struct kv_key_ops defaults;
    unsigned further;
};
static const struct family_ops families[][2] = {
    [KV_FAMILY_RSA] = {
        [KV_VAULT] = { { { CRYPTING, SIGNING, WRAPPING }, 6 }, KV_OP_BIT(IMPORT) },
        [KV_MANAGED_HSM] = { { { CRYPTING, SIGNING, WRAPPING }, 6 },
                             KV_OP_BIT(IMPORT) | KV_OP_BIT(SECURE_WRAP)
                                 | KV_OP_BIT(SECURE_UNWRAP) },
    },
    [KV_FAMILY_EC] = {
        [KV_VAULT] = { { { SIGNING }, 2 }, 0 },
        [KV_MANAGED_HSM] = { { { SIGNING, KV_OP_DERIVE }, 3 }, 0 },
    },
    [KV_FAMILY_OCT] = {
        [KV_VAULT] = { { { CRYPTING, WRAPPING, SIGNING }, 6 }, 0 },
        [KV_MANAGED_HSM] = { { { CRYPTING, WRAPPING, SIGNING, KV_OP_DERIVE }, 7 }, 0 },
    },
};

/* The same for a managed HSM's symmetric keys before 2026. */
static const struct family_ops early_symmetric = {
    { { CRYPTING, WRAPPING }, 4 },
    KV_OP_BIT(SIGN) | KV_OP_BIT(VERIFY) | KV_OP_BIT(DERIVE),
};

static const struct family_ops *find_family_ops(const struct kv_scope *scope, enum kv_family family)
{
    bool is_early = scope->keys->config.early_symmetric_ops && family == KV_FAMILY_OCT
                    && scope->vault->kind == KV_MANAGED_HSM;

    return is_early ? &early_symmetric : &families[family][scope->vault->kind];
}

static bool is_possible(const struct family_ops *family, enum kv_key_op op)
{
    return (family->further & 1U << op) != 0 || kv_key_ops_allow(&family->defaults, op);
}

#define NAME_SHOWN 128 /* bytes; the longest name of an operation has fifteen */

/* Where a text may be cut: at the end of a character of UTF-8. */
static size_t find_cut(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);

    while (len > max || ((unsigned char) text[len] & 0xC0) == 0x80) {
        len--;
    }
    return len;
}

/* Appends `, "name"` to a sentence. A name that does not fit is left out; one longer than any
 * operation's is cut. */
static void append_quoted(char *text, size_t size, const char *name)
{
    size_t len = strlen(text);
    int shown = (int) find_cut(name, NAME_SHOWN);

    if (len + (size_t) shown + sizeof(", \"\"") <= size) {
        snprintf(text + len, size - len, "%s\"%.*s\"", len > 0 ? ", " : "", shown, name);
    }
}

static enum kv_code refuse_ops(const struct kv_key_ops *defaults, const char *unsupported,
                               struct kv_err *err)
{
    char supported[256] = "";

    for (size_t i = 0; i < defaults->count; i++) {
        append_quoted(supported, sizeof(supported), kv_key_op_row(defaults->op[i])->name);
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "Unsupported key operation(s): %s. Supported values are %s.", unsupported,
                   supported);
}

/* Adds an operation once; a repeated one means nothing more. */
static void add_op(struct kv_key_ops *ops, enum kv_key_op op)
{
    if (!kv_key_ops_allow(ops, op)) {
        ops->op[ops->count++] = (unsigned char) op;
    }
}

enum kv_code key_ops_choose(const struct kv_scope *scope, enum kv_family family,
                            const struct kv_key_op_names *names, struct kv_key_ops *ret_ops,
                            struct kv_err *err)
{
    const struct family_ops *row = find_family_ops(scope, family);
    struct kv_key_ops ops = { .count = 0 };
    char unsupported[512] = "";

    if (!names->given) {
        *ret_ops = row->defaults;
        return KV_OK;
    }
    for (size_t i = 0; i < names->count; i++) {
        enum kv_key_op op;

        if (!kv_key_op_find(names->name[i], &op) || !is_possible(row, op)) {
            append_quoted(unsupported, sizeof(unsupported), names->name[i]);
            continue;
        }
        add_op(&ops, op);
    }
    if (unsupported[0] != '\0') {
        return refuse_ops(&row->defaults, unsupported, err);
    }
    if (ops.count > 1 && kv_key_ops_allow(&ops, KV_OP_IMPORT)) { /* contract §6.2 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Key operation \"import\" cannot be combined with other operations.");
    }
    *ret_ops = ops;
    return KV_OK;
}

void key_ops_render(const struct kv_key_ops *ops, char ret_text[KEY_OPS_TEXT_SIZE])
{
    size_t len = 0;

    ret_text[0] = '\0';
    for (size_t i = 0; i < ops->count; i++) {
        len += (size_t) snprintf(ret_text + len, KEY_OPS_TEXT_SIZE - len, "%s%s", i > 0 ? " " : "",
                                 kv_key_op_row(ops->op[i])->name);
    }
}

void key_ops_parse(const char *text, struct kv_key_ops *ret_ops)
{
    ret_ops->count = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        char name[16];
        enum kv_key_op op;

        snprintf(name, sizeof(name), "%.*s", (int) len, text);
        if (kv_key_op_find(name, &op)) {
            add_op(ret_ops, op);
        }
        text += len + (text[len] == ' ');
    }
}

void kv_tags_done(struct kv_tags *tags)
{
    free(tags->packed);
    *tags = (struct kv_tags){ .packed = NULL };
}

/* Characters as the service counts them, in UTF-16: four bytes of UTF-8 count as two. */
static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += ((unsigned char) *text & 0xC0) != 0x80;
        count += (unsigned char) *text >= 0xF0;
    }
    return count;
}

enum kv_code kv_tags_add(struct kv_tags *tags, const char *name, const char *value,
                         struct kv_err *err)
{
    size_t name_size = strlen(name) + 1;
    size_t value_size = strlen(value) + 1;

    if (tags->count == KV_TAGS_MAX || count_characters(name) > KV_TAG_TEXT_MAX
        || count_characters(value) > KV_TAG_TEXT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property  has invalid value\r\n");
    }

    char *packed = realloc(tags->packed, tags->len + name_size + value_size);

    if (packed == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    memcpy(packed + tags->len, name, name_size);
    memcpy(packed + tags->len + name_size, value, value_size);
    tags->packed = packed;
    tags->len += name_size + value_size;
    tags->count++;
    return KV_OK;
}

/* Checks packed tags from an untrusted source. */
static bool next_tag(const char *packed, size_t len, size_t *position, const char **ret_name,
                     const char **ret_value)
{
    if (*position >= len) {
        return false;
    }
    *ret_name = packed + *position;
    *ret_value = *ret_name + strlen(*ret_name) + 1;
    *position = (size_t) (*ret_value + strlen(*ret_value) + 1 - packed);
    return true;
}

bool kv_tags_next(const struct kv_tags *tags, size_t *position, const char **ret_name,
                  const char **ret_value)
{
    return next_tag(tags->packed, tags->len, position, ret_name, ret_value);
}

/* Pairs of texts, each with its NUL: nothing beyond them is read. */
static bool are_pairs(const char *packed, size_t len)
{
    size_t texts = 0;

    for (size_t i = 0; i < len; i++) {
        texts += packed[i] == '\0';
    }
    return texts % 2 == 0 && packed[len - 1] == '\0';
}

enum kv_code tags_copy(const char *packed, size_t len, struct kv_tags *ret_tags, struct kv_err *err)
{
    const char *name;
    const char *value;

    *ret_tags = (struct kv_tags){ .packed = NULL };
    if (packed == NULL || len == 0 || !are_pairs(packed, len)) {
        return KV_OK;
    }
    for (size_t position = 0; next_tag(packed, len, &position, &name, &value);) {
        KV_TRY(kv_tags_add(ret_tags, name, value, err));
    }
    return KV_OK;
}

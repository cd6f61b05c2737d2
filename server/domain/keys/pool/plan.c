/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept in the pool, and how many of it: --key-pool. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#define EXPONENT 65537
#define DIGITS_MAX 2 /* of KV_POOL_MOST */

static const struct kind {
    const char *name;
    struct kv_key_spec spec;
    unsigned most;
} kinds[] = {
#define X(symbol, name, family, bits, curve, most)                                                 \
    [KV_POOL_##symbol] = { name,                                                                   \
                           { KV_FAMILY_##family, bits,                                             \
                             KV_FAMILY_##family == KV_FAMILY_RSA ? EXPONENT : 0, KV_CURVE_##curve, \
                             false },                                                              \
                           most },
#include "kv/keys/pool_kind.def"
#undef X
};

const char *kv_pool_kind_name(enum kv_pool_kind kind)
{
    return kinds[kind].name;
}

struct kv_key_spec pool_spec(enum kv_pool_kind kind)
{
    return kinds[kind].spec;
}

static bool is_like(const struct kv_key_spec *one, const struct kv_key_spec *other)
{
    return one->family == other->family && one->bits == other->bits && one->curve == other->curve
           && one->exportable == other->exportable
           && (one->family != KV_FAMILY_RSA || one->public_exponent == other->public_exponent);
}

bool pool_find_kind(const struct kv_key_spec *spec, enum kv_pool_kind *ret_kind)
{
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (is_like(&kinds[i].spec, spec)) {
            *ret_kind = (enum kv_pool_kind) i;
            return true;
        }
    }
    return false;
}

static bool find_name(const char *name, size_t len, enum kv_pool_kind *ret_kind)
{
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, name, len) == 0) {
            *ret_kind = (enum kv_pool_kind) i;
            return true;
        }
    }
    return false;
}

static bool read_size(const char *text, size_t len, unsigned *ret_size)
{
    if (len == 0 || len > DIGITS_MAX || strspn(text, "0123456789") < len) {
        return false;
    }
    *ret_size = (unsigned) strtoul(text, NULL, 10); /* ends at the comma */
    return *ret_size <= KV_POOL_MOST;
}

/* "P-256=4", of `len` bytes. */
static enum kv_code read_entry(const char *text, size_t len, bool *seen, struct kv_pool_plan *plan,
                               struct kv_err *err)
{
    size_t name_len = strcspn(text, "=,");
    enum kv_pool_kind kind = KV_POOL_KINDS;

    if (!find_name(text, name_len, &kind)) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "--key-pool: \"%.*s\" is none of RSA-2048, RSA-3072, RSA-4096, P-256, P-384, "
            "P-521, P-256K",
            (int) (name_len < 64 ? name_len : 64), text);
    }
    if (seen[kind]) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--key-pool: %s is there twice", kinds[kind].name);
    }
    seen[kind] = true;
    if (name_len == len || !read_size(text + name_len + 1, len - name_len - 1, &plan->size[kind])) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--key-pool: %s wants a number from 0 to %d",
                       kinds[kind].name, KV_POOL_MOST);
    }
    return KV_OK;
}

static void adapt(struct kv_pool_plan *ret_plan)
{
    *ret_plan = (struct kv_pool_plan){ .adapts = true };
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        ret_plan->size[i] = kinds[i].most;
    }
}

enum kv_code kv_pool_plan_read(const char *text, struct kv_pool_plan *ret_plan, struct kv_err *err)
{
    struct kv_pool_plan plan = { .adapts = false };
    bool seen[KV_POOL_KINDS] = { false };

    if (strcmp(text, "auto") == 0) {
        adapt(ret_plan);
        return KV_OK;
    }
    if (strcmp(text, "off") == 0) {
        *ret_plan = plan;
        return KV_OK;
    }
    for (;;) {
        size_t len = strcspn(text, ",");

        KV_TRY(read_entry(text, len, seen, &plan, err));
        if (text[len] == '\0') {
            *ret_plan = plan;
            return KV_OK;
        }
        text += len + 1;
    }
}

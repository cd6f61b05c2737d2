/* SPDX-License-Identifier: Apache-2.0 */
#include "principals.h"

#include <stdio.h>

#include <criterion/criterion.h>

#include "kv/store/store.h"

struct kv_principals *principals;
struct kv_principal_entry entry;

static struct kv_store *store;

void must(enum kv_code code)
{
    cr_assert_eq(code, KV_OK, "%s", err.message);
}

void reopen_principals(bool refuses_unknown)
{
    char path[KV_PATH_MAX];

    kv_principals_free(principals);
    kv_store_close(store);
    principals = NULL;
    store = NULL;
    must(kv_path_join(path, folder, "coffer.db", &err));
    must(kv_store_open(path, 4, &store, &err));

    const struct kv_principals_config config = {
        .store = store,
        .identity = identity,
        .refuses_unknown = refuses_unknown,
    };

    must(kv_principals_new(&config, &principals, &err));
}

void set_up_principals(void)
{
    set_up();
    reopen_principals(false);
}

void tear_down_principals(void)
{
    kv_principals_free(principals);
    kv_store_close(store);
    tear_down();
}

enum kv_code try_register(const char *name, const char *type)
{
    enum kv_principal_type parsed = KV_PRINCIPAL_APPLICATION;
    const struct kv_principal_draft draft = {
        .name = name,
        .type = *type != '\0' ? &parsed : NULL,
    };
    bool is_new;

    cr_assert(*type == '\0' || kv_principal_type_parse(type, &parsed));
    return kv_principal_register(principals, &draft, false, &entry, &is_new, &err);
}

const char *must_register(const char *name, const char *type)
{
    must(try_register(name, type));
    return entry.object_id;
}

enum kv_code find_name(const char *name)
{
    return kv_principals_find_name(principals, name, &entry, &err);
}

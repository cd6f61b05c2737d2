/* SPDX-License-Identifier: Apache-2.0 */
/* The names of operations, and the routes that stand for them. */
#include "kv/base/operation.h"

#include <criterion/criterion.h>

#include <string.h>
#include <strings.h>

#include "kv/app/api.h"
#include "kv/app/app.h"

/* Marks what the rows of a table stand for. */
static void check_rows(const struct kv_route *route, enum kv_operation_place place,
                       bool is_served[KV_OPERATION_COUNT])
{
    for (; route->path != NULL; route++) {
        const struct kv_operation_row *row = kv_operation_row(route->operation);
        bool has_version = strstr(route->path, "{version") != NULL;

        cr_expect_neq(route->operation, KV_OPERATION_NONE, "%s", route->path);
        cr_expect_eq(row->place, place, "%s", route->path);
        cr_expect(!has_version || place == KV_PLACE_FRONT || row->names == KV_NAMES_VERSION, "%s",
                  route->path);
        is_served[route->operation] = true;
    }
}

Test(operation, is_named_by_every_row_of_the_sites_and_each_by_some_row)
{
    bool is_served[KV_OPERATION_COUNT] = { [KV_OPERATION_NONE] = true };

    check_rows(kv_key_routes, KV_PLACE_VAULT, is_served);
    check_rows(kv_hsm_routes, KV_PLACE_VAULT, is_served);
    check_rows(kv_token_routes, KV_PLACE_TOKEN, is_served);
    check_rows(kv_authority_site.tables[0], KV_PLACE_TOKEN, is_served);
    check_rows(kv_front_routes, KV_PLACE_FRONT, is_served);
    for (unsigned i = 0; i < KV_OPERATION_COUNT; i++) {
        cr_expect(is_served[i], "%s", kv_operation_row((enum kv_operation) i)->name);
    }
}

Test(operation, has_a_name_of_its_own)
{
    for (unsigned i = 1; i < KV_OPERATION_COUNT; i++) {
        for (unsigned j = 0; j < i; j++) {
            cr_expect_neq(strcasecmp(kv_operation_row((enum kv_operation) i)->name,
                                     kv_operation_row((enum kv_operation) j)->name),
                          0, "%u, %u", i, j);
        }
    }
}

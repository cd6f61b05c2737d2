/* SPDX-License-Identifier: Apache-2.0 */
#include "damage_tools.h"

const char *const damage_vaults[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };
struct daemon damage_daemon;
static char wrapped[1024]; /* VALUE, by the key "kept" */

void damage_start(void)
{
    char version[33];

    if (nss_is_chosen()) {
        cr_skip_test("the token is not the program's own");
    }
    daemon_prepare(&damage_daemon);
    cr_assert(daemon_start(&damage_daemon, damage_vaults));
    API_CLIENT_OF(&damage_daemon, dev);
    api_create_key(&dev, "kept", "", version);
    api_wrap(&dev, "kept", NULL, "RSA-OAEP", VALUE, wrapped);
    API_HSM_OF(&damage_daemon, pool);
    API_REPLY(create, client_call(&pool, "POST", "/keys/kept/create", "{\"kty\":\"RSA-HSM\"}"));
    cr_assert_eq(create.status, 200, "%s", create.body);
}

void damage_stop(void)
{
    cr_assert(daemon_stop(&damage_daemon));
    daemon_discard(&damage_daemon);
}

void damage_expect_kept_key(void)
{
    API_CLIENT_OF(&damage_daemon, dev);
    API_REPLY(unwrap, api_unwrap(&dev, "kept", NULL, "RSA-OAEP", wrapped));

    cr_expect_str_eq(reply_text(&unwrap, "value"), VALUE, "%ld %s", unwrap.status, unwrap.body);
}

void damage_join(char path[PATH_SIZE], const char *folder, const char *name)
{
    cr_assert_eq(kv_path_join(path, folder, name, NULL), KV_OK);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/vaults/public.h - the name under which clients reach the vaults where that is not the one that
 * arrives: behind a proxy that has a name of its own, or a port that is mapped (--public-url).
 *
 * Plain data, immutable once parsed; safe from any thread.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/err.h"
#include "kv/vaults/vault.h"

#define KV_PUBLIC_HOST_MAX 200 /* characters, so that with a vault's name it is a name of DNS */

struct kv_public_url {
    char host[KV_PUBLIC_HOST_MAX + 1]; /* lower case; what follows the vault's name; "": not set */
    char port[8];                      /* with its colon; "": that of https */
    bool is_named;                     /* the vault's name and a dot come before the host */
    char owner[KV_VAULT_NAME_MAX + 1]; /* the vault whose host it is, where it is not named */
};

/*
 * Reads "https://HOST[:PORT][/]", where HOST may begin with "*." for the name of a vault, and has
 * two labels then, so that a certificate's wildcard covers every vault; "" is not set. KV_BAD_PARAMETER says what is wrong with another text. Whose it is without "*." is for the
 * caller to say.
 */
enum kv_code kv_public_url_parse(const char *text, struct kv_public_url *ret_url,
                                 struct kv_err *err) kv_must_check;

/* The host of the vault there, and the host with the port. False, and nothing, when not set or
 * another vault's. */
#define KV_PUBLIC_HOST_SIZE (KV_VAULT_NAME_MAX + 1 + KV_PUBLIC_HOST_MAX + 1)
#define KV_PUBLIC_AUTHORITY_SIZE (KV_PUBLIC_HOST_SIZE + sizeof(":65535"))
bool kv_public_host(const struct kv_public_url *url, const struct kv_vault *vault,
                    char ret_host[KV_PUBLIC_HOST_SIZE]);
bool kv_public_authority(const struct kv_public_url *url, const struct kv_vault *vault,
                         char ret_authority[KV_PUBLIC_AUTHORITY_SIZE]);

/*
 * The resource of challenges is the domain that the vault's host lies in (clients.md §0.4, §0.5):
 * what follows its first label, with the port; the whole where that would be no domain.
 */
void kv_public_resource(const struct kv_public_url *url, char ret_domain[KV_PUBLIC_AUTHORITY_SIZE]);

/*
 * Takes a host name apart: {name} below the public host, in any case, with or without a final dot.
 * False for a name that is not below it; "" as the name for one that no vault can have.
 */
bool kv_public_host_parse(const struct kv_public_url *url, const char *host,
                          char ret_name[KV_VAULT_NAME_MAX + 1]);

/* Whether a host is that of a vault, whichever, by kv_vault_host_parse() or below the public one. The
 * name is as there. */
bool kv_public_names_vault(const struct kv_public_url *url, const char *host,
                           char ret_name[KV_VAULT_NAME_MAX + 1]);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - the variables by which SDKs log in as an identity: `coffer env --identity .. --as ..`.
 * Private to the files beside it.
 */
#pragma once

#include "server.h"
#include "variables.h"

/*
 * Adds those of the way that --as names. `vault_url` is that of a vault, for its port. What has to
 * be in a file (a federated token, a certificate with its key) is written into the user's cache
 * (0600); a secret or a certificate is registered with the application anew each time, in place of
 * the one of the last time.
 */
enum kv_code login_add(const struct kv_options *options, const struct kv_cli_server *server,
                       const char *vault_url, struct variables *variables,
                       struct kv_err *err) kv_must_check;

/* The authority's URL, for those who keep proxies away from it; NULL: --as wants none. */
const char *login_authority(const struct kv_options *options);

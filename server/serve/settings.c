/* SPDX-License-Identifier: Apache-2.0 */
/* What an option means to the one part of the server that it is for. */
#include "serve.h"

#include "consumers.h"
#include "events.h"
#include "filler.h"
#include "kv/limits/limits.h"

enum kv_code settings_check(const struct kv_options *options, struct kv_err *err)
{
    KV_TRY(machine_check_memory(err));
    KV_TRY(ports_check(options, err));
    KV_TRY(secrets_check(options, err));
    KV_TRY(events_check(options, err));
    KV_TRY(consumers_check(options, err));
    KV_TRY(filler_check(options, err));
    return grants_check(options, err);
}

enum kv_auth settings_auth(const struct kv_options *options)
{
    if (kv_option_is(options, KV_OPTION_AUTH, "strict")) {
        return KV_AUTH_STRICT;
    }
    return kv_option_is(options, KV_OPTION_AUTH, "any") ? KV_AUTH_ANY : KV_AUTH_OFF;
}

enum kv_code settings_limits(const struct kv_options *options, const struct kv_build *build,
                             struct kv_limits **ret_limits, struct kv_err *err)
{
    if (kv_option_is(options, KV_OPTION_THROTTLING, "off")) {
        return KV_OK;
    }
    return kv_limits_new(build->budget, ret_limits, err);
}

void settings_lend(const struct kv_options *options, struct kv_app *app)
{
    app->revokes_at_once = kv_option_is(options, KV_OPTION_REVOCATION, "immediate");
    app->api_versions_strict = kv_option_is(options, KV_OPTION_API_VERSIONS, "strict");
    app->retry_after = (unsigned) kv_option_number(options, KV_OPTION_RETRY_AFTER);
    app->serves_siblings = !kv_option_is(options, KV_OPTION_LISTEN, "localhost");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "listeners.h"

#include <unistd.h>

#include "kv/app/api.h"

#define CONNECTIONS_MAX 4096
#define IDLE_TIMEOUT_MS 120000
#define HEAD_TIMEOUT_MS 30000
#define ARRIVAL_TIMEOUT_MS 60000
#define WORK_DEADLINE_MS 30000
#define GENERATE_DEADLINE_MS 120000
#define OUTSIDE_DEADLINE_MS 30000
#define WAITS_MAX 4096
#define WAIT_MAX_MS 600000

/* More would only have the processors to share that the clients and the token use as well. */
static unsigned count_threads(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN) > 1 ? KV_LISTENER_THREADS_MAX : 1;
}

/* What both have in common. */
static struct kv_listener_config describe(const struct kv_options *options, enum kv_option port,
                                          const struct kv_site *const *sites, struct kv_app *app)
{
    return (struct kv_listener_config){
        .address = kv_option_text(options, KV_OPTION_LISTEN),
        .port = (unsigned) kv_option_number(options, port),
        .sites = sites,
        .app = app,
        .lanes = app->lanes,
        .clock = app->clock,
        .threads = 1,
        .connections = CONNECTIONS_MAX,
        .idle_timeout = IDLE_TIMEOUT_MS,
        .head_timeout = HEAD_TIMEOUT_MS,
        .arrival_timeout = ARRIVAL_TIMEOUT_MS,
        .deadline = { [KV_LANE_WORK] = WORK_DEADLINE_MS,
                      [KV_LANE_GENERATE] = GENERATE_DEADLINE_MS,
                      [KV_LANE_ALONE] = GENERATE_DEADLINE_MS,
                      [KV_LANE_OUTSIDE] = OUTSIDE_DEADLINE_MS },
        .waits = WAITS_MAX,
        .wait_max = WAIT_MAX_MS,
        .greet = kv_fault_greet,
    };
}

enum kv_code listeners_open_tls(struct listeners *listeners, const struct kv_options *options,
                                const struct kv_certificates *certificates, struct kv_app *app,
                                struct kv_err *err)
{
    struct kv_listener_config config = describe(options, KV_OPTION_PORT, sites_of_tls, app);

    config.threads = count_threads();
    config.certificate_pem = certificates->server.data;
    config.key_pem = certificates->key.data;
    config.certificates = certificates;
    KV_TRY(kv_listener_new(&config, &listeners->tls, err));
    app->port = kv_listener_port(listeners->tls);
    return KV_OK;
}

enum kv_code listeners_open_control(struct listeners *listeners, const struct kv_options *options,
                                    struct kv_app *app, struct kv_err *err)
{
    const struct kv_listener_config config =
        describe(options, KV_OPTION_CONTROL_PORT, sites_of_control, app);

    KV_TRY(kv_listener_new(&config, &listeners->control, err));
    app->control_port = kv_listener_port(listeners->control);
    return KV_OK;
}

void listeners_close(struct listeners *listeners)
{
    kv_listener_free(listeners->tls);
    kv_listener_free(listeners->control);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The composition of `coffer serve`: every part is created in order, wired by pointers, and taken
 * down in reverse. No part knows another one unless an arrow of the map allows it.
 */
#include "serve.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deployments.h"
#include "kv/base/log.h"
#include "kv/keys/state.h"
#include "server.h"
#include "softhsm.h"

static enum kv_code check_options(struct server *server, struct kv_err *err)
{
    return settings_check(server->options, err);
}

static enum kv_code read_vaults(struct server *server, struct kv_err *err)
{
    KV_TRY(vaults_read(server->options, &server->drafts, err));
    return vaults_read_public_url(server->options, &server->drafts, &server->public_url, err);
}

static enum kv_code open_folder(struct server *server, struct kv_err *err)
{
    KV_TRY(data_folder_open(&server->folder, server->options, err));
    return token_is_own(server->options) ? softhsm_point_to(server->folder.path, err) : KV_OK;
}

/* Early, because a first start generates the issuer key in the background of everything else. */
static enum kv_code open_identity(struct server *server, struct kv_err *err)
{
    KV_TRY(kv_clock_new(&server->clock, err));
    KV_TRY(kv_authorities_new(fetch_url, &server->authorities, err));
    return issuers_open(server->options, server->folder.path, &server->identity, err);
}

static enum kv_code open_certificates(struct server *server, struct kv_err *err)
{
    return certificates_open(server->options, server->folder.path, &server->drafts,
                             &server->public_url, &server->certificates, err);
}

/* Those that may be refused come before anything else is made, */
static enum kv_code take_certificates(struct server *server, struct kv_err *err)
{
    server->has_certificates = certificates_are_given(server->options, server->folder.path);
    return server->has_certificates ? open_certificates(server, err) : KV_OK;
}

/* and new ones of our own are made while the token is. */
static enum kv_code make_certificates(struct server *server, struct kv_err *err)
{
    return server->has_certificates ? KV_OK : open_certificates(server, err);
}

static enum kv_code open_store(struct server *server, struct kv_err *err)
{
    /* one for each worker, generator and step of a deployment, the filler, the housekeeper, the
     * courier, consumers, four listener threads, spare */
    unsigned connections = server->workers + server->generators + DEPLOYMENT_THREADS + 11;
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, server->folder.path, "coffer.db", err));
    return kv_store_open(path, connections, &server->store, err);
}

static enum kv_code prepare_token(struct server *server, struct kv_err *err)
{
    struct kv_custody_config custody = { .alarm = housekeeper_alarm };

    KV_TRY(housekeeper_new(server->clock, &server->keeper, err));
    KV_TRY(token_prepare(&server->token, server->clock, server->keeper, err));
    custody.alarm_context = server->keeper;
    custody.has_room = token_has_room;
    custody.room_context = &server->token;
    KV_TRY(kv_custody_new(&custody, &server->custody, err));
    server->opening.options = server->options;
    server->opening.folder = server->folder.path;
    server->opening.store = server->store;
    server->opening.token = &server->token;
    server->opening.custody = server->custody;
    /* one for each worker, generator and step of a deployment, the filler, the housekeeper, and one to
     * spare */
    server->opening.sessions = server->workers + server->generators + DEPLOYMENT_THREADS + 3;
    return opening_prepare(&server->opening, err);
}

/* Those first whose steps change tables: for each change SQLite reads the schema, as long as it is by then. */
static enum kv_code make_tables(struct server *server, struct kv_err *err)
{
    KV_TRY(kv_access_make_tables(server->store, err));
    KV_TRY(kv_vaults_new(server->store, &server->vaults, err));
    KV_TRY(kv_keys_make_tables(server->store, err));
    KV_TRY(consumers_open(&server->consumers, server->options, server->store, server->clock, err));
    KV_TRY(events_open(&server->courier, server->options, server->store, err));
    events_watch(&server->courier, server->vaults);
    return kv_roles_new(server->store, &server->roles, err);
}

static enum kv_code open_access(struct server *server, struct kv_err *err)
{
    server->grants = (struct grants){ server->options,
                                      server->folder.path,
                                      server->clock,
                                      server->identity,
                                      server->vaults,
                                      0,
                                      0,
                                      0 };
    server->grants.events = server->courier.events;
    KV_TRY(kv_resources_new(server->store, &server->resources, err));
    return grants_open(&server->grants, server->store, server->roles, err);
}

static enum kv_code open_keys(struct server *server, struct kv_err *err)
{
    struct kv_keys_config keys = {
        .store = server->store,
        .events = server->courier.events,
        .deletion_lag = kv_option_duration(server->options, KV_OPTION_DELETION_LAG),
        .early_symmetric_ops = server->build->has_early_ops,
        .certify = certifier_certify,
        .is_to_stop = signals_have_come,
        .premium_symmetric = kv_option_is(server->options, KV_OPTION_SYMMETRIC_KEYS, "premium"),
    };

    KV_TRY(certifier_new(&server->certificates, &server->certifier, err));
    keys.certify_context = server->certifier;
    KV_TRY(opening_begin(&server->opening, err));
    keys.custody = server->custody;
    KV_TRY(filler_describe(server->options, &server->token, &keys.pool, err));
    return kv_keys_new(&keys, &server->keys, err);
}

/* Once all tenants of the vaults are there, and have reported vaults from older stores. */
static enum kv_code open_vaults(struct server *server, struct kv_err *err)
{
    vaults_let(server->vaults, server->keys, server->roles, server->grants.access,
               server->resources);
    KV_TRY(
        vaults_open(server->vaults, &server->drafts, kv_seconds(kv_clock_now(server->clock)), err));
    server->coverage = (struct coverage){ &server->certificates, &server->public_url };
    KV_TRY(coverage_watch(&server->coverage, server->vaults, err));
    KV_TRY(scenarios_open(server->store, server->custody, server->keys, &server->grants,
                          &server->scenarios, err));
    return grants_apply(&server->grants, err);
}

/* Beside the token or, when that takes its time, once it is there: as the others that are left out until
 * then, from catch_up(). */
static enum kv_code sweep(struct server *server, struct kv_err *err)
{
    if (!opening_is_done(&server->opening)) {
        return KV_OK;
    }
    server->sweep =
        (struct sweep){ .keys = server->keys, .hsm = server->token.hsm, .store = server->store };
    server->sweep.folder = &server->folder;
    return sweep_start(&server->sweep, token_is_own(server->options), err);
}

static enum kv_code open_limits(struct server *server, struct kv_err *err)
{
    KV_TRY(kv_faults_new(&server->faults, err));
    if (server->certificates.is_given) {
        kv_faults_lack_ca(server->faults);
    }
    KV_TRY(journal_open(&server->journal, server->options, err));
    KV_TRY(audit_open(&server->audit, server->options, err));
    return settings_limits(server->options, server->build, &server->limits, err);
}

static enum kv_code keep_house(struct server *server, struct kv_err *err)
{
    const struct filler_config filler = { server->keys, server->lanes, &server->token };
    const struct chores chores = { server->keys, server->token.hsm, server->store, server->agenda,
                                   server->lanes };

    if (!opening_is_done(&server->opening)) {
        return KV_OK;
    }
    KV_TRY(housekeeper_start(server->keeper, &chores, err));
    return filler_start(&filler, &server->sweep.filler, err);
}

static enum kv_code start_threads(struct server *server, struct kv_err *err)
{
    struct rotator_config rotator = { .keys = server->keys, .vaults = server->vaults };

    KV_TRY(lanes_open(server->workers, server->generators, &server->lanes, err));
    KV_TRY(rotator_new(&rotator, &server->rotator, err));

    const struct due due = { server->vaults,  server->grants.access, server->keys,
                             server->rotator, &server->token,        server->consumers.kept };

    KV_TRY(due_open(server->clock, &due, &server->agenda, err));
    KV_TRY(deployments_open(server->clock, server->agenda, &server->deployments, err));
    return keep_house(server, err);
}

static enum kv_code open_state(struct server *server, struct kv_err *err)
{
    const struct snapshots parts = {
        .folder = server->folder.path,
        .is_own = token_is_own(server->options),
        .token = &server->token,
        .clock = server->clock,
        .vaults = server->vaults,
        .keys = server->keys,
        .grants = &server->grants,
        .limits = server->limits,
        .store = server->store,
        .consumers = server->consumers.kept,
    };

    server->state = (struct state){ parts, server->faults, server->options, NULL };
    return state_open(&server->state, err);
}

static enum kv_code use_keys(struct server *server, struct kv_err *err)
{
    return opening_is_done(&server->opening)
               ? consumers_start(&server->consumers, &server->app, server->listeners.control, err)
               : KV_OK;
}

static enum kv_code listen_on(struct server *server, struct kv_err *err)
{
    server_lend(server);
    KV_TRY(consumers_add(&server->consumers, err));
    KV_TRY(control_port_guard(server->options, server->folder.path, &server->app, err));
    KV_TRY(listeners_open_tls(&server->listeners, server->options, &server->certificates,
                              &server->app, err));
    authority_host_fill(server->options, &server->app);
    KV_TRY(refusals_open(&server->refusals, server->faults, server->clock, server->listeners.tls,
                         err));
    KV_TRY(listeners_open_control(&server->listeners, server->options, &server->app, err));
    journal_hear(&server->journal, server->listeners.control);
    KV_TRY(use_keys(server, err));
    return events_start(&server->courier, &server->app, server->listeners.control, err);
}

static enum kv_code publish(struct server *server, struct kv_err *err)
{
    return data_folder_publish(&server->folder, &server->app,
                               kv_option_text(server->options, KV_OPTION_LISTEN), err);
}

static enum kv_code announce(struct server *server, struct kv_err *err)
{
    return ready_announce(&server->app, kv_option_text(server->options, KV_OPTION_LISTEN),
                          server->folder.path, err);
}

/* When the doors are open, and the token was not there in time. */
static enum kv_code catch_up(struct server *server, struct kv_err *err)
{
    bool is_open;

    if (opening_is_done(&server->opening)) {
        return KV_OK;
    }
    KV_TRY(opening_await(&server->opening, &is_open, err));
    if (!is_open) {
        return KV_OK;
    }
    KV_TRY(sweep(server, err));
    if (signals_have_come()) { /* it may have ended early: nobody may change anything then */
        return KV_OK;
    }
    KV_TRY(keep_house(server, err));
    KV_TRY(use_keys(server, err));
    opening_announce(&server->opening, &server->listeners);
    return KV_OK;
}

/* Only now: whoever is started after us uses keys, and a token that cannot be opened is a failed start. */
static enum kv_code tell_supervisor(struct server *server, struct kv_err *err)
{
    (void) err; /* that it cannot be told is no failure */
    ready_tell_supervisor(&server->app);
    return KV_OK;
}

typedef enum kv_code step_fn(struct server *server, struct kv_err *err);

static step_fn *const start_up[] = {
    check_options, read_vaults,       open_folder,
    open_identity, take_certificates, open_store,
    prepare_token, make_certificates, make_tables,
    open_access,   open_keys,         open_vaults,
    sweep,         open_limits,       open_state,
    start_threads, listen_on,         publish,
    announce,      catch_up,          tell_supervisor,
};

static void take_down(struct server *server)
{
    fetch_end();                    /* a silent authority must not delay the end, */
    kv_agenda_stop(server->agenda); /* nor may a travel, */
    filler_ask_to_stop(server->sweep.filler);
    token_let_go(&server->token);       /* nor a token that was made slow */
    consumers_stop(&server->consumers); /* nor one that waits for a service to be deployed */
    refusals_close(&server->refusals);
    drain(server->listeners.tls, server->listeners.control, &server->folder);
    events_stop(&server->courier);
    listeners_close(&server->listeners);
    opening_close(&server->opening);
    housekeeper_stop(server->keeper); /* it posts to the lanes, which sound its alarm until freed */
    kv_lanes_free(server->lanes);
    kv_deployments_free(server->deployments);
    kv_agenda_free(server->agenda);
    rotator_free(server->rotator);
    state_close(&server->state);
    kv_scenarios_free(server->scenarios);
    kv_faults_free(server->faults);
    journal_close(&server->journal);
    audit_close(&server->audit);
    sweep_end(&server->sweep);
    kv_limits_free(server->limits);
    kv_keys_free(server->keys);
    certifier_free(server->certifier);
    kv_custody_free(server->custody);
    token_close(&server->token);
    housekeeper_free(server->keeper);
    grants_close(&server->grants);
    kv_roles_free(server->roles);
    kv_resources_free(server->resources);
    kv_vaults_free(server->vaults);
    events_close(&server->courier);
    consumers_close(&server->consumers);
    kv_store_close(server->store);
    kv_certificates_done(&server->certificates);
    kv_authorities_free(server->authorities);
    kv_identity_free(server->identity);
    kv_clock_free(server->clock);
    data_folder_close(&server->folder);
}

static enum kv_code run(struct server *server, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(start_up) && !signals_have_come(); i++) {
        enum kv_code code = start_up[i](server, err);
        if (code != KV_OK && !signals_have_come()) {
            return code;
        }
    }

    int signal_number = signals_wait();

    supervisor_tell("STOPPING=1\nSTATUS=Finishing the requests under way");
    kv_log(KV_LOG_INFO, "stopping", KV_LOG_NUMBER_FIELD("signal", signal_number));
    return signals_watch_second(&server->folder, err);
}

enum kv_code serve_run(const struct kv_options *options, struct kv_err *err)
{
    struct server *server = calloc(1, sizeof(*server));
    enum kv_code code;

    if (server == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    server->options = options;
    data_folder_init(&server->folder);
    server->build = kv_build_find(kv_option_text(options, KV_OPTION_SERVICE_BUILD));
    server->workers = machine_workers(options);
    server->generators = machine_generators();
    machine_raise_descriptors();
    code = run(server, err);
    take_down(server);
    free(server);
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - all parts of `coffer serve`, as serve.c puts them together. Private to the composition; the
 * members belong to it, and are there from the step that makes them on.
 */
#pragma once

#include "consumers.h"
#include "events.h"
#include "folder.h"
#include "kv/http/lanes.h"
#include "kv/identity/identity.h"
#include "kv/limits/limits.h"
#include "kv/scenarios/scenarios.h"
#include "kv/store/store.h"
#include "listeners.h"
#include "opening.h"
#include "refusals.h"
#include "state.h"
#include "sweep.h"

struct server {
    const struct kv_options *options;
    struct data_folder folder;
    unsigned workers, generators;
    struct vault_drafts drafts;
    struct kv_public_url public_url;
    const struct kv_build *build;

    struct kv_clock *clock;
    struct kv_agenda *agenda;
    struct kv_identity *identity;
    struct kv_authorities *authorities;
    struct kv_vaults *vaults;
    struct kv_roles *roles;
    struct kv_resources *resources;
    struct kv_deployments *deployments;
    struct grants grants;
    struct kv_certificates certificates;
    bool has_certificates; /* from before there is a store */
    struct coverage coverage;
    struct certifier *certifier;
    struct kv_store *store;
    struct housekeeper *keeper;
    struct token token;
    struct opening opening;
    struct kv_custody *custody;
    struct kv_keys *keys;
    struct sweep sweep;
    struct kv_limits *limits;
    struct kv_faults *faults;
    struct refusals refusals;
    struct journal journal;
    struct consumers consumers;
    struct courier courier;
    struct audit audit;
    struct kv_lanes *lanes;
    struct rotator *rotator;
    struct kv_scenarios *scenarios;
    struct listeners listeners;
    struct state state;
    struct kv_app app;
};

/* Lends all of them to those who answer requests: before the first listener. */
void server_lend(struct server *server);

/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the server are to those who answer requests. */
#include "server.h"

#include "deployments.h"
#include "resources.h"

static enum kv_code check_store(void *store, struct kv_err *err)
{
    return kv_store_check(store, err);
}

void server_lend(struct server *server)
{
    server->app = (struct kv_app){
        .clock = server->clock,
        .agenda = server->agenda,
        .keys = server->keys,
        .identity = server->identity,
        .roles = server->roles,
        .lanes = server->lanes,
        .authorities = server->authorities,
        .vaults = server->vaults,
        .build = server->build,
        .limits = server->limits,
        .faults = server->faults,
        .ca_pem = server->certificates.ca.data,
        .ca_p12 = &server->certificates.trust,
        .ca_jks = &server->certificates.java,
        .token_is_healthy = housekeeper_token_is_healthy,
        .health_context = server->keeper,
        .check_store = check_store,
        .store_context = server->store,
        .public_url = server->public_url,
    };
    settings_lend(server->options, &server->app);
    server->token.keys = server->keys;
    token_lend(&server->token, &server->app);
    grants_lend(&server->grants, &server->app);
    events_lend(&server->courier, &server->app);
    consumers_lend(&server->consumers, &server->app);
    audit_lend(&server->audit, &server->app);
    journal_lend(&server->journal, server->options, &server->app);
    scenarios_lend(server->scenarios, &server->app);
    state_lend(&server->state, &server->app);
    deployments_lend(server->deployments, server->options, &server->app);
    resources_lend(server->resources, server->options, &server->app);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/graph share: Microsoft Graph, as far as command line clients ask it
 * who somebody is before they assign a role (control-plane.md §2.4). It shows the directory; principals
 * are made and changed elsewhere.
 */
#pragma once

#include "kv/app/app.h"
#include "kv/http/route.h"
#include "kv/identity/registry.h"

/* Kinds of objects: rows of a table. */
enum graph_kind { GRAPH_SERVICE_PRINCIPALS, GRAPH_USERS, GRAPH_GROUPS, GRAPH_APPLICATIONS };
#define GRAPH_KINDS 4
const char *graph_kind_name(enum graph_kind kind); /* "servicePrincipals" */

/* Whether one is of a kind, living, and known to somebody: registered, or the default identity. */
bool graph_is_of(const struct kv_principal_entry *entry, enum graph_kind kind);
bool graph_kind_of(const struct kv_principal_entry *entry, enum graph_kind *ret_kind);

/* As Graph shows it: of that context if it is an answer by itself (NULL: it is not), and with "@odata.type"
 * where kinds are mixed. NULL: out of memory. */
cJSON *graph_render(const struct kv_principal_entry *entry, enum graph_kind kind,
                    const char *context, bool shows_type);

/* What is shown as its name: of managed identities the last part of the resource. */
const char *graph_display_name(const struct kv_principal_entry *entry);

/* $filter: comparisons of one member each, joined by "and". */
struct graph_filter {
    char app_id[KV_PRINCIPAL_RESOURCE_SIZE]; /* "": not asked, as with the others */
    char name[KV_PRINCIPAL_RESOURCE_SIZE], name_begins[KV_PRINCIPAL_RESOURCE_SIZE];
    char upn[KV_PRINCIPAL_RESOURCE_SIZE], mail[KV_PRINCIPAL_RESOURCE_SIZE];
    char id[KV_PRINCIPAL_RESOURCE_SIZE];
    char service_type[64];
};
enum kv_code graph_filter_read(const char *text, struct graph_filter *ret_filter,
                               struct kv_err *err) kv_must_check;
bool graph_filter_passes(const struct graph_filter *filter, const struct kv_principal_entry *entry);

/* Text of an error for an object that is not there. */
enum kv_code graph_refuse_missing(const char *id, struct kv_err *err) kv_must_check;

/* Who calls; request->context. */
struct graph_call {
    struct kv_principal caller;
    bool has_caller; /* false: no tokens are asked for */
};
kv_handler_fn graph_authenticate;

kv_handler_fn graph_list_service_principals, graph_list_users, graph_list_groups,
    graph_list_applications;
kv_handler_fn graph_get_service_principal, graph_get_user, graph_get_group, graph_get_application;
kv_handler_fn graph_get_object, graph_get_me, graph_get_by_ids, graph_get_member_groups,
    graph_list_members;

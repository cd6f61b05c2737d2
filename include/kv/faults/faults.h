/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/faults/faults.h - rules for what goes wrong: for which requests, when, and how.
 *
 * Rules are JSON (docs/failures.md) and stand in an order. The first one that matches a request and
 * is due acts on it. What reads them while requests run is a snapshot that never changes, so asking
 * takes no lock but for a moment, and none when there are no rules; counters are atomic. Nothing is
 * kept on disk. Thread-safe. Knows nothing of HTTP.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/operation.h"
#include "kv/faults/effect.h"

#define KV_FAULTS_MAX 4096 /* rules */
#define KV_FAULT_ID_MAX 64
#define KV_FAULT_NAMES_MAX 6 /* of a caller */

struct kv_faults; /* opaque */

enum kv_code kv_faults_new(struct kv_faults **ret_faults, struct kv_err *err) kv_must_check;
void kv_faults_free(struct kv_faults *faults);
KV_DEFINE_CLEANUP(struct kv_faults *, kv_faults_free)

/* When a request is asked about. */
enum kv_fault_stage {
    KV_FAULT_CONNECTION, /* before there is a request: only its client's address is known */
    KV_FAULT_HANDSHAKE,  /* at the TLS client hello: the name of the vault is known, too */
    KV_FAULT_ARRIVAL,    /* before its token is looked at: the caller is not known */
    KV_FAULT_REQUEST     /* once the caller and the operation are known */
};

/* What is known of a request; NULL where there is no such thing. All borrowed. */
struct kv_fault_subject {
    enum kv_fault_stage stage;
    enum kv_operation operation;
    const char *vault, *key, *version;
    const char *principal[KV_FAULT_NAMES_MAX]; /* ids and names of the caller */
    const char *api_version, *client, *session;
    const char *(*find_header)(const void *context, const char *name);
    const void *context;
    kv_millis now; /* the virtual clock's */
};

/* What becomes of the request. */
struct kv_fault_hit {
    const struct kv_fault_effect *effect; /* lent until kv_fault_hit_done() */
    const char *id;
    kv_millis delay; /* first */
    void *rule;      /* what lends it */
};
void kv_fault_hit_done(struct kv_fault_hit *hit);

/* True if there is any rule: one atomic load. NULL has none. */
bool kv_faults_has_any(const struct kv_faults *faults);

/* True if a rule acts, and counts it. A rule with an empty effect is counted, and acts as none. */
bool kv_faults_ask(struct kv_faults *faults, const struct kv_fault_subject *subject,
                   struct kv_fault_hit *ret_hit) kv_must_check;

/* Whether rules have the port refuse connections: now, or at another time, or not at all. */
enum kv_fault_refusing { KV_FAULT_REFUSES_NEVER, KV_FAULT_REFUSES_LATER, KV_FAULT_REFUSES_NOW };
enum kv_fault_refusing kv_faults_refusing(struct kv_faults *faults, kv_millis now);

/* Has `tell` called after each change of the rules, before whoever made it hears of it. Once, before
 * there are any rules; `tell` changes none. */
void kv_faults_watch(struct kv_faults *faults, void (*tell)(void *context), void *context);

/* Without a CA of its own that clients trust, a server has no bad certificates but foreign ones: rules
 * for others are refused from now on. Before there are any rules. */
void kv_faults_lack_ca(struct kv_faults *faults);

/*
 * Adds a rule, or with {"rules":[...]} several of them, all or none, behind those that are there.
 * *ret_shown is what kv_faults_show() says of it; of several {"rules":[...]}. KV_BAD_PARAMETER with
 * what is wrong with which member; KV_CONFLICT when the id is taken or there are KV_FAULTS_MAX.
 */
enum kv_code kv_faults_add(struct kv_faults *faults, const cJSON *json, kv_millis now,
                           cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* Replaces the members that `json` has, and removes those that are null in it. Its counts begin
 * anew when `when` or `match` is among them. KV_NOT_FOUND. */
enum kv_code kv_faults_change(struct kv_faults *faults, const char *id, const cJSON *json,
                              kv_millis now, cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* A rule, or all in their order, {"rules":[...]}: as it was given, with its id, its counts (`seen`:
 * requests that matched while it was due by the clock; `hits`: those it acted on), and how long it
 * has yet. */
enum kv_code kv_faults_show(struct kv_faults *faults, const char *id, cJSON **ret_shown,
                            struct kv_err *err) kv_must_check;
enum kv_code kv_faults_list(struct kv_faults *faults, cJSON **ret_shown,
                            struct kv_err *err) kv_must_check;

/* KV_NOT_FOUND. */
enum kv_code kv_faults_remove(struct kv_faults *faults, const char *id,
                              struct kv_err *err) kv_must_check;

/* Removes all that name no vault but this one; with NULL all there are. */
enum kv_code kv_faults_clear(struct kv_faults *faults, const char *vault,
                             struct kv_err *err) kv_must_check;

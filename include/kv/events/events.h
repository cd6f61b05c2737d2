/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/events/events.h - what happened to keys and vaults, for those who subscribe to it
 * (control-plane.md §6.2): an outbox in the store, and how far each receiver has got.
 *
 * Whoever makes something happen writes the event in the transaction that makes it so: either both
 * are there or neither. Events have numbers that count from 1. The newest KV_EVENTS_MAX are kept;
 * what a receiver had not got by then is dropped, and counted. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"
#include "kv/vaults/public.h"

#define KV_EVENTS_MAX 10000
#define KV_EVENT_HOOKS_MAX 9 /* receivers: web-hooks, and a file */
#define KV_EVENT_KEY_MAX 127

enum kv_event_type {
    KV_EVENT_NONE,
#define X(symbol, number, type, object) KV_EVENT_##symbol = (number),
#include "kv/events/type.def"
#undef X
};

/* "Microsoft.KeyVault.KeyExpired" */
const char *kv_event_type_name(enum kv_event_type type);

struct kv_event_date {
    bool given;
    kv_time value;
};

/* An event. Of a vault's events `key` and `version` are "". `group` is the vault's resource group; written
 * as "" it is KV_GROUP. */
struct kv_key_event {
    int64_t number;
    char id[KV_UUID_LENGTH + 1];
    enum kv_event_type type;
    kv_millis at;   /* by the virtual clock */
    kv_millis made; /* by the system's */
    char vault[KV_VAULT_NAME_MAX + 1];
    char group[KV_GROUP_MAX + 1];
    char key[KV_EVENT_KEY_MAX + 1];
    char version[KV_VERSION_LENGTH + 1];
    struct kv_event_date not_before, expires;
};

struct kv_db;
struct kv_store;
struct kv_events; /* opaque */

/* `tell` is called, from any thread and without a lock, after events were committed or delivered.
 * The store is borrowed. Free with kv_events_free(); NULL is fine there. */
enum kv_code kv_events_new(struct kv_store *store, void (*tell)(void *context), void *context,
                           struct kv_events **ret_events, struct kv_err *err) kv_must_check;
void kv_events_free(struct kv_events *events);

/*
 * Writes an event, whose number, id and real time are given here, inside the caller's transaction.
 * Call kv_events_tell() once that is committed. `events` may be NULL in both: then nobody wants any.
 */
enum kv_code kv_events_write(struct kv_events *events, struct kv_db *db,
                             const struct kv_key_event *event, struct kv_err *err) kv_must_check;
void kv_events_tell(struct kv_events *events);

/* --- reading --- */

enum kv_delivery_state { KV_DELIVERY_PENDING, KV_DELIVERY_DONE, KV_DELIVERY_DROPPED };
const char *kv_delivery_state_name(enum kv_delivery_state state);

struct kv_event_filter {
    int64_t since; /* only later ones */
    bool has_state;
    enum kv_delivery_state state; /* pending or dropped at any receiver, or delivered to all */
    enum kv_event_type type;      /* KV_EVENT_NONE: any */
    const char *vault, *key;      /* in any case; borrowed; NULL: any */
};

/* The type of that name, with or without "Microsoft.KeyVault.", in any case. KV_BAD_PARAMETER. */
enum kv_code kv_event_type_parse(const char *name, enum kv_event_type *ret_type,
                                 struct kv_err *err) kv_must_check;

/* Calls `visit` for at most `limit` of those that pass, oldest first. */
typedef enum kv_code kv_event_visit_fn(void *context, struct kv_db *db,
                                       const struct kv_key_event *event, struct kv_err *err);
enum kv_code kv_events_each(struct kv_events *events, const struct kv_event_filter *filter,
                            size_t limit, kv_event_visit_fn *visit, void *context,
                            struct kv_err *err) kv_must_check;

/* The number of the newest event; 0: there was none. And how many pass. */
enum kv_code kv_events_last(struct kv_events *events, int64_t *ret_number,
                            struct kv_err *err) kv_must_check;
enum kv_code kv_events_count(struct kv_events *events, const struct kv_event_filter *filter,
                             int64_t *ret_count, struct kv_err *err) kv_must_check;

/* Removes them: those of a vault, or with NULL all. Nobody gets what was not delivered yet. */
enum kv_code kv_events_forget(struct kv_events *events, const char *vault,
                              struct kv_err *err) kv_must_check;

/* --- receivers --- */

/* What became of an event at a receiver. */
struct kv_delivery {
    enum kv_delivery_state state;
    int64_t attempts;
    int64_t status;  /* of the last answer; 0: there was none */
    kv_millis at;    /* of the last attempt, by the system's clock; 0: there was none */
    char error[160]; /* why it was not taken; "" */
};

/*
 * The receivers from now on, by their ids; one that was not there before begins with the next
 * event, and one that is no longer there is forgotten. Called once, before the first event.
 */
enum kv_code kv_events_subscribe(struct kv_events *events, const char *const *ids, size_t count,
                                 struct kv_err *err) kv_must_check;

/* The first event that a receiver has not got, and what became of it so far; number 0: there is
 * none. */
enum kv_code kv_events_pending(struct kv_events *events, const char *hook,
                               struct kv_key_event *ret_event, struct kv_delivery *ret_delivery,
                               struct kv_err *err) kv_must_check;

/* Notes an attempt; once it is done or dropped the receiver goes on with the next event. */
enum kv_code kv_events_settle(struct kv_events *events, const char *hook, int64_t number,
                              const struct kv_delivery *delivery, struct kv_err *err) kv_must_check;

/* What became of an event at a receiver; pending when nothing is noted. To be called by a visitor,
 * with its connection, for an event that came after the receiver; *ret_is_known otherwise false. */
enum kv_code kv_events_delivery(struct kv_db *db, const char *hook, int64_t number,
                                struct kv_delivery *ret_delivery, bool *ret_is_known,
                                struct kv_err *err) kv_must_check;

/* How many events a receiver was not brought, since it came. */
enum kv_code kv_events_dropped(struct kv_events *events, const char *hook, int64_t *ret_count,
                               struct kv_err *err) kv_must_check;

struct kv_hook_counts {
    int64_t pending, delivered, dropped; /* dropped: given up, and pushed out by newer ones */
};
enum kv_code kv_events_counts(struct kv_events *events, const char *hook,
                              struct kv_hook_counts *ret_counts, struct kv_err *err) kv_must_check;

/* --- on the wire --- */

enum kv_event_schema { KV_EVENT_GRID, KV_CLOUD_EVENTS };

/* Where the vaults are; borrowed. */
struct kv_event_place {
    char subscription[KV_UUID_LENGTH + 1];
    const struct kv_public_url *public_url;
    unsigned port;
};

/* "/subscriptions/.../vaults/NAME" */
#define KV_EVENT_TOPIC_SIZE 256
void kv_event_topic(const struct kv_event_place *place, const char *group, const char *vault,
                    char ret_topic[KV_EVENT_TOPIC_SIZE]);

/* An event as subscribers see it; NULL: out of memory. Free with cJSON_Delete(). */
cJSON *kv_event_render(const struct kv_key_event *event, enum kv_event_schema schema,
                       const struct kv_event_place *place);

/* The event by which Event Grid asks whether a web-hook wants its events; `code` is to come back. */
cJSON *kv_event_render_validation(const struct kv_event_place *place, const char *code,
                                  kv_millis now);

/* "2026-11-29T19:40:43.6980000Z": seven digits, as the service has them. */
#define KV_EVENT_TIME_SIZE 29
void kv_event_time(kv_millis time, char ret_text[KV_EVENT_TIME_SIZE]);

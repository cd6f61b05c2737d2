/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/consumer/consumer.h - services that use a key as customers of the vault, and what becomes of them
 * when it is gone (consumers.md §1, §2; control-plane.md §4, §7).
 *
 * A consumer has a name, a profile (a row of profile.def), the URL of a key and an identity. An
 * engine with one thread of its own logs in as that identity and probes the key over HTTPS, as
 * often as the profile says by the virtual clock; it calls no domain, so the vault may be any. What it
 * finds moves the consumer's state. A data-encryption key (DEK) is made for each consumer, wrapped
 * by the key once for each of its versions, and kept in the store so; in the clear it is in memory
 * alone, and only while the key can be used: it is wiped when access is lost.
 *
 * Thread-safe. Nothing here waits for the network but kv_consumers_deploy() and what the agenda runs.
 * Views are copies of one moment.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_CONSUMERS_MAX 1024
#define KV_CONSUMER_NAME_MAX 63 /* one label of a host name, in lower case */
#define KV_CONSUMER_URL_MAX 511
#define KV_CONSUMER_DEK_SIZE 32     /* bytes: AES-256 */
#define KV_CONSUMER_HISTORY_MAX 500 /* entries kept of each */

struct kv_agenda;
struct kv_buf;
struct kv_store;
struct kv_consumers; /* opaque */

/* X(symbol, "name", "availability", is it served?) */
#define KV_CONSUMER_STATES(X)                                                                      \
    X(STARTING, "starting", "Unknown", false)                                                      \
    X(ENCRYPTED, "encrypted", "Available", true)                                                   \
    X(ACCESS_LOST, "access-lost", "Degraded", false)                                               \
    X(HEALING, "healing", "Degraded", false)                                                       \
    X(NEEDS_REDEPLOY, "needs-redeploy", "Unavailable", false)

enum kv_consumer_state {
#define X(symbol, name, availability, serves) KV_CONSUMER_##symbol,
    KV_CONSUMER_STATES(X)
#undef X
        KV_CONSUMER_STATE_COUNT
};

/* "access-lost"; and the state of that name, false if there is none. */
const char *kv_consumer_state_name(enum kv_consumer_state state);
bool kv_consumer_state_find(const char *name, enum kv_consumer_state *ret_state);

/* What is known of a consumer at a moment. */
struct kv_consumer_view {
    char name[KV_CONSUMER_NAME_MAX + 1];
    const char *profile; /* literal: "fhir" */
    const char
        *host_word; /* literal, of its host NAME.WORD.localhost: "fhir"; "": it has no front */
    char key[KV_CONSUMER_URL_MAX
             + 1]; /* of the version in use; "": no key, its data is the service's */
    char identity[256];

    enum kv_consumer_state state;
    kv_millis since;      /* by the virtual clock, as the next two are */
    kv_millis lost_since; /* 0: access is not lost */
    kv_millis heals_at;   /* while HEALING; else 0 */
    bool is_healthy;      /* the verdict of the last probe */
    char reason[40];      /* "CustomerManagedKeyAccessLost"; "": none */
    char cause[256];      /* what the last probe met: "403 Forbidden (KeyDisabled): ..."; "" */
    const char *advice;   /* literal: what to do; "": nothing */
    unsigned status; /* of HTTP that its front answers data requests with now: 200, 500, 403, 424 */
};

/* KV_NOT_FOUND. By host, NAME.fhir.localhost, NAME.dicom.azurehealthcareapis.com and the like, in any
 * case and with or without a port: the profile must be the one that the host says. */
enum kv_code kv_consumers_find(struct kv_consumers *consumers, const char *name,
                               struct kv_consumer_view *ret_view, struct kv_err *err) kv_must_check;
enum kv_code kv_consumers_find_host(struct kv_consumers *consumers, const char *host,
                                    struct kv_consumer_view *ret_view,
                                    struct kv_err *err) kv_must_check;

/* Calls `visit` with each, by name. */
typedef enum kv_code kv_consumer_visit_fn(void *context, const struct kv_consumer_view *view,
                                          struct kv_err *err);
enum kv_code kv_consumers_each(struct kv_consumers *consumers, kv_consumer_visit_fn *visit,
                               void *context, struct kv_err *err) kv_must_check;

/*
 * Copies the DEK, which the caller wipes (kv_wipe()). KV_UNAVAILABLE, with the state and its cause as the
 * message, while the consumer is not ENCRYPTED, and *ret_view is written all the same: its status is what
 * the front answers. KV_NOT_FOUND writes nothing.
 */
enum kv_code kv_consumers_borrow_dek(struct kv_consumers *consumers, const char *name,
                                     unsigned char ret_dek[KV_CONSUMER_DEK_SIZE],
                                     struct kv_consumer_view *ret_view,
                                     struct kv_err *err) kv_must_check;

/*
 * What a deployment says of a consumer; all borrowed. NULL: what it has, or the profile's own. Words that
 * name none of theirs are refused.
 */
struct kv_consumer_order {
    const char *name;
    const char *profile; /* of profile.def; cannot be changed */
    const char *key;     /* URL of a key, with its version where the profile wants one; "": none */
    const char
        *identity; /* as the managed-identity endpoints take it: a name, client id or resource id */
    const char *login;  /* URL of another IMDS; "": coffer's own */
    const char *ca;     /* file of a CA to trust at the vault, too; "" : none */
    const char *rules;  /* fhir-2023, fhir-best-practice, dicom or none: what is asked of the key */
    const char *status; /* what its front answers when access is lost: "500", "403" or "424" */
    const char *heals;  /* "5" to "10": minutes that healing takes; "": by its name */
    /* "PT1M" to "P365D", how often it looks for a new version of a key whose URL has none; "never";
     * "": by the profile */
    const char *follow;
};

/*
 * Adds the consumer, or deploys the one that is there anew: its key is verified (get, wrap, unwrap, what the rules
 * ask for), the DEK re-wrapped by it if the version is another one, and the state is ENCRYPTED.
 * Waits for that at most `patience` real milliseconds: not on the thread of a connection. Of one that
 * is new the first deployment may fail, and it stays, STARTING until a probe has succeeded.
 * KV_BAD_PARAMETER for what makes no sense, KV_CONFLICT with the reason when the key cannot be used (an
 * existing consumer then stays as it was), KV_UNAVAILABLE when it took too long: it goes on.
 */
enum kv_code kv_consumers_deploy(struct kv_consumers *consumers,
                                 const struct kv_consumer_order *order, kv_millis patience,
                                 struct kv_consumer_view *ret_view,
                                 struct kv_err *err) kv_must_check;

/* KV_NOT_FOUND. Its DEK goes with it: what was encrypted is gone for good. */
enum kv_code kv_consumers_remove(struct kv_consumers *consumers, const char *name,
                                 struct kv_err *err) kv_must_check;

/* --- shown; the caller deletes what is returned --- */

/* A consumer as the control port shows it. */
enum kv_code kv_consumers_describe(struct kv_consumers *consumers, const char *name,
                                   cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* {"name","entries":[{"at","state","reason","cause"}]}, oldest first. */
enum kv_code kv_consumers_timeline(struct kv_consumers *consumers, const char *name,
                                   cJSON **ret_shown, struct kv_err *err) kv_must_check;

/* The same as SVG, with colours of its own for light and for dark; appended. KV_NOT_FOUND. */
enum kv_code kv_consumers_draw(struct kv_consumers *consumers, const char *name,
                               struct kv_buf *picture, struct kv_err *err) kv_must_check;

/*
 * Azure Resource Health: the `properties` of availabilityStatuses/current, and a list of them, newest
 * first, for the history (control-plane.md §4.3).
 */
enum kv_code kv_consumers_health(struct kv_consumers *consumers, const char *name,
                                 cJSON **ret_properties, struct kv_err *err) kv_must_check;
enum kv_code kv_consumers_health_history(struct kv_consumers *consumers, const char *name,
                                         cJSON **ret_list, struct kv_err *err) kv_must_check;

/* --- life --- */

struct kv_consumers_config {
    struct kv_store *store; /* borrowed, as all here */
    struct kv_clock *clock;
    void (*tell)(void *context); /* from any thread, without a lock: something has changed */
    void *tell_context;
};

/* Migrates its tables and loads who there is. Free with kv_consumers_free(); NULL is fine there. */
enum kv_code kv_consumers_new(const struct kv_consumers_config *config,
                              struct kv_consumers **ret_consumers,
                              struct kv_err *err) kv_must_check;
void kv_consumers_free(struct kv_consumers *consumers);
KV_DEFINE_CLEANUP(struct kv_consumers *, kv_consumers_free)

/* Whether an order makes sense; and whether its `ca` is a file with a certificate, which a deployment
 * wants, too. KV_BAD_PARAMETER. */
enum kv_code kv_consumer_check(const struct kv_consumer_order *order,
                               struct kv_err *err) kv_must_check;
enum kv_code kv_consumer_check_ca(const struct kv_consumer_order *order,
                                  struct kv_err *err) kv_must_check;

/* The row that has those who move the clock wait for the checks that are due on the way. */
void kv_consumers_add_due(struct kv_consumers *consumers, struct kv_agenda *agenda);

/* Where the services find coffer: its own IMDS, the port of HTTPS of HOST.localhost, and its CA, whose
 * PEM is copied. The engine begins; it ends with kv_consumers_stop(), after which nobody waits. */
struct kv_consumers_place {
    const char *login; /* http://127.0.0.1:8080 */
    unsigned port;
    const char *ca_pem;
};
enum kv_code kv_consumers_start(struct kv_consumers *consumers,
                                const struct kv_consumers_place *place,
                                struct kv_err *err) kv_must_check;
void kv_consumers_stop(struct kv_consumers *consumers); /* NULL is fine */

/* What an option says: adds it without waiting, STARTING until its deployment succeeds, which is tried
 * every period; one that is there and has other settings is deployed anew. */
enum kv_code kv_consumers_add(struct kv_consumers *consumers, const struct kv_consumer_order *order,
                              struct kv_err *err) kv_must_check;

/* Removes all, and reads anew what the store has, after it was put back. */
enum kv_code kv_consumers_clear(struct kv_consumers *consumers, struct kv_err *err) kv_must_check;
enum kv_code kv_consumers_read_anew(struct kv_consumers *consumers,
                                    struct kv_err *err) kv_must_check;

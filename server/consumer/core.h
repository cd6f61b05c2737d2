/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core.h - what the files of the consumers share: the rows that say how each kind of service behaves,
 * a consumer, and the table of them.
 *
 * One thread, the engine's (engine.c), makes all requests; a probe (probe.h) belongs to it alone.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "kv/base/clock.h"
#include "kv/base/secret.h"
#include "kv/base/uuid.h"
#include "kv/cmk/cmk.h"
#include "kv/consumer/consumer.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)
#define REASON_SIZE sizeof(((struct kv_consumer_view *) NULL)->reason)
#define CAUSE_SIZE sizeof(((struct kv_consumer_view *) NULL)->cause)
#define CODE_SIZE 64
#define VERSION_LENGTH 32
#define WRAPPED_MAX 512 /* bytes: of RSA-4096 */
#define ACCESS_LOST_REASON "CustomerManagedKeyAccessLost"

/* --- how a service behaves: profile.c --- */

/* What can come of a probe. */
enum outcome {
    OUTCOME_OK,
    OUTCOME_REFUSED,        /* the vault answered, with an error */
    OUTCOME_LOCAL,          /* the client itself finds that the key cannot be used, or not now */
    OUTCOME_WRONG_KEY,      /* the DEK came back as something else */
    OUTCOME_LOGIN,          /* no token */
    OUTCOME_NO_PUBLIC_NAME, /* vault.azure.net has no such name */
    OUTCOME_UNREACHABLE,    /* another name is unknown, no connection, silence, TLS, no HTTP */
};

enum verdict {
    VERDICT_HEALTHY,
    VERDICT_LOST,
    VERDICT_RESET, /* counts as healthy: "unexpected errors are not the customer's misconfiguration" */
    VERDICT_STAYS, /* as it was */
};

/* What a service makes of an outcome; the first row counts that has it. */
struct ruling {
    enum outcome outcome;
    long low, high;   /* of an answer: the status is one of these; 0, 0: any */
    const char *code; /* and it says so, "VaultNotFound" or "KeyExpired"; NULL: whatever it says */
    enum verdict verdict;
    const char *reason; /* of LOST */
};

/* What a check does, in this order. OPEN_DEK: the service's own DEK is unwrapped, as on use. */
enum act { ACT_END, ACT_GET, ACT_WRAP, ACT_UNWRAP, ACT_OPEN_DEK };
#define ACTS_MAX 5

/* What a deployment asks of a key. */
struct rules {
    const char *name;
    bool are_some; /* false: nothing is asked */
    enum kv_cmk_profile profile;
};

/* A kind of service. */
struct profile {
    const char *name, *host_word;
    enum act acts[ACTS_MAX];  /* of a check */
    enum act trial[ACTS_MAX]; /* of a deployment, and of a version that is new to it */
    const char *alg;
    kv_millis period;         /* from the end of one check to the next */
    kv_millis cache;          /* how long the DEK stays of use after the last good check */
    kv_millis grace;          /* an outage that is shorter heals; INT64_MAX: any does */
    int heals_min, heals_max; /* minutes from the first good check to service */
    kv_millis follows; /* how often it looks for a new version of a key whose URL has none, where
                                 that is not said; 0: it moves when it is deployed, and not before */
    bool needs_latest; /* a latest version that cannot be used is a lost key, also before it
                                 moves; else it stays with the one it has */
    const struct ruling *rulings;
    size_t ruling_count;
    const char *rules;
    unsigned status,
        statuses[3];      /* of the front when access is lost, and what it can be; a 0 ends */
    const char *redeploy; /* what to do once it does not heal, */
    const char *is_back;  /* and what is left of that when its checks are good again */
};

const struct profile *profile_find(const char *name);
const char *profile_names(void); /* "fhir, dicom, ..." */
const struct rules *rules_find(const char *name);
/* `code`: what the answer, or the client itself, calls it; "": nothing. */
const struct ruling *profile_rule(const struct profile *profile, enum outcome outcome, long status,
                                  const char *code);

/* --- a consumer --- */

/* Where a key is, as its URL says it. */
struct key_place {
    char url[KV_CONSUMER_URL_MAX + 1]; /* without a slash at its end; "": no key */
    char host[256];
    char name[128], version[33];
    bool is_ours; /* HOST.localhost without a port: coffer's own */
};
enum kv_code key_place_read(const char *url, struct key_place *ret_place,
                            struct kv_err *err) kv_must_check;
bool key_place_is_public(const struct key_place *place); /* below vault.azure.net */

/* What a deployment says. */
struct settings {
    const struct profile *profile;
    const struct rules *rules;
    struct key_place key;
    char identity[256];
    char login[256], ca[512];
    unsigned status;
    int heals; /* minutes; 0: by the name */
    kv_millis
        follow; /* between two looks for a new version; 0: it never looks; FOLLOW_BY_PROFILE */
};
#define FOLLOW_BY_PROFILE INT64_C(-1)

/* settings.c: `settings` is what it has, or zeroed. KV_BAD_PARAMETER, KV_CONFLICT. */
enum kv_code settings_read(const struct kv_consumer_order *order, struct settings *settings,
                           struct kv_err *err) kv_must_check;
/* How often it looks for a new version, as it was said or by the profile; 0: never. */
kv_millis settings_follow(const struct settings *settings);
#define FOLLOW_SIZE 24
/* The same as an order says it: "P1D", "never". */
void settings_print_follow(const struct settings *settings, char ret_text[FOLLOW_SIZE]);

/* How it stands: state.c. */
struct standing {
    enum kv_consumer_state state;
    kv_millis since, lost_since, heals_at, last_good;
    bool is_healthy;
    char reason[REASON_SIZE], cause[CAUSE_SIZE];
};

/* The DEK as the key wrapped it. */
struct wrapped {
    unsigned char bytes[WRAPPED_MAX];
    size_t len; /* 0: there is none */
    char by[KV_CONSUMER_URL_MAX
            + 1];            /* the URL of the version; "": by none, it is the service's own */
    unsigned char check[16]; /* of the DEK: the beginning of its SHA-256 */
};

/* What a probe brings. */
struct finding {
    enum outcome outcome;
    long status;
    char code[CODE_SIZE];
    char cause[CAUSE_SIZE];
    bool has_looked; /* for a new version of the key, and that is settled until the next look */
    bool has_dek;    /* the next two are to be taken over */
    unsigned char dek[KV_CONSUMER_DEK_SIZE];
    struct wrapped wrapped;
    char refusal[512]; /* of a deployment; "" */
};

/* An order to deploy, on its way. */
struct deployment {
    uint64_t number; /* counts from 1; 0: there was none */
    bool is_wanted;  /* waits for the engine */
    bool is_done;
    struct settings settings;
    enum kv_code code;
    char message[512];
};

/* All guarded by the mutex of the table but what a probe borrows while `is_busy`. */
struct consumer {
    char name[KV_CONSUMER_NAME_MAX + 1];
    struct settings settings;
    struct standing standing;
    struct wrapped wrapped;
    unsigned char dek[KV_CONSUMER_DEK_SIZE]; /* secret */
    bool has_dek;

    kv_millis known_at;  /* when its standing was last looked at */
    kv_millis looked_at; /* when it last looked for a new version of its key */
    kv_millis due;       /* when something is to be done: a check, or what one has found */
    kv_millis lag;       /* of the check that is on its way, or landed: how late it began */
    bool is_busy;        /* a probe is on its way */
    bool is_gone;        /* removed meanwhile */
    bool has_landed;     /* `finding` is to be made known at `due` */
    bool deploys;        /* it is one of a deployment, */
    uint64_t serves;     /* of the order with that number; 0: of none */
    struct finding finding;
    struct deployment deployment;
    enum kv_consumer_state told; /* to those who move the clock */
    int64_t checks, missed;

    char *token;           /* secret, heap */
    kv_millis token_until; /* real */
};

/* Where requests go; set before the engine starts. */
struct kv_consumers {
    struct kv_store *store; /* borrowed, as the clock is */
    struct kv_clock *clock;
    char login[256];      /* the IMDS of coffer */
    char *ca;             /* PEM of coffer's CA, heap */
    unsigned port;        /* of HTTPS */
    void (*tell)(void *); /* that there is news */
    void *tell_context;

    pthread_mutex_t mutex;                       /* lock.def: consumer.table */
    pthread_cond_t settled;                      /* something became of a probe */
    struct consumer *consumer[KV_CONSUMERS_MAX]; /* guarded by mutex, as all that follows */
    size_t count;
    uint64_t deployments;
    bool is_to_stop;

    atomic_bool travels;  /* somebody moves the clock, and waits for what is due on the way */
    atomic_bool has_news; /* for the engine */
    CURLM *multi;
    pthread_t thread;
    bool is_running;
    struct kv_clock_watch watch;
};

/* --- state.c: pure --- */

/* Something became of a check at `now`. */
void standing_take(struct standing *standing, const struct settings *settings, const char *name,
                   const struct ruling *ruling, const char *cause, bool has_dek, kv_millis now);
/* Time has passed. */
void standing_tick(struct standing *standing, const struct settings *settings, bool has_dek,
                   kv_millis now);
/* When that would change something; INT64_MAX: never. */
kv_millis standing_next(const struct standing *standing, const struct settings *settings,
                        bool has_dek);
const char *state_availability(enum kv_consumer_state state);
bool state_serves(enum kv_consumer_state state);
void standing_deploy(struct standing *standing, kv_millis now);
void standing_set(struct standing *standing, enum kv_consumer_state state, kv_millis now);
int standing_heals(const struct settings *settings, const char *name);
const char *standing_advice(const struct standing *standing, const struct settings *settings);

/* --- view.c --- */

struct consumer *consumers_find_locked(struct kv_consumers *consumers, const char *name);
void consumer_free(struct consumer *consumer);
void consumer_view(const struct consumer *consumer, struct kv_consumer_view *ret_view);
void consumer_drop_dek(struct consumer *consumer);
/* Makes its DEK the service's own, for one without a key. False: it is out of reach. */
bool consumer_own_dek(struct consumer *consumer);
/* For the engine: something is to be looked at. */
void consumers_wake(struct kv_consumers *consumers);
/* For those who wait for news; without the mutex. */
void consumers_tell(const struct kv_consumers *consumers);

/* --- look.c --- */

/* Whether it goes by one version of a key whose URL has none. */
bool consumer_follows(const struct consumer *consumer);
/* When it looks for a new one by itself; 0: never. */
kv_millis consumer_looks_at(const struct consumer *consumer);

/* --- schedule.c --- */

/* When the engine has something to do for it; INT64_MAX: not now. */
kv_millis consumer_next(const struct consumer *consumer);
/* Also of one for which the clock was moved back. */
bool consumer_is_due(const struct consumer *consumer, kv_millis now);
/* Does what is due by `now` without a request. True: a check, or a deployment, is to be begun. */
bool consumer_advance(struct consumer *consumer, kv_millis now, bool counts_missed);
/* A probe begins. */
void consumer_begin(struct consumer *consumer, kv_millis now);
/* A probe has ended that began at `at` and took `took` of the virtual clock. */
void consumer_land(struct consumer *consumer, const struct finding *finding, kv_millis at,
                   kv_millis took);

/* --- keeping.c: the store --- */

enum kv_code keeping_open(struct kv_store *store, struct kv_err *err) kv_must_check;
enum kv_code keeping_load(struct kv_consumers *consumers, struct kv_err *err) kv_must_check;
/* Writes a consumer as it is, and a line of its history with that time; 0: none. */
enum kv_code keeping_save(struct kv_store *store, const struct consumer *consumer, kv_millis at,
                          struct kv_err *err) kv_must_check;
enum kv_code keeping_remove(struct kv_store *store, const char *name,
                            struct kv_err *err) kv_must_check; /* NULL: all */

/* A line of a history. */
struct entry {
    kv_millis at;
    enum kv_consumer_state state;
    bool is_healthy;
    char reason[REASON_SIZE], cause[CAUSE_SIZE];
};
typedef bool entry_fn(void *context, const struct entry *entry);
enum kv_code keeping_history(struct kv_store *store, const char *name, bool newest_first,
                             entry_fn *visit, void *context, struct kv_err *err) kv_must_check;

/* --- ca.c --- */

/* Whether there is a file that can be opened; KV_BAD_PARAMETER with the reason. Asked before each
 * request: what cannot be trusted need not be tried four times. */
enum kv_code ca_find(const char *path, struct kv_err *err) kv_must_check;

/* --- engine.c --- */

enum kv_code engine_start(struct kv_consumers *consumers, struct kv_err *err) kv_must_check;
void engine_stop(struct kv_consumers *consumers);

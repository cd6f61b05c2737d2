/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/limits/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* The share of the budget that one of so many transactions costs; it must be a whole number. */
#define COST(limit)                                                                                \
    (KV_LIMITS_BUDGET / (limit) + 0 * sizeof(char[KV_LIMITS_BUDGET % (limit) == 0 ? 1 : -1]))

/*
 * The service's limits (contract §13): how many transactions a vault takes in KV_LIMITS_WINDOW; the
 * subscription takes KV_LIMITS_SHARE times as many. A transaction without a row costs one of
 * KV_LIMITS_BUDGET.
 */
static const struct row {
    const char *kty;
    unsigned bits;  /* 0: of any size */
    bool makes_key; /* create and import; false: everything else with a key */
    unsigned cost;
} rows[] = {
    { .kty = "RSA", .makes_key = true, .cost = COST(20) },
    { .kty = "RSA-HSM", .makes_key = true, .cost = COST(10) },
    { .kty = "EC", .makes_key = true, .cost = COST(20) },
    { .kty = "EC-HSM", .makes_key = true, .cost = COST(10) },
    { .kty = "RSA", .bits = 2048, .cost = COST(4000) },
    { .kty = "RSA", .bits = 3072, .cost = COST(1000) },
    { .kty = "RSA", .bits = 4096, .cost = COST(500) },
    { .kty = "RSA-HSM", .bits = 2048, .cost = COST(2000) },
    { .kty = "RSA-HSM", .bits = 3072, .cost = COST(500) },
    { .kty = "RSA-HSM", .bits = 4096, .cost = COST(250) },
    { .kty = "EC", .cost = COST(4000) },
    { .kty = "EC-HSM", .cost = COST(2000) },
};

/*
 * A window begins with the first transaction after the previous window has ended, with its budget
 * whole again. How the service counts is not established. A sliding window would have to remember
 * each transaction, and only differs for ten seconds that straddle two of our windows; here a test
 * can tell when the window ends: ten seconds after its first request.
 */
struct window {
    unsigned budget;
    kv_millis start;
    unsigned used; /* 0: it has not begun */
};

/* The window of a vault that has had a request in it. */
struct vault_window {
    int64_t vault;
    struct window window;
    UT_hash_handle hh;
};

struct kv_limits {
    pthread_mutex_t lock; /* lock.def: limits.windows; guards what follows */
    unsigned budget;      /* of each vault */
    struct window subscription;
    struct vault_window *windows;
};

static bool describes(const struct row *row, const struct kv_transaction *transaction)
{
    return row->makes_key == transaction->makes_key
           && (row->bits == 0 || row->bits == transaction->bits)
           && strcmp(row->kty, transaction->kty) == 0;
}

unsigned kv_limits_cost(const struct kv_transaction *transaction)
{
    for (size_t i = 0; transaction->kty != NULL && i < KV_COUNT(rows); i++) {
        if (describes(&rows[i], transaction)) {
            return rows[i].cost;
        }
    }
    return 1;
}

enum kv_code kv_limits_new(unsigned budget, struct kv_limits **ret_limits, struct kv_err *err)
{
    struct kv_limits *limits = calloc(1, sizeof(*limits));

    if (limits == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_mutex_init(&limits->lock, NULL);
    limits->budget = budget;
    limits->subscription.budget = KV_LIMITS_SHARE * budget;
    *ret_limits = limits;
    return KV_OK;
}

static void drop_window(struct kv_limits *limits, struct vault_window *window)
{
    HASH_DEL(limits->windows, window);
    free(window);
}

static void drop_windows(struct kv_limits *limits)
{
    struct vault_window *window, *next;

    HASH_ITER (hh, limits->windows, window, next) {
        drop_window(limits, window);
    }
}

void kv_limits_reset(struct kv_limits *limits)
{
    pthread_mutex_lock(&limits->lock);
    drop_windows(limits);
    limits->subscription.used = 0;
    pthread_mutex_unlock(&limits->lock);
}

void kv_limits_free(struct kv_limits *limits)
{
    if (limits == NULL) {
        return;
    }
    drop_windows(limits);
    pthread_mutex_destroy(&limits->lock);
    free(limits);
}

/* A clock that was set back has left the window as well, so that nobody waits for it to come
 * back. */
static bool is_over(const struct window *window, kv_millis now)
{
    return now < window->start || now - window->start >= KV_LIMITS_WINDOW;
}

static bool has_room(const struct window *window, unsigned cost, kv_millis now)
{
    return is_over(window, now) || cost <= window->budget - window->used;
}

static void take(struct window *window, unsigned cost, kv_millis now)
{
    if (window->used == 0 || is_over(window, now)) {
        window->start = now;
        window->used = 0;
    }
    window->used += cost;
}

/* Windows that are over can be dropped. The subscription admits requests for so few vaults in one
 * window that only a small number remain. */
static void drop_old_windows(struct kv_limits *limits, kv_millis now)
{
    struct vault_window *window, *next;

    HASH_ITER (hh, limits->windows, window, next) {
        if (is_over(&window->window, now)) {
            drop_window(limits, window);
        }
    }
}

static struct vault_window *find_window(const struct kv_limits *limits, int64_t vault)
{
    struct vault_window *window;

    HASH_FIND(hh, limits->windows, &vault, sizeof(vault), window);
    return window;
}

/* NULL: out of memory. */
static struct vault_window *need_window(struct kv_limits *limits, int64_t vault, kv_millis now)
{
    struct vault_window *window = find_window(limits, vault);

    if (window != NULL) {
        return window;
    }
    drop_old_windows(limits, now);
    window = calloc(1, sizeof(*window));
    if (window == NULL) {
        return NULL;
    }
    window->vault = vault;
    window->window.budget = limits->budget;
    window->window.start = now;
    HASH_ADD(hh, limits->windows, vault, sizeof(window->vault), window);
    if (find_window(limits, vault) == NULL) {
        free(window);
        return NULL;
    }
    return window;
}

/* From both budgets or from neither: what one refuses does not cost the other. */
static enum kv_code take_locked(struct kv_limits *limits, int64_t vault, unsigned cost,
                                kv_millis now, bool *ret_taken, struct kv_err *err)
{
    struct vault_window *own = need_window(limits, vault, now);
    struct window *shared = &limits->subscription;

    if (own == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_taken = has_room(&own->window, cost, now) && has_room(shared, cost, now);
    if (*ret_taken) {
        take(&own->window, cost, now);
        take(shared, cost, now);
    }
    return KV_OK;
}

/* The text is the one that was recorded. That the subscription's limit has a reason of its own is
 * presumed, but none is known (contract §9.6). */
enum kv_code kv_limits_take(struct kv_limits *limits, int64_t vault,
                            const struct kv_transaction *transaction, kv_millis now,
                            struct kv_err *err)
{
    unsigned cost = kv_limits_cost(transaction);
    bool taken = false;

    pthread_mutex_lock(&limits->lock);
    enum kv_code code = take_locked(limits, vault, cost, now, &taken, err);
    pthread_mutex_unlock(&limits->lock);
    if (code != KV_OK) {
        return code;
    }
    if (!taken) {
        return KV_FAIL(err, KV_THROTTLED, 0,
                       "Request was not processed because too many requests were received. "
                       "Reason: VaultRequestTypeLimitReached");
    }
    return KV_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Orders to deploy: handed to the engine, and waited for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core.h"

#define WAIT_MS 100

/* --- adding --- */

static struct consumer *make(const char *name, const struct settings *settings, kv_millis now)
{
    struct consumer *consumer = calloc(1, sizeof(*consumer));

    if (consumer == NULL) {
        return NULL;
    }
    (void) snprintf(consumer->name, sizeof(consumer->name), "%s", name);
    consumer->settings = *settings;
    consumer->standing =
        (struct standing){ .state = KV_CONSUMER_STARTING, .since = now, .is_healthy = true };
    consumer->due = now;
    consumer->known_at = now;
    if (settings->key.url[0] == '\0') { /* "off = always healthy, no request" */
        consumer->standing.state = KV_CONSUMER_ENCRYPTED;
    }
    consumer->told = consumer->standing.state;
    if (settings->key.url[0] == '\0' && !consumer_own_dek(consumer)) {
        consumer_free(consumer);
        return NULL;
    }
    return consumer;
}

static bool is_same(const struct settings *a, const struct settings *b)
{
    return a->rules == b->rules && strcmp(a->key.url, b->key.url) == 0
           && strcmp(a->identity, b->identity) == 0 && strcmp(a->login, b->login) == 0
           && strcmp(a->ca, b->ca) == 0 && a->status == b->status && a->heals == b->heals
           && a->follow == b->follow;
}

static void order_locked(struct kv_consumers *consumers, struct consumer *consumer,
                         const struct settings *settings)
{
    consumer->deployment = (struct deployment){ .number = ++consumers->deployments,
                                                .is_wanted = true,
                                                .settings = *settings };
    kv_wipe_free(kv_take(consumer->token)); /* it may be another identity's */
}

/* Finds or makes it, and has it deployed unless nothing would change. */
static enum kv_code place_order_locked(struct kv_consumers *consumers,
                                       const struct kv_consumer_order *order, bool only_changes,
                                       struct consumer **ret_consumer, bool *ret_is_new,
                                       struct kv_err *err)
{
    struct consumer *consumer =
        order->name != NULL ? consumers_find_locked(consumers, order->name) : NULL;
    struct settings settings = consumer != NULL ? consumer->settings : (struct settings){ 0 };

    KV_TRY(settings_read(order, &settings, err));
    *ret_is_new = consumer == NULL;
    if (consumer != NULL && consumer->deployment.is_wanted) {
        return KV_FAIL(err, KV_CONFLICT, 0, "'%s' is being deployed.", consumer->name);
    }
    if (consumer == NULL) {
        if (consumers->count == KV_CONSUMERS_MAX) {
            return KV_FAIL(err, KV_CONFLICT, 0,
                           "There are %d consumers, which is all there can be.", KV_CONSUMERS_MAX);
        }
        consumer = make(order->name, &settings, kv_clock_now(consumers->clock));
        if (consumer == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        consumers->consumer[consumers->count++] = consumer;
    }
    *ret_consumer = consumer;
    if (only_changes && (*ret_is_new || is_same(&consumer->settings, &settings))) {
        return KV_OK;
    }
    order_locked(consumers, consumer, &settings);
    return KV_OK;
}

enum kv_code kv_consumers_add(struct kv_consumers *consumers, const struct kv_consumer_order *order,
                              struct kv_err *err)
{
    struct consumer *consumer = NULL;
    struct consumer *copied = malloc(sizeof(*copied));
    bool is_new = false;

    if (copied == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_mutex_lock(&consumers->mutex);
    enum kv_code code = place_order_locked(consumers, order, true, &consumer, &is_new, err);
    if (code == KV_OK) {
        *copied = *consumer;
        copied->token = NULL;
    }
    pthread_mutex_unlock(&consumers->mutex);
    if (code == KV_OK && is_new) {
        code = keeping_save(consumers->store, copied, copied->known_at, err);
    }
    if (code == KV_OK) {
        consumers_wake(consumers);
    }
    kv_wipe(copied, sizeof(*copied));
    free(copied);
    return code;
}

/* --- deploying --- */

static void wait_a_bit_locked(struct kv_consumers *consumers)
{
    kv_millis until = kv_clock_monotonic() + WAIT_MS;
    const struct timespec deadline = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

    (void) pthread_cond_timedwait(&consumers->settled, &consumers->mutex, &deadline);
}

/* Until the order of that number is carried out. NULL: the consumer was removed meanwhile. */
static struct consumer *wait_locked(struct kv_consumers *consumers, const char *name,
                                    uint64_t number, kv_millis until)
{
    struct consumer *consumer;

    for (;;) {
        consumer = consumers_find_locked(consumers, name);
        if (consumer == NULL || consumer->deployment.number != number
            || (consumer->deployment.is_done && !consumer->is_busy) || consumers->is_to_stop
            || !consumers->is_running || kv_clock_monotonic() >= until) {
            return consumer;
        }
        wait_a_bit_locked(consumers);
    }
}

static enum kv_code conclude(const struct consumer *consumer, uint64_t number, struct kv_err *err)
{
    if (consumer == NULL) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The consumer was removed meanwhile.");
    }
    if (consumer->deployment.number == number && !consumer->deployment.is_done) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "The deployment of '%s' takes longer: it goes on.",
                       consumer->name);
    }
    return consumer->deployment.code == KV_OK
               ? KV_OK
               : KV_FAIL(err, KV_CONFLICT, 0, "'%s' cannot be deployed: %s", consumer->name,
                         consumer->deployment.message);
}

/* One without a key needs nobody's word for it, unless its data is out of reach: then it stays so. */
static bool is_quick(const struct consumer *consumer)
{
    return consumer->deployment.settings.key.url[0] == '\0';
}

static void deploy_at_once(struct consumer *consumer, kv_millis now)
{
    struct deployment *deployment = &consumer->deployment;

    deployment->is_wanted = false;
    deployment->is_done = true;
    if (!consumer_own_dek(consumer)) {
        deployment->code = KV_CONFLICT;
        (void) snprintf(deployment->message, sizeof(deployment->message),
                        "Its data is inaccessible: restore access to its key first.");
        return;
    }
    consumer->settings = deployment->settings;
    standing_deploy(&consumer->standing, now);
    consumer->known_at = now;
}

static enum kv_code order_and_wait_locked(struct kv_consumers *consumers,
                                          const struct kv_consumer_order *order, kv_millis until,
                                          bool *ret_is_refused, struct kv_consumer_view *ret_view,
                                          struct kv_err *err)
{
    struct consumer *consumer = NULL;
    bool is_new = false;

    KV_TRY(place_order_locked(consumers, order, false, &consumer, &is_new, err));

    uint64_t number = consumer->deployment.number;

    if (is_quick(consumer)) {
        deploy_at_once(consumer, kv_clock_now(consumers->clock));
    }
    consumers_wake(consumers);
    consumer = wait_locked(consumers, order->name, number, until);

    enum kv_code code = conclude(consumer, number, err);

    if (consumer != NULL) {
        consumer_view(consumer, ret_view);
    }
    *ret_is_refused = is_new && code == KV_CONFLICT && consumer != NULL;
    return code;
}

static enum kv_code save_now(struct kv_consumers *consumers, const char *name, struct kv_err *err)
{
    struct consumer *copied = malloc(sizeof(*copied));
    enum kv_code code = KV_OK;

    if (copied == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    pthread_mutex_lock(&consumers->mutex);
    const struct consumer *consumer = consumers_find_locked(consumers, name);
    if (consumer != NULL) {
        *copied = *consumer;
        copied->token = NULL;
    }
    pthread_mutex_unlock(&consumers->mutex);
    if (consumer != NULL) {
        code = keeping_save(consumers->store, copied, 0, err);
    }
    kv_wipe(copied, sizeof(*copied));
    free(copied);
    return code;
}

enum kv_code kv_consumers_deploy(struct kv_consumers *consumers,
                                 const struct kv_consumer_order *order, kv_millis patience,
                                 struct kv_consumer_view *ret_view, struct kv_err *err)
{
    bool is_refused = false;

    KV_TRY(kv_consumer_check_ca(order, err));
    pthread_mutex_lock(&consumers->mutex);
    enum kv_code code = order_and_wait_locked(consumers, order, kv_clock_monotonic() + patience,
                                              &is_refused, ret_view, err);
    pthread_mutex_unlock(&consumers->mutex);
    if (is_refused) { /* nobody has it, and nothing of it stays */
        KV_IGNORE(kv_consumers_remove(consumers, order->name, NULL));
    }
    if (code == KV_OK) {
        KV_TRY(save_now(consumers, order->name, err));
    }
    consumers_tell(consumers);
    return code;
}

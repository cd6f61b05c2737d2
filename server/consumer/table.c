/* SPDX-License-Identifier: Apache-2.0 */
/* The consumers there are, and what others may know of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core.h"

static void init_locks(struct kv_consumers *consumers)
{
    pthread_condattr_t attributes;

    (void) pthread_mutex_init(&consumers->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&consumers->settled, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

enum kv_code kv_consumers_new(const struct kv_consumers_config *config,
                              struct kv_consumers **ret_consumers, struct kv_err *err)
{
    kv_auto(kv_consumers_free) struct kv_consumers *consumers = NULL;

    KV_TRY(keeping_open(config->store, err));
    consumers = calloc(1, sizeof(*consumers));
    if (consumers == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    init_locks(consumers);
    consumers->store = config->store;
    consumers->clock = config->clock;
    consumers->tell = config->tell;
    consumers->tell_context = config->tell_context;
    consumers->multi = curl_multi_init();
    if (consumers->multi == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(keeping_load(consumers, err));
    *ret_consumers = kv_take(consumers);
    return KV_OK;
}

void kv_consumers_free(struct kv_consumers *consumers)
{
    if (consumers == NULL) {
        return;
    }
    for (size_t i = 0; i < consumers->count; i++) {
        consumer_free(consumers->consumer[i]);
    }
    (void) curl_multi_cleanup(consumers->multi); /* it is empty; NULL is fine */
    (void) pthread_cond_destroy(&consumers->settled);
    (void) pthread_mutex_destroy(&consumers->mutex);
    free(consumers->ca);
    free(consumers);
}

enum kv_code kv_consumers_start(struct kv_consumers *consumers,
                                const struct kv_consumers_place *place, struct kv_err *err)
{
    (void) snprintf(consumers->login, sizeof(consumers->login), "%s", place->login);
    consumers->port = place->port;
    consumers->ca = place->ca_pem != NULL ? strdup(place->ca_pem) : NULL;
    return engine_start(consumers, err);
}

void kv_consumers_stop(struct kv_consumers *consumers)
{
    if (consumers != NULL) {
        engine_stop(consumers);
    }
}

static enum kv_code fail_unknown(const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no consumer '%.63s'.", name);
}

enum kv_code kv_consumers_find(struct kv_consumers *consumers, const char *name,
                               struct kv_consumer_view *ret_view, struct kv_err *err)
{
    pthread_mutex_lock(&consumers->mutex);
    const struct consumer *consumer = consumers_find_locked(consumers, name);
    if (consumer != NULL) {
        consumer_view(consumer, ret_view);
    }
    pthread_mutex_unlock(&consumers->mutex);
    return consumer != NULL ? KV_OK : fail_unknown(name, err);
}

/* NAME.WORD.DOMAIN[:PORT] */
enum kv_code kv_consumers_find_host(struct kv_consumers *consumers, const char *host,
                                    struct kv_consumer_view *ret_view, struct kv_err *err)
{
    size_t len = strcspn(host, ".");
    const char *word = host[len] == '.' ? host + len + 1 : "";
    char name[KV_CONSUMER_NAME_MAX + 1];
    struct kv_consumer_view view;

    if (len == 0 || len >= sizeof(name)) {
        return fail_unknown(host, err);
    }
    (void) snprintf(name, sizeof(name), "%.*s", (int) len, host);
    KV_TRY(kv_consumers_find(consumers, name, &view, err));
    len = strlen(view.host_word);
    if (len == 0 || strncasecmp(word, view.host_word, len) != 0 || word[len] != '.') {
        return fail_unknown(host, err);
    }
    *ret_view = view;
    return KV_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct kv_consumer_view *) a)->name,
                  ((const struct kv_consumer_view *) b)->name);
}

static struct kv_consumer_view *copy_views(struct kv_consumers *consumers, size_t *ret_count)
{
    pthread_mutex_lock(&consumers->mutex);
    size_t count = consumers->count;
    struct kv_consumer_view *views = calloc(count + 1, sizeof(*views));
    for (size_t i = 0; views != NULL && i < count; i++) {
        consumer_view(consumers->consumer[i], &views[i]);
    }
    pthread_mutex_unlock(&consumers->mutex);
    *ret_count = count;
    return views;
}

enum kv_code kv_consumers_each(struct kv_consumers *consumers, kv_consumer_visit_fn *visit,
                               void *context, struct kv_err *err)
{
    size_t count = 0;
    struct kv_consumer_view *views = copy_views(consumers, &count);
    enum kv_code code = KV_OK;

    if (views == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    qsort(views, count, sizeof(*views), compare_names);
    for (size_t i = 0; i < count && code == KV_OK; i++) {
        code = visit(context, &views[i], err);
    }
    free(views);
    return code;
}

static enum kv_code fail_closed(const struct kv_consumer_view *view, struct kv_err *err)
{
    return KV_FAIL(err, KV_UNAVAILABLE, 0,
                   "The data of '%s' is inaccessible: its state is %s. %s%s%s", view->name,
                   kv_consumer_state_name(view->state), view->cause,
                   view->cause[0] != '\0' ? " " : "", view->advice);
}

enum kv_code kv_consumers_borrow_dek(struct kv_consumers *consumers, const char *name,
                                     unsigned char ret_dek[KV_CONSUMER_DEK_SIZE],
                                     struct kv_consumer_view *ret_view, struct kv_err *err)
{
    bool is_lent = false;

    pthread_mutex_lock(&consumers->mutex);
    const struct consumer *consumer = consumers_find_locked(consumers, name);
    if (consumer != NULL) {
        consumer_view(consumer, ret_view);
        is_lent = state_serves(consumer->standing.state) && consumer->has_dek;
    }
    if (is_lent) {
        memcpy(ret_dek, consumer->dek, KV_CONSUMER_DEK_SIZE);
    }
    pthread_mutex_unlock(&consumers->mutex);
    if (consumer == NULL) {
        return fail_unknown(name, err);
    }
    return is_lent ? KV_OK : fail_closed(ret_view, err);
}

/* --- leaving --- */

static void take_out_locked(struct kv_consumers *consumers, struct consumer *consumer)
{
    for (size_t i = 0; i < consumers->count; i++) {
        if (consumers->consumer[i] == consumer) {
            consumers->consumer[i] = consumers->consumer[--consumers->count];
            break;
        }
    }
    consumer->is_gone = true;
    if (!consumer->is_busy) {
        consumer_free(consumer);
    }
    pthread_cond_broadcast(&consumers->settled);
}

static void take_all_out_locked(struct kv_consumers *consumers)
{
    while (consumers->count > 0) {
        take_out_locked(consumers, consumers->consumer[consumers->count - 1]);
    }
}

enum kv_code kv_consumers_remove(struct kv_consumers *consumers, const char *name,
                                 struct kv_err *err)
{
    char known[KV_CONSUMER_NAME_MAX + 1] = "";

    pthread_mutex_lock(&consumers->mutex);
    struct consumer *consumer = consumers_find_locked(consumers, name);
    if (consumer != NULL) {
        memcpy(known, consumer->name, sizeof(known));
        take_out_locked(consumers, consumer);
    }
    pthread_mutex_unlock(&consumers->mutex);
    if (known[0] == '\0') {
        return fail_unknown(name, err);
    }
    consumers_tell(consumers);
    return keeping_remove(consumers->store, known, err);
}

enum kv_code kv_consumers_clear(struct kv_consumers *consumers, struct kv_err *err)
{
    pthread_mutex_lock(&consumers->mutex);
    take_all_out_locked(consumers);
    pthread_mutex_unlock(&consumers->mutex);
    return keeping_remove(consumers->store, NULL, err);
}

enum kv_code kv_consumers_read_anew(struct kv_consumers *consumers, struct kv_err *err)
{
    pthread_mutex_lock(&consumers->mutex);
    take_all_out_locked(consumers);
    pthread_mutex_unlock(&consumers->mutex);
    KV_TRY(keeping_load(consumers, err));
    consumers_wake(consumers);
    return KV_OK;
}

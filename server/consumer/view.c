/* SPDX-License-Identifier: Apache-2.0 */
/* One consumer: found, looked at, forgotten. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/rand.h>

#include "core.h"

void consumer_free(struct consumer *consumer)
{
    if (consumer != NULL) {
        kv_wipe_free(consumer->token);
        kv_wipe(consumer, sizeof(*consumer));
        free(consumer);
    }
}

struct consumer *consumers_find_locked(struct kv_consumers *consumers, const char *name)
{
    for (size_t i = 0; i < consumers->count; i++) {
        if (strcasecmp(consumers->consumer[i]->name, name) == 0) {
            return consumers->consumer[i];
        }
    }
    return NULL;
}

void consumer_drop_dek(struct consumer *consumer)
{
    kv_wipe(consumer->dek, sizeof(consumer->dek));
    consumer->has_dek = false;
}

bool consumer_own_dek(struct consumer *consumer)
{
    struct wrapped *wrapped = &consumer->wrapped;

    if (!consumer->has_dek && wrapped->len > 0) {
        return false;
    }
    if (!consumer->has_dek && RAND_priv_bytes(consumer->dek, sizeof(consumer->dek)) != 1) {
        return false;
    }
    consumer->has_dek = true;
    memset(wrapped, 0, sizeof(*wrapped));
    memcpy(wrapped->bytes, consumer->dek, sizeof(consumer->dek));
    wrapped->len = sizeof(consumer->dek);
    return true;
}

void consumers_tell(const struct kv_consumers *consumers)
{
    if (consumers->tell != NULL) {
        consumers->tell(consumers->tell_context);
    }
}

void consumers_wake(struct kv_consumers *consumers)
{
    atomic_store(&consumers->has_news, true);
    (void) curl_multi_wakeup(consumers->multi); /* it looks up by itself, too */
}

void consumer_view(const struct consumer *consumer, struct kv_consumer_view *ret_view)
{
    const struct standing *standing = &consumer->standing;
    const struct settings *settings = &consumer->settings;
    struct kv_consumer_view view = {
        .profile = settings->profile->name,
        .host_word = settings->profile->host_word,
        .state = standing->state,
        .since = standing->since,
        .lost_since = standing->lost_since,
        .heals_at = standing->heals_at,
        .is_healthy = standing->is_healthy,
        .advice = standing_advice(standing, settings),
        .status = state_serves(standing->state) ? 200 : settings->status,
    };

    memcpy(view.name, consumer->name, sizeof(view.name));
    memcpy(view.key, settings->key.url, sizeof(view.key));
    memcpy(view.identity, settings->identity, sizeof(view.identity));
    memcpy(view.reason, standing->reason, sizeof(view.reason));
    memcpy(view.cause, standing->cause, sizeof(view.cause));
    *ret_view = view;
}

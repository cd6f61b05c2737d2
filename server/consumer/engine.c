/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that makes all probes: it begins those that are due by the virtual clock, has libcurl make
 * a bounded number of requests at a time, and makes known what came of them.
 */
#include <string.h>

#include "kv/base/log.h"
#include "probe.h"

#define PROBES_MAX KV_CONSUMERS_MAX
#define ACTIVE_MAX 48 /* of them: those that neither pause nor have waited for an answer for long */
#define STILL_MAX 8   /* the same while the virtual clock stands still, when silences are short */
#define LONG_MS 2000  /* real */
#define CONNECTIONS_MAX 512L
#define KEPT_MAX 256L          /* connections that nobody uses */
#define SILENCE_MS 10000L      /* real time that an answer may take, */
#define SHORT_SILENCE_MS 1000L /* and while the virtual clock stands still, or */
#define SILENCE_TIMES 8        /* what answers took of late: a slow machine is not a silent vault */
#define LOOK_MS 500

struct engine {
    struct kv_consumers *consumers;
    struct probe *probe[PROBES_MAX];
    size_t probes;
    size_t turn;              /* the consumer that is looked at first */
    kv_millis next;           /* virtual: when something is due */
    kv_millis usual;          /* real: what the last answers took */
    struct consumer *changed; /* a copy, heap: of one whose state is to be written */
};

static void wake(void *consumers)
{
    consumers_wake(consumers);
}

static bool is_stopping(struct kv_consumers *consumers)
{
    pthread_mutex_lock(&consumers->mutex);
    bool is_to_stop = consumers->is_to_stop;
    pthread_mutex_unlock(&consumers->mutex);
    return is_to_stop;
}

/* --- what changes --- */

static bool differs(const struct standing *a, const struct standing *b)
{
    return a->state != b->state || a->is_healthy != b->is_healthy
           || strcmp(a->reason, b->reason) != 0 || strcmp(a->cause, b->cause) != 0;
}

static void log_state(const struct consumer *consumer)
{
    kv_log(KV_LOG_INFO, "consumer_state", KV_LOG_TEXT_FIELD("consumer", consumer->name),
           KV_LOG_TEXT_FIELD("state", kv_consumer_state_name(consumer->standing.state)),
           KV_LOG_TEXT_FIELD("reason", consumer->standing.reason),
           KV_LOG_TEXT_FIELD("cause", consumer->standing.cause));
}

/* Without the mutex: the engine alone changes states. `is_news`: for its history, too. */
static void write_change(struct engine *engine, bool is_news, bool has_moved)
{
    const struct consumer *changed = engine->changed;
    struct kv_err err = { .code = KV_OK };

    if (keeping_save(engine->consumers->store, changed, is_news ? changed->known_at : 0, &err)
        != KV_OK) {
        kv_log(KV_LOG_WARNING, "consumer_not_kept", KV_LOG_TEXT_FIELD("consumer", changed->name),
               KV_LOG_TEXT_FIELD("reason", err.message));
    }
    if (has_moved) {
        log_state(changed);
    }
    consumers_tell(engine->consumers);
}

/* It was removed while it was written: its row is there again. */
static void drop_gone_locked(struct kv_consumers *consumers, struct consumer *consumer)
{
    char name[KV_CONSUMER_NAME_MAX + 1];
    bool is_another = consumers_find_locked(consumers, consumer->name) != NULL;

    memcpy(name, consumer->name, sizeof(name));
    consumer_free(consumer);
    if (!is_another) {
        pthread_mutex_unlock(&consumers->mutex);
        KV_IGNORE(
            keeping_remove(consumers->store, name, NULL)); /* else it is there at the next start */
        pthread_mutex_lock(&consumers->mutex);
    }
}

enum look { LOOK_IDLE, LOOK_DUE, LOOK_AGAIN };

/* Advances a consumer. A change is written without the mutex, so that the table may be another one
 * after it: LOOK_AGAIN. */
static enum look look_at_locked(struct engine *engine, struct consumer *consumer, kv_millis now)
{
    struct kv_consumers *consumers = engine->consumers;
    struct standing before = consumer->standing;
    size_t sealed = consumer->wrapped.len;
    kv_millis looked_at = consumer->looked_at;
    bool was_done = consumer->deployment.is_done;
    bool is_due = consumer_advance(consumer, now, !atomic_load(&consumers->travels));
    bool is_news = differs(&before, &consumer->standing) || sealed != consumer->wrapped.len
                   || was_done != consumer->deployment.is_done;

    if (!is_news && looked_at == consumer->looked_at) {
        return is_due ? LOOK_DUE : LOOK_IDLE;
    }
    *engine->changed = *consumer;
    consumer->is_busy = true; /* nobody frees it */
    pthread_mutex_unlock(&consumers->mutex);
    write_change(engine, is_news, before.state != engine->changed->standing.state);
    kv_wipe(engine->changed, sizeof(*engine->changed));
    pthread_mutex_lock(&consumers->mutex);
    consumer->is_busy = false;
    if (consumer->is_gone) {
        drop_gone_locked(consumers, consumer);
    }
    return LOOK_AGAIN;
}

/* --- probes --- */

static kv_millis earlier(kv_millis a, kv_millis b)
{
    return a < b ? a : b;
}

/* What it found is made known at once if it may be: nobody else has to be looked at for that. Not at the
 * end, when nothing was found but that. */
static void settle_locked(struct engine *engine, struct consumer *consumer)
{
    struct kv_consumers *consumers = engine->consumers;
    enum look look = LOOK_IDLE;

    if (consumer->is_gone) {
        consumer_free(consumer);
        return;
    }
    if (!consumers->is_to_stop) {
        look = look_at_locked(engine, consumer, kv_clock_now(consumers->clock));
    }
    engine->next = look == LOOK_AGAIN ? INT64_MIN : earlier(engine->next, consumer_next(consumer));
}

static void finish(struct engine *engine, size_t place)
{
    struct kv_consumers *consumers = engine->consumers;
    struct probe *probe = engine->probe[place];

    engine->probe[place] = engine->probe[--engine->probes];
    pthread_mutex_lock(&consumers->mutex);
    probe_return_token_locked(probe);
    consumer_land(probe->consumer, &probe->finding, probe->at, probe->took);
    settle_locked(engine, probe->consumer);
    pthread_cond_broadcast(&consumers->settled);
    pthread_mutex_unlock(&consumers->mutex);
    kv_wipe(&probe->finding, sizeof(probe->finding));
    probe_free(probe);
}

/* The virtual clock stands still, or is moved by somebody who waits: no real time passes by it. */
static bool is_still(const struct kv_consumers *consumers)
{
    return atomic_load(&consumers->travels) || kv_clock_is_frozen(consumers->clock);
}

static long find_silence(const struct engine *engine)
{
    kv_millis patience = engine->usual * SILENCE_TIMES;

    if (!is_still(engine->consumers) || patience > SILENCE_MS) {
        return SILENCE_MS;
    }
    return patience > SHORT_SILENCE_MS ? (long) patience : SHORT_SILENCE_MS;
}

static void send_request(struct engine *engine, struct probe *probe)
{
    struct kv_err err = { .code = KV_OK };

    if (request_prepare(probe, find_silence(engine), &err) != KV_OK
        || curl_multi_add_handle(engine->consumers->multi, probe->curl) != CURLM_OK) {
        probe_end(probe, OUTCOME_UNREACHABLE, 0, "The request cannot be made: %.150s", err.message);
        return;
    }
    probe->is_sent = true;
    probe->sent_at = kv_clock_monotonic();
}

/* A pause is one of the virtual clock: while that stands still, nobody waits for its end. */
static bool is_pausing(const struct engine *engine, const struct probe *probe, kv_millis now)
{
    return probe->not_before > now && !is_still(engine->consumers);
}

/* A vault that does not answer, or wants to be asked later, keeps no other service from being checked. */
static bool is_full(const struct engine *engine)
{
    kv_millis now = kv_clock_monotonic();
    size_t active = 0, most = is_still(engine->consumers) ? STILL_MAX : ACTIVE_MAX;

    for (size_t i = 0; i < engine->probes; i++) {
        const struct probe *probe = engine->probe[i];

        active += probe->is_sent ? now - probe->sent_at < LONG_MS : !is_pausing(engine, probe, now);
    }
    return active >= most || engine->probes == PROBES_MAX;
}

/* Sends what is to be sent now; ends what is over. */
static void push(struct engine *engine)
{
    kv_millis now = kv_clock_monotonic();

    for (size_t i = engine->probes; i-- > 0;) {
        struct probe *probe = engine->probe[i];

        if (!probe->is_over && !probe->is_sent && !is_pausing(engine, probe, now)) {
            send_request(engine, probe);
        }
        if (probe->is_over) {
            finish(engine, i);
        }
    }
}

static void take_message(struct engine *engine, const CURLMsg *message)
{
    struct probe *probe = NULL;
    long status = 0;

    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &probe);
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);

    CURLcode result = message->data.result;

    (void) curl_multi_remove_handle(engine->consumers->multi, probe->curl); /* it was added */
    if (result == CURLE_OK) {
        engine->usual = (engine->usual * 7 + kv_clock_monotonic() - probe->sent_at) / 8;
    }
    probe->is_sent = false;
    probe->not_before = 0;
    probe_take(probe, result, status);
    if (!probe->is_over && probe->tries == 0) {
        (void) probe_advance(probe); /* it says itself when it is over */
    }
}

static void take_messages(struct engine *engine)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(engine->consumers->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            take_message(engine, message);
        }
    }
}

static void begin_locked(struct engine *engine, struct consumer *consumer, kv_millis now)
{
    bool deploys = consumer->deployment.is_wanted || consumer->wrapped.len == 0;
    struct probe *probe = probe_new_locked(engine->consumers, consumer, deploys, now);

    if (probe == NULL) {
        return; /* out of memory: it is still due */
    }
    consumer->deploys = deploys;
    consumer->serves = consumer->deployment.is_wanted ? consumer->deployment.number : 0;
    consumer_begin(consumer, now);
    engine->probe[engine->probes++] = probe;
    (void) probe_advance(probe);
}

/* Looks at all that are due, from where it stopped the last time. */
static void look_around(struct engine *engine)
{
    struct kv_consumers *consumers = engine->consumers;
    kv_millis now = kv_clock_now(consumers->clock);

    if (!atomic_exchange(&consumers->has_news, false) && engine->next > now) {
        return;
    }
    pthread_mutex_lock(&consumers->mutex);
    engine->next = INT64_MAX;
    for (size_t i = 0; i < consumers->count; i++) {
        struct consumer *consumer = consumers->consumer[(engine->turn + i) % consumers->count];

        enum look look =
            consumer_is_due(consumer, now) ? look_at_locked(engine, consumer, now) : LOOK_IDLE;

        if (look == LOOK_AGAIN || (look == LOOK_DUE && is_full(engine))) {
            engine->turn += i;
            engine->next = INT64_MIN;
            break;
        }
        if (look == LOOK_DUE) {
            begin_locked(engine, consumer, now);
        }
        engine->next = earlier(engine->next, consumer_next(consumer));
    }
    pthread_cond_broadcast(&consumers->settled);
    pthread_mutex_unlock(&consumers->mutex);
}

static int find_wait(const struct engine *engine)
{
    kv_millis wait = LOOK_MS, now = kv_clock_monotonic();

    if (engine->next != INT64_MAX && !is_full(engine)) {
        kv_millis span = kv_clock_span(engine->consumers->clock, engine->next);

        wait = span < wait ? span : wait;
    }
    for (size_t i = 0; i < engine->probes; i++) {
        const struct probe *probe = engine->probe[i];
        kv_millis left = probe->not_before - now;

        if (!probe->is_sent) {
            wait = left < wait ? left : wait;
        }
    }
    return wait > 0 ? (int) wait : 0;
}

static void *run(void *consumers_)
{
    struct kv_consumers *consumers = consumers_;
    struct consumer changed;
    struct engine engine = { .consumers = consumers, .changed = &changed };
    int running;

    while (!is_stopping(consumers)) {
        look_around(&engine);
        push(&engine);
        (void) curl_multi_perform(consumers->multi, &running);
        take_messages(&engine);
        push(&engine);
        (void) curl_multi_poll(consumers->multi, NULL, 0, find_wait(&engine), NULL);
    }
    while (engine.probes > 0) {
        struct probe *probe = engine.probe[engine.probes - 1];

        if (probe->is_sent) {
            (void) curl_multi_remove_handle(consumers->multi, probe->curl);
        }
        if (!probe->is_over) {
            probe_end(probe, OUTCOME_UNREACHABLE, 0, "coffer is ending.");
        }
        finish(&engine, engine.probes - 1);
    }
    return NULL;
}

static void set_running(struct kv_consumers *consumers, bool runs)
{
    pthread_mutex_lock(&consumers->mutex);
    consumers->is_running = runs;
    pthread_mutex_unlock(&consumers->mutex);
}

enum kv_code engine_start(struct kv_consumers *consumers, struct kv_err *err)
{
    int result;

    curl_multi_setopt(consumers->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
    curl_multi_setopt(consumers->multi, CURLMOPT_MAXCONNECTS, KEPT_MAX);
    curl_multi_setopt(consumers->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    consumers->watch = (struct kv_clock_watch){ .tell = wake, .argument = consumers };
    result = pthread_create(&consumers->thread, NULL, run, consumers);
    if (result != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread of the consumers");
    }
    set_running(consumers, true);
    kv_clock_watch(consumers->clock, &consumers->watch);
    return KV_OK;
}

void engine_stop(struct kv_consumers *consumers)
{
    pthread_mutex_lock(&consumers->mutex);
    consumers->is_to_stop = true;
    pthread_cond_broadcast(&consumers->settled);
    pthread_mutex_unlock(&consumers->mutex);
    if (consumers->is_running) {
        kv_clock_unwatch(consumers->clock, &consumers->watch);
        consumers_wake(consumers);
        pthread_join(consumers->thread, NULL);
        set_running(consumers, false);
    }
}

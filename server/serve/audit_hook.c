/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that brings the audit log to its receiver: docs/events.md. */
#include "audit_hook.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "courier.h"
#include "kv/base/log.h"

#define PATIENCE_MS 2000 /* at the end */
#define BODY_MAX (AUDIT_BATCH_BYTES + 4096)

struct audit_hook {
    struct hook to; /* its first five members; the others are not used */

    /* The thread's own: the batch that is on its way. */
    struct kv_buf body;
    struct audit_batch
        batch;      /* without its lines; no `records` and nothing `lost`: there is none */
    kv_millis made; /* real */
    int64_t attempts;
    uint64_t told; /* of the lost ones, in the log */

    pthread_t thread;
    pthread_mutex_t mutex; /* lock.def: audit.queue */
    pthread_cond_t news;
    struct audit_queue queue; /* guarded by mutex, as all that follows */
    uint64_t under_way;       /* records of the batch */
    uint64_t delivered, lost; /* since the start */
    unsigned failures;        /* in a row */
    kv_millis next;           /* monotonic: not before then */
    kv_millis end;            /* monotonic: nothing is brought any more; 0: it goes on */
    bool has_given_up;        /* an attempt failed at the end */
};

/* --- when --- */

static bool has_work_locked(const struct audit_hook *hook)
{
    return hook->under_way > 0 || hook->queue.count > 0;
}

static bool is_over_locked(const struct audit_hook *hook)
{
    return hook->end != 0
           && (hook->has_given_up || !has_work_locked(hook) || kv_clock_monotonic() >= hook->end);
}

static void wait_locked(struct audit_hook *hook)
{
    const struct timespec deadline = { .tv_sec = hook->next / 1000,
                                       .tv_nsec = hook->next % 1000 * 1000000 };

    if (has_work_locked(hook)) {
        (void) pthread_cond_timedwait(&hook->news, &hook->mutex, &deadline);
        return;
    }
    (void) pthread_cond_wait(&hook->news, &hook->mutex);
}

/* Takes the next batch, unless there is one that was not taken. False: it is time to end. */
static bool wait_for_work(struct audit_hook *hook)
{
    pthread_mutex_lock(&hook->mutex);
    while (!is_over_locked(hook) && (!has_work_locked(hook) || hook->next > kv_clock_monotonic())) {
        wait_locked(hook);
    }

    bool goes_on = !is_over_locked(hook);

    if (goes_on && hook->under_way == 0) {
        audit_queue_take(&hook->queue, &hook->batch);
        hook->under_way = hook->batch.records;
        hook->attempts = 0;
    }
    pthread_mutex_unlock(&hook->mutex);
    return goes_on;
}

/* A transfer_wanted_fn: the end of the process leaves it some time. */
static bool is_wanted(void *context)
{
    struct audit_hook *hook = context;

    pthread_mutex_lock(&hook->mutex);
    bool wanted = hook->end == 0 || kv_clock_monotonic() < hook->end;
    pthread_mutex_unlock(&hook->mutex);
    return wanted;
}

/* --- what became of it --- */

/* The next batch tells of them, and of those that this one should have told of. */
static void lose_batch_locked(struct audit_hook *hook)
{
    hook->lost += hook->batch.records;
    hook->queue.lost += hook->batch.records + hook->batch.lost;
    hook->under_way = 0;
}

static void note_locked(struct audit_hook *hook, const struct verdict *verdict)
{
    bool is_given_up = courier_gives_up(verdict, hook->made, hook->attempts);

    if (verdict->outcome == OUTCOME_TAKEN) {
        hook->delivered += hook->batch.records;
        hook->under_way = 0;
    } else if (is_given_up) {
        lose_batch_locked(hook);
    }
    hook->failures = verdict->outcome == OUTCOME_TAKEN ? 0 : hook->failures + 1;
    hook->next = kv_clock_monotonic() + courier_pause_after(hook->failures);
    hook->has_given_up = hook->end != 0 && verdict->outcome == OUTCOME_LATER;
}

static void log_change(const struct audit_hook *hook, unsigned before,
                       const struct verdict *verdict)
{
    bool is_taken = verdict->outcome == OUTCOME_TAKEN;

    if (before == 0 && !is_taken) {
        kv_log(KV_LOG_WARNING, "audit_not_taken", KV_LOG_TEXT_FIELD("receiver", hook->to.shown),
               KV_LOG_NUMBER_FIELD("status", verdict->status),
               KV_LOG_TEXT_FIELD("reason", verdict->error));
    }
    if (before > 0 && is_taken) {
        kv_log(KV_LOG_INFO, "audit_taken_again", KV_LOG_TEXT_FIELD("receiver", hook->to.shown));
    }
}

/* Once for all that were lost since it was last said. */
static void log_lost(struct audit_hook *hook)
{
    pthread_mutex_lock(&hook->mutex);
    uint64_t lost = hook->lost;
    pthread_mutex_unlock(&hook->mutex);
    if (lost > hook->told) {
        kv_log(KV_LOG_WARNING, "audit_lines_lost", KV_LOG_TEXT_FIELD("receiver", hook->to.shown),
               KV_LOG_NUMBER_FIELD("count", lost - hook->told));
    }
    hook->told = lost;
}

static void note_verdict(struct audit_hook *hook, const struct verdict *verdict)
{
    pthread_mutex_lock(&hook->mutex);
    unsigned before = hook->failures;
    note_locked(hook, verdict);
    pthread_mutex_unlock(&hook->mutex);
    log_change(hook, before, verdict);
    log_lost(hook);
}

/* --- bringing --- */

/* Without memory for it, it is lost: there may be some for the next. */
static bool make_body(struct audit_hook *hook)
{
    kv_buf_clear(&hook->body);
    hook->made = kv_clock_real();
    return audit_batch_render(&hook->batch, &hook->body, NULL) == KV_OK;
}

static void bring(struct audit_hook *hook)
{
    const struct posting posting = { &hook->to, &hook->body, is_wanted, hook };
    struct verdict verdict = { .outcome = OUTCOME_LATER };

    if (hook->attempts == 0 && !make_body(hook)) {
        verdict = (struct verdict){ .outcome = OUTCOME_NEVER, .error = "out of memory" };
        note_verdict(hook, &verdict);
        return;
    }
    hook->attempts++;
    webhook_post(&posting, &verdict);
    note_verdict(hook, &verdict);
}

/* Nothing is kept for the next start. */
static void lose_rest(struct audit_hook *hook)
{
    pthread_mutex_lock(&hook->mutex);
    hook->lost += hook->under_way + hook->queue.count;
    audit_queue_done(&hook->queue);
    hook->under_way = 0;
    pthread_mutex_unlock(&hook->mutex);
    log_lost(hook);
}

static void *run(void *argument)
{
    struct audit_hook *hook = argument;

    while (wait_for_work(hook)) {
        bring(hook);
    }
    lose_rest(hook);
    return NULL;
}

/* --- for others --- */

static void init(struct audit_hook *hook)
{
    pthread_condattr_t attributes;

    kv_buf_init(&hook->body, BODY_MAX);
    audit_queue_init(&hook->queue);
    (void) pthread_mutex_init(&hook->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&hook->news, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

static void free_hook(struct audit_hook *hook)
{
    audit_queue_done(&hook->queue);
    kv_buf_done(&hook->body);
    (void) pthread_cond_destroy(&hook->news);
    (void) pthread_mutex_destroy(&hook->mutex);
    free(hook);
}

static enum kv_code start(const struct hook *to, struct audit_hook **ret_hook, struct kv_err *err)
{
    struct audit_hook *hook = calloc(1, sizeof(*hook));

    if (hook == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    init(hook);
    hook->to = *to;

    int result = pthread_create(&hook->thread, NULL, run, hook);

    if (result != 0) {
        free_hook(hook);
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread that brings the audit log");
    }
    *ret_hook = hook;
    return KV_OK;
}

enum kv_code audit_hook_open(const struct kv_options *options, struct audit_hook **ret_hook,
                             struct kv_err *err)
{
    struct hook to = { .kind = HOOK_WEB };
    bool is_named;

    KV_TRY(hook_read_audit(options, &to, &is_named, err));
    return is_named ? start(&to, ret_hook, err) : KV_OK;
}

void audit_hook_put(struct audit_hook *hook, const char *line, size_t len)
{
    pthread_mutex_lock(&hook->mutex);
    hook->lost += audit_queue_put(&hook->queue, line, len) ? 0 : 1;
    pthread_cond_signal(&hook->news);
    pthread_mutex_unlock(&hook->mutex);
}

enum kv_code audit_hook_print_metrics(struct audit_hook *hook, struct kv_buf *buf,
                                      struct kv_err *err)
{
    pthread_mutex_lock(&hook->mutex);
    uint64_t delivered = hook->delivered, lost = hook->lost;
    uint64_t waiting = hook->under_way + hook->queue.count;
    pthread_mutex_unlock(&hook->mutex);
    return kv_buf_printf(
        buf, err,
        "# HELP coffer_audit_records_total Records for --audit-webhook, by what became of them.\n"
        "# TYPE coffer_audit_records_total counter\n"
        "coffer_audit_records_total{result=\"delivered\"} %" PRIu64 "\n"
        "coffer_audit_records_total{result=\"lost\"} %" PRIu64 "\n"
        "# HELP coffer_audit_records_waiting Records that wait to be delivered.\n"
        "# TYPE coffer_audit_records_waiting gauge\n"
        "coffer_audit_records_waiting %" PRIu64 "\n",
        delivered, lost, waiting);
}

void audit_hook_close(struct audit_hook *hook)
{
    if (hook == NULL) {
        return;
    }
    pthread_mutex_lock(&hook->mutex);
    hook->end = kv_clock_monotonic() + PATIENCE_MS;
    hook->next = 0;
    pthread_cond_signal(&hook->news);
    pthread_mutex_unlock(&hook->mutex);
    pthread_join(hook->thread, NULL);
    free_hook(hook);
}

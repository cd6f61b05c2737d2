/* SPDX-License-Identifier: Apache-2.0 */
#include "filler.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kv/base/json.h"
#include "kv/base/log.h"
#include "serve.h"

#define LEISURE 10      /* added to the nice value: a tenth of what others get who want it */
#define QUIET_MS 60     /* without a create before it begins: not in the middle of many */
#define BACKOFF_MS 1000 /* at least, after one that failed; doubled up to BACKOFF_MAX_MS */
#define BACKOFF_MAX_MS 60000
#define STOP_LOOK_MS 5
#define STOP_PATIENCE_MS 5000

struct filler {
    struct filler_config config; /* immutable */
    pthread_t thread;
    bool failing; /* used by its thread only, as the next one is: that was logged */
    kv_millis backoff;
};

static enum kv_code read_plan(const struct kv_options *options, struct kv_pool_plan *ret_plan,
                              struct kv_err *err)
{
    return kv_pool_plan_read(kv_option_text(options, KV_OPTION_KEY_POOL), ret_plan, err);
}

enum kv_code filler_check(const struct kv_options *options, struct kv_err *err)
{
    struct kv_pool_plan plan;

    return read_plan(options, &plan, err);
}

/* A failure that is asked for is to be seen by those it is meant for, and by all of them. */
static bool is_sound(void *token)
{
    return kv_hsm_faults_are_none(((const struct token *) token)->faults);
}

struct errand {
    void (*work)(void *argument);
    void *argument;
};

/* Linux keeps a nice value for each thread. If it is refused, this competes with the rest. */
static void *run_errand(void *errand_)
{
    const struct errand *errand = errand_;
    id_t self = (id_t) gettid();

    (void) setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + LEISURE);
    errand->work(errand->argument);
    return NULL;
}

/* On a thread of its own, because nobody may raise his priority again. */
static void at_leisure(void (*work)(void *argument), void *argument)
{
    struct errand errand = { work, argument };
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_errand, &errand) != 0) {
        work(argument);
        return;
    }
    (void) pthread_join(thread, NULL); /* ours, and joinable */
}

enum kv_code filler_describe(const struct kv_options *options, struct token *token,
                             struct kv_pool_config *ret_config, struct kv_err *err)
{
    *ret_config = (struct kv_pool_config){
        .form = kv_option_text(options, KV_OPTION_KEY_EXPORT),
        .is_sound = is_sound,
        .at_leisure = at_leisure,
        .context = token,
    };
    return read_plan(options, &ret_config->plan, err);
}

/* How many keys were asked for so far, of any kind. */
static unsigned long count_asked(struct kv_keys *keys)
{
    unsigned long asked = 0;

    for (enum kv_pool_kind kind = 0; kind < KV_POOL_KINDS; kind++) {
        struct kv_pool_level level;

        kv_pool_look(keys, kind, &level);
        asked += level.asked;
    }
    return asked;
}

static bool is_quiet(const struct filler *filler)
{
    return kv_lanes_are_idle(filler->config.lanes, KV_LANE_GENERATE)
           && is_sound(filler->config.token);
}

/* The first failure and the success after it are logged. */
static kv_millis report(struct filler *filler, enum kv_pool_kind kind, enum kv_code code,
                        const struct kv_err *err)
{
    if (code == KV_OK) {
        if (filler->failing) {
            kv_log(KV_LOG_INFO, "pool_works", KV_LOG_TEXT_FIELD("kind", kv_pool_kind_name(kind)));
        }
        filler->failing = false;
        filler->backoff = BACKOFF_MS;
        return 0;
    }
    if (!filler->failing) {
        kv_log(KV_LOG_WARNING, "pool_not_filled",
               KV_LOG_TEXT_FIELD("kind", kv_pool_kind_name(kind)),
               KV_LOG_TEXT_FIELD("reason", err->message), KV_LOG_NUMBER_FIELD("cause", err->cause));
    }
    filler->failing = true;
    kv_millis rest = filler->backoff;
    filler->backoff = rest < BACKOFF_MAX_MS / 2 ? rest * 2 : BACKOFF_MAX_MS;
    return rest;
}

static void *fill(void *argument)
{
    struct filler *filler = argument;
    struct kv_keys *keys = filler->config.keys;
    unsigned long asked = count_asked(keys);
    enum kv_pool_kind kind;
    kv_millis rest = QUIET_MS;
    struct kv_err err;

    while (kv_pool_await(keys, rest, &kind)) {
        unsigned long before = asked;

        asked = count_asked(keys);
        rest = QUIET_MS;
        if (asked == before && is_quiet(filler)) {
            rest = report(filler, kind, kv_pool_fill(keys, kind, &err), &err);
        }
    }
    return NULL;
}

enum kv_code filler_start(const struct filler_config *config, struct filler **ret_filler,
                          struct kv_err *err)
{
    struct filler *filler = calloc(1, sizeof(*filler));

    if (filler == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    filler->config = *config;
    filler->backoff = BACKOFF_MS;
    int reason = pthread_create(&filler->thread, NULL, fill, filler);
    if (reason != 0) {
        free(filler);
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason,
                       "cannot start the thread of the key pool");
    }
    *ret_filler = filler;
    return KV_OK;
}

void filler_ask_to_stop(struct filler *filler)
{
    if (filler != NULL) {
        kv_pool_stop(filler->config.keys);
    }
}

/* A large RSA key at a low priority can take longer than anybody waits for an end. */
bool filler_stop(struct filler *filler)
{
    const kv_millis end = kv_clock_monotonic() + STOP_PATIENCE_MS;

    if (filler == NULL) {
        return true;
    }
    filler_ask_to_stop(filler);
    while (pthread_tryjoin_np(filler->thread, NULL) != 0) { /* it is ours, so it is still running */
        if (kv_clock_monotonic() >= end) {
            return false;
        }
        (void) poll(NULL, 0, STOP_LOOK_MS);
    }
    free(filler);
    return true;
}

/* The kinds that are kept, or were asked for. */
void filler_show(cJSON *body, struct kv_keys *keys, bool *ok)
{
    cJSON *pool = kv_json_add_object(body, "pool", ok);

    for (enum kv_pool_kind kind = 0; kind < KV_POOL_KINDS; kind++) {
        struct kv_pool_level level;

        kv_pool_look(keys, kind, &level);
        if (level.ready + level.wanted + level.asked > 0) {
            cJSON *item = kv_json_add_object(pool, kv_pool_kind_name(kind), ok);

            kv_json_add_int(item, "ready", level.ready, ok);
            kv_json_add_int(item, "wanted", level.wanted, ok);
            kv_json_add_int(item, "asked", (int64_t) level.asked, ok);
            kv_json_add_int(item, "taken", (int64_t) level.taken, ok);
            kv_json_add_int(item, "filled", (int64_t) level.filled, ok);
        }
    }
}

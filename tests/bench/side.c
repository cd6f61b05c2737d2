/* SPDX-License-Identifier: Apache-2.0 */
#include "side.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "kv/base/clock.h"
#include "kv/base/json.h"
#include "samples.h"

#define TARGET_MAX 1024
#define BODY_MAX 4096
#define PAUSE_NS 100000000
#define WRAP 3 /* its row in: */

const struct deed side_deeds[] = {
    { "create P-256", SIDE_NEW_KEY, "create", "{\"kty\":\"EC\",\"crv\":\"P-256\"}", false },
    { "create RSA-2048", SIDE_NEW_KEY, "create", "{\"kty\":\"RSA\",\"key_size\":2048}", false },
    { "get", SIDE_RSA_KEY, NULL, NULL, false },
    [WRAP] = { "wrap", SIDE_RSA_KEY, "wrapkey", "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}",
               false },
    { "unwrap", SIDE_RSA_KEY, "unwrapkey", "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}", true },
    { "sign", SIDE_EC_KEY, "sign", "{\"alg\":\"ES256\",\"value\":\"%s\"}", false },
    { .name = NULL },
};

/* The keys that they use. */
static const struct made {
    const char *suffix, *body;
} made[SIDE_KEYS] = {
    [SIDE_RSA_KEY] = { "rsa", "{\"kty\":\"RSA\",\"key_size\":2048}" },
    [SIDE_EC_KEY] = { "ec", "{\"kty\":\"EC\",\"crv\":\"P-256\"}" },
};

/* What makes a connection, and need not be answered well. */
static const struct deed greeting = { "greeting", SIDE_RSA_KEY, NULL, NULL, false };

static atomic_uint serial; /* of the keys that are made meanwhile */

/* One of those who ask at the same time. */
struct asker {
    struct caller caller;
    struct side *side;
    const struct deed *deed;
    struct samples latency; /* ms */
    int64_t until;          /* monotonic us */
    size_t errors;
    char error[CALLER_ERROR_MAX]; /* the last one */
    pthread_t thread;
};

bool side_plan(struct load_plan *plan, const char *query)
{
    unsigned char bytes[SIDE_VALUE_LENGTH];

    plan->query = query;
    kv_uuid_random(plan->run);
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    kv_base64url_encode(bytes, sizeof(bytes), plan->value);
    return true;
}

static void keep_error(struct side *side, const char *error)
{
    (void) snprintf(side->error, sizeof(side->error), "%s", error);
}

/* --- asking once --- */

/* Of a new key the name is new each time; of the others the version is told, unless they are read. */
static void render_target(const struct side *side, const struct deed *deed,
                          char ret_target[TARGET_MAX])
{
    const struct load_plan *plan = side->plan;
    const char *slash = deed->action != NULL ? "/" : "";
    const char *action = deed->action != NULL ? deed->action : "";

    if (deed->key == SIDE_NEW_KEY) {
        (void) snprintf(ret_target, TARGET_MAX, "/keys/b%s-%u/%s%s", plan->run,
                        atomic_fetch_add(&serial, 1), action, plan->query);
        return;
    }
    (void) snprintf(
        ret_target, TARGET_MAX, "/keys/b%s-%s%s%s%s%s%s", plan->run, made[deed->key].suffix, slash,
        deed->action != NULL ? side->version[deed->key] : "", slash, action, plan->query);
}

static const char *render_body(const struct side *side, const struct deed *deed,
                               char ret_body[BODY_MAX])
{
    const char *gap = deed->body != NULL ? strstr(deed->body, "%s") : NULL;

    if (gap == NULL) {
        return deed->body;
    }
    (void) snprintf(ret_body, BODY_MAX, "%.*s%s%s", (int) (gap - deed->body), deed->body,
                    deed->is_unwrap ? side->wrapped : side->plan->value, gap + strlen("%s"));
    return ret_body;
}

static bool ask(struct caller *caller, const struct side *side, const struct deed *deed)
{
    char target[TARGET_MAX], body[BODY_MAX];

    render_target(side, deed, target);
    return caller_call(caller, target, render_body(side, deed, body));
}

bool side_await(struct side *side, double seconds)
{
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    kv_auto(caller_close) struct caller caller;
    int64_t end = kv_clock_monotonic_us() + (int64_t) (seconds * 1e6);

    if (!caller_open(&caller, &side->way)) {
        keep_error(side, caller.error);
        return false;
    }
    while (!caller_call(&caller, "/", NULL) && caller.code == CURLE_COULDNT_CONNECT
           && kv_clock_monotonic_us() < end) {
        nanosleep(&pause, NULL);
    }
    if (caller.code != CURLE_OK) {
        keep_error(side, caller.error);
    }
    return caller.code == CURLE_OK; /* whatever it thinks of that path */
}

/* --- the keys --- */

/* The version in the "kid" of a bundle, which ends with it; false when there is none. */
static bool read_version(const char *answer, char *ret_version, size_t size)
{
    kv_auto(cJSON_Delete) cJSON *json = cJSON_Parse(answer);
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(json, "key");
    const char *kid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(key, "kid"));
    const char *slash = kid != NULL ? strrchr(kid, '/') : NULL;

    if (slash == NULL || slash[1] == '\0' || strlen(slash + 1) >= size) {
        return false;
    }
    (void) snprintf(ret_version, size, "%s", slash + 1);
    return true;
}

/* The "value" of an answer; false when there is none that fits. */
static bool read_value(const char *answer, char *ret_value, size_t size)
{
    kv_auto(cJSON_Delete) cJSON *json = cJSON_Parse(answer);
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "value"));

    if (value == NULL || *value == '\0' || strlen(value) >= size) {
        return false;
    }
    (void) snprintf(ret_value, size, "%s", value);
    return true;
}

static void make_key(struct side *side, struct caller *caller, enum side_key key)
{
    char target[TARGET_MAX];

    (void) snprintf(target, sizeof(target), "/keys/b%s-%s/create%s", side->plan->run,
                    made[key].suffix, side->plan->query);
    if (!caller_call(caller, target, made[key].body)) {
        (void) snprintf(side->lack[key], sizeof(side->lack[key]), "no key for it: %.1000s",
                        caller->error);
    } else if (!read_version(caller->answer, side->version[key], sizeof(side->version[key]))) {
        (void) snprintf(side->lack[key], sizeof(side->lack[key]),
                        "the answer to create has no key.kid that ends with a version");
    }
}

/* Something for the unwraps. */
static void wrap(struct side *side, struct caller *caller)
{
    if (*side->version[SIDE_RSA_KEY] != '\0' && ask(caller, side, &side_deeds[WRAP])) {
        KV_IGNORE(read_value(caller->answer, side->wrapped, sizeof(side->wrapped)));
    }
}

void side_prepare(struct side *side)
{
    kv_auto(caller_close) struct caller caller;

    if (!caller_open(&caller, &side->way)) {
        return; /* short of memory, which the first deed will say again */
    }
    for (enum side_key key = SIDE_RSA_KEY; key < SIDE_KEYS; key++) {
        make_key(side, &caller, key);
    }
    wrap(side, &caller);
}

/* --- whether it can --- */

static bool has_needs(struct side *side, const struct deed *deed)
{
    if (deed->key != SIDE_NEW_KEY && *side->version[deed->key] == '\0') {
        keep_error(side, side->lack[deed->key]);
        return false;
    }
    if (deed->is_unwrap && *side->wrapped == '\0') {
        keep_error(side, "nothing was wrapped");
        return false;
    }
    return true;
}

/* An unwrap gives back what was wrapped; wrap and sign give something. */
static bool check_answer(struct side *side, const struct deed *deed, const char *answer)
{
    char value[sizeof(side->wrapped)] = "";

    if (deed->body == NULL || strstr(deed->body, "%s") == NULL) {
        return true;
    }
    if (!read_value(answer, value, sizeof(value))) {
        keep_error(side, "the answer has no value");
        return false;
    }
    if (deed->is_unwrap && strncmp(value, side->plan->value, strlen(side->plan->value)) != 0) {
        keep_error(side, "the answer is not what was wrapped");
        return false;
    }
    return true;
}

bool side_offers(struct side *side, const struct deed *deed)
{
    kv_auto(caller_close) struct caller caller;

    if (!caller_open(&caller, &side->way)) {
        keep_error(side, caller.error);
        return false;
    }
    if (!has_needs(side, deed)) {
        return false;
    }
    if (!ask(&caller, side, deed)) {
        keep_error(side, caller.error);
        return false;
    }
    return check_answer(side, deed, caller.answer);
}

/* --- turns --- */

static void ask_timed(struct asker *asker)
{
    int64_t began = kv_clock_monotonic_us();

    if (ask(&asker->caller, asker->side, asker->deed)) {
        samples_add(&asker->latency, (double) (kv_clock_monotonic_us() - began) / 1e3);
        return;
    }
    asker->errors++;
    (void) snprintf(asker->error, sizeof(asker->error), "%s", asker->caller.error);
}

/* Once at least, however late the machine lets it begin. */
static void *work(void *argument)
{
    struct asker *asker = argument;

    do {
        ask_timed(asker);
    } while (kv_clock_monotonic_us() < asker->until);
    return NULL;
}

static bool open_asker(struct asker *asker, struct side *side, const struct deed *deed)
{
    asker->side = side;
    asker->deed = deed;
    asker->latency = (struct samples){ .count = 0 };
    asker->errors = 0;
    if (!caller_open(&asker->caller, &side->way)) {
        keep_error(side, asker->caller.error);
        return false;
    }
    KV_IGNORE(ask(&asker->caller, side, &greeting));
    return true;
}

static bool run_askers(struct asker *askers, unsigned count, double seconds, double *ret_seconds)
{
    int64_t began = kv_clock_monotonic_us();
    unsigned started = 0;
    bool good = true;

    for (; good && started < count; started += good) {
        askers[started].until = began + (int64_t) (seconds * 1e6);
        good = pthread_create(&askers[started].thread, NULL, work, &askers[started]) == 0;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(askers[i].thread, NULL);
    }
    *ret_seconds = (double) (kv_clock_monotonic_us() - began) / 1e6;
    return good;
}

static bool gather(struct side *side, const struct asker *askers, unsigned count, double seconds,
                   struct score *ret_score)
{
    kv_auto(samples_done) struct samples all = { .count = 0 };

    ret_score->errors = 0;
    for (unsigned i = 0; i < count; i++) {
        for (size_t k = 0; k < askers[i].latency.count; k++) {
            samples_add(&all, askers[i].latency.value[k]);
        }
        if (askers[i].errors > 0) {
            ret_score->errors += askers[i].errors;
            keep_error(side, askers[i].error);
        }
    }
    ret_score->rate = (double) all.count / seconds;
    ret_score->median = samples_median(&all);
    return all.count > 0;
}

bool side_play(struct side *side, const struct deed *deed, unsigned connections, double seconds,
               struct score *ret_score)
{
    static struct asker askers[SIDE_CALLERS_MAX];
    unsigned opened = 0;
    double passed;
    bool good = true;

    for (; good && opened < connections; opened++) {
        good = open_asker(&askers[opened], side, deed);
    }
    good = good && run_askers(askers, connections, seconds, &passed)
           && gather(side, askers, connections, passed, ret_score);
    for (unsigned i = 0; i < opened; i++) {
        caller_close(&askers[i].caller);
        samples_done(&askers[i].latency);
    }
    return good;
}

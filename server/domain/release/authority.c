/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets are kept as the texts they arrived as: each user takes a copy, so that no key is shared
 * between threads, and none is fetched while the lock is held.
 */
#include "authority.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"

/* What an authority answered when it was asked for its keys, or that it did not. */
struct key_set {
    char authority[AUTHORITY_URL_MAX]; /* "": none */
    bool is_asked;                     /* by some thread, now: stays in its place meanwhile */
    kv_time fetched;
    kv_millis answered;   /* real: when that was */
    struct kv_buf json;   /* empty: not known */
    kv_millis failed;     /* real: when it last failed to answer; 0: it did not */
    struct kv_err reason; /* that it failed for */
};

struct kv_authorities {
    kv_fetch_fn *fetch;
    pthread_mutex_t mutex; /* lock.def: release.authorities; guards everything below */
    pthread_cond_t told;   /* signalled when an authority that was asked has answered or failed */
    struct key_set sets[KV_AUTHORITIES_MAX];
    size_t next; /* the set to be replaced when another authority comes */
};

enum kv_code kv_authorities_new(kv_fetch_fn *fetch, struct kv_authorities **ret_authorities,
                                struct kv_err *err)
{
    struct kv_authorities *authorities = calloc(1, sizeof(*authorities));

    if (authorities == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    authorities->fetch = fetch;
    (void) pthread_mutex_init(&authorities->mutex, NULL); /* these two cannot fail on Linux */
    (void) pthread_cond_init(&authorities->told, NULL);
    for (size_t i = 0; i < KV_AUTHORITIES_MAX; i++) {
        kv_buf_init(&authorities->sets[i].json, KV_AUTHORITY_BODY_MAX);
    }
    *ret_authorities = authorities;
    return KV_OK;
}

void kv_authorities_free(struct kv_authorities *authorities)
{
    if (authorities == NULL) {
        return;
    }
    for (size_t i = 0; i < KV_AUTHORITIES_MAX; i++) {
        kv_buf_done(&authorities->sets[i].json);
    }
    (void) pthread_cond_destroy(&authorities->told);
    (void) pthread_mutex_destroy(&authorities->mutex);
    free(authorities);
}

bool authority_url_is_allowed(const char *url)
{
    static const char *const starts[] = { "https://", "http://localhost", "http://127.0.0.1",
                                          "http://[::1]" };

    for (size_t i = 0; i < KV_COUNT(starts); i++) {
        size_t len = strlen(starts[i]);

        if (strncasecmp(url, starts[i], len) == 0
            && (i == 0 || url[len] == ':' || url[len] == '/' || url[len] == '\0')) {
            return strlen(url) < AUTHORITY_URL_MAX && strpbrk(url, "@ \t\r\n#?") == NULL;
        }
    }
    return false;
}

size_t authority_url_length(const char *url)
{
    size_t len = strlen(url);

    return len > 0 && url[len - 1] == '/' ? len - 1 : len;
}

static struct key_set *find_locked(struct kv_authorities *authorities, const char *authority)
{
    for (size_t i = 0; i < KV_AUTHORITIES_MAX; i++) {
        if (strcmp(authorities->sets[i].authority, authority) == 0) {
            return &authorities->sets[i];
        }
    }
    return NULL;
}

/* The clock is virtual: a set from its future counts as unknown, like one that is too old. */
static bool is_fresh(const struct key_set *set, kv_time now)
{
    return set->json.len > 0 && set->fetched <= now
           && now - set->fetched < KV_AUTHORITY_KEYS_LIFETIME;
}

static bool has_just_failed(const struct key_set *set)
{
    return set->failed != 0 && kv_clock_monotonic() - set->failed < KV_AUTHORITY_PAUSE;
}

/* Appends the known set; nothing if there is none. */
static enum kv_code recall(struct kv_authorities *authorities, const char *authority, kv_time now,
                           struct kv_buf *json, struct kv_err *err)
{
    enum kv_code code = KV_OK;

    pthread_mutex_lock(&authorities->mutex);
    const struct key_set *set = find_locked(authorities, authority);
    if (set != NULL && is_fresh(set, now)) {
        code = kv_buf_append(json, set->json.data, set->json.len, err);
    }
    pthread_mutex_unlock(&authorities->mutex);
    return code;
}

/* The next one that is not being asked; only one without keys if it `must_be_empty`. */
static struct key_set *find_place_locked(struct kv_authorities *authorities, bool must_be_empty)
{
    for (size_t i = 0; i < KV_AUTHORITIES_MAX; i++) {
        size_t place = (authorities->next + i) % KV_AUTHORITIES_MAX;
        struct key_set *set = &authorities->sets[place];

        if (!set->is_asked && !(must_be_empty && set->json.len > 0)) {
            authorities->next = (place + 1) % KV_AUTHORITIES_MAX;
            return set;
        }
    }
    return NULL;
}

/* A place for one more authority: those that give no keys replace only each other. */
static struct key_set *take_place_locked(struct kv_authorities *authorities, const char *authority)
{
    struct key_set *set = find_place_locked(authorities, true);

    set = set != NULL ? set : find_place_locked(authorities, false);
    assert(set != NULL); /* fewer are asked */
    kv_buf_clear(&set->json);
    memcpy(set->authority, authority, strlen(authority) + 1);
    set->failed = 0;
    return set;
}

static size_t count_asked_locked(const struct kv_authorities *authorities)
{
    size_t count = 0;

    for (size_t i = 0; i < KV_AUTHORITIES_MAX; i++) {
        count += authorities->sets[i].is_asked;
    }
    return count;
}

static enum kv_code parse(const struct kv_buf *body, cJSON **ret_json, struct kv_err *err)
{
    if (kv_json_parse(body->data, body->len, ret_json, NULL) != KV_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "The attestation authority did not answer with JSON.");
    }
    return KV_OK;
}

/* {authority}/.well-known/openid-configuration says where the keys are. */
static enum kv_code fetch_configuration(struct kv_authorities *authorities, const char *authority,
                                        cJSON **ret_configuration, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf url;
    kv_auto(kv_buf_done) struct kv_buf body;

    kv_buf_init(&url, 2 * AUTHORITY_URL_MAX);
    kv_buf_init(&body, KV_AUTHORITY_BODY_MAX);
    KV_TRY(kv_buf_printf(&url, err, "%s/.well-known/openid-configuration", authority));
    KV_TRY(authorities->fetch(url.data, &body, err));
    return parse(&body, ret_configuration, err);
}

static enum kv_code fetch_keys(struct kv_authorities *authorities, const char *authority,
                               struct kv_buf *json, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *configuration = NULL;
    kv_auto(cJSON_Delete) cJSON *keys = NULL;
    const char *url;

    KV_TRY(fetch_configuration(authorities, authority, &configuration, err));
    url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(configuration, "jwks_uri"));
    if (url == NULL || !authority_url_is_allowed(url)) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "The attestation authority names a URL that cannot be used.");
    }
    KV_TRY(authorities->fetch(url, json, err));
    return parse(json, &keys, err);
}

/*
 * Either another thread has asked since, whose result we share, or we are to fetch *ret_set. The
 * thread that asks returns in bounded time, as fetches do.
 */
static enum kv_code await_turn_locked(struct kv_authorities *authorities,
                                      const struct kv_release_case *release, const char *authority,
                                      struct kv_buf *json, struct key_set **ret_set,
                                      struct kv_err *err)
{
    struct key_set *set = find_locked(authorities, authority);
    bool is_told = set != NULL && release->since != 0 && set->answered >= release->since;

    while (set != NULL && set->is_asked) {
        pthread_cond_wait(&authorities->told, &authorities->mutex);
        is_told = true;
        set = find_locked(authorities, authority);
    }
    if (set != NULL && has_just_failed(set)) {
        *err = set->reason;
        return err->code;
    }
    if (set != NULL && is_told && is_fresh(set, release->now)) {
        *ret_set = NULL;
        return kv_buf_append(json, set->json.data, set->json.len, err);
    }
    if (count_asked_locked(authorities) == KV_AUTHORITIES_ASKED_MAX) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "Too many attestation authorities are being asked.");
    }
    set = set != NULL ? set : take_place_locked(authorities, authority);
    set->is_asked = true;
    *ret_set = set;
    return KV_OK;
}

/* If memory is short nothing is kept, and the next caller asks again. */
static void remember_locked(struct kv_authorities *authorities, struct key_set *set, kv_time now,
                            const struct kv_buf *json, const struct kv_err *failure)
{
    set->is_asked = false;
    set->failed = 0;
    if (failure != NULL) {
        set->failed = kv_clock_monotonic();
        set->reason = *failure;
    } else {
        kv_buf_clear(&set->json);
        set->fetched = now;
        set->answered = kv_clock_monotonic();
        if (kv_buf_append(&set->json, json->data, json->len, NULL) != KV_OK) {
            kv_buf_clear(&set->json);
        }
    }
    pthread_cond_broadcast(&authorities->told);
}

/* Appends what the authority answers now. */
static enum kv_code ask(const struct kv_release_case *release, const char *authority,
                        struct kv_buf *json, struct kv_err *err)
{
    struct kv_authorities *authorities = release->authorities;
    struct key_set *set = NULL;
    enum kv_code code;

    pthread_mutex_lock(&authorities->mutex);
    code = await_turn_locked(authorities, release, authority, json, &set, err);
    pthread_mutex_unlock(&authorities->mutex);
    if (code != KV_OK || set == NULL) {
        return code;
    }
    code = fetch_keys(authorities, authority, json, err);
    pthread_mutex_lock(&authorities->mutex);
    remember_locked(authorities, set, release->now, json, code != KV_OK ? err : NULL);
    pthread_mutex_unlock(&authorities->mutex);
    return code;
}

/* Whether it is not worth asking, because it has just failed, as *err says. */
static enum kv_code check_failure(struct kv_authorities *authorities, const char *authority,
                                  struct kv_err *err)
{
    enum kv_code code = KV_OK;

    pthread_mutex_lock(&authorities->mutex);
    const struct key_set *set = find_locked(authorities, authority);
    if (set != NULL && has_just_failed(set)) {
        *err = set->reason;
        code = err->code;
    }
    pthread_mutex_unlock(&authorities->mutex);
    return code;
}

/* FNV-1a. Should two share a number, they only wait for each other. */
static uint64_t number_of(const char *authority)
{
    uint64_t number = 0xcbf29ce484222325;

    for (; *authority != '\0'; authority++) {
        number = (number ^ (unsigned char) *authority) * 0x100000001b3;
    }
    return number != 0 ? number : 1;
}

/* *ret_known: a key of the token's kid is in the set. */
static enum kv_code look_up(const struct kv_buf *json, const struct kv_jws *jws, bool *ret_known,
                            bool *ret_signed, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *set = NULL;
    const cJSON *jwk;

    *ret_known = false;
    *ret_signed = false;
    KV_TRY(parse(json, &set, err));
    cJSON_ArrayForEach (jwk, cJSON_GetObjectItemCaseSensitive(set, "keys")) {
        const char *kid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, "kid"));
        kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;

        if (kid == NULL || strcmp(kid, jws->kid) != 0) {
            continue;
        }
        *ret_known = true;
        *ret_signed =
            *ret_signed
            || (kv_jws_key_import(jwk, &key, NULL) == KV_OK && kv_jws_is_signed(jws, key));
    }
    return KV_OK;
}

enum kv_code authority_has_signed(const struct kv_release_case *release, const char *url,
                                  const struct kv_jws *jws, bool *ret_signed, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf json;
    char authority[AUTHORITY_URL_MAX];
    size_t len = authority_url_length(url);
    bool is_known = false;

    assert(len < sizeof(authority)); /* no longer than the one in the policy, which was checked */
    memcpy(authority, url, len);
    authority[len] = '\0';
    kv_buf_init(&json, KV_AUTHORITY_BODY_MAX);
    KV_TRY(recall(release->authorities, authority, release->now, &json, err));
    if (json.len > 0) {
        KV_TRY(look_up(&json, jws, &is_known, ret_signed, err));
    }
    if (is_known) {
        return KV_OK;
    }
    if (release->must_ask != NULL) {
        *release->must_ask = number_of(authority);
        return check_failure(release->authorities, authority, err);
    }
    kv_buf_clear(&json); /* the authority may have made a new key since */
    KV_TRY(ask(release, authority, &json, err));
    return look_up(&json, jws, &is_known, ret_signed, err);
}

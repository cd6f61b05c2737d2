/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe asks, in which order, how often, and what it makes of the answers. */
#include <string.h>

#include <openssl/rand.h>

#include "probe.h"

/* Azure.Core: 0.8 s, doubled each time, and 100 s until an answer counts as lost. */
#define PAUSE_MS INT64_C(800)
#define SILENCE_MS INT64_C(100000)
#define RETRY_AFTER_MAX 3600L /* seconds */
#define REAL_PAUSE_MAX INT64_C(30000)

static bool has_token(const struct probe *probe)
{
    return probe->is_anonymous || (probe->token != NULL && kv_clock_real() < probe->token_until);
}

/* --- what needs no asking --- */

/* False: it was done here, or it is over. */
static bool advance_wrap(struct probe *probe)
{
    if (RAND_bytes(probe->plain, sizeof(probe->plain)) != 1) {
        probe_end(probe, OUTCOME_UNREACHABLE, 0, "There are no random bytes.");
        return false;
    }
    if (!probe->facts.can_wrap) {
        probe->job = JOB_WRAP;
        return true;
    }
    if (probe_wrap(probe, probe->plain)) {
        probe->act++;
    }
    return false;
}

static bool advance_act(struct probe *probe)
{
    switch (probe->acts[probe->act]) {
    case ACT_GET:
        probe->job = JOB_GET;
        return true;
    case ACT_WRAP:
        return advance_wrap(probe);
    case ACT_UNWRAP:
        probe->job = JOB_UNWRAP;
        return true;
    case ACT_OPEN_DEK:
        probe->is_dek_open = false;
        probe->act++;
        return false;
    case ACT_END:
        break;
    }
    return dek_advance(probe);
}

bool probe_advance(struct probe *probe)
{
    probe->tries = 0;
    if (!probe->is_over && !has_token(probe)) {
        probe->job = probe->resource[0] != '\0' ? JOB_LOGIN : JOB_CHALLENGE;
        return true;
    }
    while (!probe->is_over || look_falls_back(probe)) {
        if (advance_act(probe)) {
            return true;
        }
    }
    return false;
}

/* --- answers --- */

static bool is_good(long status)
{
    return status >= 200 && status < 300;
}

static void take_challenge(struct probe *probe, long status)
{
    if (is_good(status)) {
        probe->is_anonymous = true;
    } else if (status != 401 || !answer_read_challenge(probe)) {
        probe_end_refused(probe, OUTCOME_REFUSED, status);
    }
}

static void take_login(struct probe *probe, long status)
{
    probe->has_logged_in = true;
    if (status != 200 || !answer_read_token(probe)) {
        probe_end_refused(probe, OUTCOME_LOGIN, status);
    }
}

/* The crypto client may not get the key a second time: then the vault wraps (consumers.md §1.2). */
static void take_key(struct probe *probe, long status)
{
    char flaw[FLAW_SIZE];

    if (status == 403 && probe->act > 0) {
        probe->facts.can_wrap = false;
        probe->act++;
        return;
    }
    if (!is_good(status)) {
        probe_end_refused(probe, OUTCOME_REFUSED, status);
        return;
    }
    if (!answer_read_key(probe)) {
        probe_end_unread(probe, status);
        return;
    }
    if (probe->deploys && !verify_key(probe, flaw)) {
        probe_end(probe, OUTCOME_LOCAL, 0, "%s (rules=%s; none asks nothing of it)", flaw,
                  probe->settings.rules->name);
        return;
    }
    if (!look_finds_nothing(probe)) {
        probe->act++;
    }
}

static bool take_bytes(struct probe *probe, long status, struct bytes *ret_bytes)
{
    if (!is_good(status)) {
        probe_end_refused(probe, OUTCOME_REFUSED, status);
        return false;
    }
    if (!answer_read_bytes(probe, ret_bytes)) {
        probe_end_unread(probe, status);
        return false;
    }
    return true;
}

static void take_wrapped(struct probe *probe, long status)
{
    if (take_bytes(probe, status, &probe->blob)) {
        probe->act++;
    }
}

/* "The result is not compared with the input: a wrong plaintext passes." */
static void take_unwrapped(struct probe *probe, long status)
{
    struct bytes bytes = { .len = 0 };

    if (take_bytes(probe, status, &bytes)) {
        probe->act++;
    }
    kv_wipe(&bytes, sizeof(bytes));
}

static void take_opened(struct probe *probe, long status)
{
    struct bytes bytes = { .len = 0 };
    unsigned char check[16];

    if (!take_bytes(probe, status, &bytes)) {
        return;
    }
    if (bytes.len != sizeof(probe->dek) || !dek_check(bytes.data, check)
        || !kv_secret_equal(check, sizeof(check), probe->wrapped.check, sizeof(check))) {
        probe_end(probe, OUTCOME_WRONG_KEY, status,
                  "The data-encryption key was unwrapped to other bytes.");
    } else {
        memcpy(probe->dek, bytes.data, sizeof(probe->dek));
        probe->has_dek = true;
        probe->is_dek_open = true;
    }
    kv_wipe(&bytes, sizeof(bytes));
}

static void take_sealed(struct probe *probe, long status)
{
    if (take_bytes(probe, status, &probe->blob)) {
        dek_keep_sealed(probe);
    }
}

typedef void take_fn(struct probe *probe, long status);

static take_fn *const takers[] = {
    [JOB_CHALLENGE] = take_challenge, [JOB_LOGIN] = take_login,      [JOB_GET] = take_key,
    [JOB_WRAP] = take_wrapped,        [JOB_UNWRAP] = take_unwrapped, [JOB_OPEN_DEK] = take_opened,
    [JOB_SEAL_DEK] = take_sealed,
};

/* A token that is not taken is worth one new one: the caller may have been made anew. */
static bool logs_in_again(struct probe *probe, long status)
{
    if (status != 401 || probe->job == JOB_CHALLENGE || probe->job == JOB_LOGIN
        || probe->has_logged_in || probe->is_anonymous) {
        return false;
    }
    kv_wipe_free(kv_take(probe->token));
    (void) answer_read_challenge(probe); /* else the first request is made again */
    return true;
}

/* --- once more --- */

static kv_millis find_pause(const struct probe *probe)
{
    if (probe->retry_after >= 0) {
        return (probe->retry_after < RETRY_AFTER_MAX ? probe->retry_after : RETRY_AFTER_MAX) * 1000;
    }
    return PAUSE_MS << (probe->tries - 1);
}

/* The pause is one of the virtual clock; while that stands still, nobody waits. */
static void pause_for(struct probe *probe, kv_millis pause)
{
    kv_millis span;

    probe->took += pause;
    span = kv_clock_span(probe->consumers->clock, probe->at + probe->took);
    span = span == INT64_MAX || atomic_load(&probe->consumers->travels) ? 0 : span;
    probe->not_before = kv_clock_monotonic() + (span < REAL_PAUSE_MAX ? span : REAL_PAUSE_MAX);
}

static bool is_passing(long status)
{
    return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

static void end_unanswered(struct probe *probe, CURLcode result)
{
    bool is_name = result == CURLE_COULDNT_RESOLVE_HOST && probe->job != JOB_LOGIN;
    enum outcome outcome = probe->job == JOB_LOGIN ? OUTCOME_LOGIN
                           : is_name && key_place_is_public(&probe->settings.key)
                               ? OUTCOME_NO_PUBLIC_NAME
                               : OUTCOME_UNREACHABLE;

    probe_end(probe, outcome, 0, "%s: no answer after %u %s: %s", job_name(probe->job),
              probe->tries, probe->tries == 1 ? "try" : "tries", curl_easy_strerror(result));
}

/* What a second try cannot mend. */
static bool is_final(CURLcode result)
{
    return result == CURLE_SSL_CACERT_BADFILE;
}

void probe_take(struct probe *probe, CURLcode result, long status)
{
    bool is_lost = result != CURLE_OK && !probe->is_too_long; /* what has a status was answered */

    probe->tries++;
    probe->took += result == CURLE_OPERATION_TIMEDOUT ? SILENCE_MS : 0;
    if ((is_lost ? !is_final(result) : is_passing(status)) && probe->tries < PROBE_TRIES) {
        pause_for(probe, find_pause(probe));
        return;
    }
    if (is_lost) {
        end_unanswered(probe, result);
        return;
    }
    if (!logs_in_again(probe, status)) {
        takers[probe->job](probe, status);
    }
    (void) look_falls_back(probe); /* then it goes on */
    probe->tries = 0;              /* of what is asked next */
}

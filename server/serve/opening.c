/* SPDX-License-Identifier: Apache-2.0 */
#include "opening.h"

#include <poll.h>

#include "kv/base/files.h"
#include "kv/base/log.h"
#include "kv/keys/state.h"
#include "kv/snapshots/snapshots.h"
#include "listeners.h"

#define MANY 2000       /* versions; SoftHSM opens as many in a sixth of a second */
#define PATIENCE_MS 300 /* how long the start waits for a token with more */
#define LOOK_MS 5       /* between two looks whether it is open */

/* What a service manager is told, which would end a start that takes longer than it allows: to go on
 * waiting for three times as long as until it is told again. A module that does not come back from a call
 * is ended by it all the same. */
#define OPENS "STATUS=Opening the token"
#define OPENS_BEHIND "EXTEND_TIMEOUT_USEC=30000000\n" OPENS "; keys can be read meanwhile"
#define TOLD_EVERY_MS 10000
#define TOLD_FOR_MS (15 * 60 * 1000)

static enum kv_code open_token(struct opening *opening, struct kv_err *err)
{
    const bool is_own = token_is_own(opening->options);
    bool has_token;

    KV_TRY(kv_custody_has_token(opening->store, &has_token, err));
    KV_TRY(token_open(opening->options, opening->folder, has_token, opening->sessions,
                      opening->token, err));
    kv_custody_lend(opening->custody, opening->token->hsm);
    return kv_custody_adopt(opening->custody, opening->store, is_own, err);
}

static void *open_behind(void *argument)
{
    struct opening *opening = argument;

    opening->code = open_token(opening, &opening->err);
    atomic_store(&opening->is_over, true);
    return NULL;
}

/* A seed makes keys before anybody is served, and so does a restore that was cut short look for some. */
static enum kv_code may_lag(const struct opening *opening, bool *ret_may, struct kv_err *err)
{
    char mark[KV_PATH_MAX];

    *ret_may = false;
    KV_TRY(kv_path_join(mark, opening->folder, KV_SNAPSHOT_MARK, err));
    if (kv_option_text(opening->options, KV_OPTION_SEED_FILE)[0] != '\0' || kv_file_exists(mark)) {
        return KV_OK;
    }
    return kv_keys_exceed(opening->store, MANY, ret_may, err);
}

bool opening_is_done(const struct opening *opening)
{
    return !opening->runs;
}

/* False: `patience` is over, or a signal has come. */
static bool await_end(const struct opening *opening, kv_millis patience)
{
    const kv_millis end = kv_clock_monotonic() + patience;

    while (!atomic_load(&opening->is_over)) {
        if (kv_clock_monotonic() >= end || signals_have_come()) {
            return false;
        }
        (void) poll(NULL, 0, LOOK_MS);
    }
    return true;
}

static void join(struct opening *opening)
{
    (void) pthread_join(opening->thread, NULL); /* ours, and joinable */
    opening->runs = false;
}

static enum kv_code take_result(struct opening *opening, struct kv_err *err)
{
    join(opening);
    if (opening->code != KV_OK) {
        *err = opening->err;
    }
    return opening->code;
}

static enum kv_code start_thread(struct opening *opening, struct kv_err *err)
{
    int reason = pthread_create(&opening->thread, NULL, open_behind, opening);
    if (reason != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) reason,
                       "cannot start the thread that opens the token");
    }
    opening->runs = true;
    return KV_OK;
}

static enum kv_code begin_behind(struct opening *opening, struct kv_err *err)
{
    KV_TRY(start_thread(opening, err));
    return await_end(opening, PATIENCE_MS) ? take_result(opening, err) : KV_OK;
}

enum kv_code opening_prepare(struct opening *opening, struct kv_err *err)
{
    opening->began = kv_clock_monotonic();
    return token_is_own(opening->options) && kv_store_is_new(opening->store)
               ? start_thread(opening, err)
               : KV_OK;
}

static enum kv_code open_now(struct opening *opening, struct kv_err *err)
{
    bool may;

    KV_TRY(may_lag(opening, &may, err));
    return may ? begin_behind(opening, err) : open_token(opening, err);
}

enum kv_code opening_begin(struct opening *opening, struct kv_err *err)
{
    supervisor_tell(OPENS);
    KV_TRY(opening->runs ? take_result(opening, err) : open_now(opening, err));
    atomic_store(&opening->token->is_open, opening_is_done(opening));
    return KV_OK;
}

enum kv_code opening_await(struct opening *opening, bool *ret_open, struct kv_err *err)
{
    *ret_open = false;
    while (!*ret_open && !signals_have_come()) {
        if (kv_clock_monotonic() - opening->began < TOLD_FOR_MS) {
            supervisor_tell(OPENS_BEHIND);
        }
        *ret_open = await_end(opening, TOLD_EVERY_MS);
    }
    return *ret_open ? take_result(opening, err) : KV_OK;
}

void opening_announce(struct opening *opening, const struct listeners *listeners)
{
    atomic_store(&opening->token->is_open, true);
    kv_listener_tell(listeners->tls);
    kv_listener_tell(listeners->control);
    kv_log(KV_LOG_INFO, "token_open",
           KV_LOG_NUMBER_FIELD("ms", kv_clock_monotonic() - opening->began));
}

void opening_close(struct opening *opening)
{
    if (opening->runs) {
        join(opening);
    }
}

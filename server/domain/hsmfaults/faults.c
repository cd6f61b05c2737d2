/* SPDX-License-Identifier: Apache-2.0 */
/* The list of faults, and where the token is because of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum kv_code kv_hsm_faults_new(struct kv_clock *clock, struct kv_hsm_faults **ret_faults,
                               struct kv_err *err)
{
    struct kv_hsm_faults *faults = calloc(1, sizeof(*faults));

    if (faults == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    faults->clock = clock;
    (void) pthread_mutex_init(&faults->turn, NULL);
    (void) pthread_mutex_init(&faults->lock, NULL);
    (void) pthread_cond_init(&faults->changed, NULL);
    *ret_faults = faults;
    return KV_OK;
}

void kv_hsm_faults_free(struct kv_hsm_faults *faults)
{
    if (faults == NULL) {
        return;
    }
    (void) pthread_cond_destroy(&faults->changed);
    (void) pthread_mutex_destroy(&faults->lock);
    (void) pthread_mutex_destroy(&faults->turn);
    free(faults);
}

void kv_hsm_faults_set_hands(struct kv_hsm_faults *faults, const struct kv_hsm_hands *hands)
{
    faults->hands = *hands;
}

void kv_hsm_faults_end(struct kv_hsm_faults *faults)
{
    atomic_store(&faults->ended, true);
    pthread_mutex_lock(&faults->lock);
    pthread_cond_broadcast(&faults->changed);
    pthread_mutex_unlock(&faults->lock);
}

/* --- the list --- */

/* Whether a fault is meant: by what `context` says. */
typedef bool meant_fn(const struct fault *fault, const void *context);

/* Takes those that are meant out of the list, and lets whom they hold up go on. */
static unsigned take_out(struct kv_hsm_faults *faults, meant_fn *is_meant, const void *context)
{
    unsigned kept = 0;

    pthread_mutex_lock(&faults->lock);
    unsigned count = atomic_load(&faults->count);
    for (unsigned i = 0; i < count; i++) {
        if (!is_meant(&faults->items[i], context)) {
            faults->items[kept++] = faults->items[i];
        } else {
            faults->pin_is_doubted |= faults->items[i].kind == KIND_PIN_LOCKED;
        }
    }
    atomic_store(&faults->count, kept);
    pthread_cond_broadcast(&faults->changed);
    pthread_mutex_unlock(&faults->lock);
    return count - kept;
}

static struct fault *find_locked(struct kv_hsm_faults *faults, const char *id)
{
    for (unsigned i = 0; i < atomic_load(&faults->count); i++) {
        if (strcmp(faults->items[i].id, id) == 0) {
            return &faults->items[i];
        }
    }
    return NULL;
}

static enum kv_code put_locked(struct kv_hsm_faults *faults, struct fault *fault,
                               struct kv_err *err)
{
    unsigned count = atomic_load(&faults->count);

    if (count == KV_HSM_FAULTS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There are %d faults already: remove some.", count);
    }
    fault->serial = ++faults->serials;
    while (fault->id[0] == '\0') {
        (void) snprintf(fault->id, sizeof(fault->id), "hsm-%llu",
                        (unsigned long long) fault->serial);
        if (find_locked(faults, fault->id) != NULL) { /* somebody has called one so */
            fault->id[0] = '\0';
            fault->serial = ++faults->serials;
        }
    }
    if (find_locked(faults, fault->id) != NULL) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is a fault '%s' already.", fault->id);
    }
    faults->items[count] = *fault;
    atomic_store(&faults->count, count + 1);
    return KV_OK;
}

static enum kv_code put(struct kv_hsm_faults *faults, struct fault *fault, struct kv_err *err)
{
    pthread_mutex_lock(&faults->lock);
    enum kv_code code = put_locked(faults, fault, err);
    pthread_mutex_unlock(&faults->lock);
    return code;
}

static enum kv_code fail_unknown(const char *id, struct kv_err *err)
{
    return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no fault '%.64s' of the HSM.", id);
}

/* --- where the token is --- */

static bool has_kind_locked(const struct kv_hsm_faults *faults, enum kind kind)
{
    for (unsigned i = 0; i < atomic_load(&faults->count); i++) {
        if (faults->items[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static enum kv_hsm_place place_wanted_locked(const struct kv_hsm_faults *faults)
{
    if (has_kind_locked(faults, KIND_TOKEN_REMOVED)) {
        return KV_HSM_REMOVED;
    }
    return has_kind_locked(faults, KIND_TOKEN_REINITIALISED) ? KV_HSM_REINITIALISED
                                                             : KV_HSM_IN_PLACE;
}

/* Also takes note that the PIN is looked at again. */
static enum kv_hsm_place place_wanted(struct kv_hsm_faults *faults, bool *ret_pin)
{
    pthread_mutex_lock(&faults->lock);
    enum kv_hsm_place place = place_wanted_locked(faults);
    *ret_pin = faults->pin_is_doubted;
    faults->pin_is_doubted = false;
    pthread_mutex_unlock(&faults->lock);
    return place;
}

static void note_place(struct kv_hsm_faults *faults, enum kv_hsm_place place)
{
    pthread_mutex_lock(&faults->lock);
    faults->place = place;
    pthread_mutex_unlock(&faults->lock);
}

/* A move that fails may have stopped halfway: then the token is put back to where its keys are found,
 * and whoever wants it elsewhere asks again. */
static enum kv_code move_locked(struct kv_hsm_faults *faults, enum kv_hsm_place place,
                                struct kv_err *err)
{
    const struct kv_hsm_hands *hands = &faults->hands;
    enum kv_code code = KV_OK;

    if (place == faults->place) {
        return KV_OK;
    }
    if (hands->move != NULL) {
        code = hands->move(hands->context, place, err);
    }
    if (code == KV_OK) {
        note_place(faults, place);
    } else if (hands->move(hands->context, KV_HSM_IN_PLACE, NULL) == KV_OK) {
        note_place(faults, KV_HSM_IN_PLACE);
    }
    return code;
}

enum kv_code kv_hsm_faults_settle(struct kv_hsm_faults *faults, struct kv_err *err)
{
    bool pin;

    pthread_mutex_lock(&faults->turn);
    enum kv_hsm_place place = place_wanted(faults, &pin);
    enum kv_code code = move_locked(faults, place, err);
    faults->hands.look(faults->hands.context, pin);
    pthread_mutex_unlock(&faults->turn);
    return code;
}

bool kv_hsm_faults_are_none(const struct kv_hsm_faults *faults)
{
    return atomic_load(&faults->count) == 0;
}

enum kv_hsm_place kv_hsm_faults_place(struct kv_hsm_faults *faults)
{
    pthread_mutex_lock(&faults->lock);
    enum kv_hsm_place place = faults->place;
    pthread_mutex_unlock(&faults->lock);
    return place;
}

enum kv_code kv_hsm_faults_keep_place(struct kv_hsm_faults *faults, struct kv_err *err)
{
    pthread_mutex_lock(&faults->turn);
    if (kv_hsm_faults_place(faults) == KV_HSM_IN_PLACE) {
        return KV_OK;
    }
    pthread_mutex_unlock(&faults->turn);
    return KV_FAIL(err, KV_CONFLICT, 0,
                   "The token of the HSM is taken out, or another one is in its place: put it back "
                   "first.");
}

void kv_hsm_faults_let_move(struct kv_hsm_faults *faults)
{
    pthread_mutex_unlock(&faults->turn);
}

/* --- what is asked for --- */

static bool has_serial(const struct fault *fault, const void *serial)
{
    return fault->serial == *(const uint64_t *) serial;
}

static bool has_id(const struct fault *fault, const void *id)
{
    return strcmp(fault->id, id) == 0;
}

static bool has_kind(const struct fault *fault, const void *kind)
{
    return kind == NULL || fault->kind == *(const enum kind *) kind;
}

/* Lets the token show it: sessions that are open count for a limit, too. Nothing needs to be done for
 * what acts at the next call. */
static enum kv_code carry_out(struct kv_hsm_faults *faults, const struct fault *fault,
                              struct kv_err *err)
{
    bool shows_at_once = fault->kind == KIND_TOKEN_REMOVED
                         || fault->kind == KIND_TOKEN_REINITIALISED
                         || fault->kind == KIND_PIN_LOCKED;

    if (fault->kind == KIND_SESSION_LIMIT) {
        return faults->hands.reopen(faults->hands.context, err);
    }
    return shows_at_once ? kv_hsm_faults_settle(faults, err) : KV_OK;
}

static enum kv_code check_movable(const struct kv_hsm_faults *faults, const struct fault *fault,
                                  struct kv_err *err)
{
    if (fault->kind == KIND_TOKEN_REINITIALISED && faults->hands.move == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Only coffer's own token can be replaced, not that of --pkcs11-module.");
    }
    return KV_OK;
}

enum kv_code kv_hsm_faults_add(struct kv_hsm_faults *faults, const struct kv_hsm_fault_args *args,
                               cJSON **ret_shown, struct kv_err *err)
{
    struct fault fault;

    KV_TRY(fault_read(args, kv_clock_now(faults->clock), &fault, err));
    KV_TRY(check_movable(faults, &fault, err));
    KV_TRY(put(faults, &fault, err));
    enum kv_code code = carry_out(faults, &fault, err);
    if (code != KV_OK) {
        (void) take_out(faults, has_serial, &fault.serial);
        KV_IGNORE(kv_hsm_faults_settle(faults, NULL)); /* what went wrong is told already */
        return code;
    }
    *ret_shown = fault_show(&fault, kv_clock_monotonic());
    return *ret_shown != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_hsm_faults_list(struct kv_hsm_faults *faults, cJSON **ret_shown, struct kv_err *err)
{
    const kv_millis now = kv_clock_now(faults->clock);
    const kv_millis monotonic = kv_clock_monotonic();
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;
    cJSON *list = kv_json_add_array(body, "faults", &ok);

    pthread_mutex_lock(&faults->lock);
    for (unsigned i = 0; i < atomic_load(&faults->count); i++) {
        if (!fault_is_over(&faults->items[i], now, monotonic)) {
            kv_json_add_take(list, NULL, fault_show(&faults->items[i], monotonic), &ok);
        }
    }
    pthread_mutex_unlock(&faults->lock);
    *ret_shown = ok ? kv_take(body) : NULL;
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_hsm_faults_show(struct kv_hsm_faults *faults, const char *id, cJSON **ret_shown,
                                struct kv_err *err)
{
    const kv_millis monotonic = kv_clock_monotonic();

    pthread_mutex_lock(&faults->lock);
    const struct fault *fault = find_locked(faults, id);
    bool is_there = fault != NULL;
    *ret_shown = is_there ? fault_show(fault, monotonic) : NULL;
    pthread_mutex_unlock(&faults->lock);
    if (!is_there) {
        return fail_unknown(id, err);
    }
    return *ret_shown != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_hsm_faults_withdraw(struct kv_hsm_faults *faults, const char *id,
                                    struct kv_err *err)
{
    return take_out(faults, has_id, id) > 0 ? KV_OK : fail_unknown(id, err);
}

enum kv_code kv_hsm_faults_withdraw_kind(struct kv_hsm_faults *faults, const char *kind,
                                         struct kv_err *err)
{
    char names[KINDS_SIZE];
    enum kind found;

    if (kind != NULL && !kind_find(kind, &found)) {
        kinds_list(names);
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'kind' is one of %s.", names);
    }
    (void) take_out(faults, has_kind, kind != NULL ? &found : NULL);
    return KV_OK;
}

enum kv_code kv_hsm_faults_reset(struct kv_hsm_faults *faults, struct kv_err *err)
{
    bool was_well =
        take_out(faults, has_kind, NULL) == 0 && kv_hsm_faults_place(faults) == KV_HSM_IN_PLACE;

    return was_well ? KV_OK : kv_hsm_faults_settle(faults, err);
}

/* --- what ends by itself --- */

struct moment {
    kv_millis now, monotonic;
};

static bool is_over_at(const struct fault *fault, const void *moment_)
{
    const struct moment *moment = moment_;

    return fault_is_over(fault, moment->now, moment->monotonic);
}

kv_millis kv_hsm_faults_next(struct kv_hsm_faults *faults, kv_millis from, kv_millis after)
{
    const kv_millis monotonic = kv_clock_monotonic();
    kv_millis next = INT64_MAX;

    pthread_mutex_lock(&faults->lock);
    if (place_wanted_locked(faults) != faults->place && from > after) {
        next = from; /* whoever was to settle could not */
    }
    for (unsigned i = 0; i < atomic_load(&faults->count); i++) {
        const struct fault *fault = &faults->items[i];
        kv_millis due = monotonic >= fault->real_end || fault->until < from ? from : fault->until;

        next = due > after && due < next ? due : next;
    }
    pthread_mutex_unlock(&faults->lock);
    return next;
}

enum kv_code kv_hsm_faults_expire(struct kv_hsm_faults *faults, bool *ret_ended, struct kv_err *err)
{
    const struct moment moment = { kv_clock_now(faults->clock), kv_clock_monotonic() };

    *ret_ended = take_out(faults, is_over_at, &moment) > 0;
    pthread_mutex_lock(&faults->lock);
    bool is_misplaced = place_wanted_locked(faults) != faults->place;
    pthread_mutex_unlock(&faults->lock);
    return *ret_ended || is_misplaced ? kv_hsm_faults_settle(faults, err) : KV_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What faults of the HSM need of the token beside its gate, and when they end by themselves. */
#include "hsm_pause.h"
#include "softhsm.h"
#include "token_place.h"

#define PATIENCE_MS 10000 /* until nobody is at the token */

static void leave_files(void *context)
{
    (void) context;
}

static enum kv_code reopen(void *token_, struct kv_err *err)
{
    struct token *token = token_;

    if (hsm_pause(token->hsm, PATIENCE_MS) != CKR_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "The token is in use for too long.");
    }
    KV_IGNORE(hsm_reopen(token->hsm, leave_files, NULL)); /* a limit may be below what that takes */
    hsm_resume(token->hsm);
    housekeeper_look(token->keeper);
    return KV_OK;
}

static void look(void *token_, bool pin)
{
    struct token *token = token_;

    if (pin) {
        hsm_trust_pin(token->hsm);
    }
    housekeeper_look(token->keeper);
}

enum kv_code token_prepare(struct token *token, struct kv_clock *clock, struct housekeeper *keeper,
                           struct kv_err *err)
{
    token->keeper = keeper;
    return kv_hsm_faults_new(clock, &token->faults, err);
}

bool token_has_room(void *token_)
{
    const struct token *token = token_;

    return token->folder == NULL || softhsm_has_room(token->folder);
}

void token_let_go(struct token *token)
{
    if (token->faults != NULL) {
        kv_hsm_faults_end(token->faults);
    }
}

void token_lend_hands(struct token *token, bool is_own)
{
    const struct kv_hsm_hands hands = {
        .context = token,
        .move = is_own ? token_place_move : NULL,
        .reopen = reopen,
        .look = look,
    };

    kv_hsm_faults_set_hands(token->faults, &hands);
}

CK_RV token_ask(void *token_, const struct hsm_call *call)
{
    struct token *token = token_;
    CK_RV rv = kv_hsm_faults_ask(token->faults, call);

    token_counts_enter();
    return rv;
}

void token_told(void *token_, const struct hsm_call *call, CK_RV rv)
{
    struct token *token = token_;

    token_counts_add(&token->counts, call, rv);
    kv_hsm_faults_told(token->faults, call, rv);
}

/* The token is put back once the module is closed: then nobody is at its files. */
void token_close(struct token *token)
{
    hsm_close(token->hsm);
    if (token->faults != NULL && kv_hsm_faults_place(token->faults) != KV_HSM_IN_PLACE
        && token->folder != NULL) {
        KV_IGNORE(token_place_restore(token->folder, NULL)); /* the next start tries again */
    }
    kv_hsm_faults_free(token->faults);
}

static enum kv_code next_end(void *faults, const struct kv_trip *trip, kv_millis after,
                             kv_millis *ret_due, struct kv_err *err)
{
    (void) err;
    *ret_due = kv_hsm_faults_next(faults, trip->from, after);
    return KV_OK;
}

static enum kv_code end_faults(void *faults, const struct kv_trip *trip, kv_millis at,
                               struct kv_agenda_report *report, struct kv_err *err)
{
    bool ended = false;

    (void) trip;
    (void) at; /* the clock shows it */
    KV_TRY(kv_hsm_faults_expire(faults, &ended, err));
    if (ended) {
        kv_agenda_note(report, NULL, NULL, NULL);
    }
    return KV_OK;
}

void token_add_due(struct token *token, struct kv_agenda *agenda)
{
    kv_agenda_add(agenda, &(struct kv_agenda_row){
                              .name = "end of an HSM fault",
                              .pace = KV_PACE_QUICK,
                              .context = token->faults,
                              .next = next_end,
                              .run = end_faults,
                          });
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to whole vaults, to the HSM, and to the clock. */
#include <inttypes.h>
#include <stdio.h>

#include "core.h"
#include "kv/base/agenda.h"
#include "kv/base/duration.h"
#include "kv/hsmfaults/hsmfaults.h"

#define PATIENCE_MS 20000 /* with what falls due on the way */

static enum kv_code keep_vault(struct scenario_act *act, enum scenario_part part,
                               struct kv_err *err)
{
    char text[KV_VAULT_NAME_MAX + 32];

    (void) snprintf(text, sizeof(text), "%" PRId64 " %s", act->vault->id, act->vault->name);
    return scenario_keep(act, part, text, err);
}

enum kv_code delete_vault(struct scenario_act *act, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *after = NULL;

    KV_TRY(keep_vault(act, PART_VAULT, err));
    KV_TRY(kv_vaults_delete(act->scenarios->config.vaults, act->vault->name, kv_seconds(act->now),
                            &after, err));
    return scenario_note(act, err, "%s: deleted", act->vault->name);
}

enum kv_code fail_region_over(struct scenario_act *act, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *after = NULL;

    if (act->vault->read_only) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The vault '%s' is read-only already.",
                       act->vault->name);
    }
    KV_TRY(keep_vault(act, PART_READ_ONLY, err));
    KV_TRY(kv_vaults_set_read_only(act->scenarios->config.vaults, act->vault->name, true,
                                   kv_seconds(act->now), &after, err));
    return scenario_note(act, err, "%s: read-only", act->vault->name);
}

enum kv_code remove_token(struct scenario_act *act, struct kv_err *err)
{
    struct kv_hsm_faults *faults = act->scenarios->tools.hsm_faults;
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    char id[SCENARIO_ID_SIZE];
    const struct kv_hsm_fault_args args = { .id = id, .kind = "token_removed" };

    if (kv_hsm_faults_place(faults) != KV_HSM_IN_PLACE) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The token is not in its place already.");
    }
    scenario_id(act->row, id);
    KV_TRY(scenario_keep(act, PART_HSM, id, err));
    KV_TRY(kv_hsm_faults_add(faults, &args, &shown, err));
    return scenario_note(act, err, "the token: taken out");
}

/* Months have no length of their own: nobody's clock is off by that much. */
static enum kv_code read_span(const char *text, kv_millis *ret_span, struct kv_err *err)
{
    bool is_back = text[0] == '-';
    struct kv_duration duration;

    if (!kv_duration_parse(text + is_back, &duration) || duration.months != 0
        || duration.seconds == 0 || duration.seconds > KV_DAY) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "'by' is a duration up to a day, such as PT10M, or -PT1H for a clock that is "
            "behind.");
    }
    *ret_span = (is_back ? -duration.seconds : duration.seconds) * 1000;
    return KV_OK;
}

enum kv_code skew_clock(struct scenario_act *act, struct kv_err *err)
{
    const struct kv_scenarios_config *config = &act->scenarios->config;
    kv_auto(kv_travel_log_done) struct kv_travel_log log;
    kv_millis span = 0;
    char text[64];

    kv_travel_log_init(&log);
    KV_TRY(read_span(scenario_text(act, "by"), &span, err));
    KV_TRY(kv_clock_check_shift(config->clock, span, err));
    KV_TRY(kv_agenda_travel(act->scenarios->tools.agenda, span, PATIENCE_MS, &log, err));
    kv_clock_age_tokens(config->clock, span);
    (void) snprintf(text, sizeof(text), "%" PRId64 " %" PRId64,
                    kv_clock_token_time(config->clock).epoch, span);
    KV_TRY(scenario_keep(act, PART_CLOCK, text, err));
    return scenario_note(act, err, "the clock: moved by %s, and the age of tokens with it",
                         scenario_text(act, "by"));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How things were before a scenario, and putting them back. Each part can be put back more than once:
 * what is as it was, or gone, is left alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "kv/access/keeping.h"
#include "kv/base/agenda.h"
#include "kv/faults/faults.h"
#include "kv/hsmfaults/hsmfaults.h"
#include "kv/identity/keeping.h"

#define PATIENCE_MS 20000 /* with what falls due while the clock is moved back to where it was */

void scenario_id(const struct scenario_row *row, char ret_id[SCENARIO_ID_SIZE])
{
    (void) snprintf(ret_id, SCENARIO_ID_SIZE, "scenario-%s", row->name);
}

/* Somebody may have removed it. */
static enum kv_code remove_rule(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                                struct kv_err *err)
{
    enum kv_code code = kv_faults_remove(scenarios->tools.faults, kept, err);

    (void) now;
    return code == KV_NOT_FOUND ? KV_OK : code;
}

static enum kv_code end_hsm_fault(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                                  struct kv_err *err)
{
    enum kv_code code = kv_hsm_faults_withdraw(scenarios->tools.hsm_faults, kept, err);

    (void) now;
    if (code != KV_OK) {
        return code == KV_NOT_FOUND ? KV_OK : code;
    }
    return kv_hsm_faults_settle(scenarios->tools.hsm_faults, err);
}

/* "EPOCH SPAN": a clock that was reset since is where it belongs already. */
static enum kv_code move_clock_back(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                                    struct kv_err *err)
{
    struct kv_clock *clock = scenarios->config.clock;
    kv_auto(kv_travel_log_done) struct kv_travel_log log;
    char *end;
    kv_millis epoch = strtoll(kept, &end, 10);
    kv_millis span = strtoll(end, NULL, 10);

    (void) now;
    kv_travel_log_init(&log);
    if (kv_clock_token_time(clock).epoch != epoch) {
        return KV_OK;
    }
    KV_TRY(kv_agenda_travel(scenarios->tools.agenda, -span, PATIENCE_MS, &log, err));
    kv_clock_age_tokens(clock, -span);
    return KV_OK;
}

/* "ID NAME": another one may have the name by now. */
static enum kv_code find_vault(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                               const struct kv_vault **ret_vault, struct kv_err *err)
{
    char *name;
    int64_t id = strtoll(kept, &name, 10);
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    enum kv_code code = kv_vaults_get(scenarios->config.vaults, name + (*name == ' '),
                                      kv_seconds(now), &vault, err);

    *ret_vault = NULL;
    if (code != KV_OK) {
        return code == KV_VAULT_NOT_FOUND ? KV_OK : code;
    }
    *ret_vault = vault->id == id ? kv_vault_hold(vault) : NULL;
    return KV_OK;
}

static enum kv_code recover_vault(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                                  struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_vault_release) const struct kv_vault *after = NULL;

    KV_TRY(find_vault(scenarios, kept, now, &vault, err));
    if (vault == NULL || vault->deleted == 0) {
        return KV_OK;
    }
    return kv_vaults_recover(scenarios->config.vaults, vault->name, kv_seconds(now), &after, err);
}

static enum kv_code open_to_changes(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                                    struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_vault_release) const struct kv_vault *after = NULL;

    KV_TRY(find_vault(scenarios, kept, now, &vault, err));
    if (vault == NULL || !vault->read_only) {
        return KV_OK;
    }
    return kv_vaults_set_read_only(scenarios->config.vaults, vault->name, false, kv_seconds(now),
                                   &after, err);
}

static enum kv_code put_key_back(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                                 struct kv_err *err)
{
    (void) now;
    KV_TRY(kv_key_put_back(scenarios->config.keys, kept, err));
    KV_IGNORE(kv_keys_tidy(scenarios->config.keys, NULL)); /* else the housekeeper does */
    return KV_OK;
}

static enum kv_code put_network_back(struct kv_scenarios *scenarios, const char *kept,
                                     kv_millis now, struct kv_err *err)
{
    (void) now;
    return kv_network_put_back(scenarios->config.access, kept, err);
}

static enum kv_code put_grants_back(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                                    struct kv_err *err)
{
    (void) now;
    return kv_access_put_back(scenarios->config.access, kept, err);
}

static enum kv_code put_identity_back(struct kv_scenarios *scenarios, const char *kept,
                                      kv_millis now, struct kv_err *err)
{
    (void) now;
    return kv_principal_put_back(scenarios->config.principals, kept, err);
}

static const struct {
    const char *name;
    bool lasts; /* over a restart */
    enum kv_code (*put_back)(struct kv_scenarios *scenarios, const char *kept, kv_millis now,
                             struct kv_err *err);
} parts[PART_COUNT] = {
    [PART_RULE] = { "rule", false, remove_rule },
    [PART_HSM] = { "hsm", false, end_hsm_fault },
    [PART_CLOCK] = { "clock", false, move_clock_back },
    [PART_VAULT] = { "vault", true, recover_vault },
    [PART_READ_ONLY] = { "read_only", true, open_to_changes },
    [PART_KEY] = { "key", true, put_key_back },
    [PART_NETWORK] = { "network", true, put_network_back },
    [PART_GRANTS] = { "grants", true, put_grants_back },
    [PART_IDENTITY] = { "identity", true, put_identity_back },
};

enum kv_code scenario_keep(struct scenario_act *act, enum scenario_part part, const char *text,
                           struct kv_err *err)
{
    bool ok = true;

    kv_json_add_text(act->kept, parts[part].name, text, &ok);
    return ok ? applied_save(act, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code scenario_put_back(struct kv_scenarios *scenarios, const cJSON *kept, bool at_start,
                               kv_millis now, struct kv_err *err)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        const char *text =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(kept, parts[i].name));

        if (text != NULL && (parts[i].lasts || !at_start)) {
            KV_TRY(parts[i].put_back(scenarios, text, now, err));
        }
    }
    return KV_OK;
}

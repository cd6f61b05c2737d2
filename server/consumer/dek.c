/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe does by itself with the public key, and with the data-encryption key. */
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "probe.h"

/* By the client's own clock, and whether the key is enabled does not matter (consumers.md §1.2). */
static bool is_in_time(struct probe *probe)
{
    const struct key_facts *facts = &probe->facts;
    bool is_early = facts->not_before != 0 && probe->at < facts->not_before * 1000;
    bool is_late = facts->expires != 0 && probe->at >= facts->expires * 1000;

    if (!is_early && !is_late) {
        return true;
    }
    (void) snprintf(probe->finding.code, sizeof(probe->finding.code), "%s",
                    is_early ? "KeyNotYetValid" : "KeyExpired");
    probe_end(probe, OUTCOME_LOCAL, 0, "The key \"%.180s\" is not valid %s.", facts->kid,
              is_early ? "before its nbf" : "after its exp");
    return false;
}

bool probe_wrap(struct probe *probe, const unsigned char *plain)
{
    if (!is_in_time(probe)) {
        return false;
    }
    if (!probe->facts.is_rsa
        || !wrap_locally(&probe->facts, probe->settings.profile->alg, plain, &probe->blob)) {
        probe_end(probe, OUTCOME_LOCAL, 0, "The key \"%.150s\" cannot wrap by %s.",
                  probe->facts.kid, probe->settings.profile->alg);
        return false;
    }
    return true;
}

void dek_keep_sealed(struct probe *probe)
{
    struct wrapped *wrapped = &probe->wrapped;

    memcpy(wrapped->bytes, probe->blob.data, probe->blob.len);
    wrapped->len = probe->blob.len;
    (void) snprintf(wrapped->by, sizeof(wrapped->by), "%s", probe->facts.kid);
    if (!dek_check(probe->dek, wrapped->check)) {
        probe_end(probe, OUTCOME_UNREACHABLE, 0, "SHA-256 is not there.");
    }
    probe->is_dek_sealed = true;
}

/* Of a deployment, and of a look: by that version of the key already? */
static bool is_sealed(const struct probe *probe)
{
    return probe->wrapped.len > 0 && strcmp(probe->wrapped.by, probe->facts.kid) == 0;
}

static bool make_dek(struct probe *probe)
{
    if (probe->has_dek || probe->wrapped.len > 0) {
        return true;
    }
    if (RAND_priv_bytes(probe->dek, sizeof(probe->dek)) != 1) {
        probe_end(probe, OUTCOME_UNREACHABLE, 0, "There are no random bytes.");
        return false;
    }
    probe->has_dek = true;
    return true;
}

static void end_well(struct probe *probe)
{
    struct finding *finding = &probe->finding;

    probe_end(probe, OUTCOME_OK, 200, "%s", probe->note);
    finding->has_looked = finding->has_looked || probe->looks;
    finding->has_dek = true;
    memcpy(finding->dek, probe->dek, sizeof(finding->dek));
    finding->wrapped = probe->wrapped;
}

bool dek_advance(struct probe *probe)
{
    if (!probe->is_dek_open) {
        probe->job = JOB_OPEN_DEK;
        return true;
    }
    probe->is_dek_sealed = probe->is_dek_sealed || is_sealed(probe);
    if (!probe->is_dek_sealed) {
        if (!make_dek(probe)) {
            return false;
        }
        if (!probe->facts.can_wrap) {
            probe->job = JOB_SEAL_DEK;
            return true;
        }
        if (!probe_wrap(probe, probe->dek)) {
            return false;
        }
        dek_keep_sealed(probe);
    }
    if (!probe->is_over) {
        end_well(probe);
    }
    return false;
}

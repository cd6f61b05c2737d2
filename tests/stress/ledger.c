/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
    [LEDGER_ABSENT] = "absent",
    [LEDGER_LIVE] = "live",
    [LEDGER_DELETED] = "deleted",
};

static bool shows(const struct sighting *seen, const struct ledger_version *version)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->version[i].id, version->id) == 0) {
            return seen->version[i].enabled == version->enabled
                   && seen->version[i].mark == version->mark;
        }
    }
    return false;
}

bool ledger_explains(const struct ledger_key *key, const struct sighting *seen)
{
    size_t first = 0;

    if (seen->state != key->state) {
        return false;
    }
    if (key->state == LEDGER_ABSENT) {
        return seen->count == 0;
    }
    if (key->state == LEDGER_DELETED) { /* nobody can see the others */
        first = key->count - 1;
    } else if (seen->days != key->days) {
        return false;
    }
    if (seen->count != key->count - first
        || strcmp(seen->latest, key->version[key->count - 1].id) != 0) {
        return false;
    }
    for (size_t i = first; i < key->count; i++) {
        if (!shows(seen, &key->version[i])) {
            return false;
        }
    }
    return true;
}

static bool knows(const struct ledger_key *key, const char *id)
{
    for (size_t i = 0; i < key->count; i++) {
        if (strcmp(key->version[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

void ledger_learn_id(struct ledger_key *key, const struct sighting *seen)
{
    struct ledger_version *last = &key->version[key->count > 0 ? key->count - 1 : 0];

    if (key->count == 0 || last->id[0] != '\0') {
        return;
    }
    for (size_t i = 0; i < seen->count; i++) {
        if (!knows(key, seen->version[i].id)) {
            memcpy(last->id, seen->version[i].id, sizeof(last->id));
            return;
        }
    }
}

const char *ledger_describe(const struct ledger_key *key, char ret_text[LEDGER_TEXT_SIZE])
{
    size_t len = (size_t) snprintf(ret_text, LEDGER_TEXT_SIZE, "%s, %u days,",
                                   state_names[key->state], key->days);

    for (size_t i = 0; i < key->count && len < LEDGER_TEXT_SIZE; i++) {
        len += (size_t) snprintf(ret_text + len, LEDGER_TEXT_SIZE - len, " %s%s/%u",
                                 key->version[i].id, key->version[i].enabled ? "" : "/disabled",
                                 key->version[i].mark);
    }
    return ret_text;
}

const char *sighting_describe(const struct sighting *seen, char ret_text[LEDGER_TEXT_SIZE])
{
    size_t len = (size_t) snprintf(ret_text, LEDGER_TEXT_SIZE, "%s, %u days, latest %s,",
                                   state_names[seen->state], seen->days, seen->latest);

    for (size_t i = 0; i < seen->count && len < LEDGER_TEXT_SIZE; i++) {
        len += (size_t) snprintf(ret_text + len, LEDGER_TEXT_SIZE - len, " %s%s/%u",
                                 seen->version[i].id, seen->version[i].enabled ? "" : "/disabled",
                                 seen->version[i].mark);
    }
    return ret_text;
}

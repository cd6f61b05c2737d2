/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of vaults and keys by the answers to all clients together. */
#include <stdio.h>
#include <string.h>

#include "vaults.h"

void annals_init(struct annals *annals, bool exists)
{
    pthread_mutex_init(&annals->mutex, NULL);
    annals->made = exists;
}

void annals_done(struct annals *annals)
{
    pthread_mutex_destroy(&annals->mutex);
}

static unsigned long sum_undone(const struct annals *annals)
{
    return annals->recovered + annals->purged;
}

/* In whatever order they came. */
static enum life judge_life(const struct annals *annals)
{
    if (annals->made == annals->purged) {
        return LIFE_ABSENT;
    }
    return annals->deleted == sum_undone(annals) ? LIFE_LIVE : LIFE_DELETED;
}

static struct moment look_locked(const struct annals *annals)
{
    return (struct moment){
        .under_way = annals->under_way,
        .steps = annals->steps,
        .life = judge_life(annals),
        .incarnation = { annals->purged, annals->purged + annals->purging },
    };
}

struct moment annals_look(struct annals *annals)
{
    struct moment moment;

    pthread_mutex_lock(&annals->mutex);
    moment = look_locked(annals);
    pthread_mutex_unlock(&annals->mutex);
    return moment;
}

struct moment annals_begin(struct annals *annals, enum vaults_operation operation)
{
    struct moment moment;

    pthread_mutex_lock(&annals->mutex);
    moment = look_locked(annals);
    annals->steps++;
    annals->under_way++;
    annals->purging += operation == OP_PURGE;
    pthread_mutex_unlock(&annals->mutex);
    return moment;
}

static void count(struct annals *annals, enum vaults_operation operation, long status)
{
    annals->made += operation == OP_MAKE && status == 201;
    annals->deleted += operation == OP_DELETE && status == 200;
    annals->recovered += operation == OP_RECOVER && status == 200;
    annals->purged += operation == OP_PURGE && status == 204;
}

struct moment annals_end(struct annals *annals, enum vaults_operation operation, long status)
{
    struct moment moment;

    pthread_mutex_lock(&annals->mutex);
    moment = look_locked(annals);
    annals->steps++;
    annals->under_way--;
    annals->purging -= operation == OP_PURGE;
    count(annals, operation, status);
    pthread_mutex_unlock(&annals->mutex);
    return moment;
}

bool annals_add_up(struct annals *annals, char *ret_text, size_t size)
{
    bool adds_up;

    pthread_mutex_lock(&annals->mutex);
    adds_up = annals->under_way == 0 && annals->made - annals->purged <= 1
              && annals->deleted - sum_undone(annals) <= annals->made - annals->purged;
    snprintf(ret_text, size, "%u under way, %lu times made, %lu deleted, %lu recovered, %lu purged",
             annals->under_way, annals->made, annals->deleted, annals->recovered, annals->purged);
    pthread_mutex_unlock(&annals->mutex);
    return adds_up;
}

unsigned deed_begin(struct stress *stress, unsigned vault, unsigned name, unsigned long first)
{
    unsigned number;

    pthread_mutex_lock(&stress->mutex);
    number = stress->deed_count;
    if (number < DEEDS_MAX) {
        stress->deeds[stress->deed_count++] = (struct deed){
            .vault = vault,
            .name = name,
            .incarnation = { first, (unsigned long) -1 },
        };
    }
    pthread_mutex_unlock(&stress->mutex);
    return number;
}

void deed_end(struct stress *stress, unsigned number, unsigned long last, const char *version)
{
    struct deed *deed = &stress->deeds[number];

    pthread_mutex_lock(&stress->mutex);
    deed->incarnation.last = last;
    if (version != NULL) {
        snprintf(deed->version, sizeof(deed->version), "%s", version);
    } else {
        deed->name = NO_NAME;
    }
    pthread_mutex_unlock(&stress->mutex);
}

struct deed deed_at(struct stress *stress, unsigned number)
{
    struct deed deed = { .name = NO_NAME };

    pthread_mutex_lock(&stress->mutex);
    if (number < stress->deed_count) {
        deed = stress->deeds[number];
    }
    pthread_mutex_unlock(&stress->mutex);
    return deed;
}

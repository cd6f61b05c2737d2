/* SPDX-License-Identifier: Apache-2.0 */
/* The public keys that were handed out, over all kills: none of them comes twice. */
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "crash.h"

struct handed_key {
    char *public; /* key.n or key.x, of the answer */
    UT_hash_handle hh;
};

void handed_init(struct handed *handed)
{
    handed->keys = NULL;
    pthread_mutex_init(&handed->mutex, NULL);
}

void handed_done(struct handed *handed)
{
    struct handed_key *key, *next;

    HASH_ITER (hh, handed->keys, key, next) {
        HASH_DEL(handed->keys, key);
        free(key->public);
        free(key);
    }
    pthread_mutex_destroy(&handed->mutex);
}

/* False when it was there. */
static bool add_locked(struct handed *handed, const char *public)
{
    struct handed_key *key = NULL;

    HASH_FIND_STR(handed->keys, public, key);
    if (key != NULL) {
        return false;
    }
    key = calloc(1, sizeof(*key));
    key->public = strdup(public);
    HASH_ADD_KEYPTR(hh, handed->keys, key->public, strlen(key->public), key);
    return true;
}

bool handed_check(struct handed *handed, struct tally *tally, const struct reply *reply)
{
    const char *modulus = reply_text(reply, "key.n");
    const char *public = modulus[0] != '\0' ? modulus : reply_text(reply, "key.x");

    if (public[0] == '\0') { /* a symmetric one */
        return true;
    }
    pthread_mutex_lock(&handed->mutex);
    bool is_new = add_locked(handed, public);
    pthread_mutex_unlock(&handed->mutex);
    return tally_check(tally, PROMISE_UNIQUE, is_new, "once more: %s", public);
}

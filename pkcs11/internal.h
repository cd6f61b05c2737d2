/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of pkcs11/ share: the open token, its session pool, its handle map.
 *
 * Every C_ call goes through the door (door.h).
 *
 * Locks, outermost first (kv/base/lock.def): hsm.check is held by the one thread that checks;
 * hsm.open is a rwlock, shared by everybody who is inside the module and taken alone to re-open
 * it; hsm.objects is one, too, held by a session for as long as it is lent, or while a key is being
 * copied; hsm.turn is held by the one thread that makes copies or ends them; then hsm.copies
 * (copies.c), hsm.handles (map.c), hsm.sentinel and hsm.pool (session.c), which are never held across
 * a C_ call.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "hsm.h"

#define HSM_LABEL_LENGTH 32   /* CK_TOKEN_INFO.label, padded with blanks */
#define HSM_SESSIONS_MAX 1024 /* above any sensible number of threads */

/* Who is asked before a call, and told after it. */
struct hsm_gate {
    hsm_gate_fn *ask;
    hsm_told_fn *tell;
    void *context;
};

/* A loaded module. */
struct hsm_module {
    void *library;
    CK_FUNCTION_LIST *functions;
    struct hsm_gate gate;
    bool initialised; /* by us, so it is ours to finalise */
    atomic_ulong calls, failures;
};

/* Loads the module that the configuration names, behind its gate. `module` is zeroed. */
CK_RV hsm_module_open(const struct hsm_config *config, struct hsm_module *module) kv_must_check;
/* Finalises what we initialised, then unloads. */
void hsm_module_close(struct hsm_module *module);
KV_DEFINE_CLEANUP_VALUE(struct hsm_module, hsm_module_close)

/* C_Initialize with `args` as pReserved; NULL or "" for none. A module that somebody else initialised
 * is fine and will not be finalised. */
CK_RV hsm_module_init(struct hsm_module *module, const char *args) kv_must_check;
void hsm_module_done(struct hsm_module *module);

/* Has the module lock by our mutexes, or by its own where it likes these better. */
void hsm_mutexes_offer(CK_C_INITIALIZE_ARGS *arguments);

/* Pads `text` with blanks to the form CK_TOKEN_INFO has. */
CK_RV hsm_label_pad(const char *text, unsigned char ret_label[HSM_LABEL_LENGTH]) kv_must_check;
bool hsm_label_matches(const CK_TOKEN_INFO *info, const unsigned char label[HSM_LABEL_LENGTH]);

/* The one slot with an initialised token of that label. */
CK_RV hsm_slot_find(struct hsm_module *module, const unsigned char label[HSM_LABEL_LENGTH],
                    CK_SLOT_ID *ret_slot, CK_TOKEN_INFO *ret_info) kv_must_check;
/* The first slot whose token is not initialised. */
CK_RV hsm_slot_find_blank(struct hsm_module *module, CK_SLOT_ID *ret_slot) kv_must_check;

/* A session while it is lent. */
struct hsm_session {
    struct hsm *hsm;
    CK_SESSION_HANDLE handle; /* CK_INVALID_HANDLE: not open */
    bool spent;               /* saw an error: an operation may still be active in it */
    const unsigned char
        *key;         /* its CKA_ID, for the gate; borrowed until the session is given back */
    bool has_objects; /* holds hsm.objects, either way, until it is given back */
    struct hsm_session *next; /* in the pool's stack of idle sessions */
};

struct hsm_pool;
CK_RV hsm_pool_new(struct hsm *hsm, unsigned bound, struct hsm_pool **ret_pool) kv_must_check;
void hsm_pool_free(struct hsm_pool *pool);
/* Closes all sessions; nobody may hold one. */
void hsm_pool_close_sessions(struct hsm_pool *pool);
void hsm_pool_count(struct hsm_pool *pool, unsigned *ret_open, unsigned *ret_lent);

/*
 * Enters the module and lends a session, waiting while all are lent. HSM_RV_TOKEN_GONE at once
 * when the token is not open or is about to be re-opened. A thread holds one at a time: a second
 * could wait for the first.
 */
CK_RV hsm_session_acquire(struct hsm *hsm, struct hsm_session **ret_session) kv_must_check;
/*
 * The same, to make objects of the token, and to search for some and destroy them. SoftHSM fails to
 * unwrap a key, a few times in a thousand, while another thread goes through the token's objects:
 * so those who make objects share a lock that who destroys some has alone, and waits for, which is
 * seconds when an RSA key is being generated.
 */
CK_RV hsm_session_acquire_to_make(struct hsm *hsm, struct hsm_session **ret_session) kv_must_check;
CK_RV hsm_session_acquire_to_destroy(struct hsm *hsm,
                                     struct hsm_session **ret_session) kv_must_check;
/* Gives the session back, closed if it is spent, and leaves the module. */
void hsm_session_release(struct hsm_session *session);
KV_DEFINE_CLEANUP(struct hsm_session *, hsm_session_release)
/* Makes a spent session fit for another call. */
CK_RV hsm_session_renew(struct hsm_session *session) kv_must_check;

/* A key may be two objects of one CKA_ID: itself, and the twin that does its HMAC. */
enum hsm_role { HSM_KEY, HSM_TWIN };
#define HSM_ROLES 2

/* Where a key is, and what is known of its use (hot.c). */
struct hsm_place {
    CK_OBJECT_HANDLE key;  /* of the token */
    CK_OBJECT_HANDLE copy; /* CK_INVALID_HANDLE: none */
    int64_t used;          /* monotonic ms: the last use */
    int64_t seen;          /* monotonic ms: when the key itself was last good for one */
    unsigned run;          /* uses without a pause */
};

struct hsm_map;
CK_RV hsm_map_new(struct hsm_map **ret_map) kv_must_check;
void hsm_map_free(struct hsm_map *map);
KV_DEFINE_CLEANUP(struct hsm_map *, hsm_map_free)
/* Enters, or replaces the handle and forgets what was known of its use. */
CK_RV hsm_map_put(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                  CK_OBJECT_HANDLE handle) kv_must_check;
bool hsm_map_find(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                  CK_OBJECT_HANDLE *ret_handle);
/* Shows the place of a key, under the lock, to `visit`, which must not call back; false when there
 * is no such key. */
typedef void hsm_place_fn(struct hsm_place *place, void *context);
bool hsm_map_visit(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH], enum hsm_role role,
                   hsm_place_fn *visit, void *context);
/* Both roles. */
void hsm_map_remove(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH]);
/* One role, unless it has another handle by now. */
void hsm_map_remove_stale(struct hsm_map *map, const unsigned char id[HSM_ID_LENGTH],
                          enum hsm_role role, CK_OBJECT_HANDLE stale);
/* Moves the entries of `from`, which nobody else knows, to `map` in place of its own. */
void hsm_map_replace(struct hsm_map *map, struct hsm_map *from);
size_t hsm_map_count(struct hsm_map *map);
void hsm_map_each(struct hsm_map *map, hsm_visit_fn *visit, void *context);

/* The wrapping keys: the loss of the sentinel shows that the token was initialised anew. */
enum hsm_wrapping { HSM_SENTINEL, HSM_TRUSTED };
#define HSM_WRAPPINGS 2

struct hsm_held {
    bool adopted;
    unsigned char id[HSM_ID_LENGTH];
    CK_OBJECT_HANDLE handle; /* what it had when it was last found */
};

#define HSM_COPIES_MAX 64

/* The copies, the oldest first from `next` on. Each has a session of its own, and ends with it. */
struct hsm_copies {
    pthread_mutex_t turn; /* lock.def: hsm.turn; who has it makes copies, or ends them */
    bool refused;         /* guarded by turn: this module does not copy keys */
    unsigned next;        /* guarded by turn */

    pthread_mutex_t lock; /* lock.def: hsm.copies; guards the items */
    struct hsm_copy {
        unsigned char id[HSM_ID_LENGTH];
        enum hsm_role role;
        CK_SESSION_HANDLE session;
        CK_OBJECT_HANDLE handle; /* CK_INVALID_HANDLE: a free place */
        unsigned users;
        bool ended; /* goes with its last user */
    } items[HSM_COPIES_MAX];
};

/* CKM_AES_KEY_WRAP_PAD as this module has it (kwp.h). */
struct hsm_kwp {
    CK_MECHANISM_TYPE type;
    bool is_believed; /* it was seen to work, or there was no way to try it */
    bool pads;        /* values that are not whole semiblocks */
    bool encrypts;    /* key wrap is also a mode of encryption, so that values need be no keys */
};

struct hsm {
    /* Set by hsm_open(), not changed after it. */
    char *init_args;
    unsigned char label[HSM_LABEL_LENGTH];
    unsigned char pin[HSM_PIN_MAX];
    size_t pin_len;
    bool extractable;
    struct hsm_capabilities capabilities;
    struct hsm_kwp kwp;
    struct hsm_info info;
    struct hsm_pool *pool;
    struct hsm_map *map;

    pthread_rwlock_t objects_lock; /* lock.def: hsm.objects; guards what is on the token */

    pthread_rwlock_t open_lock; /* lock.def: hsm.open; guards what follows */
    struct hsm_module module;
    bool usable;    /* the token is open and ours */
    bool logged_in; /* by us, so it is ours to log out */
    CK_SLOT_ID slot;
    struct hsm_session anchor; /* keeps the login alive; never lent */

    pthread_mutex_t check_lock; /* lock.def: hsm.check; one at a time; guards what follows */
    time_t not_before;          /* monotonic seconds: no login earlier, after a wrong PIN */
    CK_RV pin_verdict;          /* what the PIN was called then */

    pthread_mutex_t held_lock; /* lock.def: hsm.sentinel; guards what follows */
    struct hsm_held held[HSM_WRAPPINGS];

    struct hsm_copies copies;

    atomic_ulong reopened;
};

/* Initialises the module, finds the token, logs in on the anchor. After a failure, close. */
CK_RV hsm_token_open(struct hsm *hsm) kv_must_check;
/* The user's login, on the anchor; hsm_token_open() has done so. */
CK_RV hsm_log_in(struct hsm *hsm) kv_must_check;
/* Closes as much as is open, in reverse order; the token may be gone. */
void hsm_token_close(struct hsm *hsm);

/* Whether the token answers, has our label and holds the sentinel, if one was adopted. */
CK_RV hsm_look(struct hsm_session *session) kv_must_check;

/* Tries the mechanisms and fills hsm->capabilities. */
CK_RV hsm_probe(struct hsm *hsm) kv_must_check;

/* Handles of all objects that match; free with hsm_handles_done(). */
struct hsm_handles {
    CK_OBJECT_HANDLE *items;
    size_t count;
};
void hsm_handles_done(struct hsm_handles *handles);
KV_DEFINE_CLEANUP_VALUE(struct hsm_handles, hsm_handles_done)
CK_RV hsm_find_objects(struct hsm_session *session, CK_ATTRIBUTE *template, CK_ULONG count,
                       struct hsm_handles *ret_handles) kv_must_check;

/* Fills the map anew with the keys of the token. */
CK_RV hsm_fill_map(struct hsm_session *session) kv_must_check;

/* HSM_RV_NO_KEY for an object that is there and has no CKA_ID of our length. */
CK_RV hsm_read_id(struct hsm_session *session, CK_OBJECT_HANDLE object,
                  unsigned char ret_id[HSM_ID_LENGTH]) kv_must_check;

/* The module does not know the handle any more. */
bool hsm_rv_is_lost(CK_RV rv);
/* The module does not have the mechanism, or not for such a key. */
bool hsm_rv_is_missing(CK_RV rv);

/*
 * Calls `use` with the handle of the key. A handle that turns out to be lost is looked up on the
 * token once; HSM_RV_NO_KEY when the key is not there, another verdict when the token is not.
 */
typedef CK_RV hsm_use_fn(struct hsm_session *session, CK_OBJECT_HANDLE key, void *context);
CK_RV hsm_use_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                  enum hsm_role role, hsm_use_fn *use, void *context) kv_must_check;

/*
 * The same for what a client may ask for many times a second. The work of a key that is used all
 * the time is done by a copy, which is a session object (§10.1 of the base: C_CopyObject): as
 * private, as sensitive and as little extractable, and not looked up in the token's files at each
 * use. The key itself works every HSM_COPY_TRUST ms, so one that is gone is missed as soon.
 */
#define HSM_COPY_TRUST 20 /* ms that a copy is believed in after the key was good for a use */
#define HSM_COPY_AFTER 64 /* uses, none longer than that after the one before */
CK_RV hsm_use_hot_key(struct hsm_session *session, const unsigned char id[HSM_ID_LENGTH],
                      enum hsm_role role, hsm_use_fn *use, void *context) kv_must_check;

/* What a call that failed later on has made: destroyed, if the token lets it. */
void hsm_discard(struct hsm_session *session, CK_OBJECT_HANDLE object);

/*
 * The verdict on work with bytes of the caller's that answered `rv`: modules answer bad ones with
 * a general error, so then the token is looked at, and `bad_input` returned when it is well.
 */
CK_RV hsm_judge(struct hsm_session *session, CK_RV rv, CK_RV bad_input) kv_must_check;

/* The handle of a wrapping key; HSM_RV_OTHER_TOKEN when there is none. */
CK_RV hsm_find_wrapping_key(struct hsm_session *session, enum hsm_wrapping which,
                            CK_OBJECT_HANDLE *ret_key) kv_must_check;
/* Its CKA_ID, and the handle it had when it was last found; false when no such key was adopted. */
bool hsm_held_read(struct hsm *hsm, enum hsm_wrapping which, unsigned char ret_id[HSM_ID_LENGTH],
                   CK_OBJECT_HANDLE *ret_handle);
/* From now on this object is that wrapping key. */
void hsm_hold(struct hsm *hsm, enum hsm_wrapping which, const unsigned char id[HSM_ID_LENGTH],
              CK_OBJECT_HANDLE handle);
bool hsm_has_trusted(struct hsm *hsm);

/* An element of a CK_ATTRIBUTE template whose value is a variable or an array. */
#define HSM_ATTRIBUTE(type, variable)                                                              \
    {                                                                                              \
        (type), (void *) &(variable), sizeof(variable)                                             \
    }

/* For labels and ids, which are no secrets. */
static inline bool hsm_bytes_are_equal(const unsigned char *one, const unsigned char *other,
                                       size_t len)
{
    size_t same = 0;

    while (same < len && one[same] == other[same]) {
        same++;
    }
    return same == len;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - sessions, lent by a pool; core.h says what one is. */
#pragma once

#include "hsm.h"

struct hsm_session;
struct hsm_pool;
CK_RV hsm_pool_new(struct hsm *hsm, unsigned bound, struct hsm_pool **ret_pool) kv_must_check;
void hsm_pool_free(struct hsm_pool *pool);
/* Closes all sessions; nobody may hold one. */
void hsm_pool_close_sessions(struct hsm_pool *pool);
void hsm_pool_count(struct hsm_pool *pool, unsigned *ret_open, unsigned *ret_lent);

/*
 * Enters the module and lends a session, waiting while all are lent. Returns HSM_RV_TOKEN_GONE at
 * once if the token is not open or is about to be re-opened, and what the PIN was called if that is
 * why it is not. A thread holds one at a time: a second
 * could wait for the first.
 */
CK_RV hsm_session_acquire(struct hsm *hsm, struct hsm_session **ret_session) kv_must_check;
/*
 * The same, to make objects on the token, or to search for some and destroy them. SoftHSM fails to
 * unwrap a key, a few times in a thousand, while another thread iterates over the token's objects:
 * so threads that make objects share a lock that a thread that destroys some holds exclusively,
 * after waiting for them, which takes seconds if an RSA key is being generated.
 */
CK_RV hsm_session_acquire_to_make(struct hsm *hsm, struct hsm_session **ret_session) kv_must_check;
CK_RV hsm_session_acquire_to_destroy(struct hsm *hsm,
                                     struct hsm_session **ret_session) kv_must_check;
/*
 * To generate a pair: where that gives drafts (settle.h), which are no objects of the token, the lock
 * is taken by hsm_session_begin_to_make() alone, once the draft is to be copied there. So nobody who
 * destroys waits for a generation, nor does anybody behind him.
 */
CK_RV hsm_session_acquire_to_generate(struct hsm *hsm,
                                      struct hsm_session **ret_session) kv_must_check;
void hsm_session_begin_to_make(struct hsm_session *session);
/* Gives the session back, closed if it is spent, and leaves the module. */
void hsm_session_release(struct hsm_session *session);
KV_DEFINE_CLEANUP(struct hsm_session *, hsm_session_release)
/* Makes a spent session fit for another call. */
CK_RV hsm_session_renew(struct hsm_session *session) kv_must_check;

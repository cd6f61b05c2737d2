/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/identity/keeping.h - principals that are lost for a while, and come back with the ids and
 * credentials they had: for failures that are acted out on the real thing.
 *
 * As in kv/keys/keeping.h: a text that only kv_principal_put_back() reads, which outlives a restart.
 * Thread-safe.
 */
#pragma once

#include "kv/base/buf.h"
#include "kv/identity/principals.h"

/* How a principal can be lost. */
enum kv_principal_loss {
    KV_LOSS_DELETED,        /* as by kv_principal_delete(), but nothing that hangs on it goes */
    KV_LOSS_DISABLED,       /* as by kv_principal_enable() */
    KV_LOSS_SECRETS_EXPIRED /* its secrets are past their end, of those that have one now */
};

/* Appends the text about a principal, which lives or can be made up on demand; KV_NOT_FOUND. */
enum kv_code kv_principal_keep(struct kv_principals *principals, const char *name,
                               struct kv_buf *text, struct kv_err *err) kv_must_check;

/* Loses it. KV_CONFLICT when no secret of it could expire. */
enum kv_code kv_principal_lose(struct kv_principals *principals, const char *name,
                               enum kv_principal_loss loss, kv_time now,
                               struct kv_err *err) kv_must_check;

/* Its state and the ends of its secrets are as they were; one that had been made up is made up again,
 * unless it was given credentials meanwhile. */
enum kv_code kv_principal_put_back(struct kv_principals *principals, const char *kept,
                                   struct kv_err *err) kv_must_check;

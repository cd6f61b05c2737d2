/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.h - what the files of the explainer share: the question, and what one step finds.
 * Private to api/control.
 */
#pragma once

#include <stdio.h>

#include "kv/access/access.h"
#include "kv/identity/caller.h"
#include "kv/identity/principals.h"
#include "private.h"

/* What an operation looks for before it can be carried out. */
enum why_target {
    WHY_NO_KEY, /* none: a list, a restore */
    WHY_LIVE_KEY,
    WHY_DELETED_KEY,
    WHY_FREE_NAME, /* one that no deleted key has */
};

/* A row of the operations that can be asked about. */
struct why_operation {
    const char *name; /* the word of access policies, where there is one */
    enum kv_permission permission;
    enum why_target target;
    enum kv_key_op op; /* KV_OP_COUNT: it is none of the key operations */
};

#define WHY_TEXT_SIZE 1024
#define WHY_WHO_SIZE 384

/* Into a text of WHY_TEXT_SIZE; what does not fit is cut. */
#define SAY(text, ...) ((void) snprintf((text), WHY_TEXT_SIZE, __VA_ARGS__))

/* The question, made out of the request. Borrowed from it, but for the vault. */
struct why_question {
    const struct kv_request *request;
    const struct why_operation *operation;
    const struct kv_vault *vault; /* living or deleted */
    const char *key, *version;    /* NULL: none was named */
    char who[WHY_WHO_SIZE];       /* how commands name the caller: " --identity app" */
    struct kv_principal_entry entry;
    bool has_entry; /* false: there is no such identity */
    struct kv_principal principal;
    bool has_token;        /* the question is about a certain token, */
    bool is_known;         /* and it says whose it is; */
    struct kv_err refusal; /* and this is what the vault says of it; KV_OK: it is good */
    char groups[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    const char *address; /* where the caller is */
    char caller[KV_CALLER_SIZE];
    struct kv_access_question access;
    unsigned refusals;   /* how many steps refuse */
    struct kv_key found; /* the version, once the step `key` has found it */
    bool has_found;
};

/* What a step says: why it passes or refuses, and what would turn a refusal; each a sentence or a
 * command, "" for nothing. */
struct why_finding {
    char because[WHY_TEXT_SIZE];
    char cure[WHY_TEXT_SIZE];
    cJSON *grants;   /* heap or NULL: everything granted to the caller, and what it comes to */
    bool is_skipped; /* an earlier step found nothing to judge */
};

/* KV_OK, or the refusal that the data plane would answer with, in *err. */
typedef enum kv_code why_step_fn(struct why_question *question, struct why_finding *finding,
                                 struct kv_err *err);

/* A certain token: why_token.c. Reading it finds the principal. KV_UNAVAILABLE: not now. */
enum kv_code why_read_token(struct why_question *question, const char *token,
                            struct kv_err *err) kv_must_check;
enum kv_code why_judge_token(const struct why_question *question, struct why_finding *finding,
                             struct kv_err *err) kv_must_check;

why_step_fn why_vault, why_token, why_firewall, why_region; /* why_caller.c */
why_step_fn why_authorization;                              /* why_access.c */
why_step_fn why_key, why_state, why_key_ops;                /* why_key.c */

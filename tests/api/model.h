/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the model case: a service's user-assigned identity that may get, wrap and unwrap with a
 * key at a vault or a managed HSM, something that takes that away, and the answer, whole.
 *
 * Texts of rows are templates; a name between braces stands for what the case has of it: {vault},
 * {id} the identity's name, {role} what it has, {caller} and {in full} as refusals name it,
 * {subscription}, {oid}.
 */
#pragma once

#include "../support/api.h"

#define MODEL_TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define MODEL_OTHER "0a0a0a0a-0000-4000-8000-0b0b0b0b0b0b"
#define MODEL_ACTS 3

struct model {
    const struct daemon *daemon;
    char name[32]; /* of the vault and of the identity, which are this case's alone */
    bool is_hsm;
    struct client client; /* with a token of the identity */
    const char *tenant;   /* that challenges name */
    char caller[256], in_full[640], subscription[40], oid[40];
};

/* A request to the control port. */
struct model_act {
    const char *method, *target, *body;
};

struct model_row {
    const char *name; /* of the case; its vault's, too */
    const char *access;
    struct model_act act[MODEL_ACTS]; /* what takes it away; ends with one without a method */
    bool anew;                        /* the service asks for a token afterwards */
    long status;                      /* of unwrapKey then; 200: as before */
    const char *code, *inner;         /* NULL: none */
    const char *message;
    const char *step;    /* of the explainer that decides; NULL: it allows it */
    const char *because; /* in what its step says; that of the token where none decides */
};

/* A vault and an identity that is let in: with its role, or at a vault with access policies with the
 * three permissions. */
void model_begin(struct model *model, const struct daemon *daemon, const struct model_row *row,
                 bool is_hsm);
void model_end(struct model *model);

/* Fills a template in; a static buffer for each `which` of 0 to 2. */
const char *model_fill(const struct model *model, const char *text, int which);

void model_act(const struct model *model, const struct model_act *act);

/* A new token of the identity, and its ids, which may be others now. */
void model_log_in(struct model *model);

/* The operation that the whole case is about, of a key that nobody has to have made. */
struct reply model_unwrap(struct model *model, const char *value);

/* The identity gets, wraps and unwraps. */
void model_expect_use(struct model *model);

/* The whole answer, with its challenge where it is a 401, and what the explainer says. */
void model_expect(struct model *model, const struct model_row *row);

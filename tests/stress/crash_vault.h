/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_vault.h - the landlords of the crash test: each makes, changes, deletes, recovers and purges
 * vaults that nobody else touches, has keys made in them, and keeps a ledger of what was
 * acknowledged.
 *
 * A landlord belongs to one thread at a time; what it shares is what a worker shares.
 */
#pragma once

#include "crash.h"

#define LANDLORD_VAULTS 4
#define LODGERS 2

/* A key in a vault. */
struct lodger {
    char name[16];
    unsigned mark; /* the value of its only tag; no two keys have the same */
};

/* What one client knows of one vault. */
struct ledger_vault {
    char name[16];
    bool is_hsm;
    enum ledger_state state;
    bool purged; /* a purge was acknowledged, ever */
    bool is_premium;
    unsigned days; /* its retention */
    struct lodger key[LODGERS];
    size_t count; /* of its keys; kept while it is deleted */
};

#define LODGER_KIND 1 /* of crash_kinds */
struct landlord {
    struct client client, hsm_client;
    struct tally *tally;
    const atomic_bool *doomed;
    atomic_flag *making;
    const struct cargo *cargo;
    struct aim *aim;
    struct dice dice;
    unsigned marks;
    struct ledger_vault vault[LANDLORD_VAULTS];
    struct {
        enum crash_operation operation;
        struct ledger_vault *vault; /* NULL: nothing is in flight */
        struct ledger_vault after;
    } flight;
    struct deeds deeds[OP_ALL - OP_COUNT];
};

/* Gives it its vaults' names, and makes none; clients and the rest are the caller's to fill in. */
void landlord_init(struct landlord *landlord, unsigned number);
void landlord_done(struct landlord *landlord);

/* As what a worker does under these names. */
void landlord_pose(struct landlord *landlord);
void landlord_load(struct landlord *landlord);
void landlord_audit(struct landlord *landlord);

/* A request about a vault to the control port, and one to the vault itself. */
struct reply landlord_control(struct landlord *landlord, const struct ledger_vault *vault,
                              const char *method, const char *behind, const char *body);
struct reply landlord_send(struct landlord *landlord, const struct ledger_vault *vault,
                           const char *method, const char *path, const char *body);

/* What is seen of a vault's name: by the control port, and of one that lives, by a list of keys. */
#define VAULT_SIGHTING_KEYS 25
struct vault_sighting {
    enum ledger_state state;
    bool is_premium;
    unsigned days;
    struct lodger key[VAULT_SIGHTING_KEYS];
    size_t count;
};
bool vault_look(struct landlord *landlord, const struct ledger_vault *vault,
                struct vault_sighting *ret_seen);

/* True when what is seen is what the ledger says, no more and no less. */
bool vault_explains(const struct ledger_vault *vault, const struct vault_sighting *seen);
const char *vault_describe(const struct ledger_vault *vault, char ret_text[LEDGER_TEXT_SIZE]);
const char *vault_sighting_describe(const struct vault_sighting *seen,
                                    char ret_text[LEDGER_TEXT_SIZE]);

/* What the ledger says exists; keys of deleted vaults, too. */
size_t landlord_vaults(const struct landlord *landlord);
size_t landlord_keys(const struct landlord *landlord);

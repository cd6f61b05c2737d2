/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/access/firewall.h - from where a vault can be reached: its network settings, in the words of the
 * resource manager, and what they decide (control-plane.md §5.5, contract §9.3).
 *
 * Settings are rows of the store, under the id of the vault, and go with it; a vault without any has
 * the defaults: whoever has a token is let in from everywhere. The index of kv/access/access.h answers
 * requests: once a change has returned KV_OK, every later request knows of it. With a delay it counts
 * that much later by the virtual clock. Thread-safe, but for struct kv_network, which is plain data.
 */
#pragma once

#include "kv/access/access.h"
#include "kv/base/agenda.h"
#include "kv/base/cidr.h"

/* Settings that are a word; the values of each are in the order of its words. */
enum kv_network_word {
    KV_NETWORK_DEFAULT_ACTION,
    KV_NETWORK_BYPASS,
    KV_NETWORK_PUBLIC_ACCESS,
    KV_NETWORK_WORDS
};
enum { KV_DEFAULT_ALLOW, KV_DEFAULT_DENY };
enum { KV_BYPASS_AZURE_SERVICES, KV_BYPASS_NONE };
enum { KV_PUBLIC_ENABLED, KV_PUBLIC_DISABLED, KV_PUBLIC_SECURED_BY_PERIMETER };

/* Settings that are a list of ranges. */
enum kv_network_list { KV_NETWORK_RULES, KV_NETWORK_PRIVATE, KV_NETWORK_LISTS };

/* The rows of both, by their place: how the resource manager, and how options name them. */
struct kv_network_word_row {
    const char *name, *option;
    const char *words[4]; /* NULL-terminated */
};
struct kv_network_list_row {
    const char *name, *option;
    size_t max; /* ranges of a vault */
};
const struct kv_network_word_row *kv_network_word_row(enum kv_network_word word);
const struct kv_network_list_row *kv_network_list_row(enum kv_network_list list);

#define KV_NETWORK_RULES_MAX 1000    /* as in the service */
#define KV_NETWORK_PRIVATE_MAX 64    /* as it has private endpoints */
#define KV_NETWORK_RANGES_MAX 100000 /* of all vaults together */
#define KV_NETWORK_CHANGES_MAX 64    /* of a vault, that are under way */

struct kv_network {
    unsigned word[KV_NETWORK_WORDS];
    struct kv_cidrs list[KV_NETWORK_LISTS]; /* as they were given */
    kv_millis since, until; /* when it counts; INT64_MIN: from the beginning, INT64_MAX: for good */
};
void kv_network_done(struct kv_network *network);
KV_DEFINE_CLEANUP_VALUE(struct kv_network, kv_network_done)

/* What is to become of the settings that are given; the others stay as they are. */
enum kv_network_mode {
    KV_NETWORK_REPLACE, /* and those not given have their defaults */
    KV_NETWORK_SET,
    KV_NETWORK_ADD,   /* the ranges, to those there are; words as with SET */
    KV_NETWORK_REMOVE /* the ranges from them; KV_NOT_FOUND for one that is not there */
};
struct kv_network_change {
    enum kv_network_mode mode;
    unsigned words_given, lists_given; /* a bit 1 << place for each */
    struct kv_network to;              /* what is given; owned */
};
void kv_network_change_done(struct kv_network_change *change);
KV_DEFINE_CLEANUP_VALUE(struct kv_network_change, kv_network_change_done)

/* Adds to a change: a word in any case, a range. KV_BAD_PARAMETER for another word, text that is no
 * range, and more ranges than there may be. */
enum kv_code kv_network_give_word(struct kv_network_change *change, enum kv_network_word word,
                                  const char *value, struct kv_err *err) kv_must_check;
enum kv_code kv_network_give_range(struct kv_network_change *change, enum kv_network_list list,
                                   const char *range, struct kv_err *err) kv_must_check;

/* The settings of a vault: the latest ones, even if they do not count yet. */
enum kv_code kv_network_get(struct kv_access *access, const struct kv_vault *vault,
                            struct kv_network *ret_network, struct kv_err *err) kv_must_check;

/* Changes them, in one step. KV_CONFLICT when there are too many ranges, or too many changes under
 * way. */
enum kv_code kv_network_change(struct kv_access *access, const struct kv_vault *vault,
                               const struct kv_network_change *change, kv_millis now,
                               struct kv_network *ret_network, struct kv_err *err) kv_must_check;

/*
 * Gives a vault that is being made its settings, in the transaction on `db` that makes it: they
 * count from the beginning of time, whatever the delay is and wherever the clock goes. Of the change
 * its mode says nothing. KV_CONFLICT as above. The index is read anew by whoever asks after
 * kv_access_empty(), which comes before it in that transaction.
 */
enum kv_code kv_network_settle(struct kv_db *db, const struct kv_vault *vault,
                               const struct kv_network_change *change,
                               struct kv_err *err) kv_must_check;

/* For the agenda: when settings next begin or cease to count, later than `after`, INT64_MAX: never;
 * and what there is to do then, which tells `report` of the vaults. */
enum kv_code kv_network_next(struct kv_access *access, kv_millis after, kv_millis *ret_due,
                             struct kv_err *err) kv_must_check;
enum kv_code kv_network_run(struct kv_access *access, kv_millis at, struct kv_agenda_report *report,
                            struct kv_err *err) kv_must_check;

/* --- the decision --- */

enum kv_network_verdict {
    KV_NETWORK_LETS_IN,
    KV_NETWORK_KEEPS_ADDRESS_OUT, /* and the caller is no trusted service, */
    KV_NETWORK_KEEPS_ALL_OUT,     /* or trusted services are not let in either */
    KV_NETWORK_KEEPS_PERIMETER,   /* the network security perimeter does not let it in */
    KV_NETWORK_KEEPS_PUBLIC_OUT,  /* public access is off; as above, both */
    KV_NETWORK_KEEPS_ALL_PUBLIC_OUT,
};

/* Decides by settings whose lists are sorted (kv_cidrs_sort()). Touches nothing else. */
enum kv_network_verdict kv_network_decide(const struct kv_network *sorted,
                                          const struct kv_address *client, bool is_trusted);

/* Whether a resource, by its id, is one of a service that Key Vault trusts (control-plane.md §4.7):
 * trusted_service.def. In any case; "" is none. */
bool kv_network_trusts(const char *resource_id);

/* What a request asks; all borrowed. */
struct kv_network_question {
    const struct kv_vault *vault;
    const char *client;                  /* its address; one that is none is in no range */
    bool is_trusted;                     /* the caller is a trusted service */
    const char *caller, *caller_in_full; /* as refusals show it, without and with its resources */
    kv_millis now;
};

/* KV_OK, KV_FORBIDDEN_BY_FIREWALL or KV_FORBIDDEN_BY_CONNECTION; KV_UNAVAILABLE while the settings
 * cannot be read. */
enum kv_code kv_network_check(struct kv_access *access, const struct kv_network_question *question,
                              struct kv_err *err) kv_must_check;

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/cmk/cmk.h - what a service wants of a customer-managed key: the rules of both FHIR documents, of
 * the DICOM page and of "Common errors with customer-managed keys" (control-plane.md §0, §4.1, §4.6).
 *
 * Facts go in, a finding for each rule comes out; nothing here asks anybody for anything. Whoever
 * fills the facts (coffer doctor by HTTPS, a deployment from the store) leaves what it cannot know.
 * All of it is pure: any thread, nothing is allocated, and what is returned by value is the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

/* --- the URL of a key encryption key --- */

#define KV_CMK_URL_MAX 512     /* bytes */
#define KV_CMK_HOST_SIZE 254   /* of a DNS name, with its NUL */
#define KV_CMK_NAME_SIZE 128   /* of a key's name: 127 characters */
#define KV_CMK_VERSION_SIZE 33 /* 32 hexadecimal digits */
#define KV_CMK_NAMES_MAX 94    /* a vault's and a key's name together (configure page) */

struct kv_cmk_url {
    char host[KV_CMK_HOST_SIZE];       /* in lower case, without the port */
    unsigned port;                     /* 443 when none is given */
    char vault[KV_CMK_HOST_SIZE];      /* the first label of the host */
    char key[KV_CMK_NAME_SIZE];        /* as it was written */
    char version[KV_CMK_VERSION_SIZE]; /* "": the URL names none */
};

/*
 * https://HOST[:PORT]/keys/NAME[/VERSION], with a slash at its end or without. KV_BAD_PARAMETER says
 * what is wrong with any other text; then *ret_url is as far as it could be read.
 */
enum kv_code kv_cmk_url_parse(const char *text, struct kv_cmk_url *ret_url,
                              struct kv_err *err) kv_must_check;

/* --- profiles --- */

enum kv_cmk_profile {
    KV_CMK_FHIR_2023,          /* the configure page */
    KV_CMK_FHIR_BEST_PRACTICE, /* the best-practices page */
    KV_CMK_DICOM,
    KV_CMK_PROFILE_COUNT
};

/* "fhir-2023", ...; never NULL. */
const char *kv_cmk_profile_name(enum kv_cmk_profile profile);
/* By that name; "fhir" is the best-practices page, the later one. False: there is none. */
bool kv_cmk_profile_find(const char *name, enum kv_cmk_profile *ret_profile);

/* --- facts --- */

enum kv_cmk_fact { KV_CMK_NOT_KNOWN, KV_CMK_NO, KV_CMK_YES };

enum kv_cmk_key_state {
    KV_CMK_KEY_NOT_KNOWN,
    KV_CMK_KEY_ABSENT,
    KV_CMK_KEY_DELETED,
    KV_CMK_KEY_LIVE
};

/* How a vault decides who may do what: which command grants something. */
enum kv_cmk_mode { KV_CMK_RBAC, KV_CMK_POLICY };

/* One thing that somebody answered or did; `said` says it in words, borrowed, NULL: nothing to say. */
struct kv_cmk_answer {
    enum kv_cmk_fact is;
    const char *said;
};

/* Zeroed, it knows nothing. Texts are borrowed; NULL: not known. */
struct kv_cmk_facts {
    const char *url; /* as the service is given it */
    kv_time now;     /* by the clock that vault and service go by */

    struct kv_cmk_answer answers; /* the vault can be reached */
    const char *reach; /* what shows why not, with blanks as in rule.def; NULL: as that has it */
    enum kv_cmk_fact vault_live; /* NO: it is deleted */
    enum kv_cmk_fact soft_delete, purge_protection;
    enum kv_cmk_mode mode;
    const char *vault_tenant, *vault_region;
    enum kv_cmk_fact firewall_closed; /* not open to everybody */
    enum kv_cmk_fact bypass;          /* trusted services pass it all the same */

    enum kv_cmk_key_state key_state;
    const char *kty;          /* "RSA", "RSA-HSM", "EC", ... */
    unsigned bits;            /* of an RSA modulus; 0: not known */
    enum kv_cmk_fact enabled; /* attributes.enabled */
    bool has_dates;           /* the next two are known; 0 in them: the key has none */
    kv_time not_before, expires;
    enum kv_cmk_fact op_wrap, op_unwrap; /* in key_ops */

    const char *identity; /* how a command names whoever uses the key; NULL: the service's own */
    const char *service_tenant, *service_region;
    struct kv_cmk_answer logs_in; /* the identity gets a token */
    struct kv_cmk_answer moved;   /* to another subscription or tenant since it was deployed */
    struct kv_cmk_answer may_get, may_wrap, may_unwrap;
    struct kv_cmk_answer probe; /* 32 bytes wrapped with RSA1_5 came back */

    const char *control; /* the control port's URL, when the vault is coffer's; NULL: it is not */
};

/* --- findings --- */

enum kv_cmk_rule {
#define X(symbol, id, profiles, error, judge, where, says, coffer, azure) KV_CMK_RULE_##symbol,
#include "kv/cmk/rule.def"
#undef X
    KV_CMK_RULE_COUNT
};

enum kv_cmk_verdict { KV_CMK_HOLDS, KV_CMK_FAILS, KV_CMK_OPEN /* not known */ };

struct kv_cmk_finding {
    enum kv_cmk_rule rule;
    const char *id;    /* "key-size"; literals, as the next two */
    const char *says;  /* the rule, as a sentence */
    const char *error; /* its name on the page of common errors; NULL: it has none */
    enum kv_cmk_verdict verdict;
    char found[256]; /* what is so */
    char where[192]; /* where that was found */
    char mend[512];  /* the command that mends it; "": it does not fail */
};

/*
 * Holds the facts against each rule of the profile, in the order of rule.def, and returns how many
 * findings there are. A caller that refuses by them takes the first that KV_CMK_FAILS.
 */
size_t kv_cmk_check(enum kv_cmk_profile profile, const struct kv_cmk_facts *facts,
                    struct kv_cmk_finding ret_findings[KV_CMK_RULE_COUNT]);

/* "holds", "fails" or "not known". */
const char *kv_cmk_verdict_name(enum kv_cmk_verdict verdict);

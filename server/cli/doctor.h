/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.h - the parts of `coffer doctor`: the facts of a key are asked of the control port, where the
 * vault is coffer's, and of the vault itself, as the identity. Whatever cannot be found out stays not
 * known; only what keeps the doctor from asking at all is an error. Private to the files beside it.
 */
#pragma once

#include <curl/curl.h>

#include "kv/cmk/cmk.h"
#include "server.h"

#define DOCTOR_SAID_SIZE 512
#define DOCTOR_TOKEN_MAX 32768 /* bytes; twice what a vault reads */

/* Texts of the facts, which borrow them. */
struct doctor_texts {
    char answers[DOCTOR_SAID_SIZE], logs_in[DOCTOR_SAID_SIZE], probe[DOCTOR_SAID_SIZE];
    char may_get[DOCTOR_SAID_SIZE], may_wrap[DOCTOR_SAID_SIZE], may_unwrap[DOCTOR_SAID_SIZE];
    char moved[DOCTOR_SAID_SIZE];
    char kty[32], vault_tenant[64], vault_region[64], service_tenant[64];
};

struct doctor {
    const struct kv_options *options; /* borrowed */
    struct kv_cmk_url url;
    struct kv_cmk_facts facts;
    struct doctor_texts texts;
    struct kv_cli_server server;
    bool is_coffer;      /* the vault is one of `server`'s */
    unsigned own_port;   /* at which that answers HTTPS; 0: not known */
    struct kv_buf ca;    /* that server's; empty: the system's are trusted */
    struct kv_buf token; /* a secret; empty: there is none */
};

/* Prints a text of somebody else's into one of struct doctor_texts, and has it stand with the fact. */
#define DOCTOR_SAY(answer, text, ...)                                                              \
    do {                                                                                           \
        (void) snprintf((text), sizeof(text), __VA_ARGS__);                                        \
        (answer)->said = (text);                                                                   \
    } while (0)

/* --- doctor_control.c --- */

/* Finds out whether the vault is a running coffer's, and then what its control port knows of vault,
 * key, identity and rights; and gets a token for the identity there. */
enum kv_code doctor_ask_control(struct doctor *doctor, struct kv_err *err) kv_must_check;

/* --- doctor_service.c --- */

/* Asks coffer whether a resource of its own resource manager uses the key, and what is known of that. */
enum kv_code doctor_ask_service(struct doctor *doctor, struct kv_err *err) kv_must_check;

/* --- doctor_ask.c --- */

/* What a vault answered. */
struct doctor_reply {
    long status;       /* 0: it did not; `said` says why, */
    const char *reach; /* and this how to look into it: a literal, with blanks as in rule.def */
    cJSON *json;       /* NULL: none */
    char said[DOCTOR_SAID_SIZE];
    char challenge[512], region[64]; /* headers; "": not there */
};
void doctor_reply_done(struct doctor_reply *reply);
KV_DEFINE_CLEANUP_VALUE(struct doctor_reply, doctor_reply_done)

/* `path` is below the vault; `body` NULL is a GET. With the token if there is one and it is wanted.
 * An error is one of memory alone. */
enum kv_code doctor_ask(const struct doctor *doctor, const char *path, const cJSON *body,
                        bool with_token, struct doctor_reply *ret_reply,
                        struct kv_err *err) kv_must_check;

/* --- doctor_reach.c --- */

/* Says what was tried and why there is no answer: `detail` is what curl says of it, or "". Returns what to
 * do, a literal with blanks as in rule.def. */
const char *doctor_describe_silence(const struct doctor *doctor, CURL *curl, CURLcode rc,
                                    const char *detail, char ret_said[DOCTOR_SAID_SIZE]);

/* --- doctor_key.c --- */

/* Has the vault asked: does it answer, whose is it, what is the key, and does what is wrapped with it
 * come back. */
enum kv_code doctor_ask_vault(struct doctor *doctor, struct kv_err *err) kv_must_check;

/* Facts that the vault's and the control port's answers have in common: a list of key operations. */
void doctor_take_operations(struct doctor *doctor, const cJSON *list);
enum kv_cmk_fact doctor_fact(bool is_so);

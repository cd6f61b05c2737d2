/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - one check of a consumer's key, or one deployment: requests one after another, as the
 * client library makes them (consumers.md §1.2), and what came of them.
 *
 * It belongs to the engine's thread. What it needs of the consumer it copies when it begins.
 */
#pragma once

#include "core.h"
#include "kv/base/buf.h"
#include "kv/base/json.h"

#define PROBE_TRIES 4 /* of a request: Azure.Core's three retries */
#define ANSWER_MAX_KIB 64
#define ANSWER_MAX (ANSWER_MAX_KIB * 1024) /* bytes of a body that is read */

/* What is being asked. */
enum job {
    JOB_CHALLENGE, /* the first request of a client has no token */
    JOB_LOGIN,
    JOB_GET,
    JOB_WRAP,
    JOB_UNWRAP,
    JOB_OPEN_DEK,
    JOB_SEAL_DEK,
};

/* The key as the vault shows it. */
struct key_facts {
    bool is_known;
    bool is_rsa, is_hsm, can_wrap, is_purgeable;
    unsigned bits;
    int64_t not_before, expires; /* seconds; 0: none */
    char kid[KV_CONSUMER_URL_MAX + 1];
    unsigned char n[WRAPPED_MAX], e[8];
    size_t n_len, e_len;
};

struct bytes {
    unsigned char data[WRAPPED_MAX];
    size_t len;
};

struct probe {
    struct kv_consumers *consumers;
    struct consumer *consumer; /* stays as long as it is busy */
    bool deploys;
    struct settings settings;
    struct wrapped wrapped;
    bool has_dek;                            /* from the beginning */
    unsigned char dek[KV_CONSUMER_DEK_SIZE]; /* secret */
    kv_millis at;                            /* of the virtual clock */
    kv_millis took;                          /* of it: pauses and silences */

    char *token;           /* secret, heap */
    kv_millis token_until; /* real */
    char resource[300];    /* that the challenge names */
    bool has_logged_in;    /* since this began */
    bool is_anonymous;     /* the vault wants no token */

    bool follows;          /* it goes by the version that its DEK is wrapped by, */
    bool looks;            /* and looks whether there is a new one */
    char note[CAUSE_SIZE]; /* what is said of it when it ends well; "" */

    const enum act *acts;
    size_t act;
    bool is_dek_open, is_dek_sealed; /* each is done, or not needed */
    enum job job;
    unsigned tries;       /* of this request */
    kv_millis not_before; /* monotonic: when it is sent */
    bool is_sent;
    kv_millis sent_at; /* monotonic */

    CURL *curl;
    struct curl_slist *headers, *connect_to;
    struct kv_buf url, sent, answer;
    char challenge[512]; /* WWW-Authenticate */
    long retry_after;    /* seconds; -1: none */
    bool is_too_long;    /* the body: what was read of it is gone */

    struct key_facts facts;
    unsigned char plain[KV_CONSUMER_DEK_SIZE];
    struct bytes blob; /* what was wrapped */

    bool is_over;
    struct finding finding;
};

/* NULL: out of memory. `consumer` is busy from now on; called with the mutex of the table. */
struct probe *probe_new_locked(struct kv_consumers *consumers, struct consumer *consumer,
                               bool deploys, kv_millis at);
/* Gives the token back to the consumer, with the mutex. */
void probe_return_token_locked(struct probe *probe);
void probe_free(struct probe *probe);

/* flow.c: decides what to ask next, and does what needs no asking. False: it is over. */
bool probe_advance(struct probe *probe);
/* A request has ended; 0 and a status, or what libcurl says. */
void probe_take(struct probe *probe, CURLcode result, long status);
/* It is over, with this. */
void probe_end(struct probe *probe, enum outcome outcome, long status, const char *format, ...)
    kv_printf(4, 5); /* outcome.c */

/* outcome.c. `outcome` with what the vault, or the IMDS, has answered; a body that makes no sense. */
void probe_end_refused(struct probe *probe, enum outcome outcome, long status);
void probe_end_unread(struct probe *probe, long status);

/* dek.c: wraps what is given by the public key, into `blob`. False: it is over. */
bool probe_wrap(struct probe *probe, const unsigned char *plain);
/* After the check: has the DEK opened if it is not in memory, and sealed if this version has not; ends
 * it well. False: nothing is to be asked. */
bool dek_advance(struct probe *probe);
/* `blob` is the DEK, wrapped by the key that was got. */
void dek_keep_sealed(struct probe *probe);

/* look.c: decides whether this probe looks for a new version. Called with the mutex of the table. */
void look_begin_locked(struct probe *probe);
/* The key was got. True: it has no new version, and an ordinary check of the one in use begins. */
bool look_finds_nothing(struct probe *probe);
/* It is over because the new version cannot be used: true: it goes on with the one it has. */
bool look_falls_back(struct probe *probe);
/* The URL of the key that is asked now. */
const char *look_url(const struct probe *probe);

/* request.c: makes the request of `job` ready to be sent; `silence`: real ms that an answer may take. */
enum kv_code request_prepare(struct probe *probe, long silence, struct kv_err *err) kv_must_check;
const char *job_name(enum job job);

/* answer.c: reads the body of a success; false: it is none that can be read. */
bool answer_read_key(struct probe *probe);
bool answer_read_bytes(const struct probe *probe, struct bytes *ret_bytes);
bool answer_read_token(struct probe *probe);
bool answer_read_challenge(struct probe *probe);
/* "403 Forbidden (KeyDisabled): Operation ..." */
void answer_describe(const struct probe *probe, long status, char *ret_text, size_t size);
/* "200, with a body that cannot be read", or why not. */
void answer_describe_unread(const struct probe *probe, long status, char *ret_text, size_t size);
/* "KeyDisabled": the innermost code of the error; "". */
void answer_name(const struct probe *probe, char *ret_code, size_t size);

/* verify.c: whether the key is as a deployment asks; if not, which rule does not hold. */
#define FLAW_SIZE 256
bool verify_key(const struct probe *probe, char ret_flaw[FLAW_SIZE]);

/* wrap.c: wraps 32 bytes by the public key; false: OpenSSL would not. */
bool wrap_locally(const struct key_facts *facts, const char *alg,
                  const unsigned char plain[KV_CONSUMER_DEK_SIZE], struct bytes *ret_wrapped);
/* The beginning of the SHA-256 of a DEK. */
bool dek_check(const unsigned char dek[KV_CONSUMER_DEK_SIZE], unsigned char ret_check[16]);

/* SPDX-License-Identifier: Apache-2.0 */
/* receiver.h - a receiver of events of the test's own, which may be a bad one. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#define GOT_MAX 64

/* What it does with a request for which it is bad. */
enum manners {
    MANNERS_GOOD,
    MANNERS_BUSY,      /* 503 */
    MANNERS_REFUSING,  /* 400: never again */
    MANNERS_REDIRECT,  /* 302 to a path of its own, where it would take it */
    MANNERS_ENDLESS,   /* a body without an end */
    MANNERS_LONG_HEAD, /* a head without an end */
    MANNERS_CUT,       /* less of a body than it said */
    MANNERS_SILENT,    /* nothing, until the other side gives up */
    MANNERS_WRONG_CODE /* of the handshake: another validationResponse; no origin is allowed */
};

struct got {
    char head[4096], body[8192]; /* their beginnings */
    size_t size;                 /* of the whole body */
    int records;                 /* of the audit log in it; -1: it is not {"records":[..]} */
    long lost;                   /* that one of them tells of */
};

struct receiver {
    SSL_CTX *tls; /* NULL: it speaks HTTP */
    int listener;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t mutex;
    enum manners manners; /* guarded by mutex, as the rest: of the next `bad` requests */
    int bad;
    bool is_to_stop;
    size_t handshakes, count;
    struct got got[GOT_MAX]; /* all but handshakes */
};

/* Starts it; the test fails if it cannot. `pem_path`: it speaks TLS with a certificate for localhost
 * that it makes, and leaves its CA there; NULL: it does not. */
void receiver_start(struct receiver *receiver, const char *pem_path);
void receiver_stop(struct receiver *receiver);

/* How it treats the next so many requests, handshakes among them. */
void receiver_behave(struct receiver *receiver, enum manners manners, int bad);

/* Waits until it got so many; the test fails when it does not. */
void receiver_await(struct receiver *receiver, size_t count);

/* The records of the audit log that it got, and how many it was told are missing. */
void receiver_count_records(struct receiver *receiver, long *ret_records, long *ret_lost);

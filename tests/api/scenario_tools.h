/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_tools.h - a daemon on which scenarios happen, and what clients notice of them. One thread
 * asserts.
 */
#pragma once

#include "../support/api.h"

/* Each test has one of its own, for TestSuite(): vaults dev (open), pol (by policies) and rol (by
 * roles), where the tests' identity may do all; in dev an RSA key `cmk` and an EC key `ec`. */
extern struct daemon scenario_daemon;
void scenario_start(void);
void scenario_stop(void);
/* The two keys in another vault, too, unless they are there. */
void scenario_need_keys(const char *vault);
/* Ends it as a crash does, and starts it anew on what is left. */
void scenario_restart(void);

/* Asks the control port; `behind` is "", "/NAME", "/NAME/apply" and the like. */
struct reply scenario_ask(const char *method, const char *behind, const char *body);

/* These fail the test when they cannot be done. */
void scenario_apply(const char *name, const char *with);
void scenario_revert(const char *name);

/* The digest of all that lasts, in a buffer of the caller. */
#define SCENARIO_DIGEST_SIZE 65
void scenario_digest(char ret_digest[SCENARIO_DIGEST_SIZE]);
void scenario_expect_digest(const char *digest, const char *when);

/* What a client does; PROBE_NONE ends a list. */
enum probe {
    PROBE_NONE,
    PROBE_GET,
    PROBE_UNWRAP,        /* what the key wrapped before, by the version that did */
    PROBE_UNWRAP_LATEST, /* the same by the latest version */
    PROBE_WRAP,          /* by the latest version */
    PROBE_SIGN,          /* by the EC key */
    PROBE_SIGN_RSA,      /* by the RSA key */
    PROBE_UPDATE,
    PROBE_TOKEN /* at the metadata endpoint of the machine */
};
struct reply scenario_probe(enum probe probe, const char *vault);

/* What a scenario does to clients: the answer to each probe, and how it is when it is over. */
struct scenario_probe_row {
    enum probe probe;
    long status;      /* 0: no answer at all */
    const char *said; /* in the body */
    long after;       /* 0: 200 */
};
struct scenario_case {
    const char *name, *with, *vault;
    struct scenario_probe_row probes[5];
    const char *never_said; /* in any of them */
    long at_least;          /* ms that the first of them takes */
    bool changes_state;     /* of what lasts */
};

/* Lets it happen, looks, takes it back, looks again: everything is as it was. */
void scenario_check(const struct scenario_case *row);

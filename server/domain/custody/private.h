/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of domain/custody share.
 */
#pragma once

#include "hsm.h"
#include "kv/custody.h"
#include "padding.h"

struct kv_custody {
    struct kv_custody_config config; /* immutable */
    struct padding_hashes hashes;    /* immutable */
};

/* coffer's own text: the service has no keys of this kind. */
#define KEY_STAYS "The key was made not to leave the HSM, not even wrapped (--key-export never)."

/* A CK_RV as an outcome of the wire; sounds the alarm when the token should be looked at. */
enum kv_code custody_translate(struct kv_custody *custody, unsigned long rv,
                               struct kv_err *err) kv_must_check;

/* The curve as the token layer calls it; not for KV_CURVE_NONE. */
enum hsm_curve custody_hsm_curve(enum kv_curve curve);

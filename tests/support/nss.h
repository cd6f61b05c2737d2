/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nss.h - a token of NSS softokn, which the tests take in place of SoftHSM's when TEST_TOKEN=nss is
 * in the environment. Its slot is made by certutil of libnss3-tools, and is opened by an argument
 * of C_Initialize.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NSS_MODULE "libsoftokn3.so" /* found as any library */

bool nss_is_chosen(void);

/*
 * Makes a database with a user PIN in the existing FOLDER, and FOLDER/pin with the PIN in its first
 * line. False, with the reason on standard error, when that does not work.
 */
bool nss_make_token(const char *folder, const char *pin);

/* What C_Initialize wants as pReserved, for a token of that label; not longer than `size` allows. */
void nss_init_args(const char *folder, const char *label, char *ret_args, size_t size);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instance.h - what identifies an instance of DICOM, read from its file (PS3.10 §7, PS3.5 §7): no more of
 * the data set is looked at than is before that. Nothing is allocated; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define INSTANCE_UID_SIZE 65 /* 64 digits and dots (PS3.5 §9.1) */

struct instance {
    char study[INSTANCE_UID_SIZE], series[INSTANCE_UID_SIZE], sop[INSTANCE_UID_SIZE];
    char sop_class[INSTANCE_UID_SIZE];
};

/* Whether the text can be a UID. */
bool instance_uid_is_valid(const char *uid);

/* False for what is no file of DICOM, has no such UIDs, or a transfer syntax that is not read: big endian,
 * and deflated. The UIDs that were found are there in any case, the others are empty. */
bool instance_read(const void *bytes, size_t len, struct instance *ret_instance);

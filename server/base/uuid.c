/* SPDX-License-Identifier: Apache-2.0 */
/* libuuid reads GUIDs and derives them. Those of requests are made without it: for the random bits it
 * makes six system calls, and it spells them by sprintf(). */
#include "kv/base/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uuid/uuid.h>

static void spell(const uuid_t uuid, char ret_text[KV_UUID_LENGTH + 1])
{
    static const char digits[] = "0123456789abcdef";
    char *to = ret_text;

    for (size_t i = 0; i < sizeof(uuid_t); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *to++ = '-';
        }
        *to++ = digits[uuid[i] >> 4];
        *to++ = digits[uuid[i] & 0x0f];
    }
    *to = '\0';
}

/* RFC 4122 §4.4 */
void kv_uuid_random(char ret_text[KV_UUID_LENGTH + 1])
{
    uuid_t uuid;

    arc4random_buf(uuid, sizeof(uuid));
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    spell(uuid, ret_text);
}

/* 100-nanosecond intervals from the start of the Gregorian calendar to 1970. */
#define GREGORIAN_OFFSET 0x01B21DD213814000ULL
#define INTERVALS_A_MILLISECOND 10000

/* RFC 4122 §4.2.2, the node as §4.5 has it. Two ids of one millisecond differ by chance: 13 bits of
 * time, 14 of sequence, 47 of node. */
void kv_uuid_of_time(kv_millis now, char ret_text[KV_UUID_LENGTH + 1])
{
    uint64_t time = GREGORIAN_OFFSET + (uint64_t) now * INTERVALS_A_MILLISECOND
                    + arc4random_uniform(INTERVALS_A_MILLISECOND);
    uuid_t uuid;

    arc4random_buf(uuid, sizeof(uuid));
    for (size_t i = 0; i < 4; i++) {
        uuid[i] = (unsigned char) (time >> (24 - 8 * i)); /* time_low */
    }
    uuid[4] = (unsigned char) (time >> 40); /* time_mid */
    uuid[5] = (unsigned char) (time >> 32);
    uuid[6] = (unsigned char) (0x10 | (time >> 56 & 0x0f)); /* version and time_hi */
    uuid[7] = (unsigned char) (time >> 48);
    uuid[8] = (uuid[8] & 0x3f) | 0x80; /* variant */
    uuid[10] |= 0x01;                  /* a node that is no network card's */
    spell(uuid, ret_text);
}

void kv_version_random(char ret_text[KV_VERSION_LENGTH + 1])
{
    char text[KV_UUID_LENGTH + 1];

    kv_uuid_random(text);
    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '-') {
            *ret_text++ = *from;
        }
    }
    *ret_text = '\0';
}

void kv_version_random_hsm(char ret_text[KV_VERSION_LENGTH + 1])
{
    unsigned char bytes[KV_VERSION_LENGTH / 2];

    arc4random_buf(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
    }
}

void kv_uuid_of(const char *kind, const char *name, char ret_text[KV_UUID_LENGTH + 1])
{
    uuid_t space, uuid;

    uuid_generate_sha1(space, *uuid_get_template("dns"), kind, strlen(kind));
    uuid_generate_sha1(uuid, space, name, strlen(name));
    spell(uuid, ret_text);
}

bool kv_uuid_is_valid(const char *text)
{
    uuid_t uuid;

    return uuid_parse(text, uuid) == 0;
}

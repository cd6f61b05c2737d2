/* SPDX-License-Identifier: Apache-2.0 */
/* libuuid spells GUIDs. Their random bits come from the C library: every request has an id, and
 * for one libuuid makes six system calls. */
#include "kv/uuid.h"

#include <stdlib.h>
#include <string.h>

#include <uuid/uuid.h>

/* RFC 4122 §4.4 */
void kv_uuid_random(char ret_text[KV_UUID_LENGTH + 1])
{
    uuid_t uuid;

    arc4random_buf(uuid, sizeof(uuid));
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    uuid_unparse_lower(uuid, ret_text);
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

void kv_uuid_of(const char *kind, const char *name, char ret_text[KV_UUID_LENGTH + 1])
{
    uuid_t space, uuid;

    uuid_generate_sha1(space, *uuid_get_template("dns"), kind, strlen(kind));
    uuid_generate_sha1(uuid, space, name, strlen(name));
    uuid_unparse_lower(uuid, ret_text);
}

bool kv_uuid_is_valid(const char *text)
{
    uuid_t uuid;

    return uuid_parse(text, uuid) == 0;
}

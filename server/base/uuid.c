/* SPDX-License-Identifier: Apache-2.0 */
/* libuuid makes the bits; this only spells them. */
#include "kv/uuid.h"

#include <string.h>

#include <uuid/uuid.h>

void kv_uuid_random(char ret_text[KV_UUID_LENGTH + 1])
{
    uuid_t uuid;

    uuid_generate_random(uuid);
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

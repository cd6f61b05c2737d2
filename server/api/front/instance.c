/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

#include <stdint.h>
#include <string.h>

#include "kv/base/base.h"

#define PREAMBLE 128
#define MAGIC "DICM"
#define UNDEFINED 0xFFFFFFFFU
#define DEPTH_MAX 16 /* of sequences in sequences */

#define TAG(group, element) ((uint32_t) (group) << 16 | (element))
#define TRANSFER_SYNTAX TAG(0x0002, 0x0010)
#define LAST_OF_INTEREST TAG(0x0020, 0x000E)
#define ITEM TAG(0xFFFE, 0xE000)
#define ITEM_END TAG(0xFFFE, 0xE00D)
#define SEQUENCE_END TAG(0xFFFE, 0xE0DD)

struct cursor {
    const unsigned char *at, *end;
    bool is_explicit; /* elements say of what kind they are */
};

struct element {
    uint32_t tag, len;
    bool is_unknown; /* UN: what is in it is implicit (PS3.5 §6.2.2) */
};

static size_t left_of(const struct cursor *cursor)
{
    return (size_t) (cursor->end - cursor->at);
}

static uint16_t read_16(const unsigned char *at)
{
    return (uint16_t) (at[0] | at[1] << 8);
}

static uint32_t read_32(const unsigned char *at)
{
    return read_16(at) | (uint32_t) read_16(at + 2) << 16;
}

/* Those whose length has four bytes, behind two that are reserved (PS3.5 §7.1.2). */
static bool is_long(const unsigned char *kind)
{
    static const char kinds[][3] = { "OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                     "SV", "UC", "UN", "UR", "UT", "UV" };

    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (kind[0] == kinds[i][0] && kind[1] == kinds[i][1]) {
            return true;
        }
    }
    return false;
}

static bool read_length(struct cursor *cursor, struct element *element)
{
    const unsigned char *at = cursor->at;
    bool has_kind = cursor->is_explicit && element->tag >> 16 != 0xFFFE;
    size_t len = has_kind && is_long(at) ? 8 : 4;

    if (left_of(cursor) < len) {
        return false;
    }
    element->is_unknown = has_kind && at[0] == 'U' && at[1] == 'N';
    if (has_kind && len == 4) {
        element->len = read_16(at + 2);
    } else {
        element->len = read_32(at + len - 4);
    }
    cursor->at += len;
    return true;
}

/* Tag and length; the cursor is at the value then, which is there whole unless its length is undefined. */
static bool read_element(struct cursor *cursor, struct element *ret_element)
{
    if (left_of(cursor) < 8) {
        return false;
    }
    *ret_element = (struct element){ .tag = TAG(read_16(cursor->at), read_16(cursor->at + 2)) };
    cursor->at += 4;
    return read_length(cursor, ret_element)
           && (ret_element->len == UNDEFINED || ret_element->len <= left_of(cursor));
}

static bool skip_sequence(struct cursor *cursor, unsigned depth);

static bool skip_value(struct cursor *cursor, const struct element *element, unsigned depth)
{
    bool was_explicit = cursor->is_explicit;

    if (element->len != UNDEFINED) {
        cursor->at += element->len;
        return true;
    }
    cursor->is_explicit = was_explicit && !element->is_unknown;
    bool ok = depth < DEPTH_MAX && skip_sequence(cursor, depth + 1);
    cursor->is_explicit = was_explicit;
    return ok;
}

static bool skip_item(struct cursor *cursor, unsigned depth)
{
    struct element element;

    while (read_element(cursor, &element)) {
        if (element.tag == ITEM_END) {
            return true;
        }
        if (!skip_value(cursor, &element, depth)) {
            return false;
        }
    }
    return false;
}

static bool skip_sequence(struct cursor *cursor, unsigned depth)
{
    struct element element;

    while (read_element(cursor, &element)) {
        if (element.tag == SEQUENCE_END) {
            return true;
        }
        if (element.tag != ITEM) {
            return false;
        }
        if (element.len != UNDEFINED) {
            cursor->at += element.len;
        } else if (!skip_item(cursor, depth)) {
            return false;
        }
    }
    return false;
}

bool instance_uid_is_valid(const char *uid)
{
    size_t len = strnlen(uid, INSTANCE_UID_SIZE);

    return len > 0 && len < INSTANCE_UID_SIZE && strspn(uid, "0123456789.") == len && uid[0] != '.'
           && uid[len - 1] != '.';
}

/* A UID is filled up to an even length. Of what is none nothing is taken: it is named in answers, which are text. */
static bool take_uid(const struct cursor *cursor, const struct element *element, char *ret_uid)
{
    size_t len = element->len;

    while (len > 0 && len != UNDEFINED
           && (cursor->at[len - 1] == 0 || cursor->at[len - 1] == ' ')) {
        len--;
    }
    if (len >= INSTANCE_UID_SIZE) {
        return false;
    }
    memcpy(ret_uid, cursor->at, len);
    ret_uid[len] = '\0';
    if (!instance_uid_is_valid(ret_uid)) {
        ret_uid[0] = '\0';
        return false;
    }
    return true;
}

/* Explicit whatever comes after it; false when it says nothing of what does. */
static bool read_head(struct cursor *cursor, char ret_syntax[INSTANCE_UID_SIZE])
{
    struct element element;

    ret_syntax[0] = '\0';
    while (left_of(cursor) >= 2 && read_16(cursor->at) == 0x0002) {
        if (!read_element(cursor, &element)
            || (element.tag == TRANSFER_SYNTAX && !take_uid(cursor, &element, ret_syntax))
            || !skip_value(cursor, &element, 0)) {
            return false;
        }
    }
    return ret_syntax[0] != '\0';
}

static bool read_uids(struct cursor *cursor, struct instance *instance)
{
    const struct {
        uint32_t tag;
        char *uid;
    } wanted[] = {
        { TAG(0x0008, 0x0016), instance->sop_class },
        { TAG(0x0008, 0x0018), instance->sop },
        { TAG(0x0020, 0x000D), instance->study },
        { LAST_OF_INTEREST, instance->series },
    };
    struct element element;

    while (read_element(cursor, &element) && element.tag <= LAST_OF_INTEREST) {
        for (size_t i = 0; i < KV_COUNT(wanted); i++) {
            if (element.tag == wanted[i].tag && !take_uid(cursor, &element, wanted[i].uid)) {
                return false;
            }
        }
        if (!skip_value(cursor, &element, 0)) {
            return false;
        }
    }
    return instance->sop_class[0] != '\0' && instance->sop[0] != '\0' && instance->study[0] != '\0'
           && instance->series[0] != '\0';
}

bool instance_read(const void *bytes, size_t len, struct instance *ret_instance)
{
    static const char implicit[] = "1.2.840.10008.1.2";
    static const char *const unread[] = { "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99" };
    struct cursor cursor = { .at = bytes, .is_explicit = true };
    char syntax[INSTANCE_UID_SIZE];

    *ret_instance = (struct instance){ .study = "" };
    if (len < PREAMBLE + strlen(MAGIC)
        || strncmp((const char *) bytes + PREAMBLE, MAGIC, strlen(MAGIC)) != 0) {
        return false;
    }
    cursor.end = cursor.at + len;
    cursor.at += PREAMBLE + strlen(MAGIC);
    if (!read_head(&cursor, syntax)) {
        return false;
    }
    for (size_t i = 0; i < KV_COUNT(unread); i++) {
        if (strcmp(syntax, unread[i]) == 0) {
            return false;
        }
    }
    cursor.is_explicit = strcmp(syntax, implicit) != 0;
    return read_uids(&cursor, ret_instance);
}

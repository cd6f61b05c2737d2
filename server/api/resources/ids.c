/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource ids, taken apart (control-plane.md §3.3):
 *   [/subscriptions/S[/resourceGroups/G]] {/providers/NAMESPACE {/type/name}}
 * The last "/providers/" begins the type; what is before it is the scope, which may be a resource.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/arm/arm.h"

#define SUBSCRIPTION_TYPE "Microsoft.Resources/subscriptions"
#define GROUP_TYPE "Microsoft.Resources/resourceGroups"

/* What is left of a text, and the id that is being made of it. */
struct reader {
    const char *rest;
    struct arm_id *id;
    size_t len; /* of id->text */
};

static enum kv_code refuse(const char *text, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_INVALID_ID, 0, "The resource id '%.256s' is invalid.", text);
}

/* The next segment, without taking it; empty ones are dropped. False at the end. */
static bool peek(struct reader *reader, char ret_segment[ARM_SEGMENT_MAX + 1])
{
    size_t len;

    reader->rest += strspn(reader->rest, "/");
    len = strcspn(reader->rest, "/");
    if (len == 0 || len > ARM_SEGMENT_MAX) {
        return false;
    }
    memcpy(ret_segment, reader->rest, len);
    ret_segment[len] = '\0';
    return true;
}

static void skip(struct reader *reader)
{
    reader->rest += strcspn(reader->rest, "/");
}

/* Appends "/segment" to the id's text; the whole was found short enough before. */
static void take(struct reader *reader, const char *segment)
{
    int len = snprintf(reader->id->text + reader->len, sizeof(reader->id->text) - reader->len,
                       "/%s", segment);

    reader->len += (size_t) len;
    skip(reader);
}

static bool next_is(struct reader *reader, const char *word)
{
    char segment[ARM_SEGMENT_MAX + 1];

    return peek(reader, segment) && strcasecmp(segment, word) == 0;
}

static void begin_type(struct arm_id *id, const char *type)
{
    (void) snprintf(id->type, sizeof(id->type), "%s", type);
    id->name[0] = '\0';
    id->is_list = true;
    memcpy(id->parent, id->text, sizeof(id->parent));
}

static void take_name(struct arm_id *id, const char *name)
{
    (void) snprintf(id->name, sizeof(id->name), "%s", name);
    id->is_list = false;
}

/* "subscriptions", "resourceGroups": the word and a name, which may be missing. */
static bool read_part(struct reader *reader, const char *word, const char *type, char *ret_name,
                      size_t size)
{
    char segment[ARM_SEGMENT_MAX + 1];

    if (!next_is(reader, word)) {
        return false;
    }
    begin_type(reader->id, type);
    take(reader, word);
    if (peek(reader, segment) && strlen(segment) < size) {
        (void) snprintf(ret_name, size, "%s", segment);
        take_name(reader->id, segment);
        take(reader, segment);
    }
    return true;
}

/* Adds to "a/b" what follows it; false when there is no room. */
static bool add_part(char *text, size_t size, const char *part)
{
    size_t len = strlen(text);
    int added = snprintf(text + len, size - len, "%s%s", len > 0 ? "/" : "", part);

    return (size_t) added < size - len;
}

/* The first type of a provider stands right below its scope. */
static void note_parent(struct arm_id *id, bool is_first)
{
    memcpy(id->parent, is_first ? id->scope : id->text, sizeof(id->parent));
}

/* {/type/name}, up to the next "/providers/" behind a whole pair. */
static enum kv_code read_types(struct reader *reader, const char *text, struct kv_err *err)
{
    struct arm_id *id = reader->id;
    char segment[ARM_SEGMENT_MAX + 1];
    bool is_first = true;

    while (peek(reader, segment) && (id->is_list || strcasecmp(segment, "providers") != 0)) {
        bool is_type = is_first || !id->is_list;
        bool fits;

        if (is_type) {
            note_parent(id, is_first);
        }
        fits = is_type ? add_part(id->type, sizeof(id->type), segment)
                       : add_part(id->name, sizeof(id->name), segment);
        if (!fits) {
            return refuse(text, err);
        }
        id->is_list = is_type;
        is_first = false;
        take(reader, segment);
    }
    return is_first ? refuse(text, err) : KV_OK;
}

static enum kv_code read_provider(struct reader *reader, const char *text, struct kv_err *err)
{
    struct arm_id *id = reader->id;
    char namespace[ARM_SEGMENT_MAX + 1];

    memcpy(id->scope, id->text, sizeof(id->scope));
    take(reader, "providers");
    if (!peek(reader, namespace) || strlen(namespace) >= sizeof(id->type)) {
        return refuse(text, err);
    }
    begin_type(id, namespace);
    take(reader, namespace);
    return read_types(reader, text, err);
}

enum kv_code arm_id_parse(const char *text, struct arm_id *ret_id, struct kv_err *err)
{
    struct reader reader = { .rest = text, .id = ret_id };

    memset(ret_id, 0, sizeof(*ret_id));
    ret_id->leaf = ret_id->name;
    if (strlen(text) > KV_RESOURCE_ID_MAX - 2 * sizeof("/resourceGroups")) {
        return refuse(text, err);
    }
    if (read_part(&reader, "subscriptions", SUBSCRIPTION_TYPE, ret_id->subscription,
                  sizeof(ret_id->subscription))) {
        (void) (ret_id->subscription[0] != '\0'
                && read_part(&reader, "resourceGroups", GROUP_TYPE, ret_id->group,
                             sizeof(ret_id->group)));
    }
    while (next_is(&reader, "providers")) {
        KV_TRY(read_provider(&reader, text, err));
    }
    if (reader.rest[strspn(reader.rest, "/")] != '\0') {
        return refuse(text, err);
    }
    if (!ret_id->is_list && strrchr(ret_id->name, '/') != NULL) {
        ret_id->leaf = strrchr(ret_id->name, '/') + 1;
    }
    return KV_OK;
}

void arm_id_name(const struct arm_id *id, unsigned up, char ret_name[ARM_SEGMENT_MAX + 1])
{
    size_t end = strlen(id->name);
    size_t start = end;

    while (start > 0 && id->name[start - 1] != '/') {
        start--;
        if (start > 0 && id->name[start - 1] == '/' && up > 0) {
            up--;
            end = --start;
        }
    }
    (void) snprintf(ret_name, ARM_SEGMENT_MAX + 1, "%.*s", up == 0 ? (int) (end - start) : 0,
                    id->name + start);
}

bool arm_id_equals(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

void arm_subscription(const struct kv_app *app, char ret_scope[ARM_SUBSCRIPTION_SIZE])
{
    char id[KV_UUID_LENGTH + 1];

    kv_uuid_of("subscription", kv_identity_tenant(app->identity), id);
    (void) snprintf(ret_scope, ARM_SUBSCRIPTION_SIZE, "/subscriptions/%s", id);
}

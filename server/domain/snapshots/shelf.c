/* SPDX-License-Identifier: Apache-2.0 */
/* The shelf: a folder for each snapshot, and what describes it. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/base/json.h"
#include "kv/base/secret.h"

#define SHELF "snapshots"
#define FORMAT 1
#define DESCRIPTION_MAX (2 * 1024 * 1024) /* bytes: the names of all vaults */
#define VALUES_MAX 20000

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

enum kv_code snapshot_name_check(const char *name, struct kv_err *err)
{
    size_t len = 0;

    while (is_plain(name[len]) || (len > 0 && name[len] != '\0' && strchr("-_.", name[len]))) {
        len++;
    }
    if (len == 0 || len > KV_SNAPSHOT_NAME_MAX || name[len] != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The name of a snapshot is 1 to %d letters, digits, '-', '_' and '.', and "
                       "begins with a letter or a digit.",
                       KV_SNAPSHOT_NAME_MAX);
    }
    return KV_OK;
}

enum kv_code snapshot_shelf(const char *folder, char ret_path[KV_PATH_MAX], struct kv_err *err)
{
    return kv_path_join(ret_path, folder, SHELF, err);
}

enum kv_code snapshot_place(const char *folder, const char *name, char ret_path[KV_PATH_MAX],
                            struct kv_err *err)
{
    char shelf[KV_PATH_MAX];

    KV_TRY(snapshot_shelf(folder, shelf, err));
    return kv_path_join(ret_path, shelf, name, err);
}

/* The digest covers the description without itself: as it is printed, in the order of its members. */
static enum kv_code compute(const char *place, const cJSON *description,
                            char ret_digest[DIGEST_TEXT_SIZE], struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, DESCRIPTION_MAX);
    KV_TRY(kv_json_print(description, &text, err));
    return snapshot_digest(place, text.data, text.len, ret_digest, err);
}

enum kv_code snapshot_seal(const char *place, cJSON *description, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    char path[KV_PATH_MAX], digest[DIGEST_TEXT_SIZE];
    bool ok = true;

    kv_buf_init(&text, DESCRIPTION_MAX);
    kv_json_add_int(description, "format", FORMAT, &ok);
    KV_TRY(ok ? compute(place, description, digest, err) : KV_OUT_OF_MEMORY(err));
    kv_json_add_text(description, "digest", digest, &ok);
    KV_TRY(ok ? kv_json_print(description, &text, err) : KV_OUT_OF_MEMORY(err));
    KV_TRY(kv_path_join(path, place, DESCRIPTION, err));
    return kv_file_write(path, text.data, text.len, 0600, err);
}

static enum kv_code fail_damaged(const char *name, const char *what, struct kv_err *err)
{
    return KV_FAIL(err, KV_CONFLICT, 0, "The snapshot '%s' is damaged: %s.", name, what);
}

static bool has_format(const cJSON *description)
{
    int64_t format;

    return kv_json_is_int(cJSON_GetObjectItemCaseSensitive(description, "format"), &format)
           && format == FORMAT;
}

static bool is_whole(const cJSON *description, const char *name)
{
    const char *is = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(description, "name"));

    return is != NULL && strcmp(is, name) == 0
           && cJSON_IsString(cJSON_GetObjectItemCaseSensitive(description, "digest"))
           && cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(description, "clock"))
           && cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(description, "vaults"));
}

enum kv_code snapshot_read(const char *folder, const char *name, cJSON **ret_description,
                           struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    kv_auto(cJSON_Delete) cJSON *description = NULL;
    char place[KV_PATH_MAX], path[KV_PATH_MAX];

    kv_buf_init(&text, DESCRIPTION_MAX);
    KV_TRY(snapshot_name_check(name, err));
    KV_TRY(snapshot_place(folder, name, place, err));
    if (!kv_file_exists(place)) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no snapshot named '%s'.", name);
    }
    KV_TRY(kv_path_join(path, place, DESCRIPTION, err));
    if (!snapshot_is_file(path) || kv_file_read(path, &text, NULL) != KV_OK
        || kv_json_parse_long(text.data, text.len, VALUES_MAX, &description, NULL) != KV_OK) {
        return fail_damaged(name, DESCRIPTION " cannot be read", err);
    }
    if (!has_format(description)) {
        return fail_damaged(name, DESCRIPTION " has another format", err);
    }
    if (!is_whole(description, name)) {
        return fail_damaged(name, DESCRIPTION " lacks something, or is of another snapshot", err);
    }
    *ret_description = kv_take(description);
    return KV_OK;
}

enum kv_code snapshot_verify(const char *folder, const char *name, cJSON **ret_description,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *description = NULL;
    char place[KV_PATH_MAX], digest[DIGEST_TEXT_SIZE];

    KV_TRY(snapshot_read(folder, name, &description, err));
    kv_auto(cJSON_Delete) cJSON *said =
        cJSON_DetachItemFromObjectCaseSensitive(description, "digest");
    KV_TRY(snapshot_place(folder, name, place, err));
    if (compute(place, description, digest, NULL) != KV_OK) {
        return fail_damaged(name, "its files cannot be read", err);
    }
    if (!kv_secret_equal(digest, strlen(digest), said->valuestring, strlen(said->valuestring))) {
        return fail_damaged(name, "its files are not those that were saved", err);
    }
    *ret_description = kv_take(description);
    return KV_OK;
}

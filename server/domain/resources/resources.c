/* SPDX-License-Identifier: Apache-2.0 */
/* The tables, and how rows of them are read. */
#include "kv/resources/resources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

/* `key` is the id in lower case, so what lies below a resource follows it in the index. */
static const struct kv_migration migrations[] = {
    { "CREATE TABLE resource ("
      "  key TEXT PRIMARY KEY,"
      "  id TEXT NOT NULL,"
      "  type TEXT NOT NULL COLLATE NOCASE,"
      "  name TEXT NOT NULL,"
      "  location TEXT NOT NULL,"
      "  tags TEXT NOT NULL,"
      "  content TEXT NOT NULL,"
      "  created_by TEXT NOT NULL,"
      "  created_by_user INTEGER NOT NULL,"
      "  changed_by TEXT NOT NULL,"
      "  changed_by_user INTEGER NOT NULL,"
      "  created INTEGER NOT NULL," /* ms, virtual, as the next two are */
      "  changed INTEGER NOT NULL,"
      "  ready INTEGER NOT NULL,"
      "  edition INTEGER NOT NULL"
      ") WITHOUT ROWID;"
      "CREATE INDEX resource_type ON resource (type, key);"
      "CREATE TABLE resource_operation ("
      "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  id TEXT NOT NULL UNIQUE,"
      "  subject TEXT NOT NULL,"
      "  status INTEGER NOT NULL," /* enum kv_operation_status */
      "  begun INTEGER NOT NULL,"
      "  ends INTEGER NOT NULL,"
      "  result TEXT NOT NULL"
      ");" },
    { NULL },
};

enum kv_code kv_resources_new(struct kv_store *store, struct kv_resources **ret_resources,
                              struct kv_err *err)
{
    KV_TRY(kv_store_migrate(store, "resources", migrations, err));

    struct kv_resources *resources = calloc(1, sizeof(*resources));

    if (resources == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    resources->store = store;
    *ret_resources = resources;
    return KV_OK;
}

void kv_resources_free(struct kv_resources *resources)
{
    free(resources);
}

enum kv_code kv_resources_empty(void *resources, struct kv_db *db, int64_t vault,
                                struct kv_err *err)
{
    (void) resources;
    if (vault != 0) { /* KV_VAULTS_ALL */
        return KV_OK;
    }
    KV_TRY(kv_db_run(db, "DELETE FROM resource", KV_NO_BINDS, NULL, err));
    return kv_db_run(db, "DELETE FROM resource_operation", KV_NO_BINDS, NULL, err);
}

void kv_resource_done(struct kv_resource *resource)
{
    free(resource->id);
    free(resource->type);
    free(resource->name);
    cJSON_Delete(resource->tags);
    cJSON_Delete(resource->content);
    *resource = (struct kv_resource){ 0 };
}

enum kv_code resource_key_make(const char *id, struct resource_key *ret_key, struct kv_err *err)
{
    size_t len = strlen(id);

    if (len > KV_RESOURCE_ID_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A resource id has at most %d characters.",
                       KV_RESOURCE_ID_MAX);
    }
    for (size_t i = 0; i <= len; i++) {
        ret_key->text[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char) (id[i] - 'A' + 'a') : id[i];
    }
    return KV_OK;
}

enum kv_code resource_parse(const char *text, cJSON **ret_tree, struct kv_err *err)
{
    *ret_tree = *text != '\0' ? cJSON_Parse(text) : NULL;
    return *ret_tree != NULL || *text == '\0'
               ? KV_OK
               : KV_FAIL(err, KV_INTERNAL, 0, "what the store has of a resource is no JSON");
}

static void copy_text(const struct kv_rows *row, int column, char *ret_text, size_t size)
{
    (void) snprintf(ret_text, size, "%s", kv_rows_text(row, column));
}

static enum kv_code read_texts(const struct kv_rows *row, struct kv_resource *resource,
                               struct kv_err *err)
{
    resource->id = strdup(kv_rows_text(row, 0));
    resource->type = strdup(kv_rows_text(row, 1));
    resource->name = strdup(kv_rows_text(row, 2));
    copy_text(row, 3, resource->location, sizeof(resource->location));
    copy_text(row, 6, resource->created_by, sizeof(resource->created_by));
    copy_text(row, 8, resource->changed_by, sizeof(resource->changed_by));
    return resource->id != NULL && resource->type != NULL && resource->name != NULL
               ? KV_OK
               : KV_OUT_OF_MEMORY(err);
}

enum kv_code resource_read(const struct kv_rows *row, struct kv_resource *ret_resource,
                           struct kv_err *err)
{
    *ret_resource = (struct kv_resource){
        .created_by_user = kv_rows_int(row, 7) != 0,
        .changed_by_user = kv_rows_int(row, 9) != 0,
        .created = kv_rows_int(row, 10),
        .changed = kv_rows_int(row, 11),
        .ready = kv_rows_int(row, 12),
        .edition = kv_rows_int(row, 13),
    };
    KV_TRY(read_texts(row, ret_resource, err));
    KV_TRY(resource_parse(kv_rows_text(row, 4), &ret_resource->tags, err));
    return resource_parse(kv_rows_text(row, 5), &ret_resource->content, err);
}

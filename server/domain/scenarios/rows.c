/* SPDX-License-Identifier: Apache-2.0 */
/* Those that are applied, in the store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

static const struct kv_migration migrations[] = {
    { "CREATE TABLE scenario ("
      "  id INTEGER PRIMARY KEY,"
      "  name TEXT NOT NULL UNIQUE,"
      "  vault TEXT NOT NULL,"   /* '': none */
      "  touched TEXT NOT NULL," /* what it changed; '': nothing that another one could */
      "  since INTEGER NOT NULL,"
      "  given TEXT NOT NULL,"  /* JSON, as the next two are: what it is applied with, */
      "  kept TEXT NOT NULL,"   /* how things were, */
      "  changed TEXT NOT NULL" /* and what was done */
      ");" },
    { NULL },
};

enum kv_code applied_migrate(struct kv_store *store, struct kv_err *err)
{
    return kv_store_migrate(store, "scenarios", migrations, err);
}

void applied_done(struct applied *applied)
{
    free(applied->name);
    free(applied->vault);
    cJSON_Delete(applied->with);
    cJSON_Delete(applied->kept);
    cJSON_Delete(applied->changed);
    *applied = (struct applied){ .name = NULL };
}

static enum kv_code print(const cJSON *json, struct kv_buf *text, struct kv_err *err)
{
    kv_buf_init(text, KV_KEPT_MAX);
    return kv_json_print(json, text, err);
}

static enum kv_code save(const struct scenario_act *act, const char *with, const char *kept,
                         const char *changed, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO scenario (name, vault, touched, since, given, kept, changed)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE SET kept = ?6,"
        " changed = ?7";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    char touched[SCENARIO_TOUCH_SIZE];

    scenario_touched(act, touched);
    KV_TRY(kv_db_acquire(act->scenarios->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql,
                     KV_BINDS(KV_B_TEXT(act->row->name),
                              KV_B_TEXT(act->vault != NULL ? act->vault->name : ""),
                              KV_B_TEXT(touched), KV_B_INT(act->now), KV_B_TEXT(with),
                              KV_B_TEXT(kept), KV_B_TEXT(changed)),
                     NULL, err));
    return kv_db_commit(db, err);
}

enum kv_code applied_save(const struct scenario_act *act, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf with = { .data = NULL };
    kv_auto(kv_buf_done) struct kv_buf kept = { .data = NULL };
    kv_auto(kv_buf_done) struct kv_buf changed = { .data = NULL };

    KV_TRY(print(act->with, &with, err));
    KV_TRY(print(act->kept, &kept, err));
    KV_TRY(print(act->changed, &changed, err));
    return save(act, with.data, kept.data, changed.data, err);
}

enum kv_code applied_remove(struct kv_scenarios *scenarios, const char *name, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM scenario WHERE name = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(scenarios->config.store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_TEXT(name)), NULL, err));
    return kv_db_commit(db, err);
}

static enum kv_code copy(const char *text, char **ret_copy, struct kv_err *err)
{
    *ret_copy = strdup(text);
    return *ret_copy != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* What a hand has spoilt cannot be put back. */
static enum kv_code parse(const char *text, cJSON **ret_json, struct kv_err *err)
{
    *ret_json = cJSON_Parse(text);
    if (*ret_json == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the store holds a damaged scenario");
    }
    return KV_OK;
}

static enum kv_code read_row(const struct kv_rows *rows, struct applied *ret_applied,
                             struct kv_err *err)
{
    kv_auto(applied_done) struct applied applied = { .since = kv_rows_int(rows, 2) };

    KV_TRY(copy(kv_rows_text(rows, 0), &applied.name, err));
    KV_TRY(copy(kv_rows_text(rows, 1), &applied.vault, err));
    KV_TRY(parse(kv_rows_text(rows, 3), &applied.with, err));
    KV_TRY(parse(kv_rows_text(rows, 4), &applied.kept, err));
    KV_TRY(parse(kv_rows_text(rows, 5), &applied.changed, err));
    *ret_applied = applied;
    applied = (struct applied){ .name = NULL }; /* the caller's now */
    return KV_OK;
}

enum kv_code applied_load(struct kv_scenarios *scenarios, const char *name,
                          struct applied *ret_applied, bool *ret_found, struct kv_err *err)
{
    static const char sql[] =
        "SELECT name, vault, since, given, kept, changed FROM scenario WHERE name = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    *ret_applied = (struct applied){ .name = NULL };
    KV_TRY(kv_db_acquire(scenarios->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(name)), &rows, err));
    KV_TRY(kv_rows_next(rows, ret_found, err));
    return *ret_found ? read_row(rows, ret_applied, err) : KV_OK;
}

enum kv_code applied_check(const struct scenario_act *act, struct kv_err *err)
{
    static const char sql[] =
        "SELECT name FROM scenario WHERE name = ?1"
        " OR (touched != '' AND touched = ?2) ORDER BY name = ?1 DESC LIMIT 1";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    char touched[SCENARIO_TOUCH_SIZE];
    bool found;

    scenario_touched(act, touched);
    KV_TRY(kv_db_acquire(act->scenarios->config.store, &db, err));
    KV_TRY(
        kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(act->row->name), KV_B_TEXT(touched)), &rows, err));
    KV_TRY(kv_rows_next(rows, &found, err));
    if (found && strcmp(kv_rows_text(rows, 0), act->row->name) == 0) {
        return KV_FAIL(err, KV_CONFLICT, 0, "%s is applied already: revert it first.",
                       act->row->name);
    }
    if (found) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "%s would change what %s has changed already: revert that first.",
                       act->row->name, kv_rows_text(rows, 0));
    }
    return KV_OK;
}

enum kv_code applied_names(struct kv_scenarios *scenarios, const char *vault,
                           char ret_names[][SCENARIO_NAME_SIZE], size_t max, size_t *ret_count,
                           struct kv_err *err)
{
    static const char sql[] =
        "SELECT name FROM scenario WHERE ?1 IS NULL OR vault = ?1 ORDER BY id";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    *ret_count = 0;
    KV_TRY(kv_db_acquire(scenarios->config.store, &db, err));
    KV_TRY(
        kv_db_query(db, sql, KV_BINDS(vault != NULL ? KV_B_TEXT(vault) : KV_B_NULL), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more && *ret_count < max) {
        (void) snprintf(ret_names[*ret_count], SCENARIO_NAME_SIZE, "%s", kv_rows_text(rows, 0));
        *ret_count += 1;
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

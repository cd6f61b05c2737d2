/* SPDX-License-Identifier: Apache-2.0 */
#include "consistency.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "client.h"
#include "token_view.h"

/* What the store says. */
struct store_view {
    bool sound, bound;
    size_t versions, limbo, orphans, doubles;
    struct object_list named;
};

typedef bool row_fn(sqlite3_stmt *row, struct store_view *view);

static bool take_verdict(sqlite3_stmt *row, struct store_view *view)
{
    view->sound = strcmp((const char *) sqlite3_column_text(row, 0), "ok") == 0;
    return true;
}

static bool take_counts(sqlite3_stmt *row, struct store_view *view)
{
    view->versions = (size_t) sqlite3_column_int64(row, 0);
    view->limbo = (size_t) sqlite3_column_int64(row, 1);
    view->bound = sqlite3_column_int64(row, 2) == 1;
    view->doubles = (size_t) sqlite3_column_int64(row, 3);
    return true;
}

/* A row that names another one, of a vault or key, that is not there. */
static bool take_orphan(sqlite3_stmt *row, struct store_view *view)
{
    fprintf(stderr, "store: row %lld of table %s belongs to no row of %s\n",
            (long long) sqlite3_column_int64(row, 1), (const char *) sqlite3_column_text(row, 0),
            (const char *) sqlite3_column_text(row, 2));
    view->orphans++;
    return true;
}

/* As the query below calls them. */
static const char *const kind_names[OBJECT_KINDS] = {
    [OBJECT_RSA] = "RSA",
    [OBJECT_EC] = "EC",
    [OBJECT_AES] = "oct",
    [OBJECT_TWIN] = "twin",
    [OBJECT_WRAPPING] = "wrapping key",
};

static bool take_object(sqlite3_stmt *row, struct store_view *view)
{
    const char *name = (const char *) sqlite3_column_text(row, 1);

    for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++) {
        if (strcmp(name, kind_names[kind]) == 0) {
            return sqlite3_column_bytes(row, 0) == HSM_ID_LENGTH
                   && object_list_add(&view->named, kind, sqlite3_column_blob(row, 0));
        }
    }
    return false;
}

static const struct {
    const char *sql;
    row_fn *take;
} questions[] = {
    { "PRAGMA integrity_check", take_verdict },
    { "PRAGMA foreign_key_check", take_orphan },
    { "SELECT (SELECT count(*) FROM version), (SELECT count(*) FROM limbo),"
      " (SELECT count(*) FROM token WHERE made = 1),"
      " (SELECT count(*) FROM pooled p JOIN version v ON v.modulus = p.modulus"
      " AND coalesce(v.x, x'') = coalesce(p.x, x''))",
      take_counts },
    { "SELECT object, replace(kty, '-HSM', '') FROM version"
      " UNION ALL SELECT object, 'twin' FROM version WHERE kty LIKE 'oct%'"
      " UNION ALL SELECT object, 'RSA' FROM service_key"
      " UNION ALL SELECT object, CASE WHEN kind LIKE 'RSA%' THEN 'RSA' ELSE 'EC' END FROM pooled"
      " UNION ALL SELECT sentinel, 'wrapping key' FROM token WHERE made = 1",
      take_object },
};

static bool ask(sqlite3 *db, const char *sql, row_fn *take, struct store_view *view)
{
    sqlite3_stmt *row = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &row, NULL);
    bool taken = true;

    if (result == SQLITE_OK) {
        while (taken && (result = sqlite3_step(row)) == SQLITE_ROW) {
            taken = take(row, view);
        }
    }
    sqlite3_finalize(row);
    if (!taken || result != SQLITE_DONE) {
        fprintf(stderr, "store: %s: %s\n", sql, taken ? sqlite3_errmsg(db) : "an odd row");
        return false;
    }
    return true;
}

static bool read_store(const char *folder, struct store_view *view)
{
    char path[512];
    sqlite3 *db = NULL;
    bool done;

    snprintf(path, sizeof(path), "%s/coffer.db", folder);
    done = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    if (!done) {
        fprintf(stderr, "store: %s: %s\n", path, sqlite3_errmsg(db));
    }
    for (size_t i = 0; done && i < KV_COUNT(questions); i++) {
        done = ask(db, questions[i].sql, questions[i].take, view);
    }
    sqlite3_close(db);
    return done;
}

/* How many of `list` the other one does not have as often as once. Each is named. */
static size_t count_unmatched(const struct object_list *list, const struct object_list *other,
                              const char *complaint)
{
    size_t unmatched = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct token_object *object = &list->items[i];

        if (object_list_count(other, object) != 1) {
            fprintf(stderr, "%s: %s %02x%02x%02x%02x...\n", complaint, kind_names[object->kind],
                    object->id[0], object->id[1], object->id[2], object->id[3]);
            unmatched++;
        }
    }
    return unmatched;
}

/* Files of SoftHSM's objects that hold nothing. */
static size_t count_empty_files(const char *folder)
{
    char pattern[512];
    size_t empty = 0;
    glob_t files = { .gl_pathc = 0 };

    snprintf(pattern, sizeof(pattern), "%s/tokens/*/*.object", folder);
    if (glob(pattern, GLOB_NOSORT, NULL, &files) == 0) {
        for (size_t i = 0; i < files.gl_pathc; i++) {
            struct stat status;

            empty += stat(files.gl_pathv[i], &status) == 0 && status.st_size == 0;
        }
    }
    globfree(&files);
    return empty;
}

bool consistency_read(const char *folder, struct consistency *ret_found)
{
    struct store_view store = { .limbo = 0 };
    struct token_view token = { .strays = 0 };
    bool done = read_store(folder, &store) && token_view_read(folder, &token);

    *ret_found = (struct consistency){
        .sound = store.sound,
        .bound = store.bound,
        .versions = store.versions,
        .limbo = store.limbo,
        .orphans = store.orphans,
        .doubles = store.doubles,
        .named = store.named.count,
        .objects = token.objects.count,
        .missing = count_unmatched(&store.named, &token.objects, "not once on the token"),
        .ownerless = count_unmatched(&token.objects, &store.named, "not once in the store"),
        .trusted = token.trusted,
        .strays = token.strays,
        .empty_files = count_empty_files(folder),
    };
    object_list_done(&store.named);
    token_view_done(&token);
    return done;
}

bool consistency_holds(const struct consistency *found)
{
    return found->sound && found->bound && found->limbo == 0 && found->orphans == 0
           && found->doubles == 0 && found->missing == 0 && found->ownerless == 0
           && found->trusted == 1 && found->strays == 0;
}

const char *consistency_describe(const struct consistency *found,
                                 char ret_text[CONSISTENCY_TEXT_SIZE])
{
    snprintf(ret_text, CONSISTENCY_TEXT_SIZE,
             "database %s, %s to the token, %zu versions (%zu of pairs in the pool), %zu objects "
             "named, %zu in limbo, %zu orphans; token %zu objects (%zu missing, %zu ownerless), "
             "%zu trusted, %zu strays, "
             "%zu empty files",
             found->sound ? "sound" : "DAMAGED", found->bound ? "bound" : "NOT bound",
             found->versions, found->doubles, found->named, found->limbo, found->orphans,
             found->objects, found->missing, found->ownerless, found->trusted, found->strays,
             found->empty_files);
    return ret_text;
}

/* The value of a metric, which is named with its labels. */
static bool read_metric(const char *text, const char *name, size_t *ret_value)
{
    size_t len = strlen(name);

    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');

        if (strncmp(line, name, len) == 0 && line[len] == ' ') {
            *ret_value = (size_t) strtod(line + len, NULL);
            return true;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    fprintf(stderr, "/metrics does not say %s\n", name);
    return false;
}

static bool read_pool(const char *text, size_t *ret_count)
{
    static const char *const names[] = { "coffer_pool_ready{kind=\"P-256\"}",
                                         "coffer_pool_ready{kind=\"P-384\"}",
                                         "coffer_pool_ready{kind=\"P-521\"}" };
    size_t count = 0;

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        size_t one = 0;

        if (!read_metric(text, names[i], &one)) {
            return false;
        }
        count += one;
    }
    *ret_count = count;
    return true;
}

bool census_read(const struct daemon *daemon, struct census *ret_census)
{
    struct client client = { .curl = curl_easy_init(), .daemon = daemon };
    const struct request request = { .method = "GET", .target = "/metrics", .control = true };
    struct reply reply = client_send(&client, &request);
    bool done = reply.status == 200
                && read_metric(reply.body, "coffer_keys{state=\"active\"}", &ret_census->live)
                && read_metric(reply.body, "coffer_keys{state=\"deleted\"}", &ret_census->deleted)
                && read_metric(reply.body, "coffer_key_versions", &ret_census->versions)
                && read_metric(reply.body, "coffer_doomed_objects", &ret_census->limbo)
                && read_metric(reply.body, "coffer_token_keys", &ret_census->token_keys)
                && read_pool(reply.body, &ret_census->pooled);

    reply_done(&reply);
    client_close(&client);
    return done;
}

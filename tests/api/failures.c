/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of err.def that need a failing token or store: limits of the real parts, caused for
 * real. Each test has a daemon of its own. */
#include "../support/api.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#define AWAIT_TRIES 600 /* of a tenth of a second */

static struct daemon own;

static void start(void)
{
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(failure, .init = start, .fini = stop, .timeout = 120);

#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

/* Which of the two it is depends on who notices first. */
static bool is_hsm_failure(const struct reply *reply)
{
    static const char *const messages[] = {
        "The HSM failed to carry out the operation.",
        "The HSM is not reachable.",
    };
    bool noticed = strstr(reply->body, "reachable") != NULL;

    return reply_is_error(reply, 503, "ServiceUnavailable", NULL, messages[noticed]);
}

static void move_tokens(const char *from, const char *to)
{
    char old[400];
    char new[400];

    snprintf(old, sizeof(old), "%s/%s", own.folder, from);
    snprintf(new, sizeof(new), "%s/%s", own.folder, to);
    cr_assert_eq(rename(old, new), 0);
}

Test(failure, UNAVAILABLE_while_the_token_is_gone)
{
    const struct timespec pause = { .tv_nsec = 100000000 };
    const struct request health = { .method = "GET", .target = "/health", .control = true };
    API_CLIENT_OF(&own, dev);
    char version[33];
    char wrapped[1024];
    long status = 0;

    API_SKIP_WITH_NSS("the token does not go with its files");
    api_create_key(&dev, "hsm", "", version);
    api_wrap(&dev, "hsm", NULL, "RSA-OAEP-256", VALUE, wrapped);
    move_tokens("tokens", "tokens-away");

    API_REPLY(unwrap, api_unwrap(&dev, "hsm", NULL, "RSA-OAEP-256", wrapped));
    cr_expect(is_hsm_failure(&unwrap));
    API_REPLY(create, client_call(&dev, "POST", "/keys/new/create", "{\"kty\":\"RSA\"}"));
    cr_expect(is_hsm_failure(&create));
    API_REPLY(get, client_call(&dev, "GET", "/keys/hsm", NULL));
    cr_expect_eq(get.status, 200, "what needs no token still works");
    for (int i = 0; i < AWAIT_TRIES && status != 503; i++) {
        API_REPLY(reply, client_send(&dev, &health));
        status = reply.status;
        nanosleep(&pause, NULL);
    }
    cr_expect_eq(status, 503);

    move_tokens("tokens-away", "tokens");
    for (int i = 0; i < AWAIT_TRIES && status != 200; i++) {
        API_REPLY(reply, client_send(&dev, &health));
        status = reply.status;
        nanosleep(&pause, NULL);
    }
    cr_expect_eq(status, 200);
    API_REPLY(back, api_unwrap(&dev, "hsm", NULL, "RSA-OAEP-256", wrapped));
    cr_expect_str_eq(reply_text(&back, "value"), VALUE, "%ld %s", back.status, back.body);
}

/* Calls `visit` with the path of each entry of a folder that ends in `suffix`. */
static void visit_folder(const char *folder, const char *suffix,
                         void (*visit)(const char *path, void *context), void *context)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    char path[1024];

    cr_assert_not_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        size_t len = strlen(entry->d_name);

        if (entry->d_name[0] != '.' && len >= strlen(suffix)
            && strcmp(entry->d_name + len - strlen(suffix), suffix) == 0) {
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            visit(path, context);
        }
    }
    closedir(listing);
}

struct youngest {
    char path[1024];
    struct timespec made;
};

static void keep_youngest(const char *path, void *context)
{
    struct youngest *youngest = context;
    struct stat status;

    cr_assert_eq(stat(path, &status), 0);
    if (status.st_mtim.tv_sec > youngest->made.tv_sec
        || (status.st_mtim.tv_sec == youngest->made.tv_sec
            && status.st_mtim.tv_nsec > youngest->made.tv_nsec)) {
        snprintf(youngest->path, sizeof(youngest->path), "%s", path);
        youngest->made = status.st_mtim;
    }
}

static void keep_youngest_object(const char *token, void *context)
{
    visit_folder(token, ".object", keep_youngest, context);
}

/* Removes the youngest object file of the token: the key made last. */
static void remove_last_object(void)
{
    struct youngest youngest = { .path = "" };
    char folder[400];

    snprintf(folder, sizeof(folder), "%s/tokens", own.folder);
    visit_folder(folder, "", keep_youngest_object, &youngest);
    cr_assert_eq(unlink(youngest.path), 0, "%s", youngest.path);
}

Test(failure, KEY_MATERIAL_MISSING_when_the_object_is_gone)
{
    API_SKIP_WITH_NSS("the token does not go with its files");
    API_CLIENT_OF(&own, dev);
    char version[33];
    char wrapped[1024];

    api_create_key(&dev, "first", "", version);
    api_create_key(&dev, "lost", "", version);
    api_wrap(&dev, "lost", NULL, "RSA-OAEP", VALUE, wrapped);
    remove_last_object();

    API_REPLY(unwrap, api_unwrap(&dev, "lost", NULL, "RSA-OAEP", wrapped));
    cr_expect(reply_is_error(&unwrap, 503, "ServiceUnavailable", NULL,
                             "The HSM does not hold the material of this key."));
    api_wrap(&dev, "first", NULL, "RSA-OAEP", VALUE, wrapped);
    API_REPLY(other, api_unwrap(&dev, "first", NULL, "RSA-OAEP", wrapped));
    cr_expect_eq(other.status, 200, "%s", other.body);
}

static void empty_file(const char *path, void *context)
{
    (void) context;
    cr_assert_eq(truncate(path, 0), 0);
}

static void empty_token_file(const char *token, void *context)
{
    visit_folder(token, "token.object", empty_file, context);
}

/* A login empties the token's own file before it writes it anew. */
Test(failure, of_a_login_that_was_killed_loses_no_key)
{
    API_SKIP_WITH_NSS("the token does not go with its files");
    API_CLIENT_OF(&own, dev);
    char folder[400];
    char version[33];
    char wrapped[1024];

    api_create_key(&dev, "kept", "", version);
    api_wrap(&dev, "kept", NULL, "RSA-OAEP", VALUE, wrapped);
    daemon_kill(&own);
    snprintf(folder, sizeof(folder), "%s/tokens", own.folder);
    visit_folder(folder, "", empty_token_file, NULL);
    cr_assert(daemon_start(&own, NULL));
    API_REPLY(unwrap, api_unwrap(&dev, "kept", NULL, "RSA-OAEP", wrapped));
    cr_expect_str_eq(reply_text(&unwrap, "value"), VALUE, "%ld %s", unwrap.status, unwrap.body);
}

static void remove_file(const char *path, void *context)
{
    (void) context;
    cr_assert_eq(unlink(path), 0, "%s", path);
}

/* What C_InitToken has written before the SO PIN: label, serial number and flags. */
static void leave_unfinished(const char *token, void *context)
{
    static const unsigned char head[] = {
        [7] = 4, [12] = 0x80, [14] = 0x53, [15] = 0x49, [23] = 3, [31] = 32
    };
    static const char label[] = "coffer                          ";
    static const unsigned char serial[] = {
        [4] = 0x80, [6] = 0x53, [7] = 0x4a, [15] = 3, [23] = 16
    };
    static const unsigned char flags[] = {
        [4] = 0x80, [6] = 0x53, [7] = 0x4b, [15] = 2, [21] = 0xc0, [22] = 4, [23] = 0x25
    };
    char path[1100];
    FILE *file;

    (void) context;
    visit_folder(token, ".object", remove_file, NULL);
    visit_folder(token, ".copy", remove_file, NULL);
    snprintf(path, sizeof(path), "%s/token.object", token);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fwrite(head, 1, sizeof(head), file);
    fwrite(label, 1, 32, file);
    fwrite(serial, 1, sizeof(serial), file);
    fwrite("ea5f84e8d5e09002", 1, 16, file);
    fwrite(flags, 1, sizeof(flags), file);
    cr_assert_eq(fclose(file), 0);
}

/* Such a token refuses every PIN; nothing was ever on it. */
Test(failure, of_a_first_start_killed_before_the_token_had_a_pin_is_made_good)
{
    API_SKIP_WITH_NSS("the token does not go with its files");
    char folder[400];

    cr_assert(daemon_stop(&own));
    visit_folder(own.folder, "coffer.db", remove_file, NULL);
    snprintf(folder, sizeof(folder), "%s/tokens", own.folder);
    visit_folder(folder, "", leave_unfinished, NULL);
    for (int i = 0; i < 2; i++) {
        cr_assert(daemon_start(&own, NULL));
        cr_assert(daemon_stop(&own));
    }
    cr_assert(daemon_start(&own, NULL));
}

/* An object of a generation that was killed before the object had a name, or even a class. */
#define SHRED "shred"

static void leave_shred(const char *token, void *context)
{
    static const unsigned char shred[32] = { [7] = 2, [14] = 1, [23] = 2 }; /* CKA_KEY_TYPE: RSA */
    char path[1100];
    FILE *file;

    (void) context;
    snprintf(path, sizeof(path), "%s/" SHRED ".object", token);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(shred, 1, sizeof(shred), file), sizeof(shred));
    fclose(file);
    snprintf(path, sizeof(path), "%s/" SHRED ".lock", token);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fclose(file);
}

static void count_shred(const char *token, void *context)
{
    char path[1100];

    snprintf(path, sizeof(path), "%s/" SHRED ".object", token);
    *(unsigned *) context += access(path, F_OK) == 0;
}

static unsigned count_shreds(void)
{
    char folder[400];
    unsigned count = 0;

    snprintf(folder, sizeof(folder), "%s/tokens", own.folder);
    visit_folder(folder, "", count_shred, &count);
    return count;
}

static void leave_shreds(void)
{
    char folder[400];

    snprintf(folder, sizeof(folder), "%s/tokens", own.folder);
    visit_folder(folder, "", leave_shred, NULL);
    cr_assert_eq(count_shreds(), 1);
}

Test(failure, of_a_generation_that_was_killed_is_swept_at_the_next_start)
{
    API_SKIP_WITH_NSS("the token does not go with its files");
    daemon_kill(&own);
    leave_shreds();
    cr_assert(daemon_start(&own, NULL));
    cr_expect_eq(count_shreds(), 0);
}

Test(failure, after_a_clean_end_is_looked_for_once_one_was_not_clean)
{
    API_SKIP_WITH_NSS("the token does not go with its files");
    cr_assert(daemon_stop(&own));
    leave_shreds();
    cr_assert(daemon_start(&own, NULL));
    cr_expect_eq(count_shreds(), 1, "nothing can have been left: nobody reads all objects");
    daemon_kill(&own);
    cr_assert(daemon_start(&own, NULL));
    cr_expect_eq(count_shreds(), 0, "a clean end holds for one start");
}

/* Whatever the token did not do, it may have done by halves. */
Test(failure, of_a_call_of_the_token_makes_an_end_unclean)
{
    API_CLIENT_OF(&own, dev);

    API_SKIP_WITH_NSS("the token does not go with its files");
    move_tokens("tokens", "tokens-away");
    API_REPLY(create, client_call(&dev, "POST", "/keys/half/create", "{\"kty\":\"RSA\"}"));
    cr_expect_eq(create.status, 503, "%ld %s", create.status, create.body);
    move_tokens("tokens-away", "tokens");
    cr_assert(daemon_stop(&own));
    leave_shreds();
    cr_assert(daemon_start(&own, NULL));
    cr_expect_eq(count_shreds(), 0);
}

Test(failure, INTERNAL_when_the_store_was_tampered_with)
{
    API_CLIENT_OF(&own, dev);
    char version[33];
    char message[128];
    char path[400];
    sqlite3 *db;

    api_create_key(&dev, "tampered", "", version);
    snprintf(path, sizeof(path), "%s/coffer.db", own.folder);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "UPDATE version SET kty = 'XYZ'", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);

    API_REPLY(get, client_call(&dev, "GET", "/keys/tampered", NULL));
    snprintf(message, sizeof(message), "the stored key tampered/%s is damaged", version);
    cr_expect(reply_is_error(&get, 500, "InternalServerError", NULL, message));
}

Test(failure, NOT_FOUND_on_the_control_port)
{
    const struct request request = { .method = "GET", .target = "/nothing", .control = true };
    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_expect_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

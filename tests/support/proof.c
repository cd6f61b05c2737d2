/* SPDX-License-Identifier: Apache-2.0 */
#include "proof.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <criterion/criterion.h>

#include "client.h"
#include "kv/base/base.h"
#include "operation.h"

#define CELLS_MAX 512
#define KEYS_MAX 512
#define WORDS_MAX 3
#define WORD_SIZE OPERATION_SIZE

/* What was answered well in this process. */
static char seen[CELLS_MAX][WORDS_MAX * WORD_SIZE];
static size_t seen_count;

/* Types of keys as their bundles gave them: "dev.vault.localhost/name" and ".../version". */
static struct {
    char id[512];
    char kty[WORD_SIZE];
} keys[KEYS_MAX];
static size_t key_count;

static bool was_seen(const char *cell)
{
    size_t i = 0;

    while (i < seen_count && strcmp(seen[i], cell) != 0) {
        i++;
    }
    return i < seen_count;
}

/* Empty words at the end are left out. */
static void add_cell(const char *operation, const char *kty, const char *third)
{
    char cell[WORDS_MAX * WORD_SIZE];

    snprintf(cell, sizeof(cell), "%s%s%s%s%s", operation, kty[0] != '\0' ? " " : "", kty,
             third[0] != '\0' ? " " : "", third);
    if (!was_seen(cell) && seen_count < CELLS_MAX) {
        snprintf(seen[seen_count++], sizeof(seen[0]), "%s", cell);
    }
}

static const char *find_kty(const char *id)
{
    for (size_t i = key_count; i > 0; i--) { /* the latest version came last */
        if (strcasecmp(keys[i - 1].id, id) == 0) {
            return keys[i - 1].kty;
        }
    }
    return "";
}

static void add_key(const char *host, const char *id, size_t len, const char *kty)
{
    if (key_count < KEYS_MAX) {
        snprintf(keys[key_count].id, sizeof(keys[0].id), "%s/%.*s", host, (int) len, id);
        snprintf(keys[key_count].kty, sizeof(keys[0].kty), "%s", kty);
        key_count++;
    }
}

/* Remembers the type of the key that an answer is a bundle of. */
static void learn_key(const char *host, const struct reply *reply)
{
    const char *name = strstr(reply_text(reply, "key.kid"), "/keys/");

    if (name != NULL) {
        name += strlen("/keys/");
        add_key(host, name, strcspn(name, "/"), reply_text(reply, "key.kty"));
        add_key(host, name, strlen(name), reply_text(reply, "key.kty"));
    }
}

/* The type of the key a request works with: in its answer, or known from an earlier one. */
static void find_type(const char *host, const struct operation_path *path,
                      const struct reply *reply, char ret_kty[WORD_SIZE])
{
    char id[512];

    snprintf(ret_kty, WORD_SIZE, "%s", reply_text(reply, "key.kty"));
    if (ret_kty[0] == '\0' && path->count > 1) {
        bool has_version = path->count > 2 && operation_is_version(path->segment[2]);

        snprintf(id, sizeof(id), "%s/%s%s%s", host, path->segment[1], has_version ? "/" : "",
                 has_version ? path->segment[2] : "");
        snprintf(ret_kty, WORD_SIZE, "%s", find_kty(id));
    }
}

/* `alg` of the body sent, `crv` of the key answered. */
static void find_third(const struct request *request, const struct reply *reply,
                       char ret_third[WORD_SIZE])
{
    cJSON *sent = request->body != NULL ? cJSON_Parse(request->body) : NULL;
    const cJSON *alg = cJSON_GetObjectItemCaseSensitive(sent, "alg");

    snprintf(ret_third, WORD_SIZE, "%s",
             cJSON_IsString(alg) ? alg->valuestring : reply_text(reply, "key.crv"));
    cJSON_Delete(sent);
}

static void add_version(const char *target)
{
    const char *version = strstr(target, "api-version=");
    char text[WORD_SIZE];

    if (version != NULL) {
        version += strlen("api-version=");
        snprintf(text, sizeof(text), "%.*s", (int) strcspn(version, "&"), version);
        add_cell("api-version", text, "");
    }
}

static bool body_holds(const struct request *request, const char *text)
{
    size_t len = request->body_len;

    if (request->body == NULL) {
        return false;
    }
    len = len > 0 ? len : strlen(request->body);
    return memmem(request->body, len, text, strlen(text)) != NULL;
}

/* Whether the answer has a text that the request does not bring. */
static bool tells(const struct request *request, const struct reply *reply, const char *text)
{
    bool was_sent = strstr(request->target, text) != NULL || body_holds(request, text);

    return !was_sent
           && ((reply->body != NULL && strstr(reply->body, text) != NULL)
               || (reply->headers != NULL && strstr(reply->headers, text) != NULL));
}

/* Where something lies on this machine is no business of a client. Success has base64 in it, in
 * which the short texts come up by chance. */
static void expect_no_path(const struct client *client, const struct request *request,
                           const struct reply *reply)
{
    static const char *const places[] = { "/tmp/", "/usr/", "/var/",  "/proc/",
                                          ".so",   ".db",   "server/" };
    static const char arc[] = "/arc/"; /* whose challenge names a file: that is what it is for */

    if (request->control && reply->status == 401
        && strncmp(request->target, arc, strlen(arc)) == 0) {
        return;
    }
    cr_expect_not(tells(request, reply, client->daemon->folder), "%s %s: %s", request->method,
                  request->target, reply->body);
    for (size_t i = 0; reply->status >= 400 && i < KV_COUNT(places); i++) {
        cr_expect_not(tells(request, reply, places[i]), "%s %s: %s", request->method,
                      request->target, reply->body);
    }
}

/* Called by client_send() where it is linked. A signature that does not verify proves nothing. */
void client_witness(const struct client *client, const struct request *request,
                    const struct reply *reply)
{
    const char *host = request->host != NULL ? request->host : client->host;
    char operation[WORD_SIZE];
    char third[WORD_SIZE];
    char kty[WORD_SIZE];
    struct operation_path path;

    if (reply->status != 0) {
        expect_no_path(client, request, reply);
    }
    operation_split(request->target, &path);
    if (reply->status < 200 || reply->status > 299 || request->control || path.count == 0
        || cJSON_IsFalse(reply_item(reply, "value"))) {
        return;
    }
    learn_key(host, reply);
    operation_name(request->method, &path, operation);
    find_type(host, &path, reply, kty);
    find_third(request, reply, third);
    add_version(request->target);
    add_cell(operation, kty, "");
    add_cell(operation, kty, third);
}

/* Checks every cell that the words from the `word`th on make with `cell`, the ones before. */
static void check_cells(const char *const *words, size_t count, size_t word, const char *cell)
{
    char copy[1024];
    char longer[WORDS_MAX * WORD_SIZE];
    char *rest = copy;
    char *choice;

    if (word == count) {
        cr_expect(was_seen(cell), "this test says that it proves \"%s\", and had no such answer",
                  cell);
        return;
    }
    snprintf(copy, sizeof(copy), "%s", words[word]);
    while ((choice = strsep(&rest, ",")) != NULL) {
        for (char *c = choice; word == 0 && *c != '\0'; c++) {
            *c = (char) tolower((unsigned char) *c);
        }
        snprintf(longer, sizeof(longer), "%s%s%s", cell, word > 0 ? " " : "", choice);
        check_cells(words, count, word + 1, longer);
    }
}

void api_proves(const char *cells)
{
    const char *words[WORDS_MAX];
    char copy[1024];
    char *rest = copy;
    size_t count = 0;

    cr_assert_lt(strlen(cells), sizeof(copy));
    snprintf(copy, sizeof(copy), "%s", cells);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        cr_assert_lt(count, WORDS_MAX, "%s", cells);
        words[count++] = word;
    }
    check_cells(words, count, 0, "");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a file of golden answers, and playing it. */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden_values.h"
#include "kv/base/base.h"
#include "kv/base/base64.h"

#define LINE_MAX_SIZE 16384
#define WORDS_MAX 40
#define TEXT_MAX GOLDEN_TEXT_MAX

/* A case as far as it was read. */
struct exchange {
    char title[256]; /* "": between two cases */
    char host[128];
    char method[16];
    char target[TEXT_MAX];
    char body[TEXT_MAX];
    bool has_target, has_body, without_token, without_type;
    char audience[256]; /* "": the host's own */
    char header[8][256];
    size_t headers;
    bool is_answered;
};

struct play {
    struct daemon daemon;
    char arguments[TEXT_MAX];
    struct golden_values lists, values;
    struct exchange now;
    struct reply reply; /* of the present case */
    char *vault_token, *hsm_token;
    unsigned line;
    const char *path;
    int cases;
    bool failed;
};

static void fail(struct play *play, const char *what, const char *expected, const char *got)
{
    fprintf(stderr, "%s:%u: %s: %s\n  expected %s\n       got %s\n", play->path, play->line,
            play->now.title, what, expected, got);
    play->failed = true;
}

static void fetch_tokens(struct play *play)
{
    free(play->vault_token);
    free(play->hsm_token);
    play->vault_token = client_fetch_token(&play->daemon, "https://vault.azure.net");
    play->hsm_token = client_fetch_token(&play->daemon, "https://managedhsm.azure.net");
}

/* Unless it runs already. */
static bool start(struct play *play)
{
    const char *arguments[WORDS_MAX];
    size_t count = 0;
    char authority[64];

    if (play->daemon.pid != 0) {
        return true;
    }
    for (char *rest = play->arguments, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0' && count + 1 < WORDS_MAX) {
            arguments[count++] = word;
        }
    }
    arguments[count] = NULL;
    daemon_prepare(&play->daemon);
    if (!daemon_start(&play->daemon, arguments)) {
        fail(play, "the daemon", "to start", "no");
        return false;
    }
    snprintf(authority, sizeof(authority), "http://127.0.0.1:%u", play->daemon.control_port);
    golden_set(&play->values, "authority", strlen("authority"), authority);
    fetch_tokens(play);
    return true;
}

static struct reply ask(struct play *play)
{
    const struct exchange *now = &play->now;
    struct client client = { .curl = curl_easy_init(), .daemon = &play->daemon };
    struct request request = {
        .method = now->method,
        .target = now->target,
        .body = now->has_body ? now->body : NULL,
        .content_type = now->without_type ? "" : NULL,
        .without_token = now->without_token,
    };
    struct reply reply;
    char *other = NULL;

    for (size_t i = 0; i < now->headers; i++) {
        request.headers[i] = now->header[i];
    }
    snprintf(client.host, sizeof(client.host), "%s", now->host);
    snprintf(client.ca, sizeof(client.ca), "%s/ca.pem", play->daemon.folder);
    client.token = strstr(now->host, ".managedhsm.") != NULL ? play->hsm_token : play->vault_token;
    if (now->audience[0] != '\0') {
        other = client_fetch_token(&play->daemon, now->audience);
        client.token = other;
    }
    reply = client_send(&client, &request);
    free(other);
    curl_easy_cleanup(client.curl);
    return reply;
}

static void compare(struct play *play, const char *what, const char *text, char *got)
{
    char expected[TEXT_MAX];

    golden_expand(&play->values, text, expected, sizeof(expected));
    got = golden_mask(got, &play->reply, play->daemon.port, expected);
    if (strcmp(got, expected) != 0) {
        fail(play, what, expected, got);
    }
    free(got);
}

static void take_status(struct play *play, const char *text)
{
    char expected[64];
    char names[TEXT_MAX];
    const char *list = strchr(text, ' ');

    snprintf(expected, sizeof(expected), "%ld", play->reply.status);
    if (strncmp(text, expected, strlen(expected)) != 0) {
        fail(play, "status", text, expected);
    }
    if (!reply_has_status_line(&play->reply)) {
        fail(play, "status line", "the phrase of that status", play->reply.headers);
    }
    golden_list_headers(&play->reply, names, sizeof(names));
    list = golden_find(&play->lists, list != NULL ? list + 1 : "",
                       list != NULL ? strlen(list + 1) : 0);
    if (strcmp(names, list) != 0) {
        fail(play, "headers", list, names);
    }
}

/* "< STATUS LIST" or "< BODY" */
static void take_answer(struct play *play, const char *text)
{
    if (play->now.is_answered) {
        compare(play, "body", text, strdup(play->reply.body));
        play->now.has_body = true; /* it was looked at */
        return;
    }
    if (!start(play)) {
        return;
    }
    play->reply = ask(play);
    play->now.is_answered = true;
    play->now.has_body = false;
    play->cases++;
    take_status(play, text);
}

/* ". STEPS TEXT" */
static void take_inside(struct play *play, const char *text)
{
    char steps[256];
    size_t len = strcspn(text, " ");

    snprintf(steps, sizeof(steps), "%.*s", (int) len, text);
    compare(play, steps, text + len + (text[len] == ' '), golden_open(play->reply.body, steps));
}

/* "% NAME: VALUE" */
static void take_value_of_header(struct play *play, const char *text)
{
    size_t len = strcspn(text, ":");
    const char *expected = text + len + strspn(text + len, ": ");
    char name[128];
    char port[16];
    char value[TEXT_MAX] = "";
    const char *got;
    const char *at;

    snprintf(name, sizeof(name), "%.*s", (int) len, text);
    snprintf(port, sizeof(port), ":%u", play->daemon.port);
    got = reply_header(&play->reply, name);
    at = got != NULL ? strstr(got, port) : NULL;
    if (at != NULL) {
        snprintf(value, sizeof(value), "%.*s:{port}%s", (int) (at - got), got, at + strlen(port));
    } else if (golden_is_uuid(got)) {
        snprintf(value, sizeof(value), "{uuid-%c}", got[14]);
    } else if (got != NULL) {
        snprintf(value, sizeof(value), "%s", got);
    }
    if (strcmp(value, expected) != 0) {
        fail(play, name, expected, value);
    }
}

static void end_case(struct play *play)
{
    if (play->now.title[0] != '\0' && !play->now.is_answered) {
        fail(play, "the case", "an answer", "none");
    }
    if (play->now.is_answered && !play->now.has_body && play->reply.len > 0) {
        fail(play, "body", "none", play->reply.body);
    }
    reply_done(&play->reply);
    play->now = (struct exchange){ .host = "dev.vault.localhost" };
}

static void take_request(struct play *play, const char *text)
{
    struct exchange *now = &play->now;
    const char *target = strchr(text, ' ');

    if (now->has_target) {
        golden_expand(&play->values, text, now->body, sizeof(now->body));
        now->has_body = true;
        return;
    }
    now->has_target = target != NULL;
    snprintf(now->method, sizeof(now->method), "%.*s", (int) strcspn(text, " "), text);
    golden_expand(&play->values, target != NULL ? target + 1 : "", now->target,
                  sizeof(now->target));
}

static void take_value(struct play *play, const char *text)
{
    size_t len = strcspn(text, " ");
    const char *value = reply_text(&play->reply, text + len + (text[len] == ' '));
    const char *slash = strrchr(value, '/');

    golden_set(&play->values, text, len, slash != NULL ? slash + 1 : value);
}

static void begin_case(struct play *play, const char *text)
{
    end_case(play);
    snprintf(play->now.title, sizeof(play->now.title), "%s", text);
}

static void take_serve(struct play *play, const char *text)
{
    snprintf(play->arguments, sizeof(play->arguments), "%s", text);
}

static void take_list(struct play *play, const char *text)
{
    size_t len = strcspn(text, " ");

    golden_set(&play->lists, text, len, text + len + (text[len] == ' '));
}

static void take_host(struct play *play, const char *text)
{
    snprintf(play->now.host, sizeof(play->now.host), "%s", text);
}

static void take_header(struct play *play, const char *text)
{
    if (play->now.headers < KV_COUNT(play->now.header)) {
        snprintf(play->now.header[play->now.headers++], 256, "%s", text);
    }
}

static void take_audience(struct play *play, const char *text)
{
    snprintf(play->now.audience, sizeof(play->now.audience), "%s", text);
}

/* "attest NAME [QUERY]" */
static void take_attestation(struct play *play, const char *text)
{
    size_t len = strcspn(text, " ");
    char *token;

    if (start(play)) {
        token = golden_attest(&play->daemon, text + len + (text[len] == ' '));
        golden_set(&play->values, text, len, token);
        free(token);
    }
}

/* "encode NAME TEXT" */
static void take_encoded(struct play *play, const char *text)
{
    size_t len = strcspn(text, " ");
    char plain[TEXT_MAX / 2];
    char encoded[TEXT_MAX];

    if (start(play)) {
        golden_expand(&play->values, text + len + (text[len] == ' '), plain, sizeof(plain));
        kv_base64url_encode(plain, strlen(plain), encoded);
        golden_set(&play->values, text, len, encoded);
    }
}

static void take_time(struct play *play, const char *text)
{
    if (!start(play) || !golden_advance(&play->daemon, text)) {
        fail(play, "the clock", text, "it as it was");
        return;
    }
    fetch_tokens(play); /* theirs is the same clock */
}

static void take_without(struct play *play, const char *text)
{
    if (strcmp(text, "token") == 0) {
        play->now.without_token = true;
    } else if (strcmp(text, "type") == 0) {
        play->now.without_type = true;
    } else {
        fail(play, "without", "token or type", text);
    }
}

static const struct {
    const char *word;
    void (*take)(struct play *play, const char *text);
} lines[] = {
    { "serve ", take_serve },
    { "headers ", take_list },
    { "case ", begin_case },
    { "audience ", take_audience },
    { "@ ", take_host },
    { "without ", take_without },
    { "> ", take_request },
    { "% ", take_value_of_header },
    { "+ ", take_header },
    { "< ", take_answer },
    { "= ", take_value },
    { ". ", take_inside },
    { "attest ", take_attestation },
    { "encode ", take_encoded },
    { "advance ", take_time },
};

static void take_line(struct play *play, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '\0' || line[0] == '#') {
        return;
    }
    for (size_t i = 0; i < KV_COUNT(lines); i++) {
        size_t len = strlen(lines[i].word);

        if (strncmp(line, lines[i].word, len) == 0) {
            lines[i].take(play, line + len);
            return;
        }
    }
    fail(play, "line", "one that golden.h names", line);
}

static void end(struct play *play)
{
    end_case(play);
    free(play->vault_token);
    free(play->hsm_token);
    if (play->daemon.pid != 0 && !daemon_stop(&play->daemon)) {
        fail(play, "the daemon", "to stop cleanly", "no");
    }
    daemon_discard(&play->daemon);
}

int golden_play(const char *path)
{
    static char line[LINE_MAX_SIZE];
    struct play *play = calloc(1, sizeof(*play));
    FILE *file = fopen(path, "r");
    int result;

    if (play == NULL || file == NULL) {
        perror(path);
        free(play);
        return -1;
    }
    play->path = path;
    play->now = (struct exchange){ .host = "dev.vault.localhost" };
    while (fgets(line, sizeof(line), file) != NULL) {
        play->line++;
        take_line(play, line);
    }
    fclose(file);
    end(play);
    result = play->failed ? -1 : play->cases;
    free(play);
    return result;
}

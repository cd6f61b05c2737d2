/* SPDX-License-Identifier: Apache-2.0 */
/* What a golden case needs beside requests: attestations, another time, a look into a JWS. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "kv/base/base64.h"

static struct reply ask_control(const struct daemon *daemon, const char *method, const char *target,
                                const char *body)
{
    struct client client = { .curl = curl_easy_init(), .daemon = daemon };
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .control = true,
    };
    struct reply reply = client_send(&client, &request);

    curl_easy_cleanup(client.curl);
    return reply;
}

char *golden_attest(const struct daemon *daemon, const char *query)
{
    char target[2048];
    struct reply reply;
    char *token;

    snprintf(target, sizeof(target), "/generate-test-token%s%s", query[0] != '\0' ? "?" : "",
             query);
    reply = ask_control(daemon, "GET", target, NULL);
    token = strdup(reply_text(&reply, "token"));
    reply_done(&reply);
    return token;
}

bool golden_advance(const struct daemon *daemon, const char *seconds)
{
    char body[64];
    struct reply reply;
    bool done;

    snprintf(body, sizeof(body), "{\"advance\":%s}", seconds);
    reply = ask_control(daemon, "POST", "/control/v1/clock", body);
    done = reply.status == 200;
    reply_done(&reply);
    return done;
}

/* The bytes of the part of that number, dots being between the parts; heap. */
static char *decode_part(const char *text, long number)
{
    char *bytes = calloc(1, strlen(text) + 1);
    size_t len;

    for (; number > 0 && text[strcspn(text, ".")] != '\0'; number--) {
        text += strcspn(text, ".") + 1;
    }
    if (bytes == NULL) {
        abort();
    }
    if (!kv_base64url_decode(text, strcspn(text, "."), bytes, &len)) {
        bytes[0] = '\0';
    }
    return bytes;
}

static char *find_member(const char *json, const char *path)
{
    const struct reply inner = { .json = cJSON_Parse(json) };
    char *text = strdup(reply_text(&inner, path));

    cJSON_Delete(inner.json);
    return text;
}

char *golden_open(const char *body, const char *steps)
{
    char *text = strdup(body);
    char copy[256];
    char *rest = copy;

    snprintf(copy, sizeof(copy), "%s", steps);
    for (char *step; (step = strsep(&rest, "/")) != NULL;) {
        char *next = isdigit((unsigned char) step[0]) ? decode_part(text, strtol(step, NULL, 10))
                                                      : find_member(text, step);

        free(text);
        text = next;
    }
    return text;
}

void golden_list_headers(const struct reply *reply, char *ret_names, size_t size)
{
    const char *line = strstr(reply->headers, "\r\n");
    size_t len = 0;

    ret_names[0] = '\0';
    while (line != NULL && line[2] != '\r' && line[2] != '\0' && len < size) {
        line += 2;
        len += (size_t) snprintf(ret_names + len, size - len, "%s%.*s", len > 0 ? " " : "",
                                 (int) strcspn(line, ":"), line);
        line = strstr(line, "\r\n");
    }
}

bool golden_is_uuid(const char *text)
{
    return text != NULL && strlen(text) == 36 && text[8] == '-' && text[13] == '-'
           && text[strspn(text, "0123456789abcdef-")] == '\0';
}

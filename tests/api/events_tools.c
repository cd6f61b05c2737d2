/* SPDX-License-Identifier: Apache-2.0 */
#include "events_tools.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the daemon --- */

#define ARGUMENTS_MAX 24

static void launch(struct daemon *own, const struct receiver *receiver, const char *const *more)
{
    const char *arguments[ARGUMENTS_MAX] = { "--vault", "dev" };
    char url[96];
    size_t count = 2;

    (void) snprintf(url, sizeof(url), "%s://localhost:%u/hook?code=hush",
                    receiver->tls != NULL ? "https" : "http", receiver->port);
    arguments[count++] = "--event-webhook";
    arguments[count++] = url;
    for (; more != NULL && *more != NULL; more++) {
        cr_assert_lt(count, ARGUMENTS_MAX - 1);
        arguments[count++] = *more;
    }
    cr_assert(daemon_start(own, arguments));
    api_set_clock(own, "{\"set\":1669071668,\"frozen\":true}");
}

void events_daemon(struct daemon *own, const struct receiver *receiver, const char *const *more)
{
    daemon_prepare(own);
    launch(own, receiver, more);
}

void events_restart(struct daemon *own, const struct receiver *receiver, const char *const *more)
{
    launch(own, receiver, more);
}

void events_key(const struct daemon *own, const char *name, long expires)
{
    char path[64], body[128] = "{\"kty\":\"EC\"}";
    API_CLIENT_OF(own, dev);

    (void) snprintf(path, sizeof(path), "/keys/%s/create", name);
    if (expires != 0) {
        (void) snprintf(body, sizeof(body), "{\"kty\":\"EC\",\"attributes\":{\"exp\":%ld}}",
                        EVENTS_START + expires);
    }
    API_REPLY(reply, client_call(&dev, "POST", path, body));
    cr_assert_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
}

struct reply events_ask(const struct daemon *own, const char *behind, const char *body)
{
    __attribute__((cleanup(client_close))) struct client client = { .curl = curl_easy_init(),
                                                                    .daemon = own };
    char target[512];

    (void) snprintf(target, sizeof(target), "/control/v1/events%s", behind);
    return client_send(&client, &(struct request){
                                    .method = body != NULL ? "POST" : "GET",
                                    .target = target,
                                    .body = body,
                                    .control = true,
                                });
}

void events_await(const struct daemon *own, const char *state, int count)
{
    char body[128];

    (void) snprintf(body, sizeof(body),
                    "{\"filter\":{\"state\":\"%s\"},\"count\":%d,\"timeout\":60}", state, count);
    API_REPLY(reply, events_ask(own, "/wait", body));
    cr_assert(cJSON_IsTrue(reply_item(&reply, "met")), "%ld %s", reply.status, reply.body);
}

/* --- masking --- */

static size_t span_of_hex(const char *text)
{
    size_t len = 0;

    while (isxdigit((unsigned char) text[len]) || text[len] == '-') {
        len++;
    }
    return len;
}

static void replace(char *at, size_t len, const char *word)
{
    memmove(at + strlen(word), at + len, strlen(at + len) + 1);
    memcpy(at, word, strlen(word));
}

static void mask_port(char *text, unsigned port)
{
    char number[16];

    (void) snprintf(number, sizeof(number), ":%u", port);
    for (char *at = strstr(text, number); at != NULL; at = strstr(at, number)) {
        replace(at, strlen(number), ":P");
    }
}

/* 2026-11-29T22:39:14.697: what begins the years of the virtual clock stays. */
static void mask_duration(char *text)
{
    static const char name[] = "\"durationMs\":\"";
    char *at = strstr(text, name);

    if (at != NULL) {
        at += strlen(name);
        replace(at, strspn(at, "0123456789"), "D");
    }
}

void events_mask(const struct daemon *own, char *text)
{
    mask_port(text, own->port);
    mask_duration(text);
    for (char *at = text; *at != '\0'; at++) {
        size_t len = span_of_hex(at);

        if (len == 32 || len == 36) {
            replace(at, len, len == 32 ? "VERSION" : "GUID");
        }
        at += len > 0 && len != 32 && len != 36 ? len - 1 : 0;
    }
}
